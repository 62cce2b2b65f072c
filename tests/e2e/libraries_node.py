"""The official client libraries for Node: each call is one run of libraries_node.mjs."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass

from checks import Traffic
from install import HERE
from libraries import Failure, play_library
from people import ALICE
from processes import Failed
from stage import Stage

WAIT = 150  # seconds
APIS = {
    "chat": "openai (Node), chat completions",
    "responses": "openai (Node), responses",
    "completions": "openai (Node), completions",
    "messages": "anthropic (Node), messages",
    "ollama-chat": "ollama (Node), chat",
    "ollama-generate": "ollama (Node), generate",
}
EXTRAS = {"chat": ("models", "smollm2"), "messages": ("count-tokens", ""), "ollama-chat": ("ollama-list", "smollm2")}


@dataclass(frozen=True)
class NodeLibrary:
    api: str
    stage: Stage

    @property
    def name(self) -> str:
        return APIS[self.api]

    def _call(self, key: str, text: str, streamed: bool, *, api: str = "", stop_after: int = 0) -> dict:
        request = {
            "api": api or self.api,
            "root": self.stage.memgate.root,
            "key": key,
            "text": text,
            "streamed": streamed,
            "stopAfter": stop_after,
        }
        argv = ["node", HERE / "libraries_node.mjs", self.stage.work / "packages" / "libraries", json.dumps(request)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=WAIT)
        if done.returncode != 0:
            raise Failed(f"{self.name}: {done.stderr[-1000:]}")
        return json.loads(done.stdout)

    def chat(self, key: str, text: str, streamed: bool) -> str:
        outcome = self._call(key, text, streamed)
        if "error" in outcome:
            raise Failed(f"{self.name}: {outcome['error']}")
        return outcome["text"]

    def failure(self, key: str, text: str, streamed: bool) -> Failure:
        started = time.monotonic()
        outcome = self._call(key, text, streamed)
        seconds = time.monotonic() - started
        if "error" not in outcome:
            return Failure("no error at all", False, repr(outcome["text"]), None, seconds)
        error = outcome["error"]
        return Failure(error["kind"], error["own"], error["message"], error["status"], seconds)

    def stop(self, key: str, text: str) -> float:
        return self._call(key, text, True, stop_after=3)["stopped"] / 1000

    def extras(self, traffic: Traffic, key: str) -> None:
        if self.api in EXTRAS:
            api, expected = EXTRAS[self.api]
            outcome = self._call(key, ALICE.says(ALICE.question), False, api=api)
            traffic.case.check(expected in outcome.get("text", ""), f"{api}: {outcome}")


def play(stage: Stage) -> None:
    for api in APIS:
        play_library(stage, NodeLibrary(api, stage))
