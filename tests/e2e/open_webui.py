"""The real Open WebUI: started against memgate, with an administrator and the two people, and its API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from memgate import Memgate
from people import PEOPLE, Person
from processes import Failed, Processes, free_port

MODEL = "smollm2"
ADMIN = {"name": "admin", "email": "admin@e2e.example", "password": "a long password of admin"}
START = 180  # seconds; the first start makes the database


class Refused(Exception):
    """What Open WebUI's API answered instead of a chat."""


@dataclass
class Account:
    id: str
    token: str


@dataclass
class OpenWebUi:
    processes: Processes
    work: Path
    port: int = field(default_factory=free_port)
    accounts: dict[Person, Account] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hidden(self) -> list[str]:
        """Ids and addresses of the accounts, which must not reach the model."""
        return [*(account.id for account in self.accounts.values()), *(person.email for person in PEOPLE)]

    def start(self, gate: Memgate, key: str, identity: dict[str, str]) -> None:
        """Starts it, or starts it anew, with its connection to memgate set by the environment alone."""
        self.processes.stop("open-webui")
        data = self.work / "run" / "open-webui"
        data.mkdir(exist_ok=True)
        environment = {
            "DATA_DIR": str(data),
            "WEBUI_SECRET_KEY": "only-for-this-run-and-these-accounts",
            "WEBUI_URL": self.root,
            "ENABLE_PERSISTENT_CONFIG": "false",
            "OPENAI_API_BASE_URL": gate.url,
            "OPENAI_API_KEY": key,
            "ENABLE_OLLAMA_API": "false",
            "DEFAULT_MODELS": MODEL,
            "BYPASS_MODEL_ACCESS_CONTROL": "true",
            "ENABLE_SIGNUP": "true",
            # Nothing is fetched: no versions, no models for speech and documents.
            "OFFLINE_MODE": "true",
            "HF_HUB_OFFLINE": "1",
            "RAG_EMBEDDING_ENGINE": "openai",
            "ENABLE_FORWARD_USER_INFO_HEADERS": "true",
            **identity,
        }
        program = self.work / "open-webui" / "bin" / "open-webui"
        self.processes.start("open-webui", [program, "serve", "--host", "127.0.0.1", "--port", self.port], env=environment, cwd=data)
        self.processes.wait_for("open-webui", f"{self.root}/health", START)
        self._sign_in()

    def call(self, path: str, body: dict | None = None, token: str = "", seconds: float = 180) -> dict | str:
        """The JSON that it answers, or the text of a stream."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        request = urllib.request.Request(f"{self.root}{path}", json.dumps(body).encode() if body is not None else None, headers)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                text = answer.read().decode()
                return json.loads(text) if answer.headers.get_content_type() == "application/json" else text
        except urllib.error.HTTPError as error:
            raise Refused(f"{error.code} {error.read().decode()}") from error

    def _sign_in(self) -> None:
        """Tokens of the accounts, which are made on the first start."""
        if not self.accounts:
            admin = self.call("/api/v1/auths/signup", ADMIN)["token"]
            for person in PEOPLE:
                account = {"name": person.name, "email": person.email, "password": person.password, "role": "user"}
                self.call("/api/v1/auths/add", account, admin)
        for person in PEOPLE:
            session = self.call("/api/v1/auths/signin", {"email": person.email, "password": person.password})
            self.accounts[person] = Account(session["id"], session["token"])

    def chat(self, person: Person, text: str, streamed: bool) -> str:
        """A new chat through the API."""
        body = {"model": MODEL, "stream": streamed, "messages": [{"role": "user", "content": text}]}
        answer = self.call("/api/chat/completions", body, self.accounts[person].token)
        if not streamed:
            return answer["choices"][0]["message"]["content"]
        events = [json.loads(line[6:]) for line in answer.splitlines() if line.startswith("data: {")]
        errors = [event["error"] for event in events if "error" in event]
        if errors:
            raise Refused(json.dumps(errors[0]))
        return "".join(event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"])

    def connect_page(self, person: Person, url: str, key: str) -> None:
        """A direct connection: the person's own page calls memgate, with a key that the person typed in."""
        connections = {"OPENAI_API_BASE_URLS": [url], "OPENAI_API_KEYS": [key], "OPENAI_API_CONFIGS": {"0": {"enable": True}}}
        self.call("/api/v1/users/user/settings/update", {"ui": {"directConnections": connections}}, self.accounts[person].token)

    def task(self, person: Person, kind: str, text: str) -> None:
        """A background task, as the page asks for it: title, tags, follow_up."""
        body = {"model": MODEL, "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "I see."}], "chat_id": ""}
        self.call(f"/api/v1/tasks/{kind}/completions", body, self.accounts[person].token)

    def refusal(self, person: Person, text: str) -> str:
        """What the API says to somebody whom memgate refuses."""
        try:
            self.chat(person, text, False)
        except Refused as refused:
            return str(refused)
        raise Failed(f"{person.name} was not refused")
