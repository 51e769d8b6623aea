"""Everything behind the analysis of one camera: who gets its results, pictures and packets, and in which box.

analyze --+--results--> one box for each ResultSink
          +--drawing--> draw --+--pictures--> one box for each PictureSink, one for the window
                               +--to encode--> encode --packets--> one box for each PacketSink
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from streamer.analyzer import Analyzer
from streamer.mailbox import Mailbox, Policy
from streamer.metrics import Metrics, Pace
from streamer.packets import Packet
from streamer.stages import Encoder, Overlay, PacketSink, PictureSink, ResultSink, Source, Veil
from streamer.types import Command, Frame, FrameResult, Status, View

log = logging.getLogger(__name__)

RESULTS = 64
"""Results that may wait for a slow sink of a live source: about two seconds."""

PACKETS = 128
"""Packets that may wait for a slow sink of a live source: about four seconds."""


@dataclass(frozen=True, slots=True)
class Camera:
    """One source and what is made of it. ``recorder`` makes the sink for a recording that is asked for in mid-run."""

    source: Source
    analyzer: Analyzer
    overlay: Overlay
    result_sinks: Sequence[ResultSink] = ()
    picture_sinks: Sequence[PictureSink] = ()
    encoder: Encoder | None = None
    packet_sinks: Sequence[PacketSink] = ()
    recorder: Callable[[], PacketSink] | None = None
    veil: Veil = "never"


@runtime_checkable
class Demanding(Protocol):
    """A picture or packet sink for readers who come and go; one that is not is always ``wanted``."""

    @property
    def wanted(self) -> bool:
        """Whether anybody reads now; asked from other threads."""
        ...


def anybody(sinks: Iterable[object]) -> bool:
    """Whether one of them wants what is made for it now."""
    return any(not isinstance(sink, Demanding) or sink.wanted for sink in sinks)


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What the draw thread needs for one picture. ``encoded``: whether it is encoded as well."""

    frame: Frame
    result: FrameResult
    view: View
    about: str
    note: str
    encoded: bool


Seen = tuple[Frame, FrameResult]

PATIENCE = 1.0
"""Seconds between two lines of the log about one output that is too slow."""


def unheard(_: str) -> None:
    """Nobody wants to know."""


class Line:
    """The boxes of one camera. ``windowed``: its pictures are shown in a window as well. ``on_frame`` is told the name
    of the source with each frame captured, in the capture thread. ``turn``: when the latest frame was captured that was
    analysed, and how many were; ``looked``: when the latest was captured that was detected on."""

    def __init__(
        self,
        camera: Camera,
        frames: Mailbox[Frame],
        metrics: Metrics,
        *,
        windowed: bool,
        on_frame: Callable[[str], None] = unheard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        policy: Policy = "latest" if camera.source.live else "wait"
        self.camera, self.frames, self.metrics, self.policy = camera, frames, metrics, policy
        self._on_frame, self._clock = on_frame, clock
        self.turn, self.looked = (-math.inf, 0), -math.inf
        self._skipped = 0
        self.name = camera.source.name
        self.results = [(sink, Mailbox[FrameResult](policy, RESULTS)) for sink in camera.result_sinks]
        self.drawings: Mailbox[Drawing] = Mailbox(policy)
        self.pictures = [(sink, Mailbox[Seen](policy)) for sink in camera.picture_sinks]
        self.packets = [(sink, Mailbox[Packet](policy, PACKETS)) for sink in camera.packet_sinks]
        self.window: Mailbox[Seen] | None = Mailbox(policy) if windowed else None
        self.encodings: Mailbox[tuple[Frame, View]] | None = Mailbox(policy) if camera.encoder else None
        self._encoding = self._recording = False
        self._told: dict[str, tuple[float, int]] = {}

    @property
    def dropped(self) -> int:
        """Captured frames that were not analysed."""
        return self.frames.dropped + self._skipped

    @property
    def drawn(self) -> bool:
        """Whether anybody may ever want pictures."""
        return bool(self.pictures) or self.window is not None or self.encodings is not None

    def capture(self, ready: threading.Event) -> None:
        """Open the source and, once the models are ``ready``, read it to its end or until the box is closed."""
        try:
            with self.camera.source as source:
                ready.wait()
                asked = time.monotonic()
                for frame in source.frames():
                    self.metrics.count("captured", self.name)
                    self.metrics.observe("capture", time.monotonic() - asked, self.name)
                    self._on_frame(self.name)
                    if not self.frames.put(frame):
                        return
                    asked = time.monotonic()
        finally:
            self.metrics.count("damaged", self.name, getattr(self.camera.source, "damaged", 0))
            self.frames.close()

    def skip(self) -> None:
        """A frame that came out of the box is not analysed: there is no time for it."""
        self._skipped += 1
        self.metrics.count("skipped", self.name)

    def publish(self, frame: Frame, result: FrameResult, view: View) -> None:
        """Hand a result on to whoever waits for it; while paused only the picture."""
        self.metrics.count("processed", self.name)
        self.metrics.count("paused", self.name, int(view.paused))
        if self.camera.recorder is None and view.recording:
            view = replace(view, recording=False)
        view = veiled(view, self.camera.veil)
        now = self._clock()
        self.metrics.observe("result age", now - frame.captured, self.name)
        for stage, seconds in result.seconds.items():
            self.metrics.observe(stage, seconds, self.name)
        if not view.paused:
            for _, box in self.results:
                box.put(result)
            self._report(now, now - frame.captured)
        encoded = self._encoded(view)
        if encoded or self.window is not None or anybody(sink for sink, _ in self.pictures):
            analyzer = self.camera.analyzer
            note = "" if view.paused else analyzer.schedule.note
            self.drawings.put(Drawing(frame, result, view, analyzer.brief, note, encoded))

    def _report(self, now: float, age: float) -> None:
        """Tell the governor how old the result was, and the metrics what the governor made of it."""
        schedule = self.camera.analyzer.schedule
        schedule.arrived(now, age)
        for name, value in schedule.gauges.items():
            self.metrics.set(name, value, self.name)

    def _encoded(self, view: View) -> bool:
        """Whether this picture is to be encoded: for the packet sinks, for a recording, or to end one. What comes after
        a pause begins with a keyframe."""
        wanted = anybody(sink for sink, _ in self.packets) or view.recording or self._recording
        if wanted and not self._encoding:
            self.ask_keyframe()
        self._encoding, self._recording = wanted, view.recording
        return wanted and self.encodings is not None

    def ask_keyframe(self) -> None:
        """Have the next picture encoded as a keyframe, for a reader who joins; from any thread."""
        if self.camera.encoder is not None:
            self.camera.encoder.ask_keyframe()

    def draw(self) -> None:
        """Draw what was analysed and hand the pictures on."""
        pace = Pace()
        try:
            for drawing in self.drawings:
                now = time.monotonic()
                age = now - drawing.frame.captured
                status = Status(pace.tick(now), age, drawing.result.dropped, drawing.about, drawing.note)
                picture = self.camera.overlay.draw(drawing.frame, drawing.result, drawing.view, status)
                done = time.monotonic()
                self.metrics.count("drawn", self.name)
                self.metrics.observe("draw", done - now, self.name)
                self.metrics.observe("picture age", done - drawing.frame.captured, self.name)
                self._show(picture, drawing)
        finally:
            self.close_pictures()

    def _show(self, picture: Frame, drawing: Drawing) -> None:
        for sink, box in self.pictures:
            if anybody([sink]):
                box.put((picture, drawing.result))
        if self.window is not None:
            self.window.put((picture, drawing.result))
        if self.encodings is not None and drawing.encoded:
            self.encodings.put((picture, drawing.view))

    def watch(self, sink: str, box: Mailbox[Any]) -> None:
        """Say, at most once a second, that a sink is too slow for what it is given; pictures may be dropped."""
        last, dropped = self._told.get(sink, (-PATIENCE, 0))
        now = time.monotonic()
        if box.dropped > dropped and box.capacity > 1 and now - last >= PATIENCE:
            self._told[sink] = (now, box.dropped)
            log.warning("%s of %s is too slow: %d dropped so far", sink, self.name, box.dropped)

    def settle(self, sink: str, box: Mailbox[Any]) -> None:
        """A sink has ended: nothing more for it, and what it never got is counted."""
        box.close(discard=True)
        if box.capacity > 1:
            self.metrics.count(f"dropped by {sink}", self.name, box.dropped)

    def close_results(self, *, discard: bool = False) -> None:
        """No more results or drawings will come; what waits for the sinks is still theirs."""
        self.drawings.close(discard=discard)
        for _, box in self.results:
            box.close()

    def release(self) -> None:
        """The run is to end: nobody waits for room in a box any more."""
        self.frames.close(discard=True)
        self.close_results(discard=True)
        self.close_pictures()

    def close_pictures(self) -> None:
        """No more pictures will come; what waits for the sinks is still theirs."""
        self.drawings.close(discard=True)
        for _, box in self.pictures:
            box.close()
        if self.window is not None:
            self.window.close()
        if self.encodings is not None:
            self.encodings.close()


def shown_in(sink: PictureSink) -> Callable[[Seen], None]:
    """How a picture sink is given what comes out of its box."""
    return lambda seen: sink.write(*seen)


def veiled(view: View, veil: Veil) -> View:
    """The view in which nothing is kept that must not be; the window shows what is kept."""
    needed = veil == "always" or (veil == "recording" and view.recording)
    return replace(view, blur=True) if needed else view


def toggled(view: View, command: Command) -> View:
    """The view after a command that switches or sets one of its parts."""
    if command in ("off", "on"):
        return replace(view, paused=command == "off")
    field = {"pause": "paused", "record": "recording"}.get(command, command)
    return replace(view, **{field: not getattr(view, field)})


def unanalysed(frame: Frame, line: Line) -> FrameResult:
    """What is known of a frame that nobody looked at."""
    return FrameResult(frame.source, frame.index, frame.pts, frame.captured, (), None, {}, line.dropped)
