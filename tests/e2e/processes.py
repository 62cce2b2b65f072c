"""Processes that the suite starts: each in a group of its own, each with a log, all ended at the end, whatever happens."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A check of the suite failed, or something did not start in time."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], seconds: float, what: str, pause: float = 0.1):
    """What the condition gives once it is true; a failure that names it after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _end_with_parent() -> None:
    """A suite that is killed outright takes its processes along."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Processes:
    def __init__(self, logs: Path):
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._running: dict[str, subprocess.Popen] = {}

    def start(self, name: str, argv: list, *, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
        log = (self._logs / f"{name}.log").open("ab")
        with log:
            self._running[name] = subprocess.Popen(
                [str(part) for part in argv],
                env=os.environ | (env or {}),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def wait_for(self, name: str, url: str, seconds: float) -> None:
        """Until the process answers under this URL. One that ended is a failure at once."""

        def ready() -> bool:
            code = self._running[name].poll()
            if code is not None:
                raise Failed(f"{name} ended with status {code}; see {self._logs / name}.log")
            return answers(url)

        wait_until(ready, seconds, f"{name} at {url}")

    def stop(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        for sign, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                break
        # What a process of the group left behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def stop_all(self) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)
