"""A paper on pages of A4: title, contents with page numbers, outline, head and foot.

The pages are made until what stands in the list of contents and at the foot ("page 3 of 12") is what came out: it is
not known the first time.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Frame, PageTemplate, Paragraph, Spacer
from reportlab.platypus import Table as Grid

from streamer.paper import typeface
from streamer.paper.blocks import Heading, Paper
from streamer.paper.marks import plain
from streamer.paper.numbering import Entry, numbered
from streamer.paper.pieces import Flowing, Piece, Room, facts, height, piece, whole, written
from streamer.paper.typeface import CHAPTER, LINE, SMALL, SUBTITLE, TEXT, TITLE

SIDE, TOP, BOTTOM = 25 * mm, 24 * mm, 24 * mm
ROOM = Room(A4[0] - 2 * SIDE, A4[1] - TOP - BOTTOM)

MOST_PASSES = 5
FEWEST_LISTED = 4
"""Chapters from which on there is a list of them."""

MOST_LISTED = 16
"""Lines of that list; where chapters and sections are more, it has the chapters, and the outline has all."""


@dataclass(frozen=True, slots=True)
class Known:
    """``pages`` in all, 0 before that is known; ``places``: on which page each heading's anchor stands."""

    pages: int = 0
    places: dict[str, int] = field(default_factory=dict)


def typeset(paper: Paper) -> bytes:
    """The PDF.

    Raises:
        ConfigError: a typeface is not installed.
        ValueError: see pieces.piece().
    """
    typeface.ready()
    entries = numbered(paper.blocks)
    known = Known()
    for _ in range(MOST_PASSES):
        made, found = built(paper, entries, known)
        if found == known:
            break
        known = found
    return made


def built(paper: Paper, entries: Sequence[Entry], known: Known) -> tuple[bytes, Known]:
    """The PDF with what was known, and what came out."""
    file, places = io.BytesIO(), dict[str, int]()
    document = BaseDocTemplate(
        file, pagesize=A4, title=plain(paper.title), subject=plain(paper.subtitle), author="Groupmood",
        creator="Groupmood", lang="en-GB", displayDocTitle=True,
    )  # fmt: skip
    frame = Frame(SIDE, BOTTOM, ROOM.width, ROOM.height, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document.addPageTemplates([PageTemplate("page", [frame], onPage=partial(edges, paper, known.pages))])
    document.afterFlowable = Outline(document, places)
    document.build(list(story(paper, entries, known)))
    return file.getvalue(), Known(document.page, places)


class Outline:
    """Told of everything that was put onto a page: headings become bookmarks, and their pages are written down."""

    def __init__(self, document: Any, places: dict[str, int]) -> None:
        self._document, self._places = document, places
        self._level = -1

    def __call__(self, flowable: Flowing) -> None:
        entry = getattr(flowable, "entry", None)
        if not isinstance(entry, Entry) or not isinstance(entry.block, Heading):
            return
        # A section before any chapter stands where chapters do: no level may be left out.
        self._level = min(entry.block.level - 1, self._level + 1)
        canvas = self._document.canv
        canvas.bookmarkPage(entry.anchor)
        canvas.addOutlineEntry(plain(entry.block.text), entry.anchor, self._level, self._level > 0)
        canvas.showOutline()
        self._places[entry.anchor] = self._document.page


def story(paper: Paper, entries: Sequence[Entry], known: Known) -> Iterator[Flowing]:
    """Title, the first chapter, the contents, the rest."""
    yield from title(paper)
    listed = [entry for entry in entries if isinstance(entry.block, Heading) and entry.block.level == 1]
    second = listed[1].anchor if len(listed) >= FEWEST_LISTED else ""
    held: list[Piece] = []
    for entry in entries:
        if second and entry.anchor == second:
            yield from contents(entries, known)
        made = piece(entry, ROOM)
        if not isinstance(entry.block, Heading):
            yield CondPageBreak(min(sum(one.least for one in held) + made.least, ROOM.height - 1))
            yield from (part for one in (*held, made) for part in one.parts)
            held = []
            continue
        if entry.block.page:
            yield from (part for one in held for part in one.parts)
            yield CondPageBreak(ROOM.height - 1)
            held = []
        held.append(made)
    yield from (part for one in held for part in one.parts)


def title(paper: Paper) -> Iterator[Flowing]:
    yield written(paper.title, TITLE)
    if paper.subtitle:
        yield Spacer(1, 5)
        yield written(paper.subtitle, SUBTITLE)
    if paper.facts:
        yield Spacer(1, 12)
        yield facts(paper.facts, ROOM)


def contents(entries: Sequence[Entry], known: Known) -> Iterator[Flowing]:
    """Chapters, and sections where there is room for them, with their pages; each leads there."""
    headings = [(entry, entry.block) for entry in entries if isinstance(entry.block, Heading)]
    deepest = 2 if len(headings) <= MOST_LISTED else 1
    rows = [line(entry, block, known) for entry, block in headings if block.level <= deepest]
    made = Grid(rows, colWidths=[0.9 * ROOM.width, 0.1 * ROOM.width], hAlign="LEFT")
    made.setStyle(
        [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ]
    )
    head = whole((Spacer(1, 22), written("Contents", CHAPTER)), ROOM)
    yield CondPageBreak(min(head.least + height((made,), ROOM), ROOM.height - 1))
    yield from (*head.parts, made)


def line(entry: Entry, block: Heading, known: Known) -> list[Flowing]:
    style = TEXT if block.level == 1 else SMALL
    text = typeface.marked(plain(block.text), style.fontName, style.fontSize)
    page = str(known.places.get(entry.anchor, ""))
    link = f'<a href="#{entry.anchor}" color="#17191c">'
    space = "&nbsp;" * (0 if block.level == 1 else 4)
    return [
        Paragraph(f"{space}{link}{text}</a>", style),
        Paragraph(f"{link}{page}</a>", typeface.right(style)),
    ]


def edges(paper: Paper, pages: int, canvas: Any, document: Any) -> None:
    """The head, but on the first page, and the foot."""
    canvas.saveState()
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.4)
    if document.page > 1:
        put(canvas, paper.title, A4[1] - TOP + 11 * mm, 1.0)
        canvas.line(SIDE, A4[1] - TOP + 9 * mm, A4[0] - SIDE, A4[1] - TOP + 9 * mm)
    put(canvas, paper.foot, BOTTOM - 10 * mm, 0.8)
    number = f"page {document.page} of {pages}" if pages else f"page {document.page}"
    put(canvas, number, BOTTOM - 10 * mm, 1.0, left=False)
    canvas.restoreState()


def put(canvas: Any, text: str, baseline: float, part: float, *, left: bool = True) -> None:
    """One line within ``part`` of the width, shortened where it is too long."""
    room = part * ROOM.width
    text, full = plain(text), plain(text)
    while text and typeface.width(shortened(text, full), SMALL.fontName, SMALL.fontSize) > room:
        text = text[:-1]
    made = Paragraph(
        typeface.marked(shortened(text, full), SMALL.fontName, SMALL.fontSize), SMALL if left else typeface.right(SMALL)
    )
    made.wrap(ROOM.width, 2 * SMALL.leading)
    made.drawOn(canvas, SIDE, baseline - 2)


def shortened(text: str, full: str) -> str:
    return text if text == full else f"{text.rstrip()}…"
