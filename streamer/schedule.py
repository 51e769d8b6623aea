"""Which frames to detect on, and which faces to classify now. No clock: times are media times and measured costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamer.governor import LADDER, Governor, Load, Rung
from streamer.types import Track

PATIENCE = 0.15
"""Share of the target up to which a look may always wait in its frame: there the next frame would hardly be fresher."""

GRACE = 0.3
"""Seconds that a look may come later than it is due, because the frames are late."""

FRESH = 1.5
"""Seconds within which everybody in the picture is read again, however few faces fit into the target: after 2 s a
reading counts no more (``streamer.labels.LabelRules.stale``)."""

TOLD = 2.0
"""Seconds for which it is said that fewer faces were read than were due."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``detect_every``: detect on each k-th captured frame; None lets the governor choose k.

    ``interval``: seconds after which a face is read again, half of it when its label is in doubt. ``growth``: a face
    whose box grew by this share is read at once. ``batch``: faces a frame at most.
    """

    detect_every: int | None = 1
    interval: float = 0.25
    growth: float = 0.2
    batch: int = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """When a track was last read, and how large its box was, in square pixels."""

    pts: float
    area: float


class Schedule:
    """Of one camera. Under a ``governor``, which all live cameras share, less is done when there is no time; a file has
    none, and everything is done as planned. ``rest``, ``face``: seconds that a frame costs without look and reading,
    and one reading; ``target``: seconds from capture to result, infinite for a file. ``hold``: the faces just chosen
    had better be classified with the next frame, which has no look; otherwise with this one."""

    def __init__(self, plan: Plan, governor: Governor | None = None) -> None:
        if governor is None and plan.detect_every is None:
            governor = Governor()
        self._plan, self._governor = plan, governor
        self._load = Load(plan.interval, plan.detect_every)
        if governor is not None:
            governor.join(self._load)
        self.target = math.inf if governor is None else governor.target
        self._readings: dict[int, Reading] = {}
        self._detected: tuple[int, float] | None = None
        self._last: tuple[int, float] | None = None
        self._lag, self._short = 0.0, -math.inf
        self.hold = False
        self._warm = False

    @property
    def every(self) -> int:
        """Detection runs on each k-th frame; this is the k of now."""
        return self._load.every(self._rung)

    @property
    def rest(self) -> float:
        return self._load.rest.value

    @property
    def face(self) -> float:
        return self._load.face.value

    @property
    def _rung(self) -> Rung:
        return LADDER[0] if self._governor is None else self._governor.rung

    def skips(self, index: int) -> bool:
        """Whether this frame is not to be analysed at all."""
        return self._last is not None and 0 < index - self._last[0] < self._load.skip(self._rung)

    def detect_now(self, index: int, pts: float, lag: float) -> bool:
        """Whether to detect on this frame. ``lag``: seconds since it was captured, and those that will be spent on
        other cameras before its result is out."""
        self._note_period(index, pts)
        self._lag = lag
        if self._detected is None or index < self._detected[0]:
            due, self._short = True, -math.inf
        else:
            due = index - self._detected[0] >= self.every and not self._waits(pts - self._detected[1], lag)
        if due:
            self._detected = index, pts
        return due

    def look_again(self) -> None:
        """The picture is another one: detect on it."""
        self._detected = None

    def choose(self, tracks: Sequence[Track], pts: float, doubtful: Callable[[int], bool]) -> tuple[Track, ...]:
        """The tracks to read now, the longest unread first; they count as read."""
        alive = {track.id for track in tracks}
        self._readings = {id_: reading for id_, reading in self._readings.items() if id_ in alive}
        seen = [track for track in tracks if track.seen]
        in_doubt = {track.id for track in seen if doubtful(track.id)}
        self._load.faces = len(seen) + len(in_doubt)
        due = [track for track in seen if self._due(track, pts, track.id in in_doubt)]
        due.sort(key=lambda track: -self._unread(track, pts))
        chosen = tuple(due[: self._budget(len(due), len(seen))])
        if len(chosen) < len(due):
            self._short = pts
        for track in chosen:
            self._readings[track.id] = Reading(pts, track.face.box.area)
        return chosen

    def learn(self, *, look: float | None, rest: float, classify: float, faces: int) -> None:
        """Take in what a frame cost in seconds; ``look``, None where it was skipped: to detect and to cut the faces
        out. The first look does not count: engines get ready for a picture's size when they meet it."""
        if look is not None and self._warm:
            self._load.look.add(look)
        self._warm = self._warm or look is not None
        self._load.rest.add(rest)
        if faces:
            self._load.face.add(classify / faces)

    def arrived(self, now: float, age: float) -> None:
        """The result of this camera's latest frame was out at ``now``, ``age`` seconds after its capture."""
        self._load.heard = now
        if self._governor is not None:
            self._governor.arrived(now, age)

    @property
    def note(self) -> str:
        """What is done less often than it might be, in words; '' where nothing is."""
        rung, parts = self._rung, []
        if (every := self.every) > 1:
            parts.append(f"detecting on 1 frame in {every}")
        if (reading := self._load.reading(rung)) > self._plan.interval:
            parts.append(f"reading faces every {reading:.1f} s")
        if self._last is not None and self._last[1] - self._short < TOLD:
            parts.append("reading fewer faces at a time")
        if (skip := self._load.skip(rung)) > 1:
            parts.append(f"analysing 1 frame in {skip}")
        return ", ".join(parts)

    @property
    def gauges(self) -> dict[str, float]:
        """The same as numbers, by their names in the metrics."""
        rung = self._rung
        return {
            "detect every": self.every,
            "reading interval": self._load.reading(rung),
            "analyse every": self._load.skip(rung),
            "governor level": 0 if self._governor is None else self._governor.level,
        }

    def _waits(self, since: float, lag: float) -> bool:
        """Whether a look on a frame that is so late had better wait for a fresher one; ``since`` the last look."""
        if self._governor is None or self._load.fixed is not None:
            return False
        room = self.target - self._load.look.value - self.rest
        return lag > max(PATIENCE * self.target, room) and since < self._rung.look + GRACE

    def _due(self, track: Track, pts: float, in_doubt: bool) -> bool:
        reading = self._readings.get(track.id)
        if reading is not None and track.face.box.area >= (1 + self._plan.growth) * reading.area:
            return True
        interval = self._load.reading(self._rung) * (0.5 if in_doubt else 1.0)
        return self._unread(track, pts) >= interval - 1e-6

    def _unread(self, track: Track, pts: float) -> float:
        """Seconds since its last reading; infinite for a face that was never read."""
        reading = self._readings.get(track.id)
        return math.inf if reading is None or pts < reading.pts else pts - reading.pts

    def _budget(self, due: int, faces: int) -> int:
        """How many of the faces to read now: what fits into the target, after the look or else with the next frame, but
        as many as keep everybody's reading fresh."""
        batch = self._plan.batch
        if self._governor is None or self.face <= 0:
            return batch
        fit = int((self.target - self._lag - self._load.look.value - self.rest) / self.face)
        self.hold = fit < due and self.every > 1
        if self.hold:
            fit = int(((1 - PATIENCE) * self.target - self.rest) / self.face)
        fresh = math.ceil(faces * self.every * self._load.period / FRESH - 0.01)
        return min(batch, max(1, fit, fresh))

    def _note_period(self, index: int, pts: float) -> None:
        if self._last is not None and index > self._last[0] and pts > self._last[1]:
            self._load.gap((pts - self._last[1]) / (index - self._last[0]))
        self._last = (index, pts)
