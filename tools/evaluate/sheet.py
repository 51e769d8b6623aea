"""The worst mistakes on one page: each face as it was seen, what it is, and what was said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from streamer.chips import cut, warp
from streamer.overlay.text import font_folder
from streamer.types import Box, Crop, Face, Fit, Image
from tools.evaluate.result import Mistake
from tools.evaluate.worst import FACE, MISSED, NO_FACE
from tools.figures import FAINT, INK, VERMILION

NAME = "mistakes.jpg"
CROP, GAP, MARGIN, COLUMNS = 148, 18, 32, 7
CAPTION, HEAD = 74, 66
AROUND = 1.5
"""Side of what is cut out, in longer sides of the face: enough to see where it is."""

WIDTH = 2 * MARGIN + COLUMNS * CROP + (COLUMNS - 1) * GAP
QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A mistake and its picture, CROP × CROP, BGR."""

    mistake: Mistake
    image: Image


@dataclass(frozen=True, slots=True)
class Kind:
    """Mistakes of one sort, with the words above them."""

    title: str
    below: str
    tiles: tuple[Tile, ...]


def tile(mistake: Mistake, picture: Image) -> Tile:
    """Cut out of the whole picture, as a classifier's chip is; what lies beyond the edge repeats it."""
    return Tile(mistake, warp(cut(picture, Face(Box(*mistake.box), 1.0), Fit(), Crop(CROP, AROUND), 0.0)))


def kinds(tiles: Sequence[Tile]) -> tuple[Kind, ...]:
    """Only those that there are."""
    wrong = tuple(one for one in tiles if one.mistake.truth == NO_FACE)
    missed = tuple(one for one in tiles if one.mistake.said == MISSED)
    others = tuple(one for one in tiles if one.mistake.truth != NO_FACE and one.mistake.said != MISSED)
    made = (
        Kind("Found where no face is labelled", "With the detector's score.", wrong),
        Kind("Expressions said wrongly", "With the probability of what was said.", others),
        Kind("Faces that were missed", "With the longer side of each.", missed),
    )
    return tuple(kind for kind in made if kind.tiles)


def draw(tiles: Sequence[Tile], title: str, path: Path) -> None:
    """Writes a JPEG; ``tiles`` are not empty."""
    groups = kinds(tiles)
    height = HEAD + sum(_height(kind) for kind in groups) + MARGIN // 2
    page = Pictures.new("RGB", (WIDTH, height), "white")
    pen = Pen(page)
    pen.text(MARGIN, 38, "The worst mistakes", 25, weight="Semibold")
    pen.text(MARGIN, 58, title, 15, colour=FAINT)
    top = HEAD
    for kind in groups:
        _group(pen, kind, top)
        top += _height(kind)
    page.save(path, "JPEG", quality=QUALITY)


def _rows(kind: Kind) -> int:
    return -(-len(kind.tiles) // COLUMNS)


def _height(kind: Kind) -> int:
    return 50 + _rows(kind) * (CROP + CAPTION)


def _group(pen: Pen, kind: Kind, top: int) -> None:
    after = pen.text(MARGIN, top + 32, kind.title, 19, weight="Semibold")
    pen.text(after + 10, top + 32, kind.below, 15, colour=FAINT)
    for number, one in enumerate(kind.tiles):
        row, column = divmod(number, COLUMNS)
        pen.tile(one, MARGIN + column * (CROP + GAP), top + 46 + row * (CROP + CAPTION))


class Pen:
    """Writes and draws on a page in the product's own typeface.

    Raises:
        ConfigError: the font's package is not installed.
    """

    def __init__(self, page: Pictures.Image) -> None:
        self._page, self._draw, self._folder = page, ImageDraw.Draw(page), font_folder()

    def text(self, x: int, baseline: int, words: str, size: int, *, weight: str = "Regular", colour: str = INK) -> int:
        """Returns where the text ends."""
        font = self._font(size, weight)
        self._draw.text((x, baseline), words, colour, font, anchor="ls")
        return x + round(font.getlength(words))

    def tile(self, one: Tile, x: int, y: int) -> None:
        self._page.paste(Pictures.fromarray(np.ascontiguousarray(one.image[:, :, ::-1])), (x, y))
        self._draw.rectangle(_framed(one.mistake, x, y), outline=VERMILION, width=2)
        styles = ((16, "Semibold", INK), (14, "Regular", INK), (13, "Regular", FAINT))
        for number, (words, (size, weight, colour)) in enumerate(zip(caption(one.mistake), styles, strict=True)):
            self.text(
                x, y + CROP + 18 + 17 * number, self._fitted(words, size, weight), size, weight=weight, colour=colour
            )

    def _font(self, size: int, weight: str) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(str(self._folder / f"SourceSansPro-{weight}.ttf"), size)

    def _fitted(self, words: str, size: int, weight: str) -> str:
        """Shortened in the middle, where it is wider than a picture: the end of a file's name tells them apart."""
        font = self._font(size, weight)
        return next(short for short in _shorter(words) if font.getlength(short) <= CROP)


def _shorter(words: str) -> Iterator[str]:
    yield words
    for left in range(len(words) - 2, 0, -1):
        front = left // 2
        yield f"{words[:front]}…{words[len(words) - (left - front) :]}"
    yield ""


def _framed(mistake: Mistake, x: int, y: int) -> tuple[int, int, int, int]:
    """The face's box within its picture, which is centred on it."""
    box = Box(*mistake.box)
    step = CROP / (max(box.width, box.height, 1.0) * AROUND)
    half = round(box.width * step / 2), round(box.height * step / 2)
    return x + CROP // 2 - half[0], y + CROP // 2 - half[1], x + CROP // 2 + half[0], y + CROP // 2 + half[1]


def caption(mistake: Mistake) -> tuple[str, str, str]:
    """What was said, what it is, and where it stands."""
    box = Box(*mistake.box)
    where = PurePosixPath(mistake.medium).name + (f", frame {mistake.frame}" if mistake.frame else "")
    if mistake.truth == NO_FACE:
        return f"score {mistake.confidence:.2f}", "no face labelled here", where
    if mistake.said == MISSED:
        labelled = "no expression labelled" if mistake.truth == FACE else f"labelled {mistake.truth}"
        return f"missed, {max(box.width, box.height):.0f} px", labelled, where
    return f"{mistake.said} {mistake.confidence:.0%}", f"labelled {mistake.truth}", where
