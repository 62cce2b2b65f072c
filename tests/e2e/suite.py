"""Starts the model, the recorder and memgate, runs the parts, prints the table. Started by run.py, in the environment that it installed."""

from __future__ import annotations

import shutil
import signal
import sys
import time

import install
import libraries_node
import libraries_python
import memgate
import open_webui_part
import report
import sillytavern_part
from processes import Failed, Processes, free_port
from recorder import Recorder
from stage import Stage

PARTS = {
    "open-webui": open_webui_part.play,
    "sillytavern": sillytavern_part.play,
    "libraries-python": libraries_python.play,
    "libraries-node": libraries_node.play,
}
MODEL = "smollm2"


def start_model(processes: Processes, work) -> str:
    port = free_port()
    argv = ["node", install.HERE / "model_server.mjs", port, work / "weights" / install.WEIGHTS, MODEL, work / "packages" / "model"]
    processes.start("model", argv)
    url = f"http://127.0.0.1:{port}"
    processes.wait_for("model", f"{url}/v1/models", 60)
    return url


def play(only: list[str], stage: Stage) -> None:
    for name, part in PARTS.items():
        if not only or any(name.startswith(prefix) for prefix in only):
            started = time.monotonic()
            part(stage)
            print(f"{name}: {time.monotonic() - started:.0f} s\n", flush=True)


def main(only: list[str]) -> int:
    if only and not any(name.startswith(prefix) for name in PARTS for prefix in only):
        print(f"e2e: no such part; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    work = install.work_folder()
    binary = memgate.build()
    for leftover in ("run", "logs", "pictures"):
        shutil.rmtree(work / leftover, ignore_errors=True)
    (work / "run").mkdir()
    processes = Processes(work / "logs")
    # A request to end is an exception like Ctrl-C: `finally` below ends what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        recorder = Recorder(start_model(processes, work))
        gate = memgate.Memgate(binary, processes, work, recorder.start(), memgate.make_secrets())
        stage = Stage(work, processes, recorder, gate)
        try:
            play(only, stage)
        finally:
            print(report.write(stage.cases, work))
            print(f"written to {work / 'table.txt'}; pages in {work / 'pictures'}, logs in {work / 'logs'}")
        return 1 if any(case.failures for case in stage.cases) or not stage.cases else 0
    except Failed as error:
        print(f"e2e: {error}", file=sys.stderr)
        return 1
    finally:
        processes.stop_all()


if __name__ == "__main__":
    sys.exit(main([part for part in sys.argv[1].split(",") if part]))
