"""The real SillyTavern: its server with accounts for the two people, and what its page asks of that server."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from memgate import Memgate
from people import PEOPLE, Person
from processes import Failed, Processes, free_port

MODEL = "smollm2"
START = 240  # seconds; the first start bundles the page's libraries
CONFIGURATION = """\
dataRoot: ./data
listen: false
port: {port}
enableUserAccounts: true
browserLaunch: {{enabled: false}}
extensions: {{enabled: true, autoUpdate: false, models: {{autoDownload: false}}}}
enableDownloadableTokenizers: false
"""


class Refused(Exception):
    """What SillyTavern's server answered instead of a chat."""


@dataclass
class Session:
    """One person's session with the server, as their page has it."""

    root: str
    token: str = ""
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    )

    def call(self, path: str, body: dict | None = None, seconds: float = 180) -> str:
        headers = {"Content-Type": "application/json", "X-CSRF-Token": self.token}
        data = None if body is None else json.dumps(body).encode()
        try:
            with self.opener.open(urllib.request.Request(f"{self.root}{path}", data, headers), timeout=seconds) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise Refused(f"{error.code} {error.read().decode()}") from error

    def sign_in(self, handle: str, password: str = "") -> None:
        self.token = json.loads(self.call("/csrf-token"))["token"]
        self.call("/api/users/login", {"handle": handle, "password": password})


@dataclass
class SillyTavern:
    processes: Processes
    work: Path
    gate: Memgate
    port: int = 0
    sessions: dict[Person, Session] = field(default_factory=dict)
    # Custom headers, which each account writes for itself.
    headers: dict[Person, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.port = free_port()
        folder = self.work / "run" / "sillytavern"
        folder.mkdir()
        (folder / "config.yaml").write_text(CONFIGURATION.format(port=self.port))
        server = self.work / "packages" / "sillytavern" / "node_modules" / "sillytavern" / "server.js"
        argv = ["node", server, "--configPath", folder / "config.yaml", "--dataRoot", folder / "data"]
        self.processes.start("sillytavern", argv, cwd=folder)
        self.processes.wait_for("sillytavern", f"{self.root}/csrf-token", START)
        admin = Session(self.root)
        admin.sign_in("default-user")
        for person in PEOPLE:
            admin.call("/api/users/create", {"handle": person.name, "name": person.name, "password": person.password})
            self.sessions[person] = Session(self.root)
            self.sessions[person].sign_in(person.name, person.password)

    def set_key(self, person: Person, key: str) -> None:
        """What the page does when somebody types in an API key: it stays on the server."""
        self.sessions[person].call("/api/secrets/write", {"key": "api_key_custom", "value": key, "label": "memgate"})

    def connect_page(self, person: Person) -> None:
        """Settings of the account with which its page connects to memgate by itself."""
        session = self.sessions[person]
        settings = json.loads(json.loads(session.call("/api/settings/get", {}))["settings"])
        settings |= {"firstRun": False, "username": person.name, "main_api": "openai"}
        settings["power_user"] |= {"auto_connect": True}
        settings["oai_settings"] |= {
            "chat_completion_source": "custom",
            "custom_url": self.gate.url,
            "custom_model": MODEL,
            "custom_include_headers": self.headers.get(person, ""),
            "stream_openai": True,
        }
        session.call("/api/settings/save", settings)

    def chat(self, person: Person, text: str, streamed: bool) -> str:
        """A new chat with a character, as the page sends it."""
        messages = [
            {"role": "system", "content": f"Write Seraphina's next reply in a fictional chat between Seraphina and {person.name}."},
            {"role": "system", "content": "[Start a new Chat]"},
            {"role": "user", "content": text},
        ]
        source = {"chat_completion_source": "custom", "custom_url": self.gate.url, "custom_include_headers": self.headers.get(person, "")}
        body = {"messages": messages, "model": MODEL, "temperature": 1, "max_tokens": 300, "stream": streamed, **source}
        answer = self.sessions[person].call("/api/backends/chat-completions/generate", body)
        if not streamed:
            value = json.loads(answer)
            if "error" in value:
                raise Refused(answer)
            return value["choices"][0]["message"]["content"]
        events = [json.loads(line[6:]) for line in answer.splitlines() if line.startswith("data: {")]
        errors = [event["error"] for event in events if "error" in event]
        if errors:
            raise Refused(json.dumps(errors[0]))
        return "".join(event["choices"][0]["delta"].get("content") or "" for event in events)

    def refusal(self, person: Person, text: str, streamed: bool) -> str:
        try:
            self.chat(person, text, streamed)
        except Refused as refused:
            return str(refused)
        raise Failed(f"{person.name} was not refused")
