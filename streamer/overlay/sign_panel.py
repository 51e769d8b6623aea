"""What the people of a room do, on one card in the meter's place where no emotion is inferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamer.overlay.berth import Berth, corners
from streamer.overlay.canvas import Canvas, Stamp, layer
from streamer.overlay.colours import BLACK, SIGNED, SOFT, WHITE
from streamer.overlay.easing import Eased
from streamer.overlay.held import Held
from streamer.overlay.recent import Recent
from streamer.overlay.scale import Scale
from streamer.overlay.shapes import Shapes, lay_plate
from streamer.overlay.text import Style, Typeface
from streamer.types import Box, FrameResult

UNKNOWN = "–"
"""Written where a sign can be told of nobody."""

WIDEST = "10 of 10"
"""What the column of numbers keeps the room of."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sign: the share of the people who show it, 0…1, None where it cannot be told of any; and that in words."""

    sign: str
    share: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the card says; ``lines`` in the order of ``SIGNED``."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the parts of the card lie, in pixels from its top left corner; ``title`` and ``first``: baselines."""

    width: int
    height: int
    pad: int
    title: int
    first: int
    step: int
    bar: Box


class SignPanel:
    def __init__(self, typeface: Typeface, shapes: Shapes) -> None:
        self._typeface, self._shapes = typeface, shapes
        self._plans: Recent[Plan | None] = Recent(8)
        self._grounds: Recent[Stamp] = Recent(8)
        self.reset()

    def reset(self) -> None:
        self._berth = Berth()
        self._pts: float | None = None
        self._title = Held[str]()
        self._bars = {sign: Eased() for sign in SIGNED}
        self._texts = {sign: Held[str]() for sign in SIGNED}

    def remember(self, result: FrameResult, paused: bool) -> Shown:
        """Takes in a result, whether or not the card is drawn; what to draw."""
        seconds = 0.0 if self._pts is None else result.pts - self._pts
        self._pts = result.pts
        target = shown_of(result, paused)
        lines = []
        for line in target.lines:
            share = self._bars[line.sign].step(line.share, seconds)
            text = self._texts[line.sign].step(line.text, result.pts)
            lines.append(Line(line.sign, share, text or UNKNOWN))
        return Shown(self._title.step(target.title, result.pts) or target.title, tuple(lines))

    def berth(self, scale: Scale, faces: Sequence[Box], taken: Sequence[Box], pts: float) -> tuple[Box, float] | None:
        """Where the card goes and how opaque it is there; None where it does not fit."""
        plan = self._plan(scale)
        if plan is None:
            return None
        return self._berth.choose(corners(scale, (plan.width, plan.height), taken), faces, pts)

    def draw(self, canvas: Canvas, scale: Scale, shown: Shown, place: Box) -> None:
        plan = self._plan(scale)
        if plan is None:
            return
        x, y = round(place.x1), round(place.y1)
        ground = self._grounds.get(scale, lambda: self._ground(scale, plan))
        lay_plate(canvas, self._shapes, ground, (x, y), (2 * scale.radius, 2 * scale.frost))
        part = Canvas(canvas.pixels[y : y + plan.height, x : x + plan.width])
        self._typeface.word(shown.title, Style(scale.small, "Semibold", WHITE)).write(part, plan.pad, plan.title)
        for number, line in enumerate(shown.lines):
            self._line(part, scale, plan, (line, plan.first + number * plan.step))

    def _line(self, canvas: Canvas, scale: Scale, plan: Plan, at: tuple[Line, int]) -> None:
        line, baseline = at
        some = bool(line.share)
        style = Style(scale.small, "Semibold" if some else "Regular", WHITE if some else SOFT)
        text = self._typeface.word(line.text, style)
        text.write(canvas, plan.width - plan.pad - text.width, baseline)
        thick = round(plan.bar.height)
        if line.share:
            filled = max(thick, round(plan.bar.width * min(1.0, line.share)))
            bar = self._shapes.bar(filled, thick, SIGNED[line.sign])
            canvas.lay(bar, round(plan.bar.x1), round(baseline - scale.small / 2 - thick / 2))

    def _ground(self, scale: Scale, plan: Plan) -> Stamp:
        """All that does not move."""
        thick, style = round(plan.bar.height), Style(scale.small, "Regular", SOFT)

        def draw(canvas: Canvas) -> None:
            canvas.lay(self._shapes.plate(plan.width, plan.height, 2 * scale.radius), 0, 0)
            track = self._shapes.bar(round(plan.bar.width), thick, BLACK, 0.5)
            for number, sign in enumerate(SIGNED):
                baseline = plan.first + number * plan.step
                self._typeface.word(sign, style).write(canvas, plan.pad, baseline)
                canvas.lay(track, round(plan.bar.x1), round(baseline - scale.small / 2 - thick / 2))

        return layer(plan.width, plan.height, draw)

    def _plan(self, scale: Scale) -> Plan | None:
        return self._plans.get(scale, lambda: plan_of(scale, self._typeface))


def plan_of(scale: Scale, typeface: Typeface) -> Plan | None:
    """None where the card would take too much of the picture."""
    pad, space = max(6, round(0.015 * scale.unit)), round(0.8 * scale.small)
    words = max(typeface.width(sign, Style(scale.small)) for sign in SIGNED)
    numbers = typeface.width(WIDEST, Style(scale.small, "Semibold"))
    width = max(round(0.3 * scale.unit), 2 * pad + words + numbers + 2 * space + round(5 * scale.small))
    title, step = pad + round(scale.small), round(1.85 * scale.small)
    first = title + round(2.1 * scale.small)
    height = first + (len(SIGNED) - 1) * step + round(0.3 * scale.small) + pad
    if width + 2 * scale.margin > 0.75 * scale.width or height + 2 * scale.margin > 0.72 * scale.height:
        return None
    bar = Box(pad + words + space, 0, width - pad - numbers - space, max(4, round(0.008 * scale.unit)))
    return Plan(width, height, pad, title, first, step, bar)


def shown_of(result: FrameResult, paused: bool) -> Shown:
    """Of the people in the picture, or of the room where these are not given."""
    if paused:
        return Shown("analysis paused", tuple(Line(sign, None, UNKNOWN) for sign in SIGNED))
    if result.signs is not None:
        room = result.signs
        shares = ((sign, getattr(room, sign)) for sign in SIGNED)
        lines = (Line(sign, share, UNKNOWN if share is None else f"{share:.0%}") for sign, share in shares)
        return Shown(f"{room.people}+ people", tuple(lines))
    count = len(result.people)
    title = "no data" if not count else "one person" if count == 1 else f"{count} people"
    return Shown(title, tuple(counted(result, sign) for sign in SIGNED))


def counted(result: FrameResult, sign: str) -> Line:
    """How many of the people show it, of those of whom it can be told."""
    told = [getattr(person.signs, sign) for person in result.people if person.signs is not None]
    told = [bool(does) for does in told if does is not None]
    if not told:
        return Line(sign, None, UNKNOWN)
    return Line(sign, sum(told) / len(told), f"{sum(told)} of {len(told)}")
