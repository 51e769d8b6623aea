"""Words as stamps: Source Sans Pro, rendered by FreeType once and remembered."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from streamer.errors import ConfigError
from streamer.overlay.canvas import Canvas, Stamp, stamp_of
from streamer.overlay.colours import WHITE, Colour
from streamer.overlay.recent import Recent

PACKAGE = "font_source_sans_pro"

CAP_HEIGHT = 0.66
"""Height of a capital in ems, sCapHeight in the font's OS/2 table. Its figures all have one width."""

LONGEST = 300
"""Letters of a text that are looked at; no line holds more."""


@dataclass(frozen=True, slots=True)
class Style:
    """``cap``: height of a capital letter in pixels."""

    cap: float
    weight: Literal["Regular", "Semibold", "It"] = "Regular"
    colour: Colour = WHITE


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A rendered text; its baseline lies ``ascent`` pixels under the stamp's top, ``width`` is its advance."""

    stamp: Stamp
    ascent: int
    width: int

    def write(self, canvas: Canvas, x: float, baseline: float) -> None:
        canvas.lay(self.stamp, round(x), round(baseline) - self.ascent)


class Typeface:
    """Renders and measures; remembers up to ``entries`` words.

    Raises:
        ConfigError: the font's package is not installed.
    """

    def __init__(self, entries: int = 256) -> None:
        self._folder = font_folder()
        self._fonts: Recent[ImageFont.FreeTypeFont] = Recent(24)
        self._words: Recent[Word] = Recent(entries)

    def width(self, text: str, style: Style) -> int:
        """Advance of the text in whole pixels."""
        return self.word(text, style).width if text else 0

    def word(self, text: str, style: Style) -> Word:
        return self._words.get((text, style), lambda: self._render(text, style))

    def fit(self, text: str, style: Style, width: float) -> str:
        """The text, shortened with '…' to what ``width`` pixels hold; '' where not even three letters fit."""
        text, cut = text[:LONGEST], len(text) > LONGEST
        if not cut and self.width(text, style) <= width:
            return text
        font = self._font(style)
        for count in range(len(text) - 1, 2, -1):
            short = text[:count].rstrip(" ·,") + "…"
            if font.getlength(short) <= width:
                return short
        return ""

    def _font(self, style: Style) -> ImageFont.FreeTypeFont:
        size = style.cap / CAP_HEIGHT
        path = self._folder / f"SourceSansPro-{style.weight}.ttf"
        return self._fonts.get((style.weight, size), lambda: ImageFont.truetype(str(path), size))

    def _render(self, text: str, style: Style) -> Word:
        font = self._font(style)
        ascent, descent = font.getmetrics()
        width = max(1, math.ceil(font.getlength(text)))
        # An italic's last letter leans out of its advance.
        picture = Pictures.new("L", (width + ascent // 4, ascent + descent))
        ImageDraw.Draw(picture).text((0, ascent), text, 255, font, anchor="ls")
        return Word(stamp_of(np.asarray(picture, np.uint8), style.colour), ascent, width)


def font_folder() -> Path:
    """Where the font's package keeps its files; found without running any of its code.

    Raises:
        ConfigError: it is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(f"drawing needs the package {PACKAGE!r}, which is not installed: pip install {PACKAGE}")
    return Path(found.submodule_search_locations[0]) / "files"


def plain(text: str) -> str:
    """One line: any white space becomes one space, what cannot be printed is left out."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
