"""What every part plays on: memgate, the recorder, the processes, the folders."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from checks import Case, Traffic
from memgate import Memgate
from processes import Processes
from recorder import Recorder


@dataclass
class Stage:
    work: Path
    processes: Processes
    recorder: Recorder
    memgate: Memgate
    cases: list[Case] = field(default_factory=list)

    @property
    def pictures(self) -> Path:
        folder = self.work / "pictures"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def case(self, client: str, identity: str, hidden: list[str] | None = None) -> Iterator[Traffic]:
        """A line of the table. What goes wrong inside is told there, and the next case runs all the same."""
        case = Case(client, identity)
        self.cases.append(case)
        print(f"{client}, {identity}", flush=True)
        traffic = Traffic(case, self.recorder, self.memgate, hidden)
        try:
            yield traffic
            traffic.inspect()
        except Exception as error:
            traceback.print_exc()
            case.failures.append(f"{type(error).__name__}: {error}"[:600])
        except BaseException:
            case.failures.append("interrupted")
            raise
