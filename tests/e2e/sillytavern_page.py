"""SillyTavern's page in Chromium: one person, signed in, in chats with a character."""

from __future__ import annotations

from pathlib import Path

from people import Person
from playwright.sync_api import Browser, Page, expect
from sillytavern import SillyTavern

ANSWER = 180_000  # milliseconds, for the real model under a busy machine
CHARACTER = "Seraphina"
BUSY = "isExecutingCommandsFromChatInput"
NOTE_CLICKS = "document.addEventListener('click', () => { window.clickedAt = performance.timeOrigin + performance.now() }, true)"


class SillyTavernPage:
    def __init__(self, browser: Browser, server: SillyTavern, person: Person, pictures: Path):
        self._server = server
        self.person = person
        self._pictures = pictures
        self._context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-US")
        self.page: Page = self._context.new_page()

    def sign_in(self) -> None:
        page = self.page
        page.goto(f"{self._server.root}/login")
        page.locator(".userSelect", has_text=self.person.name).first.click()
        page.locator("#userPassword").fill(self.person.password)
        page.locator("#loginButton").click()
        page.locator("#send_textarea").wait_for(timeout=120_000)
        expect(page.locator("#send_textarea")).to_have_attribute("placeholder", "Type a message, or /? for help", timeout=60_000)
        self._command(f"/go {CHARACTER}")
        expect(page.locator("#chat .mes").first).to_contain_text(CHARACTER, timeout=60_000)

    def _type(self, text: str) -> None:
        self.page.locator("#send_textarea").fill(text)
        self.page.locator("#send_but").click()

    def _command(self, text: str) -> None:
        """A command, typed as a message is; the box takes nothing else until it is done."""
        self._type(text)
        expect(self.page.locator("#send_textarea")).to_have_value("", timeout=60_000)
        expect(self.page.locator(f"#form_sheld.{BUSY}")).to_have_count(0, timeout=60_000)

    def new_chat(self) -> None:
        self._command("/newchat")
        expect(self.page.locator("#chat .mes[is_user=true]")).to_have_count(0, timeout=60_000)
        expect(self.page.locator("#send_but")).to_be_visible(timeout=60_000)

    def send(self, text: str) -> None:
        self._type(text)
        expect(self.page.locator("#chat .mes[is_user=true]").last).to_contain_text(text, timeout=60_000)

    def answer(self) -> str:
        """The answer to the last message, once it is whole."""
        expect(self.page.locator("#chat .mes.last_mes[is_user=false]")).to_be_visible(timeout=ANSWER)
        expect(self.page.locator("#mes_stop")).to_be_hidden(timeout=ANSWER)
        return self.page.locator("#chat .mes.last_mes .mes_text").inner_text()

    def chat(self, text: str, streamed: bool = True) -> str:
        self.new_chat()
        self.send(text)
        return self.answer()

    def error(self, seconds: float) -> str:
        """The text of the notice that the page shows."""
        box = self.page.locator("#toast-container .toast-error").last
        box.wait_for(timeout=seconds * 1000)
        return box.inner_text().strip().replace("\n", ": ")

    def wait_for_words(self, words: str) -> None:
        expect(self.page.locator("#chat .mes.last_mes .mes_text")).to_contain_text(words, timeout=60_000)

    def stop(self) -> float:
        """Clicks the stop button; gives the time at which the page had the click."""
        self.page.evaluate(NOTE_CLICKS)
        self.page.locator("#mes_stop").click()
        return self.page.evaluate("window.clickedAt") / 1000

    def picture(self, name: str) -> Path:
        path = self._pictures / f"sillytavern-{name}-{self.person.name}.png"
        self.page.screenshot(path=path)
        return path

    def close(self) -> None:
        self._context.close()
