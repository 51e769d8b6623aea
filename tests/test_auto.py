"""The choice between two detectors, with detectors that find what they are told."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
import pytest

from streamer.detectors.auto import PATIENCE, AutoDetector
from streamer.types import Box, Face, Fit, Image, read_only

FRAME = read_only(np.zeros((540, 960, 3), np.uint8))
NEAR_FACE, FAR_FACE = 0.2 * 960, 0.05 * 960


class Told:
    """Finds faces of the given heights; counts how often it is asked."""

    def __init__(self, name: str, fit: Fit) -> None:
        self.about, self.fit = name, fit
        self.heights: list[float] = []
        self.asked = 0
        self.open = False

    def __enter__(self) -> Told:
        self.open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False

    def detect(self, image: Image) -> tuple[Face, ...]:
        assert self.open
        assert image is FRAME
        self.asked += 1
        return tuple(Face(Box(0, 0, height, height), 0.9) for height in self.heights)


class Place:
    """Both detectors and what they would find; a context that keeps the automatic one open."""

    def __init__(self) -> None:
        self.near, self.room = Told("near one", Fit(1.2)), Told("room one", Fit(1.0))
        self.auto = AutoDetector(self.near, self.room, look=3)

    def show(self, *heights: float, frames: int = 1) -> None:
        self.near.heights = self.room.heights = list(heights)
        for _ in range(frames):
            self.auto.detect(FRAME)


@pytest.fixture
def place() -> Iterable[Place]:
    made = Place()
    with made.auto:
        yield made
    assert not made.near.open
    assert not made.room.open


def test_large_faces_get_the_near_detector(place: Place) -> None:
    place.show(NEAR_FACE, 1.5 * NEAR_FACE, frames=3)
    assert (place.near.asked, place.room.asked) == (0, 3)
    assert place.auto.about == "room one, still looking by auto"
    place.show(NEAR_FACE)
    assert (place.near.asked, place.room.asked) == (1, 3)
    assert place.auto.about == "near one, chosen by auto"
    assert place.auto.fit == Fit(1.2)


@pytest.mark.parametrize("heights", [(FAR_FACE,), (NEAR_FACE, NEAR_FACE, FAR_FACE)])
def test_one_small_face_is_enough_for_the_room_detector(place: Place, heights: tuple[float, ...]) -> None:
    place.show(*heights, frames=5)
    assert (place.near.asked, place.room.asked) == (0, 5)
    assert place.auto.about == "room one, chosen by auto"
    assert place.auto.fit == Fit(1.0)


def test_a_single_wrong_find_does_not_decide(place: Place) -> None:
    place.show(NEAR_FACE)
    place.show(NEAR_FACE, FAR_FACE)
    place.show(NEAR_FACE, frames=2)
    assert place.auto.about == "near one, chosen by auto"


def test_while_nobody_is_there_it_goes_on_looking(place: Place) -> None:
    place.show(frames=PATIENCE + 20)
    assert place.auto.about == "room one, still looking by auto"
    place.show(NEAR_FACE, frames=4)
    assert place.auto.about == "near one, chosen by auto"


def test_it_stays_with_its_choice_when_people_move_or_pause(place: Place) -> None:
    place.show(NEAR_FACE, frames=4)
    place.show(FAR_FACE, frames=20)
    place.show(frames=PATIENCE - 1)
    place.show(FAR_FACE)
    place.show(frames=PATIENCE - 1)
    place.show(FAR_FACE)
    assert place.room.asked == 3
    assert place.auto.about == "near one, chosen by auto"


def test_after_a_long_time_without_anybody_it_looks_afresh(place: Place) -> None:
    place.show(NEAR_FACE, frames=4)
    place.show(frames=PATIENCE)
    place.show(FAR_FACE, frames=4)
    assert place.auto.about == "room one, chosen by auto"


def test_the_fit_is_that_of_the_faces_that_came_last(place: Place) -> None:
    fits = []
    for _ in range(5):
        place.show(NEAR_FACE)
        fits.append(place.auto.fit.scale)
    assert fits == [1.0, 1.0, 1.0, 1.2, 1.2]


def test_the_choice_is_logged_once(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        place.show(NEAR_FACE, frames=30)
    assert [record.message for record in caplog.records] == [
        "faces from 20 % of the picture's longer side on: near one"
    ]


def test_the_first_is_closed_when_the_second_does_not_open() -> None:
    class Broken(Told):
        def __enter__(self) -> Told:
            raise OSError("no such device")

    near = Told("near one", Fit())
    with pytest.raises(OSError, match="no such device"), AutoDetector(near, Broken("room one", Fit())):
        pass
    assert not near.open
