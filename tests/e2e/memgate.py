"""memgate itself: built once, started anew for each part with an empty data folder, asked what it learned."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from install import ROOT
from processes import Failed, Processes, free_port

# The secrets of a run, by the names under which proxy.yaml reads them.
OPEN_WEBUI_KEY = "OPEN_WEBUI_KEY"
JWT_SECRET = "OPEN_WEBUI_JWT_SECRET"
SHARED_KEY = "SHARED_CLIENT_KEY"
UPSTREAM_KEY = "UPSTREAM_KEY"

CONFIGURATION = """\
listen: 127.0.0.1:{port}
metrics: {{listen: "127.0.0.1:{metrics}"}}
admin: {{socket: memgate.sock, listen: "off"}}
trust: {{mode: strict}}
clients:
{clients}
upstreams:
  - {{name: model, url: "http://127.0.0.1:{upstream}/v1", api_key: {{env: UPSTREAM_KEY}}{dialects}}}
context: {{window: 32768, reserve: 2048}}
storage: {{redb: {{dir: data}}}}
audit: {{dir: data/audit}}
log: {{format: json, level: info}}
"""


def build() -> Path:
    """The binary, of the profile that MEMGATE_E2E_PROFILE names (dev by default)."""
    profile = os.environ.get("MEMGATE_E2E_PROFILE") or "dev"
    subprocess.run(["cargo", "build", "--locked", "--bin", "memgate", "--profile", profile], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    return target / ("debug" if profile == "dev" else profile) / "memgate"


def make_secrets() -> dict[str, str]:
    return {name: secrets.token_hex(24) for name in (OPEN_WEBUI_KEY, JWT_SECRET, SHARED_KEY, UPSTREAM_KEY)}


class Memgate:
    def __init__(self, binary: Path, processes: Processes, work: Path, upstream: int, secrets_: dict[str, str]):
        self._binary = binary
        self._processes = processes
        self._work = work
        self._upstream = upstream
        self._keys: dict[str, str] = {}
        self.secrets = secrets_
        self.port = free_port()  # stays, so that clients keep their address when memgate is started anew
        self.folder = Path()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def hidden(self) -> list[str]:
        """What must never reach the model."""
        return [*(value for name, value in self.secrets.items() if name != UPSTREAM_KEY), *self._keys.values(), "mgk_"]

    def start(self, clients: str, *, more: str = "", wrong: str | None = None) -> None:
        """Starts memgate with nothing remembered. `clients` is the section of proxy.yaml, `more` further sections; the secret
        named by `wrong` gets another value."""
        self._processes.stop("memgate")
        self._keys.clear()
        self.folder = Path(tempfile.mkdtemp(prefix="memgate-", dir=self._work / "run"))
        dialects = ", dialects: [openai, anthropic, ollama]" if self._knows_dialects() else ""
        text = CONFIGURATION.format(port=self.port, metrics=free_port(), clients=clients, upstream=self._upstream, dialects=dialects)
        (self.folder / "proxy.yaml").write_text(text + more)
        environment = self.secrets | ({wrong: secrets.token_hex(24)} if wrong else {})
        self._processes.start("memgate", [self._binary, "run", "--config", "proxy.yaml"], env=environment, cwd=self.folder)
        # Any answer will do; this one is a refusal.
        self._processes.wait_for("memgate", f"{self.root}/memgate/v1/me", 30)

    def _knows_dialects(self) -> bool:
        schema = subprocess.run([self._binary, "schema"], capture_output=True, text=True, check=True).stdout
        return '"dialects"' in schema

    def _command(self, *argv: str) -> str:
        done = subprocess.run(
            [self._binary, *argv, "--config", "proxy.yaml"], cwd=self.folder, env=os.environ | self.secrets, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise Failed(f"memgate {' '.join(argv)}: {done.stderr}")
        return done.stdout

    def key(self, user: str) -> str:
        """A personal key of the user, made on first call."""
        if user not in self._keys:
            self._keys[user] = self._command("user", "key", "add", user, "--label", "e2e").splitlines()[0]
        return self._keys[user]

    def revoke(self, user: str) -> None:
        """Every personal key of the user."""
        for line in self._command("user", "key", "list", user).splitlines()[1:]:
            self._command("user", "key", "revoke", line.split()[0])

    def memories(self, user: str) -> list[str]:
        """What memgate knows about the user, asked with a personal key of theirs."""
        return self.memories_by({"Authorization": f"Bearer {self.key(user)}"})

    def memories_by(self, headers: dict[str, str]) -> list[str]:
        """What memgate knows about whoever these headers name."""
        request = urllib.request.Request(f"{self.root}/memgate/v1/me/memories", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return [memory["text"] for memory in json.load(answer)["memories"]]
        except urllib.error.HTTPError as error:
            raise Failed(f"memgate's memories: {error.code} {error.read().decode()}") from error
