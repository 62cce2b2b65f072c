"""Open WebUI, through its API and its page, by its signed token and by its key with plain headers."""

from __future__ import annotations

from browser import chromium
from checks import Memories, Traffic, converse
from memgate import JWT_SECRET, OPEN_WEBUI_KEY
from open_webui import OpenWebUi
from open_webui_page import OpenWebUiPage
from page_checks import check_chats, check_cut, check_refusal, check_stop, pages
from people import ALICE, BOB, PEOPLE, Person
from playwright.sync_api import Browser
from processes import wait_until
from stage import Stage

SIGNED = """\
  - name: open-webui
    key: {env: OPEN_WEBUI_KEY}
    identity: [{open_webui: {secret: {env: OPEN_WEBUI_JWT_SECRET}}}]
    mode: strict
"""
PLAIN = """\
  - name: open-webui
    key: {env: OPEN_WEBUI_KEY}
    identity: [{header: X-OpenWebUI-User-Id}]
    mode: required
"""
PERSONAL = "  []\n"
TASKS = ("title", "tags", "follow_up")


def play(stage: Stage) -> None:
    server = OpenWebUi(stage.processes, stage.work)
    with chromium() as browser:
        _play_signed(stage, server, browser)
        _play_plain(stage, server, browser)
        _play_direct(stage, server, browser)
    stage.processes.stop("open-webui")


def _play_signed(stage: Stage, server: OpenWebUi, browser: Browser) -> None:
    gate = stage.memgate
    identity = "signed token"

    def memories(person: Person) -> list[str]:
        return gate.memories(server.accounts[person].id)

    gate.start(SIGNED)
    server.start(gate, gate.secrets[OPEN_WEBUI_KEY], {"FORWARD_USER_INFO_HEADER_JWT_SECRET": gate.secrets[JWT_SECRET]})
    with stage.case("Open WebUI, API", identity, server.hidden) as traffic:
        _play_api(traffic, server, memories)
        gate.start(SIGNED, wrong=JWT_SECRET)
        before = len(traffic.exchanges)
        traffic.case.refused = server.refusal(ALICE, ALICE.says("Hello"))
        traffic.case.check("secret" in traffic.case.refused, "a refusal says what is wrong")
        traffic.case.check(len(traffic.exchanges) == before, "a refused request reached the model")
    gate.start(SIGNED)
    with (
        stage.case("Open WebUI, page", identity, server.hidden) as traffic,
        pages(lambda person: OpenWebUiPage(browser, server, person, stage.pictures, "signed")) as opened,
    ):
        _play_page(traffic, opened, memories)
        check_stop(traffic, opened[ALICE])
        check_cut(traffic, opened[BOB])
        # memgate comes back with another secret while the page is open: everybody is refused.
        check_refusal(traffic, opened[ALICE], "secret", lambda: gate.start(SIGNED, wrong=JWT_SECRET))


def _play_plain(stage: Stage, server: OpenWebUi, browser: Browser) -> None:
    gate = stage.memgate
    identity = "client key, plain header"

    def memories(person: Person) -> list[str]:
        # With the client's evidence: a personal key would raise what the person has to prove from then on.
        return gate.memories_by(
            {"Authorization": f"Bearer {gate.secrets[OPEN_WEBUI_KEY]}", "X-OpenWebUI-User-Id": server.accounts[person].id}
        )

    gate.start(PLAIN)
    server.start(gate, gate.secrets[OPEN_WEBUI_KEY], {})
    with stage.case("Open WebUI, API", identity, server.hidden) as traffic:
        _play_api(traffic, server, memories)
    gate.start(PLAIN)
    with (
        stage.case("Open WebUI, page", identity, server.hidden) as traffic,
        pages(lambda person: OpenWebUiPage(browser, server, person, stage.pictures, "plain")) as opened,
    ):
        _play_page(traffic, opened, memories)
        # Bob proves who he is, once: from then on the plain header no longer opens his memory.
        check_refusal(traffic, opened[BOB], "proved", lambda: gate.memories(server.accounts[BOB].id))


def _play_direct(stage: Stage, server: OpenWebUi, browser: Browser) -> None:
    """The page itself calls memgate, across origins, each person with a personal key."""
    gate = stage.memgate
    gate.start(PERSONAL, more=f'cors: {{origins: ["{server.root}"]}}\n')
    server.start(gate, "", {"ENABLE_DIRECT_CONNECTIONS": "true", "ENABLE_OPENAI_API": "false"})
    for person in PEOPLE:
        server.connect_page(person, gate.url, gate.key(person.name))
    with (
        stage.case("Open WebUI, direct connections", "personal key", server.hidden) as traffic,
        pages(lambda person: OpenWebUiPage(browser, server, person, stage.pictures, "direct")) as opened,
    ):
        # No tasks: over direct connections Open WebUI asks for none.
        check_chats(traffic, opened, lambda person: gate.memories(person.name))
        check_refusal(traffic, opened[BOB], "revoked", lambda: gate.revoke(BOB.name))


def _play_api(traffic: Traffic, server: OpenWebUi, memories: Memories) -> None:
    chats = {person: lambda text, streamed, person=person: server.chat(person, text, streamed) for person in PEOPLE}
    converse(traffic, chats, memories)
    for person in PEOPLE:
        for kind in TASKS:
            server.task(person, kind, person.says(person.question))


def _play_page(traffic: Traffic, opened: dict[Person, OpenWebUiPage], memories: Memories) -> None:
    """Chats, and the tasks that come with them."""
    check_chats(traffic, opened, memories)
    wait_until(lambda: traffic.recorder.is_quiet(3), 180, "the page's background tasks", 0.5)
    traffic.case.check(traffic.tasks, "the page asked for titles, tags or follow-ups")
