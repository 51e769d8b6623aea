"""How live cameras behave when one of them fails: ``python -m tools.cameras --out tools/results/cameras.json``.

Synthetic cameras, each a process of its own that is killed, halted and started again, through the whole program as a
configuration builds it. Of one of them is measured how soon it is back and how soon a page knows that it is frozen; of
the others what it costs them; of the run how long it takes to stop.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from streamer import build
from streamer.config import check
from streamer.errors import SinkError
from streamer.hub import Event, Hub
from streamer.pipeline import Hooks, Pipeline
from streamer.states import CameraStatus
from streamer.watch import Watch
from tools.machine import machine

ROOT = Path(__file__).parent.parent
NAMES = ("hall", "door", "desk")
SIZE, FPS = "640x360", "25"
PATIENT = 30.0
"""Seconds after which something that should happen counts as failed."""

BACK, SHOWN, LOSS, STOPPED = 7.0, 2.5, 0.05, 5.0
"""The promises: seconds to the first new picture, seconds to "stalled", share of the others' pictures, seconds."""


class Server:
    """A camera as a process."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.rtsp_server", "--port", str(self.port), "--size", SIZE, "--fps", FPS]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[1])

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            with self._process:
                self._process = None

    def halt(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


class Run:
    """The whole program on some cameras, and what is known of each at any moment."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._changed = threading.Condition()
        self.frames: Counter[str] = Counter()
        self._states: dict[str, str] = {}
        hub = Hub()
        hub.listen(self._note)
        self.watch = Watch(hub, dict.fromkeys(urls, "room"))
        config = check({"sources": urls, "detector": {"name": "mediapipe"}}, {})
        build.fetch_weights(config, offline=False)
        hooks = Hooks(on_frame=self._seen)
        extras = build.Extras(first="retry", on_state=self.watch.state, hooks=hooks)
        self.pipeline: Pipeline = build.pipeline(config, extras)

    def _note(self, event: Event) -> None:
        if isinstance(event, CameraStatus):
            with self._changed:
                self._states[event.source] = event.state
                self._changed.notify_all()

    def _seen(self, source: str) -> None:
        self.watch.seen(source)
        with self._changed:
            self.frames[source] += 1
            self._changed.notify_all()

    def wait_state(self, source: str, *states: str) -> float:
        """Seconds until it is in one of these states."""
        return self._wait(lambda: self._states.get(source) in states, f"{source} {' or '.join(states)}")

    def wait_frame(self, source: str, more: int = 1) -> float:
        """Seconds until so many more pictures of it have come."""
        goal = self.frames[source] + more
        return self._wait(lambda: self.frames[source] >= goal, f"a picture of {source}")

    def _wait(self, reached: Callable[[], bool], what: str) -> float:
        began = time.monotonic()
        with self._changed:
            if not self._changed.wait_for(reached, PATIENT):
                raise SystemExit(f"waited {PATIENT:.0f} s in vain for: {what}")
        return time.monotonic() - began

    def stop(self) -> dict[str, Any]:
        """How long it takes to stop, and whether a thread was left behind."""
        began = time.monotonic()
        self.pipeline.stop()
        self.pipeline.join()
        behind = any(isinstance(error, SinkError) for _, error in self.pipeline.failed)
        return {"seconds": round(time.monotonic() - began, 2), "left behind": behind}


@contextmanager
def running(urls: dict[str, str]) -> Iterator[Run]:
    run = Run(urls)
    with run.watch:
        run.pipeline.start()
        try:
            yield run
        finally:
            run.pipeline.stop()
            run.pipeline.join()


def returns(run: Run, server: Server, times: int, chance: random.Random) -> list[float]:
    """Seconds from each start of the killed server to the first picture of it."""
    seconds = []
    for _ in range(times):
        server.kill()
        run.wait_state(NAMES[0], "reconnecting")
        time.sleep(chance.uniform(0.2, 8.0))
        server.start()
        seconds.append(run.wait_frame(NAMES[0]))
        run.wait_frame(NAMES[0], 25)
    return seconds


def stalls(run: Run, server: Server, times: int) -> list[float]:
    """Seconds from each freeze to its being shown."""
    seconds = []
    for _ in range(times):
        server.halt()
        seconds.append(run.wait_state(NAMES[0], "stalled"))
        server.go_on()
        run.wait_state(NAMES[0], "online")
        run.wait_frame(NAMES[0], 25)
    return seconds


def others(run: Run, work: Callable[[], object], calm: float) -> dict[str, float]:
    """Pictures a second of the other cameras before and during the work, together."""

    def rate(during: Callable[[], object]) -> float:
        began, before = time.monotonic(), sum(run.frames[name] for name in NAMES[1:])
        during()
        return (sum(run.frames[name] for name in NAMES[1:]) - before) / (time.monotonic() - began)

    before = rate(lambda: time.sleep(calm))
    meanwhile = rate(work)
    return {"before": round(before, 2), "meanwhile": round(meanwhile, 2), "loss": round(1 - meanwhile / before, 4)}


def stops(server: Server) -> dict[str, dict[str, Any]]:
    """Of a run on one camera, in each state in which a stop may find it."""
    urls = {NAMES[0]: server.url}
    measured = {}
    with running(urls) as run:
        run.wait_frame(NAMES[0], 10)
        measured["online"] = run.stop()
    with running(urls) as run:
        run.wait_frame(NAMES[0], 10)
        server.halt()
        run.wait_state(NAMES[0], "stalled")
        measured["stalled"] = run.stop()
    with running(urls) as run:  # it is halted still: connections are made, and nothing is answered
        run.wait_state(NAMES[0], "reconnecting")
        time.sleep(1.0)
        measured["mute"] = run.stop()
    server.go_on()
    server.kill()
    with running(urls) as run:
        run.wait_state(NAMES[0], "reconnecting")
        measured["nobody there"] = run.stop()
    return measured


def told(seconds: list[float], promise: float) -> dict[str, float]:
    return {
        "times": len(seconds),
        "p50": round(median(seconds), 2),
        "max": round(max(seconds), 2),
        "promise": promise,
    }


def measured(times: int, calm: float, seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    with ExitStack() as stack:
        servers = [Server() for _ in NAMES]
        for server in servers:
            stack.callback(server.kill)
            server.start()
        urls = {name: server.url for name, server in zip(NAMES, servers, strict=True)}
        back: list[float] = []
        shown: list[float] = []

        def work() -> None:
            back.extend(returns(run, servers[0], times, chance))
            shown.extend(stalls(run, servers[0], times))

        with running(urls) as run:
            for name in NAMES:
                run.wait_frame(name, 50)
            shares = others(run, work, calm)
        return {
            "machine": machine(),
            "command": f"python -m tools.cameras --times {times}",
            "data": "servers of our own",
            "cameras": f"{len(NAMES)} of {SIZE} at {FPS} a second, H.264 over TCP on this machine",
            "killed and back: seconds to the first picture": told(back, BACK),
            "frozen: seconds to stalled": told(shown, SHOWN),
            "the other cameras: pictures a second": {**shares, "promise": LOSS},
            "stop": {**stops(servers[0]), "promise": STOPPED},
        }


def main() -> None:
    parser = argparse.ArgumentParser(description="What happens to live cameras when one of them fails.")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--times", type=int, default=12, help="how often the camera is killed, and frozen")
    parser.add_argument("--calm", type=float, default=20.0, help="seconds of pictures before the first fault")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    text = json.dumps(measured(given.times, given.calm, given.seed), indent=2) + "\n"
    if given.out:
        given.out.write_text(text, "utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
