"""Which frames to detect on, and which faces to classify now. No clock: times are media times and measured costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamer.types import Track

SMOOTHING = 0.1
"""Weight of the newest cost or period in the running means."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``detect_every``: detect on each k-th captured frame; None lets k follow the load, up to ``most_every``.

    ``interval``: seconds after which a face is read again, half of it when its label is in doubt. ``growth``: a face
    whose box grew by this share is read at once. ``batch``: faces a frame at most. ``load``: share of a frame's time
    that the analysis may take. ``patience``: a frame older than this many seconds is not detected on unless it must be.
    """

    detect_every: int | None = 1
    most_every: int = 6
    interval: float = 0.25
    growth: float = 0.2
    batch: int = 32
    load: float = 0.8
    patience: float = 0.1


@dataclass(frozen=True, slots=True)
class Reading:
    """When a track was last read, and how large its box was, in square pixels."""

    pts: float
    area: float


class Schedule:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._readings: dict[int, Reading] = {}
        self._detected_at: int | None = None
        self._last: tuple[int, float] | None = None
        self._period = self._detect = self._rest = self._face = 0.0
        self._warm = False

    @property
    def every(self) -> int:
        """The k of now: the smallest for which mean detection cost and the rest fit into a frame's time."""
        plan = self._plan
        if plan.detect_every is not None:
            return plan.detect_every
        room = plan.load * self._period - self._rest
        if self._detect <= 0 or self._period <= 0:
            return 1
        if room <= 0:
            return plan.most_every
        return max(1, min(plan.most_every, -int(-self._detect // room)))

    def detect_now(self, index: int, pts: float, lag: float) -> bool:
        """Whether to detect on this frame. ``lag``: seconds since it was captured."""
        self._note_period(index, pts)
        if self._detected_at is None or index < self._detected_at:
            due = True
        else:
            late = self._plan.detect_every is None and lag > self._plan.patience
            due = index - self._detected_at >= (self._plan.most_every if late else self.every)
        if due:
            self._detected_at = index
        return due

    def choose(self, tracks: Sequence[Track], pts: float, doubtful: Callable[[int], bool]) -> tuple[Track, ...]:
        """The tracks to read now, most urgent first; they count as read."""
        alive = {track.id for track in tracks}
        self._readings = {id_: reading for id_, reading in self._readings.items() if id_ in alive}
        urgency = {track.id: self._urgency(track, pts, doubtful) for track in tracks if track.seen}
        due = [track for track in tracks if urgency.get(track.id, 0.0) >= 1.0]
        due.sort(key=lambda track: -urgency[track.id])
        chosen = tuple(due[: self._budget()])
        for track in chosen:
            self._readings[track.id] = Reading(pts, track.face.box.area)
        return chosen

    def learn(self, *, detect: float | None, rest: float, classify: float, faces: int) -> None:
        """Take in what a frame cost in seconds; ``detect`` is None where it was skipped. The first detection does not
        count: engines get ready for a picture's size when they meet it."""
        if detect is not None and self._warm:
            self._detect = blend(self._detect, detect)
        self._warm = self._warm or detect is not None
        self._rest = blend(self._rest, rest + classify)
        if faces:
            self._face = blend(self._face, classify / faces)

    def _urgency(self, track: Track, pts: float, doubtful: Callable[[int], bool]) -> float:
        """1 and more means due; infinite for a face that was never read."""
        reading = self._readings.get(track.id)
        if reading is None or pts < reading.pts:
            return float("inf")
        if track.face.box.area >= (1 + self._plan.growth) * reading.area:
            return 1e6
        interval = self._plan.interval * (0.5 if doubtful(track.id) else 1.0)
        return (pts - reading.pts + 1e-6) / interval

    def _budget(self) -> int:
        """How many faces fit into half a frame's time, at least one; a plan with a fixed k has no such limit."""
        plan = self._plan
        if plan.detect_every is not None or self._face <= 0 or self._period <= 0:
            return plan.batch
        return max(1, min(plan.batch, int(0.5 * plan.load * self._period / self._face)))

    def _note_period(self, index: int, pts: float) -> None:
        if self._last is not None and index > self._last[0] and pts > self._last[1]:
            self._period = blend(self._period, (pts - self._last[1]) / (index - self._last[0]))
        self._last = (index, pts)


def blend(mean: float, value: float) -> float:
    """The running mean, which starts with its first value."""
    return value if mean <= 0 else mean + SMOOTHING * (value - mean)
