"""What runs, and how well: the badges top left and the info line top right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from streamer.overlay.berth import Berth
from streamer.overlay.canvas import Canvas
from streamer.overlay.colours import AMBER, BLACK, RECORDING, SOFT, WHITE, Colour, bgr
from streamer.overlay.scale import Scale
from streamer.overlay.shapes import Shapes, lay_plate
from streamer.overlay.text import Style, Typeface, plain
from streamer.types import Box, Status, View

HOLD = 0.5
"""Seconds between two changes of the numbers, also of those in the engine text: faster ones cannot be read."""

LATE = 0.150
"""Seconds: the age of an older result is written on amber."""

ANNOUNCED = 6.0
"""Seconds for which it is said that another engine has taken over."""

FADE = 0.3
"""Seconds in which the ground of that appears and goes; the words are there at once."""

NEWS = bgr("#0072B2")
"""The ground of that: calmer than amber, which warns. White has 5.2 : 1 on it."""

SEPARATOR = "·"


@dataclass(frozen=True, slots=True)
class Badge:
    """A word on a plate of its own, with a dot or two bars before it."""

    text: str
    dot: Colour | None = None
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the info line; ``room`` is the text it keeps the room of, so that the line does not jump. ``late`` is
    black on amber; ``news``, 0…1, is how much of its ground something new has."""

    text: str
    room: str = ""
    late: bool = False
    news: float | None = None


@dataclass(frozen=True, slots=True)
class InfoText:
    """What fits: the parts with their widths, the note, and the plate's size in pixels."""

    parts: tuple[tuple[Part, int], ...]
    note: str
    width: int
    height: int


class Badges:
    """Recording, paused, analysis on."""

    def __init__(self, typeface: Typeface, shapes: Shapes) -> None:
        self._typeface, self._shapes = typeface, shapes

    def boxes(self, scale: Scale, view: View) -> tuple[tuple[Badge, Box], ...]:
        """From the left, as many as fit."""
        style, placed, x = Style(scale.small, "Semibold"), [], scale.margin
        for badge in badges_of(view):
            width = self._typeface.width(badge.text, style) + 2 * scale.pad + mark(badge, scale)
            box = Box(x, scale.margin, x + width, scale.margin + row(scale))
            if box.x2 + scale.margin <= scale.width and box.y2 + scale.margin <= scale.height:
                placed.append((badge, box))
                x += width + scale.gap
        return tuple(placed)

    def draw(self, canvas: Canvas, scale: Scale, placed: Sequence[tuple[Badge, Box]]) -> None:
        style = Style(scale.small, "Semibold", WHITE)
        for badge, box in placed:
            plate = self._shapes.plate(round(box.width), round(box.height), scale.radius)
            x, y = round(box.x1), round(box.y1)
            lay_plate(canvas, self._shapes, plate, (x, y), (scale.radius, scale.frost))
            middle = y + box.height / 2
            if badge.dot:
                side = round(0.8 * scale.small)
                canvas.lay(self._shapes.bar(side, side, badge.dot), x + scale.pad, round(middle - side / 2))
            if badge.bars:
                bar = self._shapes.bar(max(2, round(0.28 * scale.small)), round(scale.small), WHITE)
                for offset in (0.0, 0.55):
                    canvas.lay(bar, round(x + scale.pad + offset * scale.small), round(middle - scale.small / 2))
            word = self._typeface.word(badge.text, style)
            word.write(canvas, x + scale.pad + mark(badge, scale), middle + scale.small / 2)


class Takeover:
    """Notices that another engine runs than before. Of a status' engine text, whose parts stand between dots, the last
    part is what runs; what stands before it may change in silence."""

    def __init__(self) -> None:
        self._running = ""
        self._since = -math.inf

    def part(self, engine: str, pts: float) -> Part:
        """The engine text, or for a while after another took over, which it is."""
        running = engine.rpartition(SEPARATOR)[2].strip()
        if self._running and running != self._running:
            self._since = pts
        self._running = running
        gone = pts - self._since
        if gone >= ANNOUNCED:
            return Part(engine)
        return Part(f"now on {running}", news=min(1.0, gone / FADE, (ANNOUNCED - gone) / FADE))


class InfoLine:
    """Frames a second, age, drops, engine; a note under it."""

    def __init__(self, typeface: Typeface, shapes: Shapes) -> None:
        self._typeface, self._shapes = typeface, shapes
        self.reset()

    def reset(self) -> None:
        self._berth, self._takeover = Berth(), Takeover()
        self._numbers, self._engine = (0.0, 0.0, 0), Part("")
        self._since = -math.inf

    def fit(self, scale: Scale, status: Status, room: float, pts: float) -> InfoText | None:
        """What of the status fits into ``room`` pixels; None where not even the age does."""
        engine = self._takeover.part(plain(status.engine), pts)
        if pts - self._since >= HOLD:
            self._numbers, self._engine, self._since = (status.fps, status.age, status.dropped), engine, pts
        elif engine.news is not None:
            self._engine = engine
        style, limit = Style(scale.small), min(room, 0.8 * scale.width) - 2 * scale.pad
        between = self._between(scale)
        parts: list[tuple[Part, int]] = []
        used = 0
        for part in parts_of(*self._numbers):
            width = max(self._typeface.width(text, style) for text in (part.text, part.room))
            if used + width <= limit:
                parts.append((part, width))
                used += width + between
        if len(parts) < 2 or 4 * row(scale) > scale.height:
            return None
        if engine_part := self._fit_engine(scale, min(limit - used, 28 * scale.small)):
            parts.append(engine_part)
            used += engine_part[1] + between
        note = self._typeface.fit(plain(status.note), style, limit)
        width = max(used - between, self._typeface.width(note, style)) + 2 * scale.pad
        return InfoText(tuple(parts), note, width, row(scale) + (round(1.7 * scale.small) if note else 0))

    def _fit_engine(self, scale: Scale, room: float) -> tuple[Part, int] | None:
        style, rims = Style(scale.small), 0 if self._engine.news is None else 2 * self._rim(scale)
        word = self._typeface.fit(self._engine.text, style, room - rims)
        return (replace(self._engine, text=word), self._typeface.width(word, style) + rims) if word else None

    def berth(self, scale: Scale, text: InfoText, top: float, faces: Sequence[Box], pts: float) -> tuple[Box, float]:
        """On the right, at ``top``, or at the bottom if a face is there."""
        x, low = scale.width - scale.margin - text.width, scale.height - scale.margin - text.height
        places = [Box(x, y, x + text.width, y + text.height) for y in (top, max(top, low))]
        return self._berth.choose(places, faces, pts)

    def draw(self, canvas: Canvas, scale: Scale, text: InfoText, place: Box) -> None:
        plate = self._shapes.plate(text.width, text.height, scale.radius)
        at = round(place.x1), round(place.y1)
        lay_plate(canvas, self._shapes, plate, at, (scale.radius, scale.frost))
        used = sum(width for _, width in text.parts) + self._between(scale) * (len(text.parts) - 1)
        x = place.x2 - scale.pad - used
        baseline = place.y1 + row(scale) / 2 + scale.small / 2
        for number, (part, width) in enumerate(text.parts):
            if number:
                dot = self._typeface.word(SEPARATOR, Style(scale.small, colour=SOFT))
                dot.write(canvas, x - (self._between(scale) + dot.width) / 2, baseline)
            self._part(canvas, scale, part, (x, baseline, width))
            x += width + self._between(scale)
        if text.note:
            word = self._typeface.word(text.note, Style(scale.small, colour=WHITE))
            word.write(canvas, place.x2 - scale.pad - word.width, baseline + 1.7 * scale.small)

    def _part(self, canvas: Canvas, scale: Scale, part: Part, at: tuple[float, float, int]) -> None:
        x, baseline, width = at
        rim = self._rim(scale)
        word = self._typeface.word(part.text, Style(scale.small, colour=BLACK if part.late else WHITE))
        if part.late:
            self._ground(canvas, scale, (x - rim, baseline, width + 2 * rim), AMBER, 1.0)
        elif part.news is not None:
            self._ground(canvas, scale, at, NEWS, part.news)
            width -= rim
        word.write(canvas, x + width - word.width, baseline)

    def _ground(
        self, canvas: Canvas, scale: Scale, at: tuple[float, float, int], colour: Colour, opacity: float
    ) -> None:
        x, baseline, width = at
        height = round(1.7 * scale.small)
        bar = self._shapes.bar(width, height, colour, opacity)
        canvas.lay(bar, round(x), round(baseline - scale.small / 2 - height / 2))

    def _rim(self, scale: Scale) -> int:
        """What the ground of a text has more than the text, left and right."""
        return round(0.4 * scale.small)

    def _between(self, scale: Scale) -> int:
        return round(1.3 * scale.small)


def badges_of(view: View) -> tuple[Badge, ...]:
    recording = (Badge("recording", RECORDING),) if view.recording else ()
    if view.paused:
        return (*recording, Badge("analysis paused", bars=True))
    return (*recording, Badge("analysis on", WHITE)) if view.badge else recording


def parts_of(fps: float, age: float, dropped: int) -> tuple[Part, ...]:
    late = math.isfinite(age) and age > LATE
    return (
        Part(f"{rounded(fps)} fps", "00 fps"),
        Part(f"age {rounded(1000 * age)} ms", "age 00 ms", late),
        Part(f"{dropped} dropped"),
    )


def rounded(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "–"


def row(scale: Scale) -> int:
    """Height of a plate with one line of small text."""
    return round(scale.small) + 2 * scale.pad


def mark(badge: Badge, scale: Scale) -> int:
    """Room for what stands before a badge's word."""
    return round(1.5 * scale.small) if badge.dot or badge.bars else 0
