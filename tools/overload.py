"""What the latency governor does where there is far too much to do: ``python -m tools.overload [--seconds S]``.

A video, played slowly forward and backward without end as a camera of 30 frames a second, goes through the product's
own pipeline with its overlay: once as it is, and once with a detector and a classifier that are slowed until everything
at the full rate would need three times the time there is. Both runs see the same pictures at the same media times, so
that their moods can be compared.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from streamer import analysing, build
from streamer.analyzer import Adapting, Analyzer, Models
from streamer.cli import SWITCH_SECONDS
from streamer.config import Config, check
from streamer.governor import Governor
from streamer.labels import Labels
from streamer.line import Camera
from streamer.metrics import nearest_rank
from streamer.overlay import Overlay
from streamer.pipeline import Pipeline
from streamer.schedule import Plan, Schedule
from streamer.sinks.plain import Unmanaged
from streamer.sources.address import parse
from streamer.sources.capture import CaptureSource
from streamer.sources.file import FileSource
from streamer.sources.paced import Limited
from streamer.stages import Classifier, Detector
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.types import Chip, Crop, Emotion, Face, Fit, Frame, FrameResult, Image
from tools.around import Around, Part
from tools.benchmark import DATA
from tools.crowd import RATE, write
from tools.machine import machine

OVERLOAD = 3.0
"""How many times the time there is everything at the full rate is to need."""

LOOKING = 0.7
"""Share of the slowing that the detector bears; the classifier bears the rest."""

WARM, SETTLED = 2.0, 5.0
"""Seconds of media time after which ages count, as engines get ready with the first pictures; and after which the moods
are compared."""

SLOWLY = 4
"""How often each picture of the video is shown, so that a smile lasts for seconds."""

VIDEOS = ("one-neutral-smile-neutral.mp4", "crowd-1080p.mp4")


@dataclass(frozen=True)
class Delays:
    """Seconds that are waited in each look and for each face read, in which other threads may work."""

    look: float = 0.0
    face: float = 0.0


class Slow(Around[Part]):
    """A detector or classifier around another one."""

    def __init__(self, inner: Part, seconds: float) -> None:
        super().__init__(inner)
        self._seconds = seconds


class SlowDetector(Slow[Detector]):
    @property
    def fit(self) -> Fit:
        return self._inner.fit

    def apart(self) -> Detector:
        """A choice of its own for a camera, as slow."""
        return SlowDetector(self._inner.apart() if isinstance(self._inner, Adapting) else self._inner, self._seconds)

    def detect(self, image: Image) -> tuple[Face, ...]:
        time.sleep(self._seconds)
        return self._inner.detect(image)


class SlowClassifier(Slow[Classifier]):
    @property
    def crop(self) -> Crop:
        return self._inner.crop

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        time.sleep(self._seconds * len(chips))
        return self._inner.classify(chips)


class Seen(Unmanaged):
    """A picture sink that notes the ages of pictures, and of the results on them what is compared."""

    def __init__(self) -> None:
        self.ages: list[float] = []
        self.moods: list[tuple[float, float]] = []
        self.people: list[int] = []

    def write(self, picture: Frame, result: FrameResult) -> None:
        if result.pts >= WARM:
            self.ages.append(time.monotonic() - picture.captured)
        self.people.append(len(result.people))
        if result.mood is not None and result.mood.valence is not None:
            self.moods.append((result.pts, result.mood.valence))


@dataclass(frozen=True)
class Run:
    """``demand``: the time that everything at the full rate would need, of the time there is. Ages in milliseconds, of
    results, over the run and the 95th percentile by quarter; ``picture_p95``: of drawn pictures. ``dropped``: captured
    and not analysed. ``note``: what was said to be reduced in the end."""

    demand: float
    frames: int
    dropped: int
    p50: float
    p95: float
    greatest: float
    quarters: tuple[float, ...]
    picture_p95: float
    people: float
    note: str


def run(config: Config, clip: Path, seconds: float, delays: Delays) -> tuple[Run, Seen]:
    made = build.models(config)
    models = Models(SlowDetector(made.detector, delays.look), SlowClassifier(made.classifier, delays.face))
    source = Limited(CaptureSource(parse(f"lavfi:movie={clip}:loop=0,setpts=N/{RATE}/TB,realtime")), seconds)
    schedule = Schedule(analysing.plan(config, live=True), Governor(config.latency.target))
    mood = build.room_mood(config, config.room_of("clip")[1])
    seen, ages = Seen(), list[float]()
    camera = Camera(
        source,
        Analyzer(models, NorfairTracker(), Labels(), mood, schedule),
        Overlay(interval=config.classifier.interval),
        [Aged(ages)],
        [seen],
    )
    pipeline = Pipeline(models, [camera])
    pipeline.run()
    return summed_up(pipeline, schedule, ages, seen), seen


class Aged(Unmanaged):
    """A result sink that notes how old each result is, once the engines are warm."""

    def __init__(self, ages: list[float]) -> None:
        self._ages = ages

    def write(self, result: FrameResult) -> None:
        if result.pts >= WARM:
            self._ages.append(time.monotonic() - result.captured)


def summed_up(pipeline: Pipeline, schedule: Schedule, ages: list[float], seen: Seen) -> Run:
    line = pipeline.lines[0]
    quarter = max(1, len(ages) // 4)
    return Run(
        round(demand(pipeline, seen), 2),
        len(ages),
        line.dropped,
        p(ages, 0.5),
        p(ages, 0.95),
        p(ages, 1.0),
        tuple(p(ages[n * quarter : (n + 1) * quarter], 0.95) for n in range(4)),
        p(seen.ages, 0.95),
        round(float(np.mean(seen.people)), 1),
        schedule.note,
    )


def demand(pipeline: Pipeline, seen: Seen) -> float:
    """Of the time there is: a look and the rest for each frame, and each face read in every interval; medians."""
    name = pipeline.lines[0].name
    timings, schedule = pipeline.metrics.snapshot().timings, pipeline.lines[0].camera.analyzer.schedule
    each = sum(timings[stage, name].p50 for stage in ("convert", "detect", "track", "cut", "mood"))
    return float(RATE * each) + float(np.mean(seen.people)) / Plan().interval * schedule.face


def p(values: list[float], share: float) -> float:
    """A percentile in milliseconds."""
    return round(nearest_rank(sorted(values), share) * 1000, 1)


def slowed(full: Run, people: float) -> Delays:
    """What makes the demand of a run OVERLOAD; a reading is at most as slow as a look."""
    missing = max(0.0, OVERLOAD - full.demand)
    readings = max(1.0, people) / Plan().interval
    face = min((1 - LOOKING) * missing / readings, missing / (RATE + readings))
    return Delays(round((missing - readings * face) / RATE, 4), round(face, 4))


def apart(full: Seen, loaded: Seen) -> dict[str, float]:
    """How far the valence of the loaded run is from that of the other at the same media time."""
    times, values = (np.array(column) for column in zip(*full.moods, strict=True))
    known = [(pts, value) for pts, value in loaded.moods if SETTLED <= pts <= times[-1]]
    off = sorted(abs(value - float(np.interp(pts, times, values))) for pts, value in known)
    within = values[times >= SETTLED]
    return {
        "mean": round(float(np.mean(off)), 3),
        "p95": round(nearest_rank(off, 0.95), 3),
        "greatest": round(off[-1], 3),
        "lowest valence": round(float(within.min()), 3),
        "highest valence": round(float(within.max()), 3),
    }


def there_and_back(video: Path, clip: Path) -> None:
    """The video forward and backward, so that its repetition has no cut; of 720 lines at most."""
    with FileSource(video) as opened:
        pictures = [smaller(frame.image) for frame in opened.frames()]
    height, width = pictures[0].shape[:2]
    shown = [picture for picture in (*pictures, *reversed(pictures)) for _ in range(SLOWLY)]
    write(clip, shown, (width, height))


def smaller(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = min(1.0, 720 / height)
    size = 2 * round(width * scale / 2), 2 * round(height * scale / 2)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def measure(videos: Sequence[Path], seconds: float) -> dict[str, Any]:
    config = check({"sources": {"clip": {"address": "lavfi:testsrc,realtime"}}}, {})
    build.fetch_weights(config, offline=False)
    cv2.setNumThreads(1)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for video in videos:
            clip = Path(folder) / "clip.mp4"
            there_and_back(video, clip)
            full, seen = run(config, clip, seconds, Delays())
            print(video.name, full, flush=True)
            delays = slowed(full, full.people)
            loaded, seen_loaded = run(config, clip, seconds, delays)
            print(delays, loaded, off := apart(seen, seen_loaded), flush=True)
            rows.append(
                {
                    "video": video.name,
                    "unloaded": asdict(full),
                    "delays": asdict(delays),
                    "overloaded": asdict(loaded),
                    "valence": off,
                }
            )
    return {
        "command": f"python -m tools.overload --seconds {seconds:g}",
        "machine": machine(),
        "target": config.latency.target,
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, nargs="*", default=[DATA / "videos" / name for name in VIDEOS])
    parser.add_argument("--seconds", type=float, default=60.0, help="of each run")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "overload.json")
    arguments = parser.parse_args()
    for video in arguments.video:
        if not video.is_file():
            parser.error(f"{video} is not a file; name a video with --video")
    sys.setswitchinterval(SWITCH_SECONDS)
    rows = measure(arguments.video, arguments.seconds)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
