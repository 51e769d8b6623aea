"""How fast it is, on this machine: ``python -m tools.benchmark [--video FILE] [--live-seconds S] [--out FILE.json]``.

Each row is the whole way of a file, decode → detect → track → classify → mood → overlay → H.264 file, and the live
rows the same from a camera that gives 30 frames a second whether they are taken or not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from streamer import build
from streamer.cli import SWITCH_SECONDS
from streamer.config import Config, check
from streamer.metrics import Snapshot, Summary, nearest_rank
from streamer.sinks.plain import Unmanaged
from streamer.types import Frame, FrameResult
from tools.crowd import clips, name
from tools.machine import cores, machine

DATA = Path(os.environ.get("GROUPMOOD_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
FACES, SIZES, EVERY = (1, 5, 9), ((1280, 720), (1920, 1080)), (1, 3)
STAGES = ("capture", "convert", "detect", "track", "cut", "classify", "mood", "draw", "encode")


@dataclass(frozen=True)
class FileRow:
    """A file as fast as it goes. ``faces`` at most, ``people`` on average a frame. ``bound``: frames a second if all
    cores did nothing but this process's own work, that is cores / (CPU seconds of the whole process a frame).
    ``age_…``: of the result, milliseconds from its frame's decoding, waiting in the boxes included. ``stages``: median
    milliseconds each, waiting for a core included."""

    faces: int
    height: int
    every: int
    people: float
    models: str
    fps: float
    bound: float
    cpu_ms: float
    age_p50: float
    age_p95: float
    stages: Mapping[str, float]


@dataclass(frozen=True)
class LiveRow:
    """A camera of 30 frames a second. Ages in milliseconds from capture to the drawn picture; ``first`` and ``last``:
    95th percentile in the first and the last quarter; ``memory``: megabytes after a quarter and at the end."""

    faces: int
    height: int
    seconds: float
    fps: float
    dropped: int
    age_p50: float
    age_p95: float
    first_p95: float
    last_p95: float
    memory: tuple[float, float]


class Crowd(Unmanaged):
    """A result sink that adds up how many people were seen."""

    def __init__(self) -> None:
        self.people = 0

    def write(self, result: FrameResult) -> None:
        self.people += sum(person.track.seen for person in result.people)


class Ages(Unmanaged):
    """A picture sink that notes how old each picture is, and how much memory is used."""

    def __init__(self) -> None:
        self.ages: list[tuple[float, float]] = []
        self.memory: list[float] = []

    def write(self, picture: Frame, result: FrameResult) -> None:  # noqa: ARG002
        now = time.monotonic()
        self.ages.append((now, now - picture.captured))
        if len(self.ages) % 150 == 0:
            self.memory.append(resident())


def resident() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def config(address: str, every: int | str, video: Path | None) -> Config:
    return check(
        {
            "sources": {"bench": {"address": address}},
            "detector": {"every": every},
            "output": {"video": str(video)} if video else {},
        },
        {},
    )


def file_row(path: Path, faces: int, height: int, every: int, folder: Path) -> FileRow:
    crowd = Crowd()
    made = build.pipeline(config(str(path), every, folder / "out.mp4"), build.Extras(result_sinks=(crowd,)))
    wall, cpu = time.perf_counter(), time.process_time()
    made.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    snapshot = made.metrics.snapshot()
    frames = snapshot.count("processed", "bench")
    stages = {stage: round(timing(snapshot, stage).p50 * 1000, 2) for stage in STAGES}
    return FileRow(
        faces,
        height,
        every,
        round(crowd.people / frames, 1),
        made.about,
        round(frames / wall, 1),
        round(cores() * frames / cpu, 1),
        round(cpu / frames * 1000, 1),
        round(timing(snapshot, "result age").p50 * 1000, 1),
        round(timing(snapshot, "result age").p95 * 1000, 1),
        stages,
    )


def timing(snapshot: Snapshot, stage: str) -> Summary:
    return snapshot.timings.get((stage, "bench"), Summary(0, 0.0, 0.0, 0.0))


def live_row(path: Path, faces: int, height: int, seconds: float, folder: Path) -> LiveRow:
    graph = f"lavfi:movie={path}:loop=0,setpts=N/30/TB,realtime"
    ages = Ages()
    made = build.pipeline(
        config(graph, "auto", folder / "live.mp4"), build.Extras(picture_sinks=(ages,), seconds=seconds)
    )
    made.run()
    times = [age for _, age in ages.ages]
    quarter = max(1, len(times) // 4)
    span = ages.ages[-1][0] - ages.ages[0][0]
    memory = ages.memory or [resident()]
    return LiveRow(
        faces,
        height,
        round(span, 1),
        round((len(times) - 1) / span, 1),
        made.lines[0].dropped,
        p(times, 0.5),
        p(times, 0.95),
        p(times[:quarter], 0.95),
        p(times[-quarter:], 0.95),
        (round(memory[len(memory) // 4], 1), round(memory[-1], 1)),
    )


def p(values: list[float], share: float) -> float:
    """A percentile in milliseconds."""
    return round(nearest_rank(sorted(values), share) * 1000, 1)


def start_up() -> dict[str, float]:
    """Median milliseconds over 11 starts of a new process, less those of an empty one."""

    def once(*arguments: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter() - start) * 1000

    empty = median(once("-c", "pass") for _ in range(11))
    return {
        "import streamer": round(median(once("-c", "import streamer") for _ in range(11)) - empty, 1),
        "groupmood --help": round(median(once("-m", "streamer", "--help") for _ in range(11)), 1),
    }


def shown(arguments: list[str]) -> list[str]:
    """The arguments without folders of this machine."""
    return [Path(word).name for word in arguments]


def measure(video: Path, live_seconds: float) -> dict[str, Any]:
    fetched = config(str(video), 1, None)
    build.fetch_weights(fetched, offline=False)
    rows: dict[str, Any] = {
        "command": " ".join(["python -m tools.benchmark", *shown(sys.argv[1:])]),
        "machine": machine(),
        "data": video.name,
        "start": start_up(),
        "files": [],
        "live": [],
    }
    with tempfile.TemporaryDirectory() as name_:
        folder = Path(name_)
        print("making the clips", flush=True)
        clips(video, fetched, folder, FACES, SIZES)
        for faces in FACES:
            for _, height in SIZES:
                for every in EVERY:
                    row = file_row(folder / name(faces, height), faces, height, every, folder)
                    print(row, flush=True)
                    rows["files"].append(asdict(row))
        for faces in (5,):
            live = live_row(folder / name(faces, 720), faces, 720, live_seconds, folder)
            print(live, flush=True)
            rows["live"].append(asdict(live))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=DATA / "videos" / "crowd-1080p.mp4")
    parser.add_argument("--live-seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "benchmark.json")
    arguments = parser.parse_args()
    if not arguments.video.is_file():
        parser.error(f"{arguments.video} is not a file; name a video with --video")
    sys.setswitchinterval(SWITCH_SECONDS)
    rows = measure(arguments.video, arguments.live_seconds)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
