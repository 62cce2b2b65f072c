"""What is asserted on the requests that reached the model."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from memgate import UPSTREAM_KEY, Memgate
from people import PEOPLE, Person, other
from processes import Failed, wait_until
from recorder import Exchange, Recorder, is_task

BLOCK = "<memgate_memory>"
IDENTITY_HEADERS = re.compile(r"(?i)^(x-openwebui-|x-memgate-|x-st-|x-lab-|cookie$|forwarded$|x-forwarded-|remote-user$)")

# A new chat of one message with a client: the text, and whether the answer is streamed. Gives the answer.
Chat = Callable[[str, bool], str]
Memories = Callable[[Person], list[str]]
# One such chat of each person, at the same time.
Together = Callable[[dict[Person, str]], None]


@dataclass
class Case:
    """One line of the table: two people with one client, under one kind of identity."""

    client: str
    identity: str
    users: int = len(PEOPLE)
    chats: int = 0
    facts: int = 0
    tasks: int = 0
    leaks: int = 0
    refused: str = "-"
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def check(self, holds: object, what: str) -> None:
        if not holds:
            self.failures.append(what)
            print(f"  FAILED {what}", flush=True)

    def note(self, text: str) -> None:
        self.notes.append(text)
        print(f"  {text}", flush=True)


class Traffic:
    """The requests of one case, from its start on."""

    def __init__(self, case: Case, recorder: Recorder, memgate: Memgate, hidden: list[str] | None = None):
        self.case = case
        self.recorder = recorder
        self._memgate = memgate
        self._hidden = hidden or []
        self._first = len(recorder.exchanges)

    @property
    def exchanges(self) -> list[Exchange]:
        return self.recorder.exchanges[self._first :]

    @property
    def tasks(self) -> list[Exchange]:
        return [exchange for exchange in self.exchanges if is_task(exchange.text)]

    def turn(self, text: str) -> Exchange:
        """The request in which this was the person's message."""
        found = [exchange for exchange in self.exchanges if text in exchange.text and not is_task(exchange.text)]
        if not found:
            raise Failed(f"“{text}” did not reach the model")
        return found[0]

    def inspect(self) -> None:
        """Every request of the case: whose it is, that nobody else's words are in it, and that nothing tells who it was."""
        wait_until(lambda: self.recorder.is_quiet(1.5), 120, "the model to be left alone", 0.3)
        case = self.case
        for exchange in self.exchanges:
            at = f"request {exchange.number} ({exchange.method} {exchange.path})"
            self._inspect_secrets(exchange, at)
            owners = [person for person in PEOPLE if person.tag in exchange.text]
            if not owners:
                case.check(not exchange.body or "?" not in exchange.text, f"{at}: nobody's words are in it")
                case.check(not any(person.word in exchange.text for person in PEOPLE), f"{at}: a fact in nobody's request")
            for owner in owners:
                if other(owner).word in exchange.text or len(owners) > 1:
                    case.leaks += 1
                    case.check(False, f"{at}: {owner.name}'s request has words of {other(owner).name}")

        for task in self.tasks:
            case.tasks += 1
            case.check(BLOCK not in task.text, f"request {task.number}: a task carries memory")

    def _inspect_secrets(self, exchange: Exchange, at: str) -> None:
        case = self.case
        for name, value in exchange.headers:
            case.check(not IDENTITY_HEADERS.match(name), f"{at}: identity header {name}")
            if name.lower() in {"authorization", "x-api-key", "api-key"}:
                case.check(value.removeprefix("Bearer ") == self._memgate.secrets[UPSTREAM_KEY], f"{at}: {name} is not the upstream's key")
        for secret in [*self._memgate.hidden, *self._hidden]:
            case.check(secret not in exchange.text, f"{at}: a caller's secret, address or id in it")


def converse(
    traffic: Traffic,
    chats: dict[Person, Chat],
    memories: Memories,
    *,
    streams: tuple[bool, ...] = (True, False),
    together: Together | None = None,
) -> None:
    """Each tells a fact, and asks for it in a new chat; each asks the other's question; both ask at the same time."""
    case = traffic.case

    def chat(person: Person, text: str, streamed: bool) -> Exchange:
        said = person.says(text)
        answer = chats[person](said, streamed)
        case.chats += 1
        case.check(answer, f"{person.name} got an answer to “{text}”")
        return traffic.turn(said)

    def in_threads(said: dict[Person, str]) -> None:
        with ThreadPoolExecutor() as pool:
            for answer in [pool.submit(chats[person], text, streams[0]) for person, text in said.items()]:
                case.check(answer.result(), "an answer to a question asked at the same time as another")

    for number, person in enumerate(PEOPLE):
        first = chat(person, person.fact, streams[number % len(streams)])
        case.check(BLOCK not in first.text, f"{person.name}'s first request carries no memory")
        known = wait_until(lambda: [text for text in memories(person) if person.word in text], 20, f"memgate to learn {person.name}'s fact")
        case.facts += len(known)
    for person in PEOPLE:
        for streamed in streams:
            asked = chat(person, person.question, streamed)
            case.check(BLOCK in asked.text and person.word in asked.text, f"{person.name}'s fact is in {person.name}'s later chat")
        foreign = chat(person, other(person).question, streams[0])
        case.check(other(person).word not in foreign.text, f"{person.name} asks {other(person).name}'s question and is told nothing")
    questions = {person: person.says(person.question) for person in PEOPLE}
    (together or in_threads)(questions)
    case.chats += len(questions)
    for person, said in questions.items():
        case.check(person.word in traffic.turn(said).text, f"{person.name}'s fact, asked at the same time as {other(person).name}")
        case.check(
            not any(other(person).word in text for text in memories(person)), f"{person.name}'s memory has nothing of {other(person).name}"
        )
