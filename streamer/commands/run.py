"""``groupmood run``: a camera or a video, live."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.status import Status

from streamer.build import Extras, pipeline
from streamer.commands.setup import configured, ready
from streamer.commands.terminal import console, escaped, rows, signed, summary
from streamer.errors import SinkError
from streamer.kept.run import KeptRun, kept_run
from streamer.metrics import Pace
from streamer.pipeline import Pipeline
from streamer.reload import Signals
from streamer.sending import snapshot
from streamer.sinks.display import display_available
from streamer.sinks.tally import Tally
from streamer.sinks.window import Window
from streamer.sources.cameras import cameras, describe
from streamer.stages import ResultSink
from streamer.types import FrameResult

GRACE = 3.0
"""Seconds beyond the time limit for opening models and camera."""


@dataclass(frozen=True, slots=True)
class Options:
    """``window`` None: one where there is a display."""

    config: Path | None
    overrides: Mapping[str, Any]
    window: bool | None
    max_seconds: float | None
    offline: bool


def list_cameras() -> int:
    console.print(describe(cameras()))
    return 0


def run(options: Options, environ: Mapping[str, str]) -> int:
    """Run to the end of the source, to a key, Ctrl-C or a stop signal; say at the end what it was.

    Raises:
        StreamerError, EngineError: in one line what was wrong.
    """
    config = configured(options.config, options.overrides, environ)
    windowed = wants_window(options.window)
    tallies: dict[str, Tally] = {}

    def sinks(name: str) -> tuple[ResultSink, ...]:
        tallies[name] = Tally()
        lively = not windowed and len(tallies) == 1  # there is one line for it, which the first source has
        return (tallies[name], LiveLine(console)) if lively else (tallies[name],)

    extras = Extras(window=windowed, each=sinks, seconds=options.max_seconds)
    kept = kept_run(config, extras)
    ready(config, offline=options.offline)
    window = (lambda ask: Window(ask, snapshots=Path(), kept=snapshot(config))) if windowed else None
    made = pipeline(config, kept.extras if kept else extras, window)
    limit = time_limit(made, options.max_seconds)
    start = time.monotonic()
    ends = Signals({signal.SIGTERM: made.stop, signal.SIGINT: made.stop})
    try:
        with ends, kept.around(made, tell) if kept else nullcontext():
            announce(kept)
            made.run()
    finally:
        limit.cancel()
        report(made, tallies, time.monotonic() - start)
    raise_failed(made)
    return 0


def announce(kept: KeptRun | None) -> None:
    """What is kept of the run, and what for."""
    if kept is not None:
        for line in kept.lines:
            tell(line)
        for line in kept.warnings:
            tell(line, style="yellow")


def tell(line: str, style: str | None = None) -> None:
    console.print(escaped(line), style=style, markup=False)


def time_limit(made: Pipeline, seconds: float | None, grace: float = GRACE) -> Timer:
    """Ends a live run whose camera has stopped giving frames, a little after its time; not begun without a limit."""
    timer = Timer((seconds or 0.0) + grace, made.stop)
    timer.daemon = True
    if seconds is not None and all(line.camera.source.live for line in made.lines):
        timer.start()
    return timer


def wants_window(wish: bool | None) -> bool:
    """Raises:
    SinkError: a window is asked for and cannot be shown here.
    """
    if wish is False:
        return False
    reason = display_available()
    if reason and wish:
        raise SinkError(f"no window can be shown: {reason}")
    return reason is None


def report(made: Pipeline, tallies: Mapping[str, Tally], wall: float) -> None:
    """The summary of each camera, with its people and the mood of its room."""
    for line in made.lines:
        if not line.metrics.snapshot().count("captured", line.name):
            continue
        if len(made.lines) > 1:
            console.print(line.name, style="bold")
        rows(summary(tallies[line.name].totals(), made, line.name, wall))


def raise_failed(made: Pipeline) -> None:
    """Raises:
    SinkError: an output went out of service during the run.
    """
    faults = [error if isinstance(error, SinkError) else SinkError(str(error)) for _, error in made.failed]
    if faults:
        raise faults[0]


class LiveLine:
    """A result sink that keeps one line in the terminal up to date; silent where there is no terminal."""

    def __init__(self, console: Console) -> None:
        self._status: Status | None = console.status("opening …") if console.is_terminal else None
        self._pace, self._next = Pace(), 0.0

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def write(self, result: FrameResult) -> None:
        now = time.monotonic()
        fps = self._pace.tick(now)
        if self._status is not None and now >= self._next:
            self._next = now + 0.25
            self._status.update(line(result, fps, now - result.captured))


def line(result: FrameResult, fps: float, age: float) -> str:
    """The state of a run in one line."""
    minutes, seconds = divmod(int(result.pts), 60)
    mood = result.mood
    if mood is not None:
        evidence = "not enough evidence" if mood.valence is None else f"mood {signed(mood.valence)}"
        said = f"{mood.used} of {mood.people} people, {evidence}"
    else:
        said = f"{len(result.people)} people" if result.people else "no faces"
    return f"{minutes}:{seconds:02d}  {said}  {fps:.0f} fps, {age * 1000:.0f} ms, {result.dropped} dropped"
