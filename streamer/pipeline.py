"""The threads: for each camera capture, draw, encode and one for each sink; one analysis for all cameras.

capture --frames--> analyze --+--results--> result sinks
  (one a camera)   (one for   +--drawing--> draw --+--pictures--> picture sinks, window (calling thread)
                      all)                         +--> encode --packets--> packet sinks
Between each two stands a bounded Mailbox. Commands (keys, pages) come through one more, emptied between frames.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from streamer.analyzer import Models
from streamer.errors import SinkError
from streamer.line import Camera, Line, shown_in, unheard
from streamer.mailbox import Inbox, Mailbox
from streamer.metrics import Metrics
from streamer.recording import Encoding
from streamer.redaction import redact
from streamer.rounds import Rounds
from streamer.stages import PictureSink
from streamer.types import Command, Frame, FrameResult, View

log = logging.getLogger(__name__)

T = TypeVar("T")

STOP_SECONDS = 4.0
"""After a stop, how long the threads have to end before they are left behind."""

IDLE_SECONDS = 0.02
"""How long the window waits for a picture before it looks at the keyboard."""


class WindowSink(PictureSink, Protocol):
    """A picture sink that lives in the calling thread and reads keys when no picture comes."""

    def idle(self) -> None: ...


Ask = Callable[[Command], None]
"""How a window asks for what its keys say."""


def unread(_: Sequence[FrameResult]) -> None:
    """Nobody wants to know."""


def unended(_: str, __: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """``on_results`` is told each round's results, at most one of each camera, in the analysis thread, and nothing
    while paused; what it raises ends the run. ``on_frame`` is told the source of each frame captured, in its capture
    thread; what it raises ends that camera. ``on_end`` is told the source whose capture has ended for good, and the
    fault or ''. All must return at once. ``metrics``: what is counted, where somebody else counts there too."""

    on_results: Callable[[Sequence[FrameResult]], None] = unread
    on_frame: Callable[[str], None] = unheard
    on_end: Callable[[str, str], None] = unended
    metrics: Metrics = field(default_factory=Metrics)


class Pipeline:
    """``window`` makes the window, told whom to ask; ``stop_event`` is set when the run is to end, so that a source
    which waits can end its waiting. ``failed``: outputs that went out of service, with the reason.
    """

    def __init__(
        self,
        models: Models,
        cameras: Sequence[Camera],
        *,
        view: View | None = None,
        window: Callable[[Ask], WindowSink] | None = None,
        stop_event: threading.Event | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        if not cameras:
            raise ValueError("expected at least one camera, got none")
        hooks = hooks or Hooks()
        self.metrics = hooks.metrics
        self.interrupted = False
        self.failed: list[tuple[object, Exception]] = []
        self._models, self._window = models, window(self.ask) if window else None
        self._inbox: Inbox[Frame] = Inbox(["latest" if c.source.live else "wait" for c in cameras])
        self.lines = [
            Line(camera, box, self.metrics, windowed=window is not None and number == 0, on_frame=hooks.on_frame)
            for number, (camera, box) in enumerate(zip(cameras, self._inbox.boxes, strict=True))
        ]
        self._errors: list[Exception] = []
        self._on_end = hooks.on_end
        self._rounds = Rounds(models, self.lines, view or View(), self._errors, hooks.on_results)
        self._stop, self._ready = stop_event or threading.Event(), threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._ends: Mailbox[str] = Mailbox("wait", capacity=1024)

    @property
    def about(self) -> str:
        """Which models and engines run, in a few words; '' before they are open. Still there at the end."""
        return self._rounds.about

    @property
    def paused(self) -> bool:
        """Whether the analysis is off, so that nothing is published; from any thread."""
        return self._rounds.paused

    def run(self) -> None:
        """Run to the end of the sources or to stop(), then raise what ended the run, if anything did.

        Ctrl-C is a stop, too, and noted in ``interrupted``.
        """
        self.start()
        try:
            if self._window is not None:
                self._guard("", partial(self._serve_window, self._window))
            self.join()
        except KeyboardInterrupt:
            self.interrupted = True
            self.stop()
            self.join()

    def ask(self, command: Command) -> None:
        """Have a command carried out before the next frame; "quit" and "off" at once, whether frames come or not."""
        if command == "quit":
            self.stop()
        else:
            self._rounds.ask(command)

    def start(self) -> None:
        for line in self.lines:
            self._start_line(line)
        self._spawn("analyze", self._analyze)
        for line in self.lines:
            self._spawn(f"capture {line.name}", partial(self._capture, line))

    def stop(self) -> None:
        """End the run soon. May be called from any thread, and more than once."""
        self._stop.set()
        self._ready.set()
        for line in self.lines:
            line.release()
        self._ends.put("")

    def join(self) -> None:
        """Wait for every thread. After a stop they have STOP_SECONDS; a file's sinks are waited for to their end.

        Raises:
            Exception: the first that ended the run or a camera.
        """
        end: float | None = None
        while running := {name for name, thread in list(self._threads.items()) if thread.is_alive()}:
            if self._stop.is_set() and end is None:
                end = time.monotonic() + STOP_SECONDS
            name = self._ends.take(None if end is None else max(0.0, end - time.monotonic()))
            if name is None:
                self._leave_behind(running)
                break
            if name in self._threads:
                self._threads[name].join()
        if self._errors:
            raise self._errors[0]

    def _leave_behind(self, running: set[str]) -> None:
        names = ", ".join(sorted(running))
        log.error("left behind because they do not end: %s", names)
        self.failed.append((self, SinkError(f"did not end within {STOP_SECONDS:.0f} s, what waited is lost: {names}")))

    # Threads

    def _start_line(self, line: Line) -> None:
        for result_sink, results in line.results:
            self._spawn_sink(line, result_sink, results, result_sink.write)
        for picture_sink, pictures in line.pictures:
            self._spawn_sink(line, picture_sink, pictures, shown_in(picture_sink))
        for packet_sink, packets in line.packets:
            self._spawn_sink(line, packet_sink, packets, packet_sink.write)
        if line.encodings is not None:
            self._spawn(f"encode {line.name}", partial(self._encode, line))
        if line.drawn:
            self._spawn(f"draw {line.name}", line.draw)

    def _spawn(self, name: str, target: Callable[[], None]) -> None:
        name = f"{name} #{len(self._threads)}" if name in self._threads else name
        thread = threading.Thread(target=self._guard, args=(name, target), name=name, daemon=True)
        self._threads[name] = thread
        thread.start()

    def _guard(self, name: str, target: Callable[[], None]) -> None:
        try:
            target()
        except Exception as error:  # whatever ends a stage ends the run and is raised by join()
            self._errors.append(error)
            self.stop()
        finally:
            self._ends.put(name)

    def _capture(self, line: Line) -> None:
        fault = ""
        try:
            line.capture(self._ready)
        except Exception as error:  # a camera that is gone does not end the others
            fault = redact(str(error)) or type(error).__name__
            self._errors.append(error)
            if len(self.lines) > 1:
                log.error("%s ended: %s", line.name, fault)
        finally:
            self._on_end(line.name, fault)

    def _analyze(self) -> None:
        try:
            with self._models:
                self._ready.set()
                for round_ in self._inbox:
                    self._rounds.run([(self.lines[number], frame) for number, frame in round_])
        finally:
            self._ready.set()
            for line in self.lines:
                line.frames.close(discard=True)
                line.close_results(discard=self._stop.is_set())

    def _encode(self, line: Line) -> None:
        encoder, pictures = line.camera.encoder, line.encodings
        if encoder is None or pictures is None:
            return
        encoding = Encoding(line, lambda sink, box: self._spawn_sink(line, sink, box, sink.write))
        try:
            encoding.run(encoder, pictures)
        except Exception as error:  # what cannot be encoded is an output less, not the end of the run
            self._out_of_service(line, encoder, error)

    def _spawn_sink(
        self, line: Line, sink: AbstractContextManager[object], box: Mailbox[T], write: Callable[[T], None]
    ) -> None:
        self._spawn(f"{type(sink).__name__} {line.name}", partial(self._serve_sink, line, sink, box, write))

    def _serve_sink(
        self, line: Line, sink: AbstractContextManager[object], box: Mailbox[T], write: Callable[[T], None]
    ) -> None:
        try:
            with sink:
                for item in box:
                    write(item)
                    line.watch(type(sink).__name__, box)
        except Exception as error:  # one sink's fault is its own
            self._out_of_service(line, sink, error)
        finally:
            line.settle(type(sink).__name__, box)

    def _out_of_service(self, line: Line, part: object, error: Exception) -> None:
        log.error("%s of %s is out of service, the others go on: %s", type(part).__name__, line.name, error)
        self.metrics.count("failed outputs", line.name)
        if part is line.camera.encoder or all(part is not sink for sink, _ in line.packets):
            self._rounds.not_recording.set()
        self.failed.append((part, error))

    def _serve_window(self, window: WindowSink) -> None:
        """Show the first camera's pictures in the calling thread until they end."""
        box = self.lines[0].window
        if box is None:
            return
        try:
            with window:
                while not box.finished and not self._stop.is_set():
                    seen = box.take(IDLE_SECONDS)
                    if seen is None:
                        window.idle()
                    else:
                        window.write(*seen)
        finally:
            box.close(discard=True)
