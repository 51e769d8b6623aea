"""What is said of the engine: that a better one is being built, and for a while that it has taken over."""

from __future__ import annotations

import math

import numpy as np
import pytest

from streamer.overlay import Overlay
from streamer.overlay.scale import scale_of
from streamer.overlay.shapes import Shapes
from streamer.overlay.status import InfoLine, Takeover
from streamer.overlay.text import Typeface
from streamer.types import Box, Frame, FrameResult, Image, Status, View
from tests.overlay_scene import AMBER, BLUE, changed, contrast, luminance, near, noise, person, plain

BEFORE = "CenterFace · Groupmood · openvino bf16"
BUILDING = "building tensorrt_rtx 40 % · openvino bf16"
AFTER = "CenterFace · Groupmood · tensorrt_rtx fp16"
SIZES = [(640, 360), (1280, 720), (1920, 1080)]
BADGES = View(labels=False, meter=False, badge=True, recording=True)


def show(overlay: Overlay, image: Image, engine: str, pts: float, faces: tuple[Box, ...] = ()) -> Image:
    people = tuple(person(number, box) for number, box in enumerate(faces))
    result = FrameResult("camera", 0, pts, pts, people, None)
    return overlay.draw(Frame("camera", 0, pts, pts, image), result, BADGES, Status(30, 0.045, 3, engine)).image


def swapped(image: Image, faces: tuple[Box, ...] = ()) -> Image:
    """A second after the swap."""
    overlay, drawn = Overlay(), image
    for pts, engine in ((0.0, BEFORE), (1.0, BUILDING), (2.0, AFTER), (2.5, AFTER), (3.0, AFTER)):
        drawn = show(overlay, image, engine, pts, faces)
    return drawn


def said(*steps: tuple[float, str]) -> list[str]:
    takeover = Takeover()
    return [takeover.part(engine, pts).text for pts, engine in steps]


def test_another_engine_is_announced_for_6_seconds_of_media_time() -> None:
    now = "now on tensorrt_rtx fp16"
    steps = ((0.0, BEFORE), (1.0, BUILDING), (2.0, AFTER), (7.9, AFTER), (8.0, AFTER), (100.0, AFTER))
    assert said(*steps) == [BEFORE, BUILDING, now, now, AFTER, AFTER]


def test_what_runs_at_the_beginning_is_not_announced_nor_a_build_that_fails_nor_another_detector() -> None:
    other = "MediaPipe full range · Groupmood · openvino bf16"
    texts = ("", BEFORE, BUILDING, BEFORE, other, BUILDING.replace("40", "41"), BEFORE)
    assert said(*((float(pts), text) for pts, text in enumerate(texts))) == list(texts)


def test_one_engine_after_another_is_announced_each_time() -> None:
    texts = said((0.0, BEFORE), (1.0, AFTER), (2.0, BEFORE), (7.5, BEFORE), (8.5, BEFORE))
    assert texts == [BEFORE, "now on tensorrt_rtx fp16", *["now on openvino bf16"] * 2, BEFORE]


@pytest.mark.parametrize(("pts", "share"), [(2.0, 0.0), (2.15, 0.5), (2.3, 1.0), (5.0, 1.0), (7.85, 0.5)])
def test_its_ground_comes_and_goes_gently(pts: float, share: float) -> None:
    takeover = Takeover()
    for before, engine in ((0.0, BEFORE), (2.0, AFTER)):
        part = takeover.part(engine, before)
    part = takeover.part(AFTER, pts)
    assert part.news is not None
    assert math.isclose(part.news, share, abs_tol=1e-9)


@pytest.mark.parametrize("size", SIZES)
def test_the_announcement_stands_out_and_goes_and_never_warns(size: tuple[int, int]) -> None:
    image, overlay, blue = plain(*size), Overlay(), {}
    for pts, engine in ((0.0, BEFORE), (1.0, BUILDING), (2.0, AFTER), (3.0, AFTER), (9.0, AFTER)):
        drawn = show(overlay, image, engine, pts)
        strip = drawn[: size[1] // 10, size[0] // 3 :]
        blue[pts] = int(near(strip, BLUE, 2).sum())
        assert not near(strip, AMBER).any()
    assert blue[0.0] == blue[1.0] == blue[9.0] == 0
    assert blue[3.0] > 0.001 * size[0] * size[1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("ground", ["white", "black", "noise"])
def test_it_is_legible_on_any_ground(ground: str, size: tuple[int, int]) -> None:
    image = noise(*size) if ground == "noise" else plain(*size, {"white": 255, "black": 0}[ground])
    drawn = swapped(image)
    rows, columns = np.nonzero(near(swapped(plain(*size)), BLUE, 2))
    inside = drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    strokes, ground_seen = luminance(inside) > 0.87, near(inside, BLUE, 2)
    assert strokes.sum() > 60  # the cores of 21 letters
    assert ground_seen.mean() > 0.4
    light, dark = (float(luminance(inside)[mask].mean()) for mask in (strokes, ground_seen))
    assert contrast(light, dark) >= 4.5


@pytest.mark.parametrize("size", SIZES)
def test_its_ground_reaches_as_far_left_of_the_words_as_right(size: tuple[int, int]) -> None:
    drawn = swapped(plain(*size, 0))
    rows, columns = np.nonzero(near(drawn, BLUE, 2))
    letters = np.nonzero((luminance(drawn[rows.min() : rows.max()]) > 0.5).any(axis=0))[0]
    words = letters[(letters > columns.min()) & (letters < columns.max())]
    left, right = words.min() - columns.min(), columns.max() - words.max()
    assert abs(left - right) <= 2
    assert min(left, right) >= 2


@pytest.mark.parametrize("size", SIZES)
def test_it_covers_no_face_and_no_badge(size: tuple[int, int]) -> None:
    width, height = size
    face = Box(0.7 * width, 0, 0.95 * width, 0.3 * height)
    image = plain(*size)
    drawn = swapped(image, (face,))
    assert not changed(image, drawn, face).any()
    assert near(drawn, BLUE, 2)[height // 2 :].any()
    badges = Box(0, 0, 0.29 * width, 0.08 * height)
    assert np.array_equal(swapped(image)[: int(badges.y2), : int(badges.x2)], drawn[: int(badges.y2), : int(badges.x2)])


@pytest.mark.parametrize("size", SIZES)
def test_beside_the_badges_there_is_room_for_all_of_it(size: tuple[int, int]) -> None:
    scale, line = scale_of(*size), InfoLine(Typeface(), Shapes())
    texts = []
    for pts, engine in ((0.0, BEFORE), (1.0, BUILDING), (2.0, AFTER)):
        fitted = line.fit(scale, Status(30, 0.045, 3, engine), 0.69 * scale.width, pts)
        assert fitted is not None
        texts.append(fitted.parts[-1][0].text)
    assert texts[1].startswith("building tensorrt_rtx 40 %")
    assert texts[2] == "now on tensorrt_rtx fp16"


def test_the_percents_hold_still_for_half_a_second() -> None:
    overlay, image = Overlay(), plain(1280, 720)
    first = show(overlay, image, BUILDING, 1.0)
    soon = show(overlay, image, BUILDING.replace("40", "41"), 1.2)
    later = show(overlay, image, BUILDING.replace("40", "47"), 1.6)
    assert np.array_equal(first, soon)
    assert changed(first, later).any()


def test_an_announcement_does_not_wait_for_the_numbers() -> None:
    overlay, image = Overlay(), plain(1280, 720)
    before = show(overlay, image, BEFORE, 1.0)
    assert changed(before, show(overlay, image, AFTER, 1.1)).any()
    assert near(show(overlay, image, AFTER, 1.4), BLUE, 2).any()


def test_after_a_jump_back_in_time_nothing_is_announced() -> None:
    overlay, image = Overlay(), plain(1280, 720)
    show(overlay, image, BEFORE, 5.0)
    show(overlay, image, AFTER, 6.0)
    assert np.array_equal(show(overlay, image, AFTER, 1.0), show(Overlay(), image, AFTER, 1.0))
