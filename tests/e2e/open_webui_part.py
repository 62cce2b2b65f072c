"""Open WebUI, through its API and its page, by its signed token and by its key with plain headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser

from browser import chromium
from checks import Memories, Traffic, converse
from memgate import JWT_SECRET, OPEN_WEBUI_KEY
from open_webui import OpenWebUi
from open_webui_page import ChatPage
from people import ALICE, BOB, PEOPLE, Person
from processes import wait_until
from recorder import Script
from stage import Stage

SIGNED = """\
  - name: open-webui
    key: {env: OPEN_WEBUI_KEY}
    identity: [{open_webui_jwt: {secret: {env: OPEN_WEBUI_JWT_SECRET}}}]
    mode: strict
"""
PLAIN = """\
  - name: open-webui
    key: {env: OPEN_WEBUI_KEY}
    identity: [{header: X-OpenWebUI-User-Id}]
    mode: required
"""
TASKS = ("title", "tags", "follow_up")
STOP_BOUND = 2000  # milliseconds; the figure is printed
NOTICE = 30  # seconds within which the page must tell of an error


@contextmanager
def pages(browser: Browser, server: OpenWebUi, stage: Stage, suffix: str) -> Iterator[dict[Person, ChatPage]]:
    """Both people, each in a browser profile of their own."""
    opened = {person: ChatPage(browser, server, person, stage.pictures, suffix) for person in PEOPLE}
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


def play(stage: Stage) -> None:
    server = OpenWebUi(stage.processes, stage.work)
    with chromium() as browser:
        _play_signed(stage, server, browser)
        _play_plain(stage, server, browser)
    stage.processes.stop("open-webui")


def _play_signed(stage: Stage, server: OpenWebUi, browser: Browser) -> None:
    gate = stage.memgate
    identity = "signed token"
    gate.start(SIGNED)
    server.start(gate, gate.secrets[OPEN_WEBUI_KEY], {"FORWARD_USER_INFO_HEADER_JWT_SECRET": gate.secrets[JWT_SECRET]})
    with stage.case("Open WebUI, API", identity, server.hidden) as traffic:
        _play_api(traffic, server, lambda person: gate.memories(server.accounts[person].id))
        gate.start(SIGNED, wrong=JWT_SECRET)
        before = len(traffic.exchanges)
        traffic.case.refused = server.refusal(ALICE, ALICE.says("Hello"))
        traffic.case.check("secret" in traffic.case.refused, "a refusal says what is wrong")
        traffic.case.check(len(traffic.exchanges) == before, "a refused request reached the model")
    gate.start(SIGNED)
    with stage.case("Open WebUI, page", identity, server.hidden) as traffic, pages(browser, server, stage, "signed") as opened:
        _play_page(traffic, opened, lambda person: gate.memories(server.accounts[person].id))
        _stop(traffic, opened[ALICE])
        _cut(traffic, opened[BOB])
        # memgate comes back with another secret while the page is open: everybody is refused.
        _refuse(traffic, opened[ALICE], "secret", lambda: gate.start(SIGNED, wrong=JWT_SECRET))


def _play_plain(stage: Stage, server: OpenWebUi, browser: Browser) -> None:
    gate = stage.memgate
    identity = "client key, plain header"
    gate.start(PLAIN)
    server.start(gate, gate.secrets[OPEN_WEBUI_KEY], {})

    def memories(person: Person) -> list[str]:
        # With the client's evidence: a personal key would raise what the person has to prove from then on.
        return gate.memories_by({"Authorization": f"Bearer {gate.secrets[OPEN_WEBUI_KEY]}", "X-OpenWebUI-User-Id": server.accounts[person].id})

    with stage.case("Open WebUI, API", identity, server.hidden) as traffic:
        _play_api(traffic, server, memories)
    gate.start(PLAIN)
    with stage.case("Open WebUI, page", identity, server.hidden) as traffic, pages(browser, server, stage, "plain") as opened:
        _play_page(traffic, opened, memories)
        # Bob proves who he is, once: from then on the plain header no longer opens his memory.
        _refuse(traffic, opened[BOB], "proved", lambda: gate.memories(server.accounts[BOB].id))


def _play_api(traffic: Traffic, server: OpenWebUi, memories: Memories) -> None:
    chats = {person: lambda text, streamed, person=person: server.chat(person, text, streamed) for person in PEOPLE}
    converse(traffic, chats, memories)
    for person in PEOPLE:
        for kind in TASKS:
            server.task(person, kind, person.says(person.question))


def _play_page(traffic: Traffic, opened: dict[Person, ChatPage], memories: Memories) -> None:
    def together(said: dict[Person, str]) -> None:
        for person, text in said.items():
            opened[person].new_chat()
            opened[person].send(text)
        for person in said:
            traffic.case.check(opened[person].answer(), f"{person.name} got an answer while the other asked, too")
            opened[person].picture("remembered")

    converse(traffic, {person: page.chat for person, page in opened.items()}, memories, streams=(True,), together=together)
    wait_until(lambda: traffic.recorder.is_quiet(3), 180, "the page's background tasks", 0.5)
    traffic.inspect()
    traffic.case.check(traffic.case.tasks, "the page asked for titles, tags or follow-ups")
    traffic.case.tasks = 0


def _refuse(traffic: Traffic, page: ChatPage, expected: str, change: Callable[[], object]) -> None:
    """After a change, the page that is open shows memgate's words, and the model gets nothing."""
    page.new_chat()
    change()
    text = page.person.says("Hello, is anybody there?")
    page.send(text)
    traffic.case.refused = page.error(NOTICE)
    page.picture("refused")
    traffic.case.check(expected in traffic.case.refused, f"the page says what is wrong: {traffic.case.refused}")
    traffic.case.check(not any(text in exchange.text for exchange in traffic.exchanges), "a refused request reached the model")


def _stop(traffic: Traffic, page: ChatPage) -> None:
    """Stop, clicked while an answer is being written, reaches the model."""
    text = ALICE.says("Count slowly to a thousand.")
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


def _cut(traffic: Traffic, page: ChatPage) -> None:
    """The model breaks off in mid-stream: the page says so, and is ready for the next message."""
    text = BOB.says("Tell me a story that breaks off.")
    page.new_chat()
    traffic.recorder.script(Script(text, pause=0.05, words=60, cut_after=20))
    page.send(text)
    said = page.error(NOTICE)
    page.picture("cut")
    traffic.case.check("broke off" in said, f"the page says that the answer broke off: {said}")
    traffic.case.check(page.chat(BOB.says("Are you there again?")), "the page goes on after a cut")
    traffic.case.note(f"cut stream, on the page: {said}")
