"""Open WebUI's page in Chromium: one person, signed in."""

from __future__ import annotations

import contextlib
from pathlib import Path

from open_webui import OpenWebUi
from people import Person
from playwright.sync_api import Browser, Page, TimeoutError, expect

ANSWER = 180_000  # milliseconds, for the real model under a busy machine
NOTE_CLICKS = "document.addEventListener('click', () => { window.clickedAt = performance.timeOrigin + performance.now() }, true)"
ERROR = ".chat-assistant div.min-w-0.break-words.leading-5"
STOP = "button[aria-label='Stop']"


class OpenWebUiPage:
    def __init__(self, browser: Browser, server: OpenWebUi, person: Person, pictures: Path, suffix: str):
        self._server = server
        self.person = person
        self._pictures = pictures
        self._suffix = suffix
        self._context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-US")
        self.page: Page = self._context.new_page()

    def sign_in(self) -> None:
        page = self.page
        page.goto(f"{self._server.root}/auth")
        page.locator("input[type=email]").fill(self.person.email)
        page.locator("input[type=password]").fill(self.person.password)
        page.locator("button[type=submit]").click()
        page.locator("#chat-input").wait_for(timeout=60_000)
        self._dismiss_news()

    def _dismiss_news(self) -> None:
        """What is new in this version: shown once to everybody."""
        news = self.page.get_by_role("button", name="Okay, Let's Go!")
        with contextlib.suppress(TimeoutError):
            news.click(timeout=5_000)

    def new_chat(self) -> None:
        self.page.goto(self._server.root)
        self.page.locator("#chat-input").wait_for(timeout=60_000)

    def send(self, text: str) -> None:
        box = self.page.locator("#chat-input")
        box.click()
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    def chat(self, text: str, streamed: bool = True) -> str:
        """A new chat, its first message and the answer. Pages always stream."""
        self.new_chat()
        self.send(text)
        return self.answer()

    def answer(self) -> str:
        """The last answer once it is whole."""
        answer = self.page.locator(".chat-assistant").last
        answer.wait_for(timeout=ANSWER)
        expect(self.page.locator(".copy-response-button").last).to_be_visible(timeout=ANSWER)
        return answer.inner_text()

    def error(self, seconds: float) -> str:
        """The text of the error that stands in place of an answer, or beneath a part of one."""
        box = self.page.locator(ERROR).last
        box.wait_for(timeout=seconds * 1000)
        return box.inner_text().strip()

    def wait_for_words(self, words: str) -> None:
        expect(self.page.locator(".chat-assistant").last).to_contain_text(words, timeout=60_000)

    def stop(self) -> float:
        """Clicks the stop button; gives the time at which the page had the click."""
        self.page.evaluate(NOTE_CLICKS)
        self.page.locator(STOP).last.click()
        return self.page.evaluate("window.clickedAt") / 1000

    def picture(self, name: str) -> Path:
        path = self._pictures / f"open-webui-{self._suffix}-{name}-{self.person.name}.png"
        self.page.screenshot(path=path)
        return path

    def close(self) -> None:
        self._context.close()
