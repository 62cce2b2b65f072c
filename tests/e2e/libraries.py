"""What every client library is put through: two people with personal keys, streamed and not, refused, stopped, cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from checks import Traffic, converse
from people import ALICE, PEOPLE
from processes import wait_until
from recorder import Script
from stage import Stage

NOTICE = 30  # seconds within which a library must tell of a stream that was cut
STOP_BOUND = 2000  # milliseconds; the figure is printed


@dataclass(frozen=True)
class Failure:
    """How a library told of an error."""

    kind: str
    own: bool  # an error type of the library
    message: str
    status: int | None
    seconds: float


class Library(Protocol):
    """One API of one library."""

    name: str

    def chat(self, key: str, text: str, streamed: bool) -> str: ...
    def failure(self, key: str, text: str, streamed: bool) -> Failure: ...
    def stop(self, key: str, text: str) -> float:
        """Reads a stream for three pieces and closes it; gives the time of that."""

    def extras(self, traffic: Traffic, key: str) -> None:
        """What else this API has: models, counting."""


def play_library(stage: Stage, library: Library) -> None:
    gate = stage.memgate
    gate.start("  []")
    with stage.case(library.name, "personal key") as traffic:
        keys = {person: gate.key(person.name) for person in PEOPLE}
        chats = {person: lambda text, streamed, key=key: library.chat(key, text, streamed) for person, key in keys.items()}
        _refuse(traffic, library)
        converse(traffic, chats, lambda person: gate.memories(person.name))
        library.extras(traffic, keys[ALICE])
        _stop(traffic, library, keys[ALICE])
        _cut(traffic, library, keys[ALICE])


def _refuse(traffic: Traffic, library: Library) -> None:
    before = len(traffic.exchanges)
    for streamed in (False, True):
        failure = library.failure("mgk_of_somebody_who_never_was", ALICE.says("Hello"), streamed)
        traffic.case.check(failure.own, f"a refusal is {failure.kind}, which is not the library's")
        traffic.case.check(failure.status == 401, f"a refusal has status {failure.status}")
        traffic.case.check("key" in failure.message, f"a refusal says what is wrong: {failure.message}")
        traffic.case.refused = f"{failure.kind}: {failure.message}"
    traffic.case.check(len(traffic.exchanges) == before, "a refused request reached the model")


def _stop(traffic: Traffic, library: Library, key: str) -> None:
    text = ALICE.says("Count slowly to a thousand.")
    traffic.recorder.script(Script(text, pause=0.05, words=1000))
    stopped = library.stop(key, text)
    exchange = traffic.turn(text)
    wait_until(lambda: exchange.ended_at, 10, "the model's connection to be closed after a stop", 0.005)
    milliseconds = (exchange.ended_at - stopped) * 1000
    traffic.case.check(exchange.ended == "left", f"a stopped stream ended as {exchange.ended}")
    traffic.case.check(milliseconds < STOP_BOUND, f"a stop took {milliseconds:.0f} ms")
    traffic.case.note(f"stop: the model's connection was closed {milliseconds:.0f} ms later")


def _cut(traffic: Traffic, library: Library, key: str) -> None:
    text = ALICE.says("Tell me a story that breaks off.")
    traffic.recorder.script(Script(text, pause=0.02, words=30, cut_after=5))
    failure = library.failure(key, text, True)
    case = traffic.case
    case.check(failure.own, f"a cut stream is {failure.kind}, which is not the library's: {failure.message}")
    case.check("broke off" in failure.message, f"a cut stream is told of in memgate's words: {failure.message}")
    case.check(failure.seconds < NOTICE, f"a cut stream was told of after {failure.seconds:.0f} s")
    case.note(f"cut stream, after {failure.seconds:.1f} s: {failure.kind}: {failure.message}")
