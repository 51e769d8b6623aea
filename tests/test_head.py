"""A head that is turned by known angles: what is told of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from streamer.head import LEVEL, TOLD, Head, pose_of, regression, sighting_of, turning_points
from streamer.types import Landmarks, unknown_landmarks
from tests.heads import landmarks, swinging, times, watched

NOISE = 0.3
"""Pixels: how much the detectors' points tremble on the faces of a clip whose eyes are 25 pixels apart."""


@pytest.mark.parametrize("fps", [8, 10, 12, 15, 25, 30, 60])
@pytest.mark.parametrize("hertz", [1.0, 2.0, 3.0])
def test_a_nod_and_a_shake_are_told_at_every_rate(fps: float, hertz: float) -> None:
    angle = swinging(15, hertz)
    nodding = watched(lambda pts: landmarks((angle(pts), 0)), fps, noise=NOISE)
    shaking = watched(lambda pts: landmarks((0, angle(pts))), fps, noise=NOISE)
    assert any(nod for _, nod, _, _ in nodding)
    assert any(shake for _, _, shake, _ in shaking)
    assert not any(shake for _, _, shake, _ in nodding)
    assert not any(nod for _, nod, _, _ in shaking)


def test_ten_pictures_a_second_look_like_thirty() -> None:
    angle = swinging(15, 1.5)
    began, ended = [], []
    for fps in (10, 30):
        nodding = [pts for pts, nod, _, _ in watched(lambda pts: landmarks((angle(pts), 0)), fps) if nod]
        began.append(nodding[0])
        ended.append(nodding[-1])
    assert began[0] == pytest.approx(began[1], abs=0.2)
    assert ended[0] == pytest.approx(ended[1], abs=0.3)


def test_a_nod_is_told_at_its_third_swing_and_for_a_second_after_its_last() -> None:
    angle = swinging(15, 1.0, start=2.0, cycles=3.0)
    nodding = [pts for pts, nod, _, _ in watched(lambda pts: landmarks((angle(pts), 0)), 30, seconds=9) if nod]
    assert 2.5 <= nodding[0] <= 3.6
    assert nodding[-1] == pytest.approx(4.75 + TOLD, abs=0.1)
    assert len(nodding) == pytest.approx((nodding[-1] - nodding[0]) * 30 + 1, abs=1)


@pytest.mark.parametrize("tilt", [-30.0, 20.0])
def test_a_tilted_head_nods_along_its_own_axis(tilt: float) -> None:
    angle = swinging(15, 2.0)
    told = watched(lambda pts: landmarks((angle(pts), 0), tilt=tilt), noise=NOISE)
    assert any(nod for _, nod, _, _ in told)
    assert not any(shake for _, _, shake, _ in told)


@pytest.mark.parametrize("eyes", [15.0, 30.0, 120.0])
def test_the_size_of_the_face_does_not_matter(eyes: float) -> None:
    angle = swinging(15, 2.0)
    assert any(nod for _, nod, _, _ in watched(lambda pts: landmarks((angle(pts), 0), eyes=eyes)))


def walking(pts: float) -> Landmarks:
    bob = swinging(30, 2.0, start=0.0, cycles=100)(pts)
    return landmarks(at=(300, 200 + bob), eyes=30 + 3 * pts)


def swaying(pts: float) -> Landmarks:
    return landmarks(at=(300 + swinging(40, 1.0, start=0.0, cycles=100)(pts), 200))


def bow(pts: float) -> Landmarks:
    return landmarks((20 * max(0.0, 1 - abs(pts - 2) / 0.4), 0))


def posture(pts: float) -> Landmarks:
    return landmarks((15 * min(1.0, max(0.0, (pts - 2) / 0.3)), 0))


def slow(pts: float) -> Landmarks:
    return landmarks((swinging(20, 0.3, cycles=2)(pts), swinging(20, 0.3, cycles=2)(pts)))


def looking_about(pts: float) -> Landmarks:
    return landmarks((0, 25 * min(1.0, max(0.0, (pts - 1) / 0.4)) - 50 * min(1.0, max(0.0, (pts - 3) / 0.8))))


@pytest.mark.parametrize("points", [walking, swaying, bow, posture, slow, looking_about])
@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_no_nod_and_no_shake(points: object, fps: float) -> None:
    assert callable(points)
    told = watched(points, fps, noise=NOISE)
    assert not any(nod or shake for _, nod, shake, _ in told)
    assert told[-1][1:3] == (False, False)


@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_a_face_that_trembles_for_three_minutes_does_nothing(fps: float) -> None:
    for seed in range(3):
        told = watched(lambda _: landmarks(eyes=25), fps, seconds=60, noise=0.5, seed=seed)
        assert not any(nod or shake for _, nod, shake, _ in told)


def test_too_few_sightings_or_pixels_tell_nothing() -> None:
    angle = swinging(20, 1.0, start=0.0, cycles=10)
    for fps, eyes, facing in ((5.0, 30.0, True), (30.0, 9.0, True), (30.0, 7.0, None)):
        told = watched(lambda pts: landmarks((angle(pts), 0), eyes=eyes), fps)  # noqa: B023  (called at once)
        assert {(nod, shake) for _, nod, shake, _ in told} == {(None, None)}
        assert told[-1][3] is facing


def test_nothing_is_known_at_first_and_after_a_gap() -> None:
    head = Head()
    for pts in times(15, 2):
        head.see(landmarks(), pts)
        if pts < 0.9:
            assert head.moved("nod", pts) is None
    assert head.moved("nod", 1.95) is False
    assert head.moved("nod", 2.5) is None
    assert head.facing(2.5) is True
    assert head.facing(3.2) is None
    head.see(landmarks((30, 0)), 2.6)  # what was before the gap is no part of a movement
    assert head.moved("nod", 2.6) is None


def test_time_that_goes_back_is_a_new_beginning() -> None:
    head = Head()
    for pts in times(15, 2):
        head.see(landmarks(), 100 + pts)
    head.see(landmarks(), 5.0)
    assert head.moved("nod", 5.0) is None
    assert head.facing(5.0) is True


def test_unknown_points_tell_nothing() -> None:
    head = Head()
    for pts in times(15, 2):
        head.see(unknown_landmarks(), pts)
    assert (head.moved("nod", 2.0), head.moved("shake", 2.0), head.facing(2.0)) == (None, None, None)
    assert sighting_of(np.zeros((5, 2), np.float32), 0.0) is None


def test_the_mouth_is_not_needed() -> None:
    """MediaPipe tells no corners of the mouth."""
    angle = swinging(15, 2.0)

    def points(pts: float) -> Landmarks:
        seen = landmarks((angle(pts), 0))
        seen[3:] = np.nan
        return seen

    assert any(nod for _, nod, _, _ in watched(points))


@pytest.mark.parametrize(
    ("pose", "facing"),
    [
        ((0, 0), True),
        ((0, 20), True),
        ((15, -15), True),
        ((0, 45), False),
        ((0, -45), False),
        ((50, 0), False),
        ((-50, 0), False),
    ],
)
@pytest.mark.parametrize("tilt", [0.0, 25.0])
def test_facing(pose: tuple[float, float], facing: bool, tilt: float) -> None:
    told = watched(lambda _: landmarks(pose, tilt=tilt), seconds=1.5, noise=NOISE)
    assert {faces for _, _, _, faces in told} == {facing}


def test_facing_does_not_flicker_at_its_edge() -> None:
    rng = np.random.default_rng(3)
    told = watched(lambda _: landmarks((0, 31 + rng.normal(0, 2))), 15, seconds=60)
    said = [faces for _, _, _, faces in told]
    assert sum(now != before for before, now in pairwise(said)) <= 2


def test_pose_by_hand() -> None:
    """The nose a quarter of the eyes' distance to the side and four fifths of the mouth's way down; tilted by 90°."""
    points = np.array([[0, 0], [0, 20], [-16, 15], [-20, 5], [-20, 15]], np.float32)
    sighting = sighting_of(points, 0.0)
    assert sighting is not None
    assert pose_of(sighting) == pytest.approx([0.25, 0.8 - LEVEL])
    points[3:] = np.nan
    without = sighting_of(points, 0.0)
    assert without is not None
    assert pose_of(without) == pytest.approx([0.25, 0.0])


def test_turning_points_by_hand() -> None:
    places = np.array([0.0, 0.05, -0.1, 0.3, 0.25, 0.4, 0.1, 0.15, 0.0])
    turns = turning_points(np.arange(9.0), places, 0.2)
    assert turns == [(2.0, -0.1), (5.0, 0.4), (8.0, 0.0)]


def test_regression_by_hand() -> None:
    assert regression(np.array([0.0, 1, 2]), np.array([1.0, 1.5, 2])) == pytest.approx((0.5, 1.0))
    assert regression(np.ones(3), np.arange(3.0)) == (0.0, 0.0)
