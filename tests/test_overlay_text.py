"""Text: legible on any ground, at any size."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from streamer.overlay import Overlay
from streamer.overlay.canvas import Canvas, layer, stamp_of
from streamer.overlay.colours import BLACK, PLATE, SOFT, WHITE
from streamer.overlay.recent import Recent
from streamer.overlay.scale import scale_of
from streamer.overlay.text import Style, Typeface, font_folder, plain
from streamer.types import Box, Frame, FrameResult, Image, Status, View
from tests.overlay_scene import SHARES, contrast, luminance, mood, noise, person
from tests.overlay_scene import plain as even

ENOUGH = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA)."""


def scene(image: Image) -> Image:
    """All kinds of plates: a label, "unsure", badges, info line with a note, the meter with words."""
    height, width = image.shape[:2]
    people = [
        person(1, Box(0.4 * width, 0.4 * height, 0.5 * width, 0.6 * height)),
        person(2, Box(0.7 * width, 0.4 * height, 0.8 * width, 0.6 * height), "unsure"),
    ]
    view = View(badge=True, recording=True)
    status = Status(30, 0.05, 3, "onnxruntime", "trying again")
    result = FrameResult("camera", 0, 0.0, 0.0, tuple(people), mood(None, shares=SHARES))
    return Overlay().draw(Frame("camera", 0, 0.0, 0.0, image), result, view, status).image


def plates(width: int, height: int) -> list[Box]:
    """Where the plates of the scene lie, found as what turns dark on white."""
    drawn = scene(even(width, height, 255))
    dark = np.all(drawn < 250, axis=2).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((5, 5))))
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:count]]
    return [box for box in boxes if box.width > 30 and box.height > 15 and box.width < 0.9 * width]


def cut(image: Image, box: Box) -> Image:
    return image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("ground", ["white", "black", "noise", "grey"])
def test_text_has_contrast_on_any_ground(ground: str, size: tuple[int, int]) -> None:
    picture = noise(*size) if ground == "noise" else even(*size, {"white": 255, "black": 0, "grey": 140}[ground])
    drawn, on_black, on_white = scene(picture), scene(even(*size, 0)), scene(even(*size, 255))
    areas = plates(*size)
    assert len(areas) >= 5  # badges, info line, label, unsure, meter
    checked = 0
    for area in areas:
        black, white, shown = (luminance(cut(image, area)) for image in (on_black, on_white, drawn))
        strokes = (black > 0.78) & (white > 0.78)  # the cores of the letters: opaque and light on both grounds
        plate = (black == 0) & (white > 0.1) & (white < 0.15)  # 60 % black over nothing and over white
        if strokes.sum() < 20:
            continue
        checked += 1
        light, dark = float(np.percentile(shown[strokes], 2)), float(shown[plate].max())
        assert contrast(light, dark) >= ENOUGH, f"{area}: {contrast(light, dark):.2f}"
    assert checked >= 5


def test_the_colours_of_text_suffice_on_a_plate_over_white() -> None:
    canvas = Canvas(even(4, 4, 255))
    canvas.lay(stamp_of(np.full((4, 4), 255, np.uint8), BLACK, PLATE), 0, 0)
    ground = float(luminance(canvas.pixels).max())
    for colour in (WHITE, SOFT):
        text = float(luminance(np.array([[colour]], np.uint8)).max())
        assert contrast(text, ground) >= ENOUGH


@pytest.mark.parametrize(
    ("height", "cap"), [(240, 11), (360, 11), (500, 11), (720, 15.84), (1080, 23.76), (2160, 40), (4320, 40)]
)
def test_names_of_expressions_grow_with_the_picture(height: int, cap: float) -> None:
    scale = scale_of(height * 16 // 9, height)
    assert scale.name == pytest.approx(cap)
    word = Typeface().word("H", Style(scale.name))
    rows = np.flatnonzero((word.stamp.add > 128).any(axis=(1, 2)))
    assert rows[-1] - rows[0] + 1 == pytest.approx(cap, abs=1)
    assert rows[-1] + 1 == word.ascent  # a capital stands on the baseline


def test_figures_have_one_width() -> None:
    typeface = Typeface()
    assert len({typeface.width(digit * 8, Style(12)) for digit in "0123456789"}) == 1


def test_a_text_that_is_too_long_is_shortened() -> None:
    typeface, style = Typeface(), Style(12)
    text = "rtsp camera in the entrance hall of the second building"
    for room in range(0, 700, 37):
        short = typeface.fit(text, style, room)
        assert not short or typeface.width(short, style) <= math.ceil(room)
        assert short == text or short == "" or short.endswith("…")
    assert typeface.fit(text, style, 2000) == text
    assert typeface.fit("x" * 100_000, style, 300).endswith("…")


def test_control_characters_and_lines_become_spaces() -> None:
    assert plain("a\nb\t\x00c  d") == "a b c d"


def test_words_are_remembered_but_not_for_ever() -> None:
    typeface = Typeface(entries=16)
    first = typeface.word("fear", Style(12))
    assert typeface.word("fear", Style(12)) is first
    for number in range(40):
        typeface.word(str(number), Style(12))
    again = typeface.word("fear", Style(12))
    assert again is not first
    assert np.array_equal(again.stamp.add, first.stamp.add)


def test_recent_keeps_what_was_used_last() -> None:
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key

    recent: Recent[str] = Recent(2)
    for key in ("a", "b", "a", "c", "a", "b"):
        assert recent.get(key, lambda key=key: make(key)) == key  # type: ignore[misc]  # mypy infers no default here
    assert made == ["a", "b", "c", "b"]
    assert len(recent) == 2


def test_the_font_is_there_with_its_licence() -> None:
    names = {path.name for path in font_folder().iterdir()}
    assert {"SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf", "SourceSansPro-It.ttf", "LICENSE.txt"} <= names


def test_a_stamp_mixes_its_colour_with_the_ground() -> None:
    canvas = Canvas(even(4, 1, 200))
    mask = np.array([[0, 255, 128, 255]], np.uint8)
    canvas.lay(stamp_of(mask, (0, 100, 250)), 0, 0)
    assert canvas.pixels[0].tolist() == [[200] * 3, [0, 100, 250], pytest.approx([100, 150, 225], abs=1), [0, 100, 250]]
    canvas = Canvas(even(2, 1, 100))
    canvas.lay(stamp_of(mask[:, 1:3], (0, 0, 0), 0.6), 0, 0)
    assert canvas.pixels[0, 0].tolist() == [40, 40, 40]


@pytest.mark.parametrize("at", [(-3, -2), (6, 5), (-50, 0), (0, 50), (9, 9)])
def test_a_stamp_is_clipped_at_the_edge(at: tuple[int, int]) -> None:
    whole = np.zeros((30, 30, 3), np.uint8)
    stamp = stamp_of(np.full((5, 4), 255, np.uint8), (9, 8, 7))
    Canvas(whole).lay(stamp, at[0] + 10, at[1] + 10) if abs(at[0]) < 20 and abs(at[1]) < 20 else None
    small = np.zeros((10, 10, 3), np.uint8)
    Canvas(small).lay(stamp, *at)
    assert np.array_equal(small, whole[10:20, 10:20])


def test_a_layer_lies_like_what_was_drawn() -> None:
    mask = np.arange(0, 250, 10, dtype=np.uint8).reshape(5, 5)

    def sketch(canvas: Canvas) -> None:
        canvas.lay(stamp_of(mask, (255, 0, 0), 0.7), 0, 0)
        canvas.lay(stamp_of(mask.T.copy(), (0, 200, 50), 0.9), 2, 1)

    direct, layered = noise(12, 12), noise(12, 12)
    sketch(Canvas(direct[3:11, 2:10]))
    Canvas(layered).lay(layer(8, 8, sketch), 2, 3)
    assert np.abs(direct.astype(int) - layered.astype(int)).max() <= 2
