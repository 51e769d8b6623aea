"""A day in a quarter of an hour: ``python -m tools.soak [--hours 24] [--minutes 15] [--out FILE]``.

A day of five pictures a second passes through the product's own pipeline, analyzer, tracker, labels, mood, publisher,
hub, watch and web server; only the models are made up, and the clock. Faces come and go, the cable is pulled a hundred
times, two hundred viewers join and leave. After each hour of that day everything stands still for a moment and is
counted: memory, open files, threads, tasks, and the members of every container below the parts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import cv2

from engines.cards import load_card
from streamer import analysing
from streamer.alerts import rules_of
from streamer.analyzer import Analyzer, Models
from streamer.chronicle import Chronicle
from streamer.cuts import Cuts
from streamer.fanout import Fanout
from streamer.hub import Hub
from streamer.labels import Labels
from streamer.line import Camera as Line
from streamer.mood import MoodRules, RoomMood
from streamer.noted import Alert
from streamer.overlay import Overlay
from streamer.pipeline import Hooks, Pipeline
from streamer.publish import PublishedRoom, Publisher
from streamer.schedule import Plan, Schedule
from streamer.sinks.mjpeg import Mjpeg
from streamer.timeline.writer import TimelineWriter
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.trackers.scenes import SceneTracker
from streamer.types import FrameResult
from streamer.watch import Watch
from streamer.web.server import WebServer
from streamer.web.site import Access, Notice, RoomInfo, Site
from tools.growth import Sample, faults, largest, slope
from tools.holdings import holdings
from tools.machine import machine
from tools.soaking import RATE, Camera, ChangingClassifier, Clock, Day, KnowingDetector, Watched

log = logging.getLogger(__name__)

RESULTS = Path(__file__).parent / "results" / "soak.json"
SOURCE, ROOM = "desk", "hall"

BEGAN = 1_790_000_000
"""Seconds since 1970 at which that day begins."""

RULES = {"low": Alert.model_validate({"when": "valence < 0", "for": 60, "sure": False})}

QUIET = 5.0
"""Seconds that viewers who left may take to be forgotten."""

VISIT = 3.0
"""Seconds that a viewer stays at most."""


PARTS = (
    "analyzer", "mood", "publisher", "hub", "watch", "pictures", "source", "pipeline", "chronicle", "timeline",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """``parts`` of the day after each of which is counted; ``stay``: seconds for which a person does, on average."""

    hours: float = 24.0
    parts: int = 24
    viewers: int = 200
    pulls: int = 100
    stay: float = 600.0

    @property
    def frames(self) -> int:
        """In one part."""
        return round(self.hours * 3600 * RATE / self.parts)

    def joining(self, part: int) -> int:
        """Viewers who come in a part, counted from 1."""
        return self.viewers * part // self.parts - self.viewers * (part - 1) // self.parts


class Halting:
    """A day's parts: the analysis waits at the end of each until it is let go on."""

    def __init__(self, frames: int) -> None:
        self._frames, self._seen, self._over = frames, 0, False
        self.reached, self._go = threading.Semaphore(0), threading.Semaphore(0)

    def frame(self) -> None:
        self._seen += 1
        if self._seen % self._frames == 0 and not self._over:
            self.reached.release()
            self._go.acquire()

    def go(self, *, to_the_end: bool = False) -> None:
        self._over = to_the_end
        self._go.release()


class Soak:
    """The parts of a run, and what is to be counted below them."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        """``folder`` for the timeline."""
        self.settings, self.clock = settings, Clock()
        seconds = settings.hours * 3600
        day, count = Day(seconds * 1.1, settings.stay), settings.frames * settings.parts
        self.hub, self.halting = Hub(), Halting(settings.frames)
        self.watch = Watch(self.hub, {SOURCE: ROOM}, clock=self.clock)
        self.mood = RoomMood(MoodRules(), analysing.answers_of(load_card("groupmood")))
        self.publisher = Publisher([PublishedRoom(ROOM, (SOURCE,), self.mood)], self.hub, "audience")
        self.clock.passed = self.publisher.tick
        pulls = [round((number + 0.5) * count / settings.pulls) for number in range(settings.pulls)]
        self.source = Watched(lambda: Camera(day, self.clock, pulls), self.clock, count, self._state)
        self.pictures = Fanout[bytes](1)
        self.pipeline = self._pipeline(day)
        self.watch.metrics = self.pipeline.metrics
        self.timeline = TimelineWriter(folder / "timeline.sqlite", retention_days=1, clock=self._utc)
        told = [self.timeline.put]
        self.chronicle = Chronicle(self.hub, told, rules_of(RULES), run="soak", clock=self._utc)

    def _pipeline(self, day: Day) -> Pipeline:
        models = Models(KnowingDetector(day), ChangingClassifier())
        schedule = Schedule(Plan(detect_every=2, interval=1.0))
        self.analyzer = Analyzer(models, SceneTracker(NorfairTracker(), Cuts()), Labels(), self.mood, schedule)
        line = Line(self.source, self.analyzer, Overlay(), picture_sinks=[Mjpeg(self.pictures)])
        return Pipeline(models, [line], hooks=Hooks(self._heard, self.watch.seen, self.watch.ended))

    def _utc(self) -> float:
        return BEGAN + self.clock.now

    def _state(self, *told: Any) -> None:
        self.watch.state(SOURCE, *told)

    def _heard(self, results: Sequence[FrameResult]) -> None:
        self.publisher.update(results)
        self.halting.frame()

    def site(self) -> Site:
        return Site(
            hub=self.hub,
            metrics=self.pipeline.metrics,
            purpose="audience",
            notice=Notice("", ""),
            rooms={ROOM: RoomInfo(ROOM, (SOURCE,), 5)},
            sources={SOURCE: ROOM},
            settings={},
            ask=lambda _: None,
            explain=self.publisher.explain,
            ready=lambda: "",
            failed=lambda: "",
            about=lambda: "",
            version="",
            access=Access(port=0, viewers=32),
            pictures={SOURCE: self.pictures},
        )

    def wait(self, thread: threading.Thread) -> None:
        """Until the part is over and all stands still."""
        while not self.halting.reached.acquire(timeout=1.0):
            if not thread.is_alive():
                raise RuntimeError(f"the day ended after {self.source.given} pictures")

    def sample(self, part: int, first: Sample | None) -> Sample:
        """Once viewers who left are forgotten, or should be."""
        end = time.monotonic() + QUIET
        while True:
            gc.collect()
            found = counted(part * self.settings.hours / self.settings.parts)
            more = first is not None and (found.files > first.files or found.tasks > first.tasks)
            if not more or time.monotonic() >= end:
                break
            time.sleep(0.05)
        held: dict[str, int] = {}
        for name in PARTS:
            held |= holdings(getattr(self, name), name)
        return Sample(found.hour, found.memory, found.files, found.threads, found.tasks, held)


def counted(hour: float) -> Sample:
    """Of this process, by proc(5)."""
    status = Path("/proc/self/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    tasks = sum(issubclass(type(one), asyncio.Task) and not one.done() for one in gc.get_objects())
    files = len(os.listdir("/proc/self/fd"))
    return Sample(round(hour, 4), round(kilobytes / 1024, 2), files, threading.active_count(), tasks)


async def visits(url: str, count: int) -> None:
    """So many viewers who come at once: most hear events, every fourth looks at the pictures."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=VISIT)) as session:
        await asyncio.gather(*(visit(session, url, number) for number in range(count)))


async def visit(session: aiohttp.ClientSession, url: str, number: int) -> None:
    with contextlib.suppress(TimeoutError, EOFError, aiohttp.ClientError):  # at the end of a part no picture comes
        if number % 4 == 3:
            async with session.get(f"{url}/streams/{SOURCE}.mjpg") as answer:
                await answer.content.readexactly(20_000)
            return
        async with session.ws_connect(f"{url}/api/v1/events") as socket:
            for _ in range(3):
                await socket.receive(timeout=VISIT)


def soak(made: Soak) -> list[Sample]:
    """The samples after each part.

    Raises:
        RuntimeError: the day ended early; the thread of the run has said why.
    """
    settings, samples = made.settings, list[Sample]()
    cv2.setNumThreads(1)
    thread = threading.Thread(target=made.pipeline.run, name="run", daemon=True)
    with made.timeline, made.chronicle, made.watch, WebServer(made.site()) as server:
        thread.start()
        try:
            for part in range(1, settings.parts + 1):
                asyncio.run(visits(server.url, settings.joining(part)))
                made.wait(thread)
                samples.append(made.sample(part, samples[0] if samples else None))
                log.info("hour %g: %g MB", samples[-1].hour, samples[-1].memory)
                made.halting.go()
        finally:
            made.pipeline.stop()
            made.halting.go(to_the_end=True)
            thread.join()
    return samples


def document(made: Soak, samples: Sequence[Sample], seconds: float) -> dict[str, Any]:
    settings = made.settings
    rows = [{key: value for key, value in asdict(one).items() if key != "held"} for one in samples]
    grown = slope(samples)
    return {
        "command": f"python -m tools.soak --hours {settings.hours:g}",
        "machine": machine(),
        "data": "made-up faces and time; detection on each second picture, each face read once a second",
        **asdict(settings),
        "frames": settings.frames * settings.parts,
        "seconds": round(seconds, 1),
        "reconnects": made.source.reconnects,
        "timeline rows": made.timeline.acknowledged,
        "timeline rows lost": made.chronicle.lost + made.timeline.dropped,
        "MB an hour": None if grown is None else round(grown, 3),
        "faults": faults(samples),
        "rows": rows,
        "held": largest(samples),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0, help="length of the day")
    parser.add_argument("--minutes", type=float, default=15.0, help="that it may take; longer is a fault")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    settings = Settings(hours=options.hours, parts=max(4, round(options.hours)))
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    log.setLevel(logging.INFO)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        made = Soak(settings, Path(folder))
        samples = soak(made)
    told = document(made, samples, time.monotonic() - begun)
    if told["seconds"] > 60 * options.minutes:
        told["faults"].append(f"it took {told['seconds']:.0f} s, {options.minutes:g} minutes were wanted")
    text = json.dumps(told, indent=2, ensure_ascii=False)
    print(text)
    options.out.write_text(text + "\n")
    return 1 if told["faults"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
