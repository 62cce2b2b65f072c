#!/usr/bin/env python3
"""The end-to-end suite: installs the real clients, then drives them. `run.py --help`; README.md beside it says what it needs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import install

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description="memgate in front of real chat clients and a real small model")
    parser.add_argument("--only", default="", help="run the parts whose name starts with this, such as open-webui; several with commas")
    parser.add_argument("--install-only", action="store_true", help="install, start nothing")
    arguments = parser.parse_args()
    work = install.work_folder()
    try:
        install.install(work)
    except install.Missing as error:
        print(f"e2e: {error}", file=sys.stderr)
        return 1
    if arguments.install_only:
        return 0
    driver = install.python_of(work, "driver")
    os.execv(driver, [str(driver), str(HERE / "suite.py"), arguments.only])


if __name__ == "__main__":
    sys.exit(main())
