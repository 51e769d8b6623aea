"""The marks that are kept of what a tracker saw."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.types import Box, Face, Track
from tools.label.tracks import (
    AGREE,
    BLINK,
    REACH,
    Boxes,
    Sight,
    Sights,
    agrees,
    ious,
    is_same,
    marks_of,
    runs,
    thinned,
    unknown,
    within,
)
from tools.labelled.document import LabelledFace, Mark, Medium
from tools.labelled.truth import box_at


def boxes(x: NDArray[np.float64], y: float = 50.0, side: float = 40.0) -> Boxes:
    return np.stack([x, np.full_like(x, y), x + side, np.full_like(x, y + side)], 1)


def sights(frames: list[int], fps: float = 10.0, x: float = 0.0, step: float = 0.0) -> list[Sight]:
    return [Sight(frame, frame / fps, Box(x + step * frame, 10, x + step * frame + 40, 50)) for frame in frames]


def mark(frame: int, x: float = 0.0, *, gone: bool = False) -> Mark:
    return Mark(frame=frame, x1=x, y1=0, x2=x + 20, y2=20, gone=gone)


def test_ious_are_those_of_the_boxes() -> None:
    dice = np.random.default_rng(3)
    corners = dice.uniform(0, 50, (2, 200, 2))
    one, other = (np.concatenate([corner, corner + dice.uniform(1, 40, (200, 2))], 1) for corner in corners)
    expected = [Box(*a).iou(Box(*b)) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert ious(one, other) == pytest.approx(expected)


def test_an_even_way_needs_its_ends_only() -> None:
    frames = np.arange(200.0)
    assert thinned(frames, boxes(3 * frames)) == [0, 199]


def test_a_turn_is_kept() -> None:
    frames = np.arange(41.0)
    kept = thinned(frames, boxes(np.where(frames < 20, 5 * frames, 200 - 5 * frames)))
    assert len(kept) <= 4
    assert any(19 <= one <= 22 for one in kept)


def test_a_single_sight_is_a_single_mark() -> None:
    assert thinned(np.array([7.0]), boxes(np.array([5.0]))) == [0]


@pytest.mark.parametrize("seed", range(6))
def test_the_box_between_the_marks_is_that_of_the_track(seed: int) -> None:
    dice = np.random.default_rng(seed)
    frames = np.cumsum(dice.integers(1, 4, 300)).astype(float)
    way = boxes(50 + 30 * np.sin(frames / 25) + dice.normal(0, 0.6, 300))
    track = [Sight(int(f), f / 30, Box(*b)) for f, b in zip(frames, way.tolist(), strict=True)]
    marks = tuple(marks_of(track, int(frames[-1]) + 1, "x"))
    assert len(marks) < 300 / 4
    for sight in track:
        box = box_at(marks, sight.frame)
        assert box is not None
        assert box.iou(sight.box) >= AGREE


@pytest.mark.parametrize("seed", range(6))
def test_there_are_hardly_more_marks_than_the_fewest_that_do(seed: int) -> None:
    """Compared with every choice of boxes to keep."""
    dice = np.random.default_rng(seed)
    frames = np.arange(12.0)
    way = boxes(np.cumsum(dice.normal(0, 4, 12)))
    assert len(thinned(frames, way)) <= fewest(frames, way) + 1


def fewest(frames: NDArray[np.float64], way: Boxes) -> int:
    inner = range(1, len(frames) - 1)
    for count in range(len(frames) - 1):
        for chosen in combinations(inner, count):
            knots = [0, *chosen, len(frames) - 1]
            pairs = list(pairwise(knots))
            if all(b == a + 1 or agrees(frames[a : b + 1], way[a : b + 1]) for a, b in pairs):
                return count + 2
    raise AssertionError("all boxes together always do")


def test_a_face_that_stays_has_a_mark_now_and_then() -> None:
    frames = np.arange(2.0 * REACH + 1)
    assert thinned(frames, boxes(np.zeros_like(frames))) == [0, REACH, 2 * REACH]


def test_where_it_is_not_seen_for_long_it_is_gone() -> None:
    marks = tuple(marks_of(sights([*range(10), *range(20, 30)]), 40, "yunet"))
    assert [(one.frame, one.gone) for one in marks] == [
        (0, False), (9, False), (10, True), (20, False), (29, False), (30, True),
    ]  # fmt: skip
    assert {one.by for one in marks} == {"yunet"}
    shown = [frame for frame in (9, 10, 19, 20, 29, 30) if box_at(marks, frame) is not None]
    assert shown == [9, 20, 29]


def test_a_video_that_ends_with_it_needs_no_end() -> None:
    assert not any(one.gone for one in marks_of(sights(list(range(30))), 30, "x"))


def test_a_blink_is_no_end_nor_are_rare_pictures() -> None:
    short = int(BLINK * 10)
    assert len(list(runs(sights([0, 1, 1 + short, 2 + short])))) == 1
    assert len(list(runs(sights([0, 1, 2 + short, 3 + short])))) == 2
    assert len(list(runs(sights([0, 1, 2, 3], fps=0.5)))) == 1


def track(number: int, age: float, x: float = 0.0, *, seen: bool = True) -> Track:
    return Track(number, Face(Box(x, 10, x + 40, 50), 0.9), age, seen)


def test_a_track_begins_with_its_first_sight_though_it_is_a_track_from_the_second() -> None:
    found = Sights(320, 240)
    for frame in range(12):
        pts = frame / 10
        found.add(pts, () if frame < 3 else (track(1, pts - 0.2),))
    ((first, *_),) = found.marks("x")
    assert first.frame == 2


def test_what_is_short_is_left_out_and_what_is_predicted_is_no_sight() -> None:
    found = Sights(320, 240)
    for frame in range(12):
        pts = frame / 10
        brief = (track(1, 0.0),) if frame < 5 else ()
        ghost = track(2, 0.0, 100, seen=frame < 3)
        found.add(pts, (*brief, ghost, track(3, pts, 200)))
    assert [marks[0].x1 for marks in found.marks("x")] == [200]


def test_half_a_second_is_enough() -> None:
    found = Sights(320, 240)
    for frame in range(6):
        found.add(frame / 10, (track(1, frame / 10),))
    assert len(found.marks("x")) == 1


def test_boxes_end_with_the_picture() -> None:
    assert within(Box(-10, -5, 20, 30), 100, 25) == Box(0, 0, 20, 25)
    assert within(Box(100, 0, 120, 20), 100, 100) is None
    assert within(Box(99.5, 0, 120, 20), 100, 100) is None


def medium(*faces: tuple[Mark, ...], frames: int = 100) -> Medium:
    return Medium(
        file="a.mp4", kind="video", sha256="0" * 64, width=320, height=240, frames=frames, fps=10,
        faces=tuple(LabelledFace(id=f"f{number}", marks=marks) for number, marks in enumerate(faces)),
    )  # fmt: skip


def test_who_is_there_is_not_proposed_again() -> None:
    there = (Mark(frame=0, x1=-5, y1=-10, x2=30, y2=30),)  # the whole head
    same, other = (mark(0), mark(50, gone=True)), (mark(0, 100), mark(50, 100, gone=True))
    assert unknown((same, other), medium(there)) == (other,)


def test_who_walks_past_somebody_is_somebody_else() -> None:
    there = (mark(0, 100),)
    past = (mark(0, 0), mark(99, 300))
    beside = (mark(0, 112),)
    assert not is_same(past, there)
    assert not is_same(beside, there)
    assert is_same((mark(0, 108),), there)


def test_who_is_gone_is_not_in_the_way() -> None:
    there = (mark(0), mark(10, gone=True))
    assert not is_same((mark(20), mark(40)), there)
    assert is_same((mark(5), mark(12)), there)
