"""The room's mood on one card: valence, circumplex, the last minute, the shares of the expressions."""

from __future__ import annotations

from collections.abc import Sequence

from streamer.overlay.berth import Berth, corners
from streamer.overlay.canvas import Canvas, stamp_of
from streamer.overlay.colours import BLACK, SOFT, WHITE, valence_colour
from streamer.overlay.ends import Ends
from streamer.overlay.ground import Ground, no_colour
from streamer.overlay.history import History, Shown
from streamer.overlay.layout import Card, card_of
from streamer.overlay.plots import along, tail_mask, trend_masks, upward
from streamer.overlay.recent import Recent
from streamer.overlay.scale import Scale
from streamer.overlay.shapes import Shapes, lay_plate
from streamer.overlay.shares import Shares
from streamer.overlay.text import Style, Typeface
from streamer.types import Box, GroupMood

NUMBER_STEP = 0.07
"""The number is written with one decimal and changes only when the value has moved this far: it does not flicker."""

BAND = 3.2
"""Height of the interval's band in thicknesses of the bar: it stands out above and below the dot, which is 2 high, so
that also a narrow one is seen as wide as it is."""


class Meter:
    """``trend``: whether there is a last minute to draw; pictures have none."""

    def __init__(self, typeface: Typeface, shapes: Shapes, hidden: Sequence[str], trend: bool) -> None:
        self._typeface, self._shapes, self._trend = typeface, shapes, trend
        self._shares = Shares(typeface, shapes, hidden)
        self._cards: Recent[Card | None] = Recent(8)
        self._ground, self._ends = Ground(typeface, shapes), Ends(typeface)
        self.reset()

    def reset(self) -> None:
        self._history = History()
        self._berth = Berth()
        self._number: float | None = None
        self._shares.reset()

    def remember(self, mood: GroupMood | None, pts: float) -> Shown:
        """Takes in a mood, whether or not the meter is drawn."""
        return self._history.update(mood, pts)

    def berth(self, scale: Scale, faces: Sequence[Box], taken: Sequence[Box], pts: float) -> tuple[Box, float] | None:
        """Where the card goes and how opaque it is there; None where it does not fit."""
        card = self._card(scale)
        if card is None:
            return None
        return self._berth.choose(corners(scale, (card.width, card.height), taken), faces, pts)

    def draw(self, canvas: Canvas, scale: Scale, shown: Shown, place: Box, paused: bool) -> None:
        card = self._card(scale)
        if card is None:
            return
        x, y = round(place.x1), round(place.y1)
        track = valence_colour if shown.valence is not None else None if shown.people else no_colour
        ground = self._ground.stamp(card, scale, track)
        lay_plate(canvas, self._shapes, ground, (x, y), (2 * scale.radius, 2 * scale.frost))
        part = Canvas(canvas.pixels[y : y + card.height, x : x + card.width])
        self._write(part, card, scale, shown, paused)
        self._bar(part, card, scale, shown)
        self._ends.draw(part, card, scale, shown.camps)
        self._circumplex(part, card, scale, shown)
        self._minute(part, card, scale, shown)
        if card.shares and shown.shares:
            self._shares.draw(part, card.shares, card.names, scale, shown.shares)

    def _card(self, scale: Scale) -> Card | None:
        return self._cards.get(scale, lambda: card_of(scale, self._typeface, self._trend))

    def _write(self, canvas: Canvas, card: Card, scale: Scale, shown: Shown, paused: bool) -> None:
        title = Style(scale.small, "Semibold", WHITE)
        room = card.width - 2 * card.pad
        text = title_of(shown, paused)
        if not paused and shown.change is not None:
            longer = f"{text} · {verb_of(shown.change)}"
            text = longer if self._typeface.width(longer, title) <= room else text
        text = self._typeface.fit(text, title, room)
        if text:
            self._typeface.word(text, title).write(canvas, card.pad, card.title)
        lines = self._headline(shown)
        if len(lines) == 1 and shown.valence is not None:
            style = Style(card.number_cap, "Semibold", WHITE)
        else:
            style = Style(scale.small, "Regular", SOFT)
        for number, line in enumerate(lines):
            baseline = card.circle.y1 + style.cap + number * 1.42 * style.cap
            self._typeface.word(line, style).write(canvas, card.pad, baseline)

    def _headline(self, shown: Shown) -> tuple[str, ...]:
        if shown.valence is None:
            self._number = None
            return ("Not enough", "evidence") if shown.people else ("Waiting",) if shown.least else ("No data",)
        if self._number is None or abs(shown.valence - self._number) > NUMBER_STEP:
            self._number = shown.valence
        return (signed(self._number),)

    def _bar(self, canvas: Canvas, card: Card, scale: Scale, shown: Shown) -> None:
        bar, thick = card.bar, round(card.bar.height)
        middle, inset = (bar.y1 + bar.y2) / 2, bar.height / 2
        if shown.valence is None:
            if shown.people:
                unknown = self._shapes.bar(round(bar.width), 2 * thick, WHITE, 0.35)
                canvas.lay(unknown, round(bar.x1), round(middle) - thick)
            return
        if shown.interval:
            low, high = (round(along(bar, value, inset)) for value in shown.interval)
            height = round(BAND * thick)
            band = self._shapes.bar(max(2, high - low), height, WHITE, 0.45, thick // 2)
            canvas.lay(band, low, round(middle - height / 2))
        x = along(bar, shown.valence, inset)
        canvas.dot(x, middle, thick, BLACK)
        canvas.dot(x, middle, thick - max(1.0, 0.75 * scale.line), WHITE)

    def _circumplex(self, canvas: Canvas, card: Card, scale: Scale, shown: Shown) -> None:
        box = card.circle
        radius = max(2.5, 0.0055 * scale.unit)
        inset = radius + scale.line
        if self._trend and len(shown.tail) > 1:
            mask = tail_mask(shown.tail, shown.pts, box, inset, max(1, scale.line))
            canvas.lay(stamp_of(mask, WHITE, 0.75), round(box.x1), round(box.y1))
        if shown.valence is None or shown.arousal is None:
            return
        x, y = along(box, shown.valence, inset), upward(box, shown.arousal, inset)
        canvas.dot(x, y, radius + max(1.0, 0.5 * scale.line), BLACK)
        canvas.dot(x, y, radius, WHITE)

    def _minute(self, canvas: Canvas, card: Card, scale: Scale, shown: Shown) -> None:
        box = card.trend
        if box is None or len(shown.trend) < 2:
            return
        line, dot = max(1, round(0.6 * scale.line)), max(1.5, 0.0035 * scale.unit)
        band, stroke = trend_masks(shown.trend, shown.pts, box, line)
        canvas.lay(stamp_of(band, WHITE, 0.3), round(box.x1), round(box.y1))
        canvas.lay(stamp_of(stroke, WHITE, 0.95), round(box.x1), round(box.y1))
        last = shown.trend[-1]
        if last.valence is not None and shown.valence is not None:
            canvas.dot(box.x2 - line - 1, box.y1 + upward(Box(0, 0, 1, box.height), last.valence, line + 1), dot, WHITE)


def title_of(shown: Shown, paused: bool) -> str:
    if paused:
        return "analysis paused"
    if not shown.people:
        return waiting(shown.least) if shown.least else "no faces"
    if shown.least:
        return f"{shown.used}+ people" if shown.used == shown.people else f"{shown.used}+ of {shown.people}+ people"
    if shown.people == 1:
        return "one person"
    return f"{shown.used} of {shown.people} people"


def waiting(least: int) -> str:
    """What is said where nothing is shown, as there may be too few people."""
    return f"from {least} people on"


def verb_of(change: float) -> str:
    """What the room did in a moment; the words of ``streamer.moments``."""
    return "lifted" if change > 0 else "sank"


def signed(value: float) -> str:
    """One decimal with its sign; 0.0 has none."""
    text = f"{value:+.1f}".replace("-", "−")
    return "0.0" if text[1:] == "0.0" else text
