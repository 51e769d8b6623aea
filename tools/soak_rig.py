"""The parts of a long run of the product, the models and the clock made up, and what is to be counted below them."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from engines.cards import load_card
from streamer import analysing
from streamer.alerts import rules_of
from streamer.analyzer import Analyzer, Models
from streamer.chronicle import Chronicle
from streamer.cuts import Cuts
from streamer.doors import PACKETS
from streamer.fanout import Fanout
from streamer.hub import Hub
from streamer.labels import Labels
from streamer.line import Camera as Line
from streamer.mood import MoodRules, RoomMood
from streamer.noted import Alert
from streamer.outbox.lines import LinesOut
from streamer.overlay import Overlay
from streamer.packets import Packet
from streamer.pipeline import Hooks, Pipeline
from streamer.publish import PublishedRoom, Publisher
from streamer.schedule import Plan, Schedule
from streamer.sinks.h264 import H264Encoder
from streamer.sinks.mjpeg import Mjpeg
from streamer.sinks.packets_out import PacketsOut
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import Second
from streamer.timeline.writer import TimelineWriter
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.trackers.scenes import SceneTracker
from streamer.types import FrameResult
from streamer.watch import Watch
from streamer.web.site import Access, Notice, PeerRules, RoomInfo, Site
from tools.growth import Sample, counted
from tools.holdings import holdings
from tools.soaking import RATE, Camera, ChangingClassifier, Clock, Day, Glances, KnowingDetector, Watched
from tools.visiting import ROOM, SOURCE, Visitors

BEGAN = 1_790_000_000
"""Seconds since 1970 at which that day begins."""

YESTERDAY = 10
"""Seconds from one row of the day before to the next."""

RULES = {"low": Alert.model_validate({"when": "valence < 0", "for": 60, "sure": False})}

HANDSHAKE = 1.5
"""Seconds in which a peer must be connected."""

DAY = 86_400

PARTS = (
    "analyzer", "mood", "publisher", "hub", "watch", "pictures", "packets", "source", "pipeline", "chronicle",
    "timeline", "lines",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """``parts`` of the day after each of which is counted; ``stay``: seconds for which a person does, on average;
    ``quiet``: seconds that visitors who left may take to be forgotten."""

    hours: float = 24.0
    parts: int = 24
    viewers: int = 200
    peers: int = 200
    pulls: int = 100
    stay: float = 600.0
    quiet: float = 5.0

    @property
    def frames(self) -> int:
        """In one part."""
        return round(self.hours * 3600 * RATE / self.parts)

    def joining(self, part: int) -> Visitors:
        """Who come in a part, counted from 1."""
        viewers, peers = (count * part // self.parts - count * (part - 1) // self.parts for count in self.visitors)
        return Visitors(viewers, peers)

    @property
    def visitors(self) -> tuple[int, int]:
        return self.viewers, self.peers


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
        """``folder`` for the timeline and the file of events."""
        self.settings, self.clock, self.folder = settings, Clock(), folder
        day, count = Day(settings.hours * 3600 * 1.1, settings.stay), settings.frames * settings.parts
        self.hub, self.halting = Hub(), Halting(settings.frames)
        self.watch = Watch(self.hub, {SOURCE: ROOM}, clock=self.clock)
        self.mood = RoomMood(MoodRules(), analysing.answers_of(load_card("groupmood")))
        self.publisher = Publisher([PublishedRoom(ROOM, (SOURCE,), self.mood)], self.hub, "audience")
        self.clock.passed = self.publisher.tick
        pulls = [round((number + 0.5) * count / settings.pulls) for number in range(settings.pulls)]
        self.source = Watched(
            lambda: Camera(day, self.clock, pulls), self.clock, count, partial(self.watch.state, SOURCE)
        )
        self.pictures, self.packets = Fanout[bytes](1), Fanout[Packet](PACKETS)
        self.glances = Glances(self.clock)
        self.pipeline = self._pipeline(day)
        self.watch.metrics = self.pipeline.metrics
        utc = lambda: BEGAN + self.clock.now  # noqa: E731  (a method would lead the counting back here)
        self.timeline = TimelineWriter(folder / "timeline.sqlite", retention_days=1, clock=utc)
        self.lines = LinesOut(folder / "events.jsonl", self.pipeline.metrics)
        told = [self.timeline.put, self.lines.put]
        self.chronicle = Chronicle(self.hub, told, rules_of(RULES), run="soak", clock=utc)
        self.served = Visitors(0, 0)

    def _pipeline(self, day: Day) -> Pipeline:
        models = Models(KnowingDetector(day), ChangingClassifier())
        schedule = Schedule(Plan(detect_every=3, interval=1.0))
        self.analyzer = Analyzer(models, SceneTracker(NorfairTracker(), Cuts()), Labels(), self.mood, schedule)
        line = Line(
            self.source,
            self.analyzer,
            Overlay(),
            picture_sinks=[Mjpeg(self.pictures), self.glances],
            encoder=H264Encoder(rate_hint=Fraction(30)),
            packet_sinks=[PacketsOut(self.packets)],
        )
        return Pipeline(models, [line], hooks=Hooks(self._heard, self.watch.seen, self.watch.ended))

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
            peer_rules=PeerRules(peers=32, handshake=HANDSHAKE),
            pictures={SOURCE: self.pictures},
            packets={SOURCE: self.packets},
            timeline=self.timeline.path,
        )

    def yesterday(self) -> None:
        """A row for each few seconds of the day before, which is forgotten from now on."""
        for utc in range(BEGAN - DAY, BEGAN, YESTERDAY):
            self.timeline.put(Second(ROOM, utc, "before", None))
        self.timeline.flush(60.0)

    def wait(self, thread: threading.Thread) -> None:
        """Until the part is over and all stands still."""
        while not self.halting.reached.acquire(timeout=1.0):
            if not thread.is_alive():
                raise RuntimeError(f"the day ended after {self.source.given} pictures")

    def sample(self, part: int, first: Sample | None) -> Sample:
        """Once visitors who left are forgotten, or should be."""
        begun = time.monotonic()
        while True:
            gc.collect()
            found, waited = counted(part * self.settings.hours / self.settings.parts), time.monotonic() - begun
            quiet = waited > HANDSHAKE + 0.5 if first is None else not exceeds(found, first)
            if quiet or waited >= self.settings.quiet:
                break
            time.sleep(0.05)
        return replace(found, held=holdings({name: getattr(self, name) for name in PARTS}))

    def kept(self) -> float:
        """Hours that the timeline reaches back from its end."""
        with TimelineReader(self.timeline.path) as reader:
            span = reader.span(ROOM)
        return 0.0 if span is None else round((span[1] - span[0]) / 3600, 2)


def exceeds(one: Sample, first: Sample) -> bool:
    return one.files > first.files or one.threads > first.threads or one.tasks > first.tasks
