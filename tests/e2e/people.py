"""The two people of every part, and what they say."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    name: str
    tag: str  # stands in everything that the person says, so that a request to the model tells whose it is
    fact: str
    word: str  # the part of the fact that nobody else may see
    question: str

    @property
    def email(self) -> str:
        return f"{self.name}@e2e.example"

    @property
    def password(self) -> str:
        return f"a long password of {self.name}"

    def says(self, text: str) -> str:
        """The text as this person sends it: no two are the same."""
        return f"{text} ({self.tag}-{next(_numbers)})"


ALICE = Person("alice", "aq7", "My cat is called Miso.", "Miso", "What is my cat called?")
BOB = Person("bob", "bz4", "My boat is called Nora.", "Nora", "What is my boat called?")
PEOPLE = (ALICE, BOB)


def other(person: Person) -> Person:
    return BOB if person is ALICE else ALICE
