"""Where the parts of the meter's card lie, in pixels from its top left corner."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.overlay.scale import Scale
from streamer.overlay.text import Style, Typeface
from streamer.types import Box

MINUTE = "60 s"
"""Written before the trend: how long it is."""

SMALL = 400
"""Pixels of height: smaller pictures show no shares."""


@dataclass(frozen=True, slots=True)
class Card:
    """``title``, ``ends`` and ``names``: baselines. ``trend`` and ``shares`` are None where there is no room or no use
    for them."""

    width: int
    height: int
    pad: int
    title: int
    number_cap: float
    bar: Box
    ends: int
    circle: Box
    trend: Box | None
    shares: Box | None
    names: int


def card_of(scale: Scale, typeface: Typeface, trend: bool) -> Card | None:
    """The card, 0.34 H wide or as wide as its text needs; None where it would take too much of the picture."""
    unit, pad, space = scale.unit, max(6, round(0.015 * scale.unit)), max(5, round(0.013 * scale.unit))
    side = round(max(0.11 * unit, 5.0 * scale.small))
    evidence = typeface.width("Not enough", Style(scale.small, "Semibold"))
    width = max(round(0.34 * unit), 2 * pad + evidence + space + side)
    title = pad + round(scale.small)
    top = title + space + round(0.2 * scale.small)
    circle = Box(width - pad - side, top, width - pad, top + side)
    number_cap = max(1.15 * scale.small, min(0.03 * unit, 0.36 * side))
    ends = top + side - round(0.25 * scale.tiny)
    thick = max(4, round(0.008 * unit))
    middle = round(0.38 * (top + number_cap) + 0.62 * (ends - scale.tiny)) - thick // 2
    trend_box, shares_box, names, bottom = rows(scale, typeface, (pad, width - pad, top + side), trend)
    card = Card(
        width=width,
        height=bottom + pad,
        pad=pad,
        title=title,
        number_cap=number_cap,
        bar=Box(pad, middle, circle.x1 - space, middle + thick),
        ends=ends,
        circle=circle,
        trend=trend_box,
        shares=shares_box,
        names=names,
    )
    return card if fits(card, scale) else None


def rows(
    scale: Scale, typeface: Typeface, within: tuple[int, int, int], trend: bool
) -> tuple[Box | None, Box | None, int, int]:
    """The trend, the shares, the baseline of their names, and where all that ends; ``within`` = left, right, top."""
    left, right, y = within
    space, trend_box, shares_box = max(5, round(0.013 * scale.unit)), None, None
    if trend:
        label = typeface.width(MINUTE, Style(scale.tiny)) + round(0.8 * scale.tiny)
        trend_box = Box(left + label, y + space, right, y + space + max(16, round(0.052 * scale.unit)))
        y = round(trend_box.y2)
    if scale.unit < SMALL:
        return trend_box, None, y, y
    shares_box = Box(left, y + space, right, y + space + max(4, round(0.008 * scale.unit)))
    names = round(shares_box.y2 + 0.6 * space + scale.tiny)
    return trend_box, shares_box, names, names + round(0.3 * scale.tiny)


def fits(card: Card, scale: Scale) -> bool:
    """Whether the picture has room for the card and for something else."""
    wide = card.width + 2 * scale.margin > 0.75 * scale.width
    return not wide and card.height + 2 * scale.margin <= 0.72 * scale.height
