"""The typefaces of a PDF, the styles of its parts, and text as reportlab wants it: escaped, each sign in a face that
has it."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Collection, Iterator
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from streamer.errors import ConfigError
from streamer.paper.marks import Span, spans

INK, SOFT, LINE, EDGE = HexColor("#17191c"), HexColor("#565b62"), HexColor("#dcdcd5"), HexColor("#84888e")
ACCENT, NOTE = HexColor("#4b41b3"), HexColor("#efeefa")
"""Those of the live pages."""

BODY, BOLD, CODE, OTHERS = "Source", "Source-Bold", "Mono", "Others"
FILES = {
    BODY: ("font_source_sans_pro", "files/SourceSansPro-Regular.ttf"),
    BOLD: ("font_source_sans_pro", "files/SourceSansPro-Semibold.ttf"),
    CODE: ("matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono.ttf"),
    OTHERS: ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf"),
}
"""Name → the installed package and the file in it. OTHERS is for signs that the wanted face lacks."""

LACKING = "\N{WHITE SQUARE}"
"""In place of a sign that no face has: it is seen that something stands there."""

CODE_SIZE = 0.86
"""The monospaced face is larger at the same size."""


@functools.cache
def ready() -> None:
    """Makes the typefaces known to reportlab.

    Raises:
        ConfigError: the package of one is not installed.
    """
    for name, (package, file) in FILES.items():
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise ConfigError(f"a PDF needs the package {package!r}, which is not installed: pip install {package}")
        path = Path(found.submodule_search_locations[0]) / file
        pdfmetrics.registerFont(TTFont(name, str(path)))


@functools.cache
def signs(face: str) -> Collection[int]:
    """The code points that a typeface has."""
    known: Collection[int] = pdfmetrics.getFont(face).face.charToGlyph
    return known


def runs(text: str, face: str) -> Iterator[tuple[str, str]]:
    """The text as (typeface, signs) in order."""
    for found, part in groupby(text, lambda sign: _face_for(sign, face)):
        letters = "".join(part)
        yield (found, letters) if found else (OTHERS, LACKING * len(letters))


def _face_for(sign: str, face: str) -> str:
    """'' where none has it."""
    return next((one for one in (face, OTHERS) if ord(sign) in signs(one)), "")


def marked(text: str, face: str = BODY, size: float = 10.0) -> str:
    """The text in reportlab's own markup."""
    return "".join(_span(span, face, size) for span in spans(text))


def _span(span: Span, face: str, size: float) -> str:
    made = "".join(_font(found, letters, face, size) for found, letters in runs(span.text, face_of(span, face)))
    if span.kind == "link":
        return f'<a href={quoteattr(span.text)} color="{ACCENT.hexval().replace("0x", "#")}">{made}</a>'
    return made


def face_of(span: Span, face: str) -> str:
    return {"bold": BOLD, "code": CODE}.get(span.kind, face)


def _font(found: str, letters: str, face: str, size: float) -> str:
    text = escape(letters)
    if found == face:
        return text
    smaller = f' size="{CODE_SIZE * size:.2f}"' if found in (CODE, OTHERS) else ""
    return f'<font face="{found}"{smaller}>{text}</font>'


def width(text: str, face: str, size: float) -> float:
    """Of the text in one line, in points."""
    wide: float = sum(
        pdfmetrics.stringWidth(letters, found, size * (CODE_SIZE if found in (CODE, OTHERS) else 1.0))
        for span in spans(text)
        for found, letters in runs(span.text, face_of(span, face))
    )
    return wide


def style(
    size: float, leading: float, *, face: str = BODY, colour: HexColor = INK, after: float = 0.0
) -> ParagraphStyle:
    """Of a paragraph; neither its first nor its last line ever stands alone on a page."""
    return ParagraphStyle(
        f"{face} {size}", fontName=face, fontSize=size, leading=leading, textColor=colour, spaceAfter=after,
        allowWidows=0, allowOrphans=0, splitLongWords=1,
    )  # fmt: skip


def right(one: ParagraphStyle) -> ParagraphStyle:
    return ParagraphStyle(f"{one.name} right", parent=one, alignment=TA_RIGHT)


TITLE = style(25, 29, face=BOLD)
SUBTITLE = style(12.5, 17, colour=SOFT)
CHAPTER = style(17, 21, face=BOLD, after=8)
SECTION = style(12, 16, face=BOLD, after=4)
TEXT = style(10, 14.4, after=7)
ITEM = style(10, 14.4, after=3)
FAINT = style(8.5, 12, colour=SOFT, after=7)
CAPTION = style(8.8, 12, colour=SOFT)
SOURCE = style(7.6, 10.4, colour=SOFT)
SMALL = style(8, 11, colour=SOFT)
NUMBER = style(23, 26, face=BOLD)
NAME = style(9, 12, face=BOLD)
