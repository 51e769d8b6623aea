from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from streamer.cuts import Cuts
from streamer.types import Image
from tests.data import data

VIDEOS = (
    "classroom-small-faces.mp4",
    "crowd-1080p.mp4",
    "nobody.mp4",
    "one-leaves.mov",
    "one-neutral-smile-neutral.mp4",
    "three-at-the-camera.mp4",
    "two-head-pose.mp4",
)
BLACK = 72
"""The one frame of one-leaves.mov between the face and the empty room."""


def frames(path: Path) -> Iterator[Image]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def scene(seed: int, width: int = 640, height: int = 360) -> Image:
    """Soft shapes of several sizes, as in a room; each seed another."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3), np.float32)
    for cells in (3, 6, 12, 24):
        layer = rng.normal(size=(cells, 2 * cells, 3)).astype(np.float32) / cells**0.5
        image += cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC)
    image = 128 + 45 * image / image.std()
    return np.asarray(np.clip(image, 0, 255), np.uint8)


def gallery(tiles: int, across: int, moment: int = 0) -> Image:
    """A meeting's window: each tile with a scene of its own, somebody moving in it, on dark ground with a bar below."""
    picture = np.full((720, 1280, 3), 30, np.uint8)
    width = 1280 // across
    height = min(width * 9 // 16, 640 // -(-tiles // across))
    for tile in range(tiles):
        y, x = tile // across * height, tile % across * width
        inside = scene(tile, width - 8, height - 8)
        middle = (int(width * (0.4 + 0.02 * moment)), height // 2)
        cv2.circle(inside, middle, height // 4, (120, 150, 200), -1)
        picture[y + 4 : y + height - 4, x + 4 : x + width - 4] = inside
    picture[-60:-20, 440:840] = 70
    return picture


def is_cut(before: Image, after: Image) -> bool:
    cuts = Cuts()
    assert not cuts.cut(before, 1.0)
    return cuts.cut(after, 1.04)


@pytest.mark.parametrize(("before", "after"), [((4, 2), (9, 3)), ((9, 3), (4, 2)), ((1, 1), (4, 2)), ((4, 2), (6, 3))])
def test_a_new_layout_of_a_gallery_is_a_cut(before: tuple[int, int], after: tuple[int, int]) -> None:
    assert is_cut(gallery(*before), gallery(*after, moment=1))


@pytest.mark.parametrize("tiles", [1, 4, 9])
def test_people_who_move_in_their_tiles_are_none(tiles: int) -> None:
    cuts = Cuts()
    assert not any(cuts.cut(gallery(tiles, {1: 1, 4: 2, 9: 3}[tiles], moment), moment / 10) for moment in range(8))


def test_another_scene_is_a_cut() -> None:
    found = [is_cut(scene(seed), scene(seed + 1)) for seed in range(100, 120)]
    assert all(found)


@pytest.mark.parametrize("step", [4, 20, 60, 100])
def test_a_camera_that_turns_is_none(step: int) -> None:
    """By so many pixels of 640 from one picture to the next, and a quarter of them down."""
    wide, cuts = scene(7, 1600, 900), Cuts()
    places = [(step * number, step * number // 4) for number in range(900 // step)]
    assert not any(
        cuts.cut(np.ascontiguousarray(wide[y : y + 360, x : x + 640]), number / 25)
        for number, (x, y) in enumerate(places)
    )


@pytest.mark.parametrize(("gain", "more"), [(0.1, 0), (0.3, 0), (0.6, 0), (1.4, 0), (2.0, 0), (1, 50), (1, -50)])
def test_light_that_flickers_is_none(gain: float, more: float) -> None:
    cuts = Cuts()
    for number in range(10):
        light = scene(3) if number % 2 else np.clip(scene(3) * gain + more, 0, 255).astype(np.uint8)
        assert not cuts.cut(light, number / 25)


def test_plain_pictures_and_noise_are_none() -> None:
    rng = np.random.default_rng(0)
    for level in (0, 128, 255):
        plain = np.full((360, 640, 3), level, np.uint8)
        assert not is_cut(plain, plain)
        assert not is_cut(plain, np.clip(plain + rng.normal(0, 8, plain.shape), 0, 255).astype(np.uint8))


def test_a_picture_of_another_size_is_a_cut() -> None:
    assert is_cut(scene(3), scene(3, 320, 180))


@pytest.mark.parametrize("later", [2.5, -1.0])
def test_after_a_long_gap_nothing_is_said(later: float) -> None:
    cuts = Cuts()
    cuts.cut(scene(1), 1.0)
    assert not cuts.cut(scene(2), 1.0 + later)
    assert cuts.cut(scene(1), 1.04 + later)


@pytest.mark.parametrize("size", [(16, 16), (64, 36), (50, 3000)])
def test_any_size_can_be_looked_at(size: tuple[int, int]) -> None:
    assert not is_cut(scene(1, *size), scene(1, *size))


@pytest.mark.parametrize("name", VIDEOS)
def test_no_video_has_a_cut_but_the_one_that_has(name: str) -> None:
    """Every frame, and every third, as where a camera is slow."""
    cuts: dict[int, Cuts] = {every: Cuts() for every in (1, 3)}
    found: dict[int, list[int]] = {every: [] for every in cuts}
    for index, image in enumerate(frames(data(f"videos/{name}"))):
        for every, one in cuts.items():
            if index % every == 0 and one.cut(image, index / 25):
                found[every].append(index)
    real = {1: [BLACK, BLACK + 1], 3: [BLACK, BLACK + 3]} if name == "one-leaves.mov" else {1: [], 3: []}
    assert found == real


def test_from_one_video_to_another_is_a_cut() -> None:
    ends = {name: next(islice(frames(data(f"videos/{name}")), 40, None)) for name in VIDEOS}
    same_room = {"nobody.mp4", "one-leaves.mov"}
    for before in VIDEOS:
        for after in VIDEOS:
            if before != after and {before, after} != same_room:
                assert is_cut(ends[before], ends[after]), (before, after)


def test_it_costs_less_than_one_filter_of_the_picture() -> None:
    image, cuts = gallery(9, 3), Cuts()

    def best(work: Callable[[], object]) -> float:
        times = []
        for _ in range(15):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(lambda: cuts.cut(image, 0.0)) < best(lambda: cv2.medianBlur(image, 5))
