"""Tables of a PDF: as wide as they need to be, never wider than the page, their heads again on each page."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph
from reportlab.platypus import Table as Grid

from streamer.paper import typeface
from streamer.paper.blocks import Table
from streamer.paper.numbering import aligned_left, checked
from streamer.paper.typeface import BODY, BOLD, EDGE, INK, LINE, SOFT

SIZES = (8.8, 8.4, 8.0, 7.6)
"""Of the letters: the first with which every cell stands in one line; where none does, cells break."""

BROKEN, SMALLEST = 8.0, 6.6
"""Where cells break between words; and where even the longest words do not stand side by side, and break as well."""

PADDING = 6.0
LEADING = 1.3
FULL = 0.82
"""Share of the text's width from which on a table takes all of it."""

Widths = Sequence[float]


def grid(table: Table, room: float) -> Grid:
    """The table within ``room`` points of width.

    Raises:
        ValueError: a row is not as wide as the head.
    """
    size, widths = fitted(checked(table), room)
    plain = typeface.style(size, size * LEADING)
    head = typeface.style(size, size * LEADING, face=BOLD, colour=SOFT)
    cells = [_row(table, table.head, head), *(_row(table, row, plain) for row in table.rows)]
    made = Grid(cells, colWidths=list(widths), repeatRows=1, hAlign="LEFT", splitInRow=1)
    made.setStyle(_lines())
    return made


def _row(table: Table, texts: Sequence[str], style: ParagraphStyle) -> list[Paragraph]:
    sides = (style, typeface.right(style))
    return [
        Paragraph(typeface.marked(text, style.fontName, style.fontSize), sides[not aligned_left(table, column)])
        for column, text in enumerate(texts)
    ]


def _lines() -> list[tuple[object, ...]]:
    return [
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, EDGE),
        ("LINEBELOW", (0, 1), (-1, -2), 0.4, LINE),
        ("LINEBELOW", (0, -1), (-1, -1), 0.8, EDGE),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("LEFTPADDING", (1, 0), (-1, -1), PADDING),
        ("RIGHTPADDING", (0, 0), (-2, -1), PADDING),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 1),
        ("TOPPADDING", (0, 0), (-1, -1), 2.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.2),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
    ]


def fitted(table: Table, room: float) -> tuple[float, Widths]:
    """The size of the letters and the columns' widths, which together are ``room`` at most."""
    for size in SIZES:
        natural = needed(table, size, whole=True)
        if sum(natural) <= room:
            return size, stretched(natural, room) if sum(natural) >= FULL * room else natural
    for size in (BROKEN, SMALLEST):
        natural, least = needed(table, size, whole=True), needed(table, size, whole=False)
        if sum(least) <= room:
            return size, shared(natural, least, room)
    return SMALLEST, cut(least, room)


def cut(least: Widths, room: float) -> Widths:
    """Narrow columns keep what they need, the others share what is left."""
    bound, rest = room / len(least), sorted(least)
    for number, wide in enumerate(rest):
        bound = (room - sum(rest[:number])) / (len(rest) - number)
        if wide > bound:
            break
    return [min(wide, bound) for wide in least]


def stretched(widths: Widths, room: float) -> Widths:
    """As much more for each column."""
    more = (room - sum(widths)) / len(widths)
    return [wide + more for wide in widths]


def shared(natural: Widths, least: Widths, room: float) -> Widths:
    """``least`` for each column, and of the rest so much as it lacks."""
    lack = [whole - wide for whole, wide in zip(natural, least, strict=True)]
    part = (room - sum(least)) / sum(lack)
    return [wide + part * more for wide, more in zip(least, lack, strict=True)]


def needed(table: Table, size: float, *, whole: bool) -> Widths:
    """For each column the width of its widest cell, or of the widest word in it, with what is left free beside it."""
    found = [0.0] * len(table.head)
    for number, row in enumerate((table.head, *table.rows)):
        face = BODY if number else BOLD
        for column, text in enumerate(row):
            parts = [text] if whole else text.split()
            found[column] = max([found[column], *(typeface.width(part, face, size) for part in parts)])
    last = len(found) - 1
    # Half a point more: what is exactly as wide as its column would break.
    sides = ((PADDING if n else 0.0) + (1.0 if n == last else PADDING) + 0.5 for n in range(len(found)))
    return [wide + side for wide, side in zip(found, sides, strict=True)]
