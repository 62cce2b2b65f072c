"""What every chat UI's page is put through: two people chat, an answer is stopped, a stream is cut, somebody is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from checks import Memories, Traffic, converse
from people import PEOPLE, Person
from processes import wait_until
from recorder import Script

STOP_BOUND = 2000  # milliseconds; the figure is printed
NOTICE = 30  # seconds within which a page must tell of an error


class ChatPage(Protocol):
    """A person's browser on a chat UI."""

    person: Person

    def sign_in(self) -> None: ...
    def new_chat(self) -> None: ...
    def send(self, text: str) -> None: ...
    def answer(self) -> str: ...
    def chat(self, text: str, streamed: bool = True) -> str: ...
    def error(self, seconds: float) -> str: ...
    def wait_for_words(self, words: str) -> None: ...
    def stop(self) -> float: ...
    def picture(self, name: str) -> Path: ...
    def close(self) -> None: ...


@contextmanager
def pages(make: Callable[[Person], ChatPage]) -> Iterator[dict[Person, ChatPage]]:
    """Both people, signed in, each in a browser profile of their own; a picture of each where something fails."""
    opened = {person: make(person) for person in PEOPLE}
    try:
        for page in opened.values():
            page.sign_in()
        yield opened
    except Exception:
        for page in opened.values():
            page.picture("failed")
        raise
    finally:
        for page in opened.values():
            page.close()


def check_chats(traffic: Traffic, opened: dict[Person, ChatPage], memories: Memories) -> None:
    def together(said: dict[Person, str]) -> None:
        for person, text in said.items():
            opened[person].new_chat()
            opened[person].send(text)
        for person in said:
            traffic.case.check(opened[person].answer(), f"{person.name} got an answer while the other asked, too")
            opened[person].picture("remembered")

    # Pages always stream.
    converse(traffic, {person: page.chat for person, page in opened.items()}, memories, streams=(True,), together=together)


def check_refusal(traffic: Traffic, page: ChatPage, expected: str, change: Callable[[], object]) -> None:
    """After a change, the page that is open shows memgate's words, and the model gets nothing."""
    page.new_chat()
    change()
    text = page.person.says("Hello, is anybody there?")
    page.send(text)
    traffic.case.refused = page.error(NOTICE)
    page.picture("refused")
    traffic.case.check(expected in traffic.case.refused, f"the page says what is wrong: {traffic.case.refused}")
    traffic.case.check(not any(text in exchange.text for exchange in traffic.exchanges), "a refused request reached the model")


def check_stop(traffic: Traffic, page: ChatPage) -> None:
    """Stop, clicked while an answer is being written, reaches the model."""
    text = page.person.says("Count slowly to a thousand.")
    page.new_chat()
    traffic.recorder.script(Script(text, pause=0.05, words=2000))
    page.send(text)
    page.wait_for_words("well that")
    clicked = page.stop()
    exchange = traffic.turn(text)
    wait_until(lambda: exchange.ended_at, 30, "the model's connection to be closed after a stop", 0.005)
    milliseconds = (exchange.ended_at - clicked) * 1000
    page.picture("stopped")
    traffic.case.check(exchange.ended == "left", f"the stopped stream ended as {exchange.ended}")
    traffic.case.check(milliseconds < STOP_BOUND, f"a stop took {milliseconds:.0f} ms")
    traffic.case.note(f"stop: from the click to the model's closed connection: {milliseconds:.0f} ms")


def check_cut(traffic: Traffic, page: ChatPage) -> None:
    """The model breaks off in mid-stream: the page says so, and is ready for the next message."""
    text = page.person.says("Tell me a story that breaks off.")
    page.new_chat()
    traffic.recorder.script(Script(text, pause=0.05, words=60, cut_after=20))
    page.send(text)
    said = page.error(NOTICE)
    page.picture("cut")
    traffic.case.check("broke off" in said, f"the page says that the answer broke off: {said}")
    traffic.case.check(page.chat(page.person.says("Are you there again?")), "the page goes on after a cut")
    traffic.case.note(f"cut stream, on the page: {said}")
