"""SillyTavern, through its server and its page, by personal keys and by a shared key with a plain header."""

from __future__ import annotations

from browser import chromium
from checks import Memories, Traffic, converse
from memgate import SHARED_KEY
from page_checks import check_chats, check_cut, check_refusal, check_stop, pages
from people import ALICE, BOB, PEOPLE, Person
from playwright.sync_api import Browser
from sillytavern import SillyTavern
from sillytavern_page import SillyTavernPage
from stage import Stage

PERSONAL = "  []\n"
SHARED = """\
  - name: sillytavern
    key: {env: SHARED_CLIENT_KEY}
    identity: [{header: x-st-user}]
    mode: required
"""


def play(stage: Stage) -> None:
    server = SillyTavern(stage.processes, stage.work, stage.memgate)
    stage.memgate.start(PERSONAL)
    server.start()
    _play_personal(stage, server)
    with chromium() as browser:
        _play_page(stage, server, browser)
    _play_shared(stage, server)
    stage.processes.stop("sillytavern")


def _give_keys(stage: Stage, server: SillyTavern) -> None:
    """memgate with nothing remembered, and a personal key of it in each account."""
    stage.memgate.start(PERSONAL)
    for person in PEOPLE:
        server.set_key(person, stage.memgate.key(person.name))


def _play_personal(stage: Stage, server: SillyTavern) -> None:
    gate = stage.memgate
    _give_keys(stage, server)
    with stage.case("SillyTavern, server", "personal key") as traffic:
        _converse(traffic, server, lambda person: gate.memories(person.name))
        gate.revoke(BOB.name)
        _refuse(traffic, server, BOB, "revoked")


def _play_page(stage: Stage, server: SillyTavern, browser: Browser) -> None:
    gate = stage.memgate
    _give_keys(stage, server)
    for person in PEOPLE:
        server.connect_page(person)
    with (
        stage.case("SillyTavern, page", "personal key") as traffic,
        pages(lambda person: SillyTavernPage(browser, server, person, stage.pictures)) as opened,
    ):
        check_chats(traffic, opened, lambda person: gate.memories(person.name))
        check_stop(traffic, opened[ALICE])
        check_cut(traffic, opened[ALICE])
        check_refusal(traffic, opened[BOB], "revoked", lambda: gate.revoke(BOB.name))


def _play_shared(stage: Stage, server: SillyTavern) -> None:
    gate = stage.memgate
    gate.start(SHARED)
    for person in PEOPLE:
        server.set_key(person, gate.secrets[SHARED_KEY])
        server.headers[person] = f"x-st-user: {person.name}"

    def memories(person: Person) -> list[str]:
        # With the client's evidence: a personal key would raise what the person has to prove from then on.
        return gate.memories_by({"Authorization": f"Bearer {gate.secrets[SHARED_KEY]}", "x-st-user": person.name})

    with stage.case("SillyTavern, server", "client key, plain header") as traffic:
        _converse(traffic, server, memories)
        server.headers.clear()
        _refuse(traffic, server, BOB, "x-st-user")


def _converse(traffic: Traffic, server: SillyTavern, memories: Memories) -> None:
    converse(traffic, {person: lambda text, streamed, person=person: server.chat(person, text, streamed) for person in PEOPLE}, memories)


def _refuse(traffic: Traffic, server: SillyTavern, person: Person, expected: str) -> None:
    """Streams pass memgate's words on; otherwise the server gives the bare reason phrase, whatever the body says."""
    before = len(traffic.exchanges)
    bare = server.refusal(person, person.says("Hello"), False)
    traffic.case.refused = server.refusal(person, person.says("Hello"), True)
    traffic.case.check(expected in traffic.case.refused, f"a refusal says what is wrong: {traffic.case.refused}")
    traffic.case.note(f"refused without a stream: {bare}")
    traffic.case.check(len(traffic.exchanges) == before, "a refused request reached the model")
