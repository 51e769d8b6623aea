"""The server under measurement, in a process of its own: ``groupmood serve`` for one browser's picture.

It notes which burned-in number each picture had that came, and its own processor time. Says its address on the first
line, ends with its input, and says the notes on the last line as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import av
import numpy as np

from streamer.cli import SWITCH_SECONDS
from streamer.commands.setup import ready
from streamer.config import check
from streamer.inlet import Inlet
from streamer.service import service
from streamer.types import FrameResult
from streamer.web.server import WebServer
from tools.webrtc_clip import number_in

SOURCE = "me"


class Noting(Inlet):
    """An inlet through another that notes the number in each picture; costs ten pixels of it."""

    def __init__(self, inner: Inlet) -> None:
        super().__init__(inner.name)
        self._inner, self.numbers = inner, list[int | None]()

    @property
    def taken(self) -> bool:
        return self._inner.taken

    def take(self, feed: Callable[[FrameResult], None] | None = None) -> int | None:
        return self._inner.take(feed)

    def leave(self, session: int) -> None:
        self._inner.leave(session)

    def offer(self, picture: av.VideoFrame, captured: float, session: int) -> bool:
        plane = picture.planes[0]
        luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        number = number_in(luma)
        if not self._inner.offer(picture, captured, session):
            return False
        self.numbers.append(number)
        return True


def main() -> int:
    sys.setswitchinterval(SWITCH_SECONDS)
    config = check({"sources": {SOURCE: "webrtc:"}, "purpose": "self", "server": {"port": 0, "picture": "plain"}}, {})
    ready(config, offline=True)
    made = service(config)
    noting = Noting(made.site.inlets[SOURCE])
    cpu: list[tuple[float, float]] = []
    with WebServer(replace(made.site, inlets={SOURCE: noting})) as server:
        print(server.url, flush=True)
        threading.Thread(target=ended, args=(made.pipeline.stop, cpu), daemon=True).start()
        made.run()
    snapshot = made.pipeline.metrics.snapshot()
    timings = {name: [summary.p50, summary.p95] for (name, _), summary in snapshot.timings.items()}
    counts = {name: count for (name, _), count in snapshot.counts.items()}
    notes = {"about": made.pipeline.about, "numbers": noting.numbers, "cpu": cpu, "timings": timings, "counts": counts}
    print(json.dumps(notes), flush=True)
    return 0


def ended(stop: Callable[[], None], cpu: list[tuple[float, float]]) -> None:
    """Note the time and the processor time, in seconds, each second until the input ends; then stop."""
    over = threading.Event()

    def sample() -> None:
        while not over.wait(1.0):
            cpu.append((time.monotonic(), time.process_time()))

    threading.Thread(target=sample, daemon=True).start()
    sys.stdin.read()
    over.set()
    stop()


if __name__ == "__main__":
    raise SystemExit(main())
