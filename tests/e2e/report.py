"""The table at the end."""

from __future__ import annotations

import textwrap
from pathlib import Path

from checks import Case

COLUMNS = ("client", "identity", "users", "chats", "facts learned", "tasks", "cross-user leaks", "what a refused user saw", "result")
WIDE = 60


def _cells(case: Case) -> tuple[str, ...]:
    result = f"{len(case.failures)} FAILED" if case.failures else "ok"
    numbers = (case.users, case.chats, case.facts, case.tasks, case.leaks)
    return (case.client, case.identity, *(str(number) for number in numbers), case.refused, result)


def table(cases: list[Case]) -> str:
    """Plain text: columns as wide as what they hold, long cells wrapped, then figures and failures."""
    rows = [tuple(textwrap.wrap(cell, WIDE) or [""] for cell in cells) for cells in [COLUMNS, *map(_cells, cases)]]
    widths = [max(len(line) for row in rows for line in row[column]) for column in range(len(COLUMNS))]
    lines = []
    for row in rows:
        for number in range(max(len(cell) for cell in row)):
            parts = [(cell[number] if number < len(cell) else "").ljust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  ".join(parts).rstrip())
        if row is rows[0]:
            lines.append("  ".join("-" * width for width in widths))
    for heading, attribute in (("figures", "notes"), ("failures", "failures")):
        found = [f"  {case.client}, {case.identity}: {text}" for case in cases for text in getattr(case, attribute)]
        if found:
            lines += ["", heading, *found]
    return "\n".join(lines) + "\n"


def write(cases: list[Case], folder: Path) -> str:
    text = table(cases)
    (folder / "table.txt").write_text(text)
    return text
