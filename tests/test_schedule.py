from __future__ import annotations

from itertools import pairwise

import pytest

from streamer.governor import Governor
from streamer.schedule import Plan, Schedule
from streamer.types import Box, Face, Track


def track(id_: int, side: float = 100.0, *, seen: bool = True) -> Track:
    return Track(id_, Face(Box(0, 0, side, side), 0.9), 0.0, seen)


def sure(_: int) -> bool:
    return False


def busy(schedule: Schedule, *, look: float, rest: float, fps: float = 30.0, frames: int = 60) -> list[int]:
    """Run frames that cost so much; return the indices that were detected on."""
    detected = []
    for index in range(frames):
        looked = schedule.detect_now(index, index / fps, 0.0)
        detected += [index] if looked else []
        schedule.learn(look=look if looked else None, rest=rest, classify=0.0, faces=0)
        schedule.arrived(index / fps, 0.02)
    return detected


def test_a_fixed_k_detects_on_each_kth_frame() -> None:
    assert busy(Schedule(Plan(detect_every=3)), look=1.0, rest=1.0, frames=10) == [0, 3, 6, 9]


@pytest.mark.parametrize(
    ("look", "rest", "k"),
    [
        (0.010, 0.005, 1),  # 10 + 5 ms fit into 0.8 × 33.3 = 26.7 ms
        (0.030, 0.005, 2),  # 30/2 + 5 = 20
        (0.060, 0.005, 3),  # 60/3 + 5 = 25
        (0.500, 0.005, 15),  # never more than half a second
        (0.010, 0.030, 16),  # the rest alone is too much: each second frame is analysed
    ],
)
def test_k_is_the_smallest_that_fits_into_a_frame(look: float, rest: float, k: int) -> None:
    detected = [n for n in busy(Schedule(Plan(detect_every=None)), look=look, rest=rest, frames=120) if n > 30]
    if k == 16:
        schedule = Schedule(Plan(detect_every=None))
        busy(schedule, look=look, rest=rest, frames=120)
        assert (schedule.skips(120), schedule.skips(121)) == (True, False)
    else:
        assert {after - before for before, after in pairwise(detected)} == {k}


def test_the_first_look_does_not_count_for_it_is_the_slowest() -> None:
    schedule = Schedule(Plan(detect_every=None))
    busy(schedule, look=3.0, rest=0.001, frames=1)
    busy(schedule, look=0.005, rest=0.001, frames=3)
    assert schedule.every == 1


def test_one_look_that_is_out_of_line_changes_nothing() -> None:
    schedule = Schedule(Plan(detect_every=None))
    busy(schedule, look=0.005, rest=0.001)
    schedule.learn(look=5.0, rest=0.001, classify=0.0, faces=0)
    schedule.arrived(2.0, 0.02)
    assert schedule.every == 1


def test_dropped_frames_count_towards_k() -> None:
    schedule = Schedule(Plan(detect_every=3))
    assert [schedule.detect_now(i, i / 30, 0.0) for i in (0, 1, 5, 6, 8)] == [True, False, True, False, True]


def test_a_late_frame_is_not_detected_on_unless_it_must_be() -> None:
    schedule = Schedule(Plan(detect_every=None))
    looks = [i for i in range(12) if schedule.detect_now(i, i / 30, 0.0 if i == 0 else 0.5)]
    assert looks == [0, 9]  # after 0.3 s


def test_a_frame_is_late_where_a_look_would_not_fit_into_the_target() -> None:
    schedule = Schedule(Plan(detect_every=None), Governor(0.1))
    busy(schedule, look=0.020, rest=0.005)
    assert not schedule.detect_now(60, 60 / 30, 0.080)  # 80 + 20 + 5 ms
    assert schedule.detect_now(61, 61 / 30, 0.070)


def test_a_source_that_starts_again_is_detected_on() -> None:
    schedule = Schedule(Plan(detect_every=3))
    assert schedule.detect_now(100, 4.0, 0.0)
    assert schedule.detect_now(0, 0.0, 0.0)


def test_a_new_face_is_read_at_once_and_then_after_its_interval() -> None:
    schedule = Schedule(Plan(interval=0.25))
    read = [pts for pts in (0.0, 0.1, 0.2, 0.25, 0.3, 0.5) if schedule.choose([track(1)], pts, sure)]
    assert read == [0.0, 0.25, 0.5]


def test_a_doubtful_face_is_read_twice_as_often() -> None:
    schedule = Schedule(Plan(interval=0.2))
    read = [n for n in range(9) if schedule.choose([track(1)], n * 0.05, lambda _: True)]
    assert read == [0, 2, 4, 6, 8]


def test_a_face_that_grew_by_a_fifth_is_read_at_once() -> None:
    schedule = Schedule(Plan(interval=10))
    schedule.choose([track(1, 100)], 0.0, sure)
    assert not schedule.choose([track(1, 109)], 0.1, sure)  # area × 1.19
    assert schedule.choose([track(1, 110)], 0.2, sure)  # area × 1.21


def test_a_predicted_face_is_not_read() -> None:
    assert Schedule(Plan()).choose([track(1, seen=False)], 0.0, sure) == ()


def test_more_faces_than_a_batch_take_turns() -> None:
    schedule = Schedule(Plan(interval=0.1, batch=2))
    crowd = [track(n) for n in range(5)]
    seen: set[int] = set()
    for n in range(3):
        chosen = schedule.choose(crowd, n * 0.1, sure)
        assert len(chosen) == 2
        seen |= {t.id for t in chosen}
    assert seen == {0, 1, 2, 3, 4}


def slow_classifier(face: float, *, look: float = 0.005, target: float = 0.1) -> Schedule:
    schedule = Schedule(Plan(detect_every=None), Governor(target))
    for index in range(20):
        schedule.detect_now(index, index / 30, 0.0)
        schedule.learn(look=look, rest=0.001, classify=face * 9, faces=9)
    return schedule


def test_no_more_faces_are_read_than_fit_into_the_target_but_never_none() -> None:
    crowd = [track(n) for n in range(9)]
    # 100 − 5 − 1 ms leave room for three faces of 30 ms.
    assert len(slow_classifier(0.030).choose(crowd, 1.0, sure)) == 3
    assert len(slow_classifier(0.500).choose(crowd, 1.0, sure)) == 1


def test_everybody_is_read_again_within_a_second_and_a_half_however_long_it_takes() -> None:
    schedule = slow_classifier(0.060)
    crowd = [track(n) for n in range(90)]
    assert len(schedule.choose(crowd, 1.0, sure)) == 2  # 90 faces, 1/30 s, 1.5 s


def test_the_longest_unread_come_first() -> None:
    schedule = slow_classifier(0.030)
    crowd = [track(n) for n in range(7)]
    read = [[one.id for one in schedule.choose(crowd, 1.0 + n / 4, sure)] for n in range(4)]
    assert read == [[0, 1, 2], [3, 4, 5], [6, 0, 1], [2, 3, 4]]


def test_it_is_said_that_fewer_faces_were_read() -> None:
    schedule = slow_classifier(0.030)
    schedule.choose([track(n) for n in range(9)], 0.7, sure)
    assert schedule.note == "reading fewer faces at a time"
    schedule.detect_now(81, 2.71, 0.0)
    assert schedule.note == ""


def test_faces_that_do_not_fit_beside_the_look_wait_for_the_frame_after_it() -> None:
    governor = Governor(0.1)
    schedule = Schedule(Plan(detect_every=None), governor)
    for index in range(40):
        looked = schedule.detect_now(index, index / 30, 0.0)
        schedule.learn(look=0.070 if looked else None, rest=0.001, classify=0.030, faces=1)
        schedule.arrived(index / 30, 0.08)
    assert schedule.every > 1
    assert len(schedule.choose([track(n) for n in range(2)], 2.0, sure)) == 2
    assert schedule.hold
    schedule.choose([], 2.0, sure)
    assert not schedule.hold


def test_a_file_is_read_as_planned_whatever_it_costs() -> None:
    schedule = Schedule(Plan(detect_every=1))
    assert busy(schedule, look=1.0, rest=1.0, frames=50) == list(range(50))
    schedule.learn(look=1.0, rest=1.0, classify=9.0, faces=9)
    assert len(schedule.choose([track(n) for n in range(9)], 2.0, sure)) == 9
    assert (schedule.note, schedule.hold, schedule.skips(50)) == ("", False, False)


def test_nothing_is_kept_of_a_track_that_ended() -> None:
    schedule = Schedule(Plan(interval=10))
    schedule.choose([track(1)], 0.0, sure)
    schedule.choose([], 0.1, sure)
    assert schedule.choose([track(1)], 0.2, sure)
