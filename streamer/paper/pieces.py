"""The blocks of a paper as what reportlab puts onto pages."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Image as Placed
from reportlab.platypus import ListFlowable, ListItem, Paragraph, Spacer
from reportlab.platypus import Table as Grid

from streamer.paper import grids, typeface
from streamer.paper.blocks import Bullets, Callout, Figures, Heading, Picture, Table, Text
from streamer.paper.numbering import Entry
from streamer.paper.pictures import shape_of
from streamer.paper.typeface import (
    ACCENT,
    CAPTION,
    CHAPTER,
    FAINT,
    ITEM,
    LINE,
    NAME,
    NOTE,
    NUMBER,
    SECTION,
    SMALL,
    SOURCE,
    TEXT,
)

TALLEST = 0.62
"""Of the page's height that a picture may take, so that its caption stays with it."""

SOME_ROWS = 0.22
"""Of the page's height that a table begins with, or it begins on the next page."""

LEAST_LINES = 3
A_ROW = 4
"""Large numbers side by side."""

Flowing = Any
"""A reportlab flowable; the library says nothing of its types."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What stands on the page one below the other. ``least``: points of height of it that stay with what is above."""

    parts: tuple[Flowing, ...]
    least: float


@dataclass(frozen=True, slots=True)
class Room:
    """Points of the page that text may take."""

    width: float
    height: float


def piece(entry: Entry, room: Room) -> Piece:
    """
    Raises:
        ValueError: a table's row is not as wide as its head, or a picture is neither PNG nor JPEG.
    """
    block = entry.block
    if isinstance(block, Heading):
        return heading(entry, block, room)
    if isinstance(block, Text):
        return paragraph(block.text, FAINT if block.faint else TEXT, room)
    if isinstance(block, Bullets):
        return bullets(block, room)
    if isinstance(block, Callout):
        return whole((callout(block, room), Spacer(1, 10)), room)
    if isinstance(block, Figures):
        return whole((*figures(block, room), Spacer(1, 8)), room)
    if isinstance(block, Table):
        return table(entry, block, room)
    return whole(tuple(picture(entry, block, room)), room)


def written(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(typeface.marked(text, style.fontName, style.fontSize), style)


def height(parts: Sequence[Flowing], room: Room) -> float:
    """Of all of them, one below the other."""
    tall: float = sum(part.wrap(room.width, 1e6)[1] + part.getSpaceAfter() for part in parts)
    return tall


def whole(parts: tuple[Flowing, ...], room: Room) -> Piece:
    return Piece(parts, height(parts, room))


def paragraph(text: str, style: ParagraphStyle, room: Room) -> Piece:
    made = written(text, style)
    return Piece((made,), min(height((made,), room), LEAST_LINES * style.leading))


def heading(entry: Entry, block: Heading, room: Room) -> Piece:
    """With what the outline and the list of contents want to know of it, as ``entry``."""
    made = written(block.text, CHAPTER if block.level == 1 else SECTION)
    made.entry = entry
    return whole((Spacer(1, 22 if block.level == 1 else 11), made), room)


def bullets(block: Bullets, room: Room) -> Piece:
    items = [ListItem(written(item, ITEM), bulletColor=typeface.SOFT) for item in block.items]
    made = ListFlowable(
        items, bulletType="bullet", start="•", bulletFontName=typeface.BODY, bulletFontSize=9, leftIndent=12,
        bulletOffsetY=0,
    )  # fmt: skip
    first = height((written(block.items[0], ITEM),), room) if block.items else 0.0
    return Piece((made, Spacer(1, 6)), min(first, LEAST_LINES * TEXT.leading))


def callout(block: Callout, room: Room) -> Grid:
    made = Grid([[written(block.text, TEXT)]], colWidths=[room.width], hAlign="LEFT")
    made.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), NOTE),
            ("LINEBEFORE", (0, 0), (0, -1), 3, ACCENT),
            ("LEFTPADDING", (0, 0), (-1, -1), 12),
            ("RIGHTPADDING", (0, 0), (-1, -1), 12),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ]
    )
    return made


def figures(block: Figures, room: Room) -> Iterator[Grid]:
    """Rows of as many large numbers as stand well side by side."""
    count = len(block.items)
    across = next((n for n in range(A_ROW, 1, -1) if count % n == 0), A_ROW) if count > A_ROW else max(1, count)
    for start in range(0, count, across):
        items = block.items[start : start + across]
        cells = [[written(value, NUMBER), written(what, NAME), written(below, SMALL)] for value, what, below in items]
        cells += [[] for _ in range(across - len(cells))]
        made = Grid([cells], colWidths=[room.width / across] * across, hAlign="LEFT")
        made.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 12),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
            ]
        )
        yield made


def table(entry: Entry, block: Table, room: Room) -> Piece:
    """Its caption above it, and where it comes from below; a long one goes on on the next page."""
    caption = [written(f"**{entry.label}** {block.caption}", CAPTION), Spacer(1, 3)] if entry.label else []
    made = grids.grid(block, room.width)
    end = [Spacer(1, 3), written(block.source, SOURCE)] if block.source else []
    parts = (*caption, made, *end, Spacer(1, 14))
    tall = height(parts, room)
    return Piece(parts, tall if tall <= 2 * SOME_ROWS * room.height else SOME_ROWS * room.height)


def picture(entry: Entry, block: Picture, room: Room) -> Iterator[Flowing]:
    shape = shape_of(block.data)
    wide = min(1.0, max(0.1, block.wide)) * room.width
    wide = min(wide, TALLEST * room.height * shape.width / shape.height)
    yield Spacer(1, 4)
    yield Placed(io.BytesIO(block.data), width=wide, height=wide * shape.height / shape.width, hAlign="LEFT")
    yield Spacer(1, 4)
    yield written(f"**{entry.label}** {block.says}", CAPTION)
    if block.source:
        yield written(block.source, SOURCE)
    yield Spacer(1, 14)


def facts(pairs: Sequence[tuple[str, str]], room: Room) -> Grid:
    """Lines of name and value below the title."""
    cells = [[written(name, SMALL), written(value, typeface.style(9, 12.4))] for name, value in pairs]
    made = Grid(cells, colWidths=[0.2 * room.width, 0.8 * room.width], hAlign="LEFT", splitInRow=1)
    made.setStyle(
        [
            ("LINEABOVE", (0, 0), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 2.4),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return made
