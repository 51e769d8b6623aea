"""From a browser's camera to the result on its screen: ``python -m tools.webrtc_latency [--seconds 600] [--out FILE]``.

A real Chromium without a window, whose camera plays five people at 720p, brings its picture to a real server on this
machine. Two ways of drawing, one after the other:

* ``server``: WHIP in, the overlay drawn and encoded there, WHEP out, shown in a <video>.
* ``browser``: results over the data channel, drawn on a canvas over the browser's own video; no picture comes back.

How a result is matched with its picture: each picture of the camera has its number burned in, 240 in turn (8 s).
The browser notes when a number was captured: ``captureTime`` of requestVideoFrameCallback, of its own preview. Of a
picture that comes back it reads the number off the <video>, in the callback for a frame that was handed to the screen.
A result names its ``picture``, the count among those that came; the server has noted (tools/webrtc_server.py) which
number each of these had. So all times are of one clock, the browser's, and the path itself is the one of every day.
A number is taken to be of its latest capture before the drawing. Numbers that the preview skipped are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from streamer.metrics import nearest_rank
from tools.machine import cores, machine
from tools.webrtc_clip import HEIGHT, PEOPLE, WIDTH, write_clip
from tools.webrtc_server import SOURCE

TARGETS = {"server": 150.0, "browser": 120.0}
"""Milliseconds within which 95 % are to be drawn."""

SETTLE = 10.0
"""Seconds before the measurement: the models open, the browser's sender finds its rate."""

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)


@dataclass(frozen=True, slots=True)
class Minute:
    """Latencies of one minute in milliseconds. ``server_cpu``: of one core, 1.0 is all of it; ``machine_cpu``: of all
    cores, everything that ran on the machine."""

    count: int
    p50: float
    p95: float
    greatest: float
    server_cpu: float
    machine_cpu: float


@dataclass(frozen=True, slots=True)
class Row:
    """One way of drawing. ``fps`` of results drawn; ``unmatched``: drawn numbers without a known capture; ``faces`` of
    a result on average, where the browser draws them."""

    mode: str
    seconds: float
    target: float
    p50: float
    p95: float
    greatest: float
    fps: float
    unmatched: int
    faces: float | None
    minutes: tuple[Minute, ...]
    detail: Mapping[str, Any]


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("GROUPMOOD_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise SystemExit("needs Chromium on the PATH (Debian: apt install chromium), or its path in GROUPMOOD_CHROMIUM")
    return found


@contextmanager
def page_with(camera: Path, url: str) -> Iterator[Page]:
    """The page, where the server lets it use the camera, with the functions of webrtc_latency.js."""
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=flags)
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(f"{url}/meeting")
        page.set_content("<!doctype html><title>latency</title>")
        page.add_script_tag(path=Path(__file__).with_suffix(".js"))
        yield page
        browser.close()


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment: ``page`` of the page's clock in milliseconds, ``clock`` time.monotonic(); what all cores have worked
    and rested so far, in seconds."""

    page: float
    clock: float
    worked: float
    rested: float


def measure(mode: str, seconds: float, camera: Path) -> Row:
    command = [sys.executable, "-m", "tools.webrtc_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdin is None or server.stdout is None or not (url := server.stdout.readline().strip()):
            raise SystemExit("the server did not start")
        with page_with(camera, url) as page:
            page.evaluate("([path, overlay]) => bring(path, overlay)", [f"/whip/{SOURCE}", mode == "browser"])
            if mode == "server":
                page.evaluate("path => look(path)", f"/whep/{SOURCE}")
            page.wait_for_timeout(SETTLE * 1000)
            marks = marked(page, seconds)
            notes = page.evaluate("finished()")
        server.stdin.close()
        told = json.loads(server.stdout.readlines()[-1])
    return row_of(mode, notes, told, marks)


def marked(page: Page, seconds: float) -> list[Mark]:
    """Wait; a mark at the start, after each minute and at the end."""
    made, end = [mark(page)], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        page.wait_for_timeout(min(60.0, left) * 1000)
        made.append(mark(page))
    return made


def mark(page: Page) -> Mark:
    """With the times of all cores from proc(5), /proc/stat, in 1/100 s; 0 where there is none."""
    path = Path("/proc/stat")
    fields = [int(word) for word in path.read_text().splitlines()[0].split()[1:9]] if path.exists() else [0] * 8
    idle = fields[3] + fields[4]
    return Mark(float(page.evaluate("performance.now()")), time.monotonic(), (sum(fields) - idle) / 100, idle / 100)


def row_of(mode: str, notes: Mapping[str, Any], told: Mapping[str, Any], marks: Sequence[Mark]) -> Row:
    drawn = notes["drawn"] if mode == "server" else [(told["numbers"][one[0]], one[1]) for one in notes["told"]]
    began, end = marks[0].page, marks[-1].page
    latencies, unmatched = matched(notes["captured"], [one for one in drawn if began <= one[1] < end])
    if not latencies:
        raise SystemExit(f"{mode}: nothing was drawn that is known to have been captured: {notes['stats']}")
    values = sorted(latency for _, latency in latencies)
    faces = [one[2] for one in notes["told"] if one[1] >= began]
    return Row(
        mode=mode,
        seconds=round((end - began) / 1000, 1),
        target=TARGETS[mode],
        p50=round(nearest_rank(values, 0.5), 1),
        p95=round(nearest_rank(values, 0.95), 1),
        greatest=round(values[-1], 1),
        fps=round(len(latencies) / (end - began) * 1000, 1),
        unmatched=unmatched,
        faces=round(sum(faces) / len(faces), 2) if faces else None,
        minutes=tuple(minute_of(latencies, told["cpu"], *two) for two in pairwise(marks)),
        detail=detail_of(notes, told),
    )


def matched(
    captured: Sequence[Sequence[float]], drawn: Sequence[Sequence[Any]]
) -> tuple[list[tuple[float, float]], int]:
    """Of each drawing its time and its latency in milliseconds; and how many have no known capture."""
    times: dict[int, list[float]] = defaultdict(list)
    for number, at in captured:
        if not times[int(number)] or at > times[int(number)][-1]:
            times[int(number)].append(at)
    made, unmatched = [], 0
    for number, at in drawn:
        known = times.get(number, []) if number is not None else []
        place = bisect_right(known, at)
        if place == 0 or at - known[place - 1] > 4000:
            unmatched += 1
        else:
            made.append((at, at - known[place - 1]))
    return made, unmatched


def minute_of(
    latencies: Sequence[tuple[float, float]], cpu: Sequence[Sequence[float]], first: Mark, last: Mark
) -> Minute:
    values = sorted(latency for at, latency in latencies if first.page <= at < last.page) or [0.0]
    near = [one for one in cpu if first.clock <= one[0] <= last.clock]
    share = (near[-1][1] - near[0][1]) / (near[-1][0] - near[0][0]) if len(near) > 1 else 0.0
    worked, rested = last.worked - first.worked, last.rested - first.rested
    return Minute(
        len(values),
        round(nearest_rank(values, 0.5), 1),
        round(nearest_rank(values, 0.95), 1),
        round(values[-1], 1),
        round(share, 2),
        round(worked / (worked + rested), 2) if worked + rested else 0.0,
    )


def detail_of(notes: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What helps to understand a figure: sizes and rates on the way, the server's stages in milliseconds."""
    sent = notes["stats"].get("outbound-rtp", {})
    stages = {name: [round(1000 * value, 1) for value in values] for name, values in told["timings"].items()}
    return {
        "models": told["about"],
        "sent": f"{sent.get('frameWidth')}x{sent.get('frameHeight')} {sent.get('framesPerSecond')} fps, "
        f"{sent.get('encoderImplementation')}, limited by {sent.get('qualityLimitationReason')}",
        **received(notes["stats"].get("inbound-rtp")),
        "capture times missing": notes.get("without", 0),
        "stages p50 p95 ms": stages,
        "counts": told["counts"],
    }


def received(stats: Mapping[str, Any] | None) -> dict[str, str]:
    """Of the picture that came back: how long the browser held it back and decoded it, on average."""
    if stats is None:
        return {}
    held = 1000 * stats["jitterBufferDelay"] / max(1, stats["jitterBufferEmittedCount"])
    decoded = 1000 * stats["totalDecodeTime"] / max(1, stats["framesDecoded"])
    size = f"{stats.get('frameWidth')}x{stats.get('frameHeight')}"
    lost = f"{stats.get('packetsLost')} packets lost, {stats.get('framesDropped')} pictures dropped"
    return {"received": f"{size}, held back {held:.0f} ms, decoded in {decoded:.0f} ms, {lost}"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="of each way of drawing")
    parser.add_argument("--mode", choices=("both", *TARGETS), default="both")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    modes = tuple(TARGETS) if options.mode == "both" else (options.mode,)
    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder) / "camera.mjpeg"
        write_clip(camera)
        rows = [measure(mode, options.seconds, camera) for mode in modes]
    document = {
        "command": f"python -m tools.webrtc_latency --seconds {options.seconds:g}",
        "machine": machine(),
        "data": f"{PEOPLE} people at {WIDTH} × {HEIGHT}, 30 a second, headless Chromium on the same {cores()} cores",
        "rows": [asdict(row) for row in rows],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")
    return 0 if all(row.p95 <= row.target for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
