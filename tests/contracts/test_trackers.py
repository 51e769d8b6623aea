"""What every tracker promises, and what Norfair's must do with people that move, hide and leave."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from streamer.stages import Tracker
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.trackers.still import StillTracker
from streamer.types import Box, Face, Track, unknown_landmarks

FPS = 30.0

SHAPE = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)], np.float32)
"""Landmarks of a frontal face in shares of its box."""


def face(x: float, y: float = 300, size: float = 100, *, mouth: bool = True) -> Face:
    """A square face around (x, y)."""
    corner = np.array([x - size / 2, y - size / 2], np.float32)
    landmarks = corner + SHAPE * size
    if not mouth:
        landmarks[3:] = np.nan
    return Face(Box(*corner, *(corner + size)), 0.9, landmarks.astype(np.float32))


def run(
    tracker: Tracker, shown: Callable[[float], Sequence[Face] | None], until: float, *, start: float = 0.0
) -> list[tuple[float, tuple[Track, ...]]]:
    """Updates at ``FPS`` from ``start`` to ``until`` seconds, both included; ``shown`` gives the faces of a time."""
    times = [start + i / FPS for i in range(round((until - start) * FPS) + 1)]
    return [(pts, tracker.update(shown(pts), pts)) for pts in times]


def ids(tracks: Sequence[Track]) -> list[int]:
    return [track.id for track in tracks]


@pytest.mark.parametrize("make", [NorfairTracker, StillTracker])
class TestEveryTracker:
    def test_nobody_gives_no_tracks(self, make: Callable[[], Tracker]) -> None:
        tracker = make()
        assert tracker.update((), 0.0) == ()
        assert tracker.update(None, 0.1) == ()
        assert tracker.update([], 0.2) == ()

    def test_faces_come_back_as_they_were_found(self, make: Callable[[], Tracker]) -> None:
        tracker = make()
        faces = [face(100), face(400), face(700)]
        tracker.update(faces, 0.0)
        tracks = tracker.update(faces, 0.04)
        assert {id(track.face) for track in tracks} == {id(known) for known in faces}
        assert all(track.seen for track in tracks)
        assert len(set(ids(tracks))) == 3

    def test_ids_are_not_shared_between_trackers(self, make: Callable[[], Tracker]) -> None:
        for _ in range(2):
            tracker = make()
            firsts = [ids(tracker.update([face(100)], pts)) for pts in (0.0, 0.04)]
            assert firsts[-1][0] <= 2
            assert next(known for known in firsts if known) == [1]

    def test_after_a_reset_everybody_is_new_and_no_id_comes_again(self, make: Callable[[], Tracker]) -> None:
        tracker, faces = make(), [face(100), face(400)]
        given: list[int] = []
        for start in (0.0, 1.0, 2.0):
            new = {
                known for _, tracks in run(tracker, lambda _: faces, start + 0.3, start=start) for known in ids(tracks)
            }
            assert len(new) >= 2
            assert not new & set(given)
            given += new
            tracker.reset()
            assert tracker.update(None, start + 0.4) == ()


def test_in_unrelated_pictures_everybody_is_somebody_new() -> None:
    tracker = StillTracker()
    assert ids(tracker.update([face(100), face(400)], 0.0)) == [1, 2]
    (third,) = tracker.update([face(100)], 1.0)
    assert (third.id, third.age, third.seen) == (3, 0.0, True)


def test_a_face_is_shown_from_its_second_sighting_and_its_age_counts_from_the_first() -> None:
    tracker = NorfairTracker()
    assert tracker.update([face(100)], 5.0) == ()
    (track,) = tracker.update([face(101)], 5.1)
    assert track.id == 1
    assert track.age == pytest.approx(0.1)


def test_a_single_wrong_find_is_never_shown() -> None:
    tracker = NorfairTracker()
    history = run(tracker, lambda pts: [face(100)] if pts == 0.5 else [], 4)
    assert all(tracks == () for _, tracks in history)


@pytest.mark.parametrize("fps", [5, 12, 30, 60])
@pytest.mark.parametrize("every", [1, 3])
def test_walking_people_keep_their_ids_at_any_rate(fps: int, every: int) -> None:
    """Two people cross the room in opposite directions, one and a half face sizes a second, 1.2 sizes apart."""
    tracker = NorfairTracker()
    seen = set()
    for i in range(6 * fps):
        pts = i / fps
        people = [face(100 + 150 * pts, 200), face(1000 - 150 * pts, 320)]
        tracks = tracker.update(people if i % every == 0 else None, pts)
        seen.update(ids(tracks))
        for track in tracks:
            there = people[0] if track.id == 1 else people[1]
            assert track.face.box.iou(there.box) > (0.5 if fps > 5 else 0.2)
    assert seen == {1, 2}


def test_frames_that_were_dropped_do_not_matter() -> None:
    tracker = NorfairTracker()
    random = np.random.default_rng(3)
    pts, seen = 0.0, set()
    for _ in range(150):
        seen.update(ids(tracker.update([face(100 + 120 * pts), face(400 + 120 * pts)], pts)))
        pts += float(random.choice([0.033, 0.067, 0.1, 0.2]))
    assert seen == {1, 2}


def test_on_skipped_frames_faces_move_on_and_stay_seen() -> None:
    tracker = NorfairTracker()
    for i in range(60):
        pts = i / FPS
        true = face(100 + 200 * pts)
        tracks = tracker.update([true] if i % 3 == 0 else None, pts)
        if i > 30:
            (track,) = tracks
            assert track.seen
            assert track.face.box.center == pytest.approx(true.box.center, abs=4)
            np.testing.assert_allclose(track.face.landmarks, true.landmarks, atol=4)
            assert track.face.box.width == pytest.approx(100)


def test_who_was_missed_by_the_latest_detection_is_not_seen_until_found_again() -> None:
    tracker = NorfairTracker()
    shown: list[Sequence[Face] | None] = [[face(100)], [face(100)], [], None, None, [face(100)], None]
    flags = [[track.seen for track in tracker.update(faces, i / FPS)] for i, faces in enumerate(shown)]
    assert flags == [[], [True], [False], [False], [False], [True], [True]]


def test_a_short_occlusion_keeps_the_id_and_a_long_one_does_not() -> None:
    for hidden, expected in ((0.9, {1}), (1.2, {1, 2})):
        tracker = NorfairTracker()
        history = run(tracker, lambda pts, end=2 + hidden: [] if 2 < pts < end else [face(300)], 6)  # type: ignore[misc]  # a default binds the loop's value
        assert {known for _, tracks in history for known in ids(tracks)} == expected


def test_who_walks_behind_somebody_comes_out_with_the_same_id() -> None:
    """One passes behind another who stands, and is hidden for 0.7 s."""

    def shown(pts: float) -> list[Face]:
        walker, stander = face(100 + 200 * pts, 290, 90), face(500, 300, 110)
        return [stander] if walker.box.overlap(stander.box) > 0.3 * walker.box.area else [walker, stander]

    for every in (1, 3):
        tracker = NorfairTracker()
        history = [
            (i / FPS, tracker.update(shown(i / FPS) if i % every == 0 else None, i / FPS)) for i in range(int(4 * FPS))
        ]
        assert {known for _, tracks in history for known in ids(tracks)} == {1, 2}
        after = {track.id: track.face.box.center[0] for track in history[-1][1]}
        before = {track.id: track.face.box.center[0] for track in history[10][1]}
        (walker,) = (known for known in before if before[known] < 400)
        assert after[walker] > 800


def test_who_leaves_leaves_no_ghost() -> None:
    tracker = NorfairTracker()
    history = run(tracker, lambda pts: [face(300)] if pts <= 2 else [], 5)
    unseen = [pts for pts, tracks in history if any(not track.seen for track in tracks)]
    assert max(unseen) == pytest.approx(3.0, abs=1 / FPS)
    assert all(tracks == () for pts, tracks in history if pts > 3.01)


def test_time_unseen_counts_only_when_somebody_looked_but_two_seconds_end_everybody() -> None:
    tracker = NorfairTracker()
    run(tracker, lambda _: [face(300)], 1)
    history = run(tracker, lambda _: None, 4, start=1 + 1 / FPS)
    assert max(pts for pts, tracks in history if tracks) == pytest.approx(3.0, abs=1 / FPS)


def test_who_is_missed_by_a_late_look_is_gone_at_once() -> None:
    tracker = NorfairTracker()
    run(tracker, lambda _: [face(300)], 1)
    run(tracker, lambda _: None, 2.4, start=1 + 1 / FPS)
    assert ids(tracker.update([], 2.5)) == []
    assert ids(tracker.update(None, 2.6)) == []


@pytest.mark.parametrize(("fps", "every"), [(25.0, 30), (25.0, 50), (0.5, 1), (1.0, 2), (15.0, 29)])
def test_with_up_to_two_seconds_between_looks_people_keep_their_ids(fps: float, every: int) -> None:
    tracker = NorfairTracker()
    shown = []
    for i in range(6 * every):
        pts = round(100.0 + i / fps, 3)  # as some containers round it
        people = [face(200 + 10 * pts), face(500 + 10 * pts)]
        shown.append(ids(tracker.update(people if i % every == 0 else None, pts)))
    assert all(known == [] for known in shown[:every])
    assert all(known == [1, 2] for known in shown[every:])


def test_with_more_than_two_seconds_between_frames_everybody_is_shown_at_once_and_new_each_time() -> None:
    tracker = NorfairTracker()
    history = [tracker.update([face(100), face(400)], i / 0.3) for i in range(4)]
    assert [ids(tracks) for tracks in history] == [[], [1, 2], [3, 4], [5, 6]]
    assert all(track.seen and track.age == 0.0 for tracks in history for track in tracks)


def test_with_more_than_two_seconds_between_looks_people_stay_for_two_seconds() -> None:
    tracker = NorfairTracker()
    history = [(i / 10, tracker.update([face(100)] if i % 30 == 0 else None, i / 10)) for i in range(90)]
    assert {known for pts, tracks in history if 3 <= pts < 5.05 for known in ids(tracks)} == {1}
    assert all(tracks == () for pts, tracks in history if pts < 3 or 5.05 < pts < 6)
    assert ids(history[60][1]) == [2]


@pytest.mark.parametrize("pause", [2.1, 100.0, -0.5])
def test_after_a_gap_or_a_step_back_everybody_is_new(pause: float) -> None:
    tracker = NorfairTracker()
    people = [face(100), face(400)]
    assert ids(run(tracker, lambda _: people, 1)[-1][1]) == [1, 2]
    later = run(tracker, lambda _: people, 2 + pause, start=1 + pause)
    assert ids(later[0][1]) == ([3, 4] if pause > 0 else [])
    assert ids(later[-1][1]) == [3, 4]
    assert later[-1][1][0].age == pytest.approx(1.0)


def test_ids_of_those_who_left_are_not_given_again() -> None:
    tracker = NorfairTracker()
    given = []
    for visit in range(5):
        given.append(ids(run(tracker, lambda _: [face(300)], 3 * visit + 1, start=3 * visit)[-1][1]))
        run(tracker, lambda _: [], 3 * visit + 2.9, start=3 * visit + 1.1)
    assert given == [[1], [2], [3], [4], [5]]


def test_distance_is_in_sizes_of_the_face() -> None:
    for size, expected in ((400, {1}), (20, {1, 2})):
        tracker = NorfairTracker()
        seen = set()
        for i in range(6):
            seen.update(ids(tracker.update([face(300 if i < 3 else 400, size=size)], i / 10)))
        assert seen == expected


def test_who_appears_beside_the_place_of_one_who_left_is_somebody_else() -> None:
    tracker = NorfairTracker()
    history = run(tracker, lambda pts: [face(300 if pts < 1 else 420)], 1.5)
    assert {track.id for track in history[-1][1] if track.seen} == {2}


def test_landmarks_tell_faces_apart_whose_boxes_do_not() -> None:
    """Two boxes in one place; one face looks to the left, the other to the right."""
    plain = face(300)
    tracker = NorfairTracker()
    looks = [Face(plain.box, 0.9, plain.landmarks + np.array([dx, 0], np.float32)) for dx in (-25, 25)]
    tracker.update(looks, 0.0)
    first = {track.id: track.face for track in tracker.update(looks, 0.04)}
    again = {track.id: track.face for track in tracker.update(looks[::-1], 0.08)}
    assert first == again
    assert len(first) == 2


@pytest.mark.parametrize("mouth", [True, False])
def test_unknown_landmarks_stay_unknown_and_harm_nothing(mouth: bool) -> None:
    tracker = NorfairTracker()
    for i in range(31):
        shown = face(100 + 5 * i, mouth=mouth) if i % 4 else Face(face(100 + 5 * i).box, 0.9, unknown_landmarks())
        tracks = tracker.update([shown] if i % 2 == 0 else None, i / FPS)
    (track,) = tracks
    assert track.id == 1
    np.testing.assert_array_equal(np.isnan(track.face.landmarks).any(1), [False, False, False, not mouth, not mouth])


def test_a_new_neighbour_does_not_take_an_id() -> None:
    tracker = NorfairTracker()
    run(tracker, lambda _: [face(300), face(410)], 1)
    (last,) = run(tracker, lambda _: [face(300), face(410), face(355, 200)], 1.2, start=1 + 1 / FPS)[-1:]
    centers = {track.id: track.face.box.center for track in last[1]}
    assert centers == {1: (300, 300), 2: (410, 300), 3: (355, 200)}


def test_the_library_says_nothing(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    handlers = list(logging.getLogger().handlers)
    run(NorfairTracker(), lambda _: [face(300), face(500)], 1)
    assert capsys.readouterr() == ("", "")
    assert caplog.records == []
    assert logging.getLogger().handlers == handlers
