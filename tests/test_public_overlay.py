"""What others see of the picture, judged by its pixels and by what the inner overlay is told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from streamer.overlay import Overlay
from streamer.overlay.history import Shown
from streamer.overlay.meter import title_of
from streamer.overlay.public import HELD, PublicOverlay
from streamer.types import (
    Box,
    Face,
    Frame,
    FrameResult,
    GroupMood,
    Image,
    RoomResult,
    RoomSigns,
    Status,
    View,
)
from tests.overlay_scene import SHARES, STATUS, changed, mood, near, noise, person, plain

FACE = Box(300, 200, 400, 300)
PUBLISHED = GroupMood(5, 5, 0.25, 0.1, (0.05, 0.45), SHARES, 0.2, None, 1.0, 30.0)


class Told:
    """Keeps what it is given to draw."""

    def __init__(self) -> None:
        self.results: list[FrameResult] = []
        self.views: list[View] = []

    def draw(self, frame: Frame, result: FrameResult, view: View, status: Status | None) -> Frame:  # noqa: ARG002  (Overlay's)
        self.results.append(result)
        self.views.append(view)
        return frame


def published(room: GroupMood | None = None, signs: RoomSigns | None = None) -> RoomResult:
    return RoomResult("hall", 1.0, room, ("camera",), signs)


def of(room: GroupMood | None = None, signs: RoomSigns | None = None) -> Callable[[], RoomResult]:
    return lambda: published(room, signs)


def result(pts: float = 0.0, *boxes: Box, found: tuple[Box, ...] = ()) -> FrameResult:
    """People in these boxes with a reading each, a mood of their own, and faces that are nobody yet."""
    people = tuple(person(number, box, "happiness", pts) for number, box in enumerate(boxes))
    faces = tuple(Face(box, 0.9) for box in found)
    return FrameResult("camera", 0, pts, pts, people, mood(0.9, 0.3), {}, 3, faces, (1280, 720))


def drawn(
    overlay: PublicOverlay, image: Image, given: FrameResult, view: View | None = None, status: Status | None = None
) -> Image:
    return overlay.draw(Frame("camera", 0, given.pts, given.pts, image), given, view or View(), status).image


def test_nothing_of_single_people_reaches_the_drawing() -> None:
    told = Told()
    PublicOverlay(told, lambda: published(PUBLISHED)).draw(
        Frame("camera", 0, 0.0, 0.0, plain(1280, 720)), result(0.0, FACE), View(help=True), None
    )
    (given,), (view,) = told.results, told.views
    assert given.people == ()
    assert given.mood == PUBLISHED
    assert (given.dropped, given.size, given.index) == (3, (1280, 720), 0)
    assert view == View(blur=True, labels=False, help=False, badge=True, least=5)


@pytest.mark.parametrize("picture", ["blurred", "plain"])
def test_no_key_bares_a_face_or_a_label(picture: str) -> None:
    told = Told()
    overlay = PublicOverlay(told, lambda: None, picture=picture)  # type: ignore[arg-type]  # one of the two
    for view in (View(), View(labels=True), View(badge=False), View(help=True)):
        overlay.draw(Frame("camera", 0, 0.0, 0.0, plain(64, 48)), result(), view, None)
    assert {(view.blur, view.labels, view.badge) for view in told.views} == {(picture == "blurred", False, True)}


def test_a_plain_picture_is_blurred_where_the_view_asks_for_it() -> None:
    told = Told()
    overlay = PublicOverlay(told, lambda: None, picture="plain")
    overlay.draw(Frame("camera", 0, 0.0, 0.0, plain(64, 48)), result(), View(blur=True), None)
    assert told.views[0].blur


def test_what_is_on_the_picture_is_the_same_whoever_is_in_it() -> None:
    """Plain picture: one and the same published mood, other people, readings and moods behind it."""
    ground = plain(1280, 720, 60)
    one, other = (PublicOverlay(Overlay(), lambda: published(PUBLISHED), picture="plain") for _ in range(2))
    alone = FrameResult("camera", 0, 0.0, 0.0, (person(9, FACE, "anger"),), mood(-0.9))
    assert np.array_equal(drawn(one, ground, result(0.0, FACE)), drawn(other, ground, alone))


@pytest.mark.parametrize("size", [(640, 360), (1280, 720)])
def test_the_badge_stands_top_left(size: tuple[int, int]) -> None:
    ground = plain(*size, 200)
    picture = drawn(PublicOverlay(Overlay(), lambda: None), ground, result(), View(meter=False))
    corner = Box(0, 0, 0.4 * size[0], 0.12 * size[1])
    assert changed(ground, picture, corner).mean() > 0.05
    assert not changed(ground, picture, Box(0, 0.2 * size[1], *size)).any()
    # White words on their dark plate.
    part = picture[: int(corner.y2), : int(corner.x2)]
    assert near(part, (255, 255, 255), 30).any()
    assert part.min() < 90


def test_faces_found_and_faces_thought_to_be_are_veiled() -> None:
    ground, newcomer = noise(1280, 720), Box(800, 200, 900, 300)
    picture = drawn(
        PublicOverlay(Overlay(), lambda: None), ground, result(0.0, FACE, found=(newcomer,)), View(meter=False)
    )
    for box in (FACE, newcomer):
        part = picture[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]
        assert part.std() < 0.35 * ground.std()
        assert changed(ground, picture, box).mean() > 0.95


def test_plain_shows_faces_as_they_are() -> None:
    ground = noise(1280, 720)
    picture = drawn(PublicOverlay(Overlay(), lambda: None, picture="plain"), ground, result(0.0, FACE))
    assert not changed(ground, picture, FACE).any()


def test_the_place_of_a_face_that_is_missed_stays_veiled_for_a_while() -> None:
    told = Told()
    overlay = PublicOverlay(told, lambda: None)
    moved = Box(340, 200, 440, 300)
    times = (0.0, 0.1, 0.2, 0.1 + HELD, 0.3 + HELD)
    for pts, boxes in zip(times, ((FACE,), (moved,), (), (), ()), strict=True):
        overlay.draw(Frame("camera", 0, pts, pts, plain(64, 48)), result(pts, *boxes), View(), None)
    veiled = [tuple(face.box for face in given.faces) for given in told.results]
    # It moved: no trail; then it was missed: its last place, for HELD seconds.
    assert veiled == [(FACE,), (moved,), (moved,), (moved,), ()]


def test_when_time_runs_backwards_no_old_place_is_veiled() -> None:
    told = Told()
    overlay = PublicOverlay(told, lambda: None)
    for pts, boxes in ((100.0, (FACE,)), (1.0, ())):
        overlay.draw(Frame("camera", 0, pts, pts, plain(64, 48)), result(pts, *boxes), View(), None)
    assert told.results[-1].faces == ()


def test_while_paused_everything_is_veiled_and_no_number_shown() -> None:
    ground = noise(1280, 720)
    paused = FrameResult("camera", 0, 0.0, 0.0, (), None)
    one, other = (
        drawn(PublicOverlay(Overlay(), of(room)), ground, paused, View(paused=True)) for room in (PUBLISHED, None)
    )
    assert np.array_equal(one, other)
    assert one[300:500, 400:1200].std() < 0.35 * ground.std()


def test_the_meter_keeps_off_the_faces_though_it_knows_no_people() -> None:
    ground, place = plain(1280, 720, 60), Box(60, 520, 200, 660)
    away = drawn(PublicOverlay(Overlay(), lambda: published(PUBLISHED), picture="plain"), ground, result())
    assert changed(ground, away, place).any()
    picture = drawn(PublicOverlay(Overlay(), lambda: published(PUBLISHED), picture="plain"), ground, result(0.0, place))
    assert not changed(ground, picture, place).any()


def test_from_how_many_people_on_it_shows_stands_where_the_number_would_be() -> None:
    ground, quiet = plain(1280, 720, 40), View(badge=True, labels=False)
    waiting = drawn(PublicOverlay(Overlay(), lambda: published()), ground, result())
    for other in (View(), quiet):
        assert changed(waiting, Overlay().draw(
            Frame("camera", 0, 0.0, 0.0, ground), FrameResult("camera", 0, 0.0, 0.0, (), None), other, None
        ).image).any()  # fmt: skip
    numbers = drawn(PublicOverlay(Overlay(), lambda: published(PUBLISHED)), ground, result())
    assert changed(waiting, numbers).any()


@pytest.mark.parametrize(
    ("people", "used", "least", "title"),
    [
        (None, None, 5, "from 5 people on"),
        (None, None, 0, "no faces"),
        (5, 5, 5, "5+ people"),
        (10, 5, 5, "5+ of 10+ people"),
        (4, 3, 0, "3 of 4 people"),
    ],
)
def test_titles(people: int | None, used: int | None, least: int, title: str) -> None:
    assert title_of(Shown(0.0, people, used, least=least), paused=False) == title
    assert title_of(Shown(0.0, people, used, least=least), paused=True) == "analysis paused"


def test_signs_are_those_of_the_room_or_none() -> None:
    ground, room = plain(1280, 720, 60), RoomSigns(5, 0.4, 0.1, None, None, 0.8)
    shown, empty, other = (
        drawn(PublicOverlay(Overlay(signs=True), of(signs=signs), picture="plain"), *rest)
        for signs, rest in (
            (room, (ground, result(0.0, FACE))),
            (None, (ground, result(0.0, FACE))),
            (None, (ground, result(0.0, FACE, Box(600, 200, 700, 300)))),
        )
    )
    assert changed(shown, empty).any()
    assert np.array_equal(empty, other)  # not how many people there are


def test_the_info_line_is_drawn_as_ever() -> None:
    ground = plain(1280, 720, 60)
    with_status = drawn(PublicOverlay(Overlay(), lambda: None), ground, result(), status=STATUS)
    assert changed(drawn(PublicOverlay(Overlay(), lambda: None), ground, result()), with_status).any()
