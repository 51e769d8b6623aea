"""A day in a quarter of an hour: ``python -m tools.soak [--hours 24] [--minutes 15] [--out FILE]``.

A day of five pictures a second passes through the product's own pipeline, analyzer, tracker, labels, mood, publisher,
hub, watch, encoder, chronicle, timeline and web server; only the models are made up, and the clock. Faces come and go,
the cable is pulled a hundred times, two hundred viewers of pages and two hundred peers by WebRTC join and leave, and
the timeline forgets the day before. After each hour of that day everything stands still for a moment and is counted:
memory, open files, threads, tasks, and the members of every container below the parts. What is known so far stands in
FILE.partial until the day is over.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2

from streamer.web.server import WebServer
from tools.growth import Sample, faults, largest, slope
from tools.machine import machine
from tools.soak_rig import Settings, Soak
from tools.visiting import Crowd

log = logging.getLogger(__name__)

RESULTS = Path(__file__).parent / "results" / "soak.json"

FORGOTTEN = 25.5
"""Hours that the timeline may reach back: a day, and one from one look for what is too old to the next."""

Report = Callable[[Sequence[Sample]], None]


def soak(made: Soak, report: Report = lambda _: None) -> list[Sample]:
    """The samples after each part; ``report`` is told those so far after each.

    Raises:
        RuntimeError: the day ended early; the thread of the run has said why.
    """
    cv2.setNumThreads(1)
    thread = threading.Thread(target=made.pipeline.run, name="run", daemon=True)
    with ExitStack() as stack:
        for one in (made.timeline, made.lines, made.chronicle, made.watch):
            stack.enter_context(one)
        server = stack.enter_context(WebServer(made.site()))
        crowd = stack.enter_context(Crowd(server.url))
        made.yesterday()
        thread.start()
        try:
            return parts(made, thread, crowd, report)
        finally:
            made.pipeline.stop()
            made.halting.go(to_the_end=True)
            thread.join()


def parts(made: Soak, thread: threading.Thread, crowd: Crowd, report: Report) -> list[Sample]:
    samples = list[Sample]()
    for part in range(1, made.settings.parts + 1):
        crowd.come(made.settings.joining(part))
        made.wait(thread)
        made.served += crowd.gone()
        samples.append(made.sample(part, samples[0] if samples else None))
        report(samples)
        made.halting.go()
    return samples


def document(made: Soak, samples: Sequence[Sample], seconds: float) -> dict[str, Any]:
    """What is measured so far."""
    settings = made.settings
    grown, kept = slope(samples), made.kept()
    lost = made.chronicle.lost + made.timeline.dropped
    found = faults(samples)
    found += [f"{lost} rows of the timeline are lost"] if lost else []
    found += [f"the timeline keeps {kept:g} hours"] if kept > FORGOTTEN else []
    return {
        "command": f"python -m tools.soak --hours {settings.hours:g}",
        "machine": machine(),
        "data": "made-up faces and time; detection on each third picture, each face read once a second",
        **asdict(settings),
        "frames": made.source.given,
        "seconds": round(seconds, 1),
        "reconnects": made.source.reconnects,
        "served": asdict(made.served),
        "timeline rows": made.timeline.acknowledged,
        "timeline rows lost": lost,
        "timeline hours": kept,
        "MB an hour": None if grown is None else round(grown, 3),
        "faults": found,
        "rows": [{key: value for key, value in asdict(one).items() if key != "held"} for one in samples],
        "held": largest(samples),
    }


def measured(settings: Settings, minutes: float, out: Path | None = None) -> dict[str, Any]:
    """A day as ``settings`` say, which may take so long. ``out``: kept up to date after each part."""
    begun = time.monotonic()

    def report(samples: Sequence[Sample]) -> None:
        taken, last = time.monotonic() - begun, samples[-1]
        left = taken * (settings.parts - len(samples)) / len(samples)
        log.info("hour %g of %g: %g MB, %.0f s, %.0f s to go", last.hour, settings.hours, last.memory, taken, left)
        if out is not None:
            out.write_text(written(document(made, samples, taken)))

    with tempfile.TemporaryDirectory() as folder:
        made = Soak(settings, Path(folder))
        samples = soak(made, report)
        told = document(made, samples, time.monotonic() - begun)
    if told["seconds"] > 60 * minutes:
        told["faults"].append(f"it took {told['seconds']:.0f} s, {minutes:g} minutes were wanted")
    return told


def written(told: dict[str, Any]) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0, help="length of the day")
    parser.add_argument("--minutes", type=float, default=15.0, help="that it may take; longer is a fault")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    log.setLevel(logging.INFO)
    so_far = options.out.with_name(options.out.name + ".partial")
    settings = Settings(hours=options.hours, parts=max(4, round(options.hours)))
    told = measured(settings, options.minutes, so_far)
    print(written(told), end="")
    options.out.write_text(written(told))
    so_far.unlink()
    return 1 if told["faults"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
