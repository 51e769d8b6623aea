from __future__ import annotations

import pytest

from streamer.schedule import Plan, Schedule
from streamer.types import Box, Face, Track


def track(id_: int, side: float = 100.0, *, seen: bool = True) -> Track:
    return Track(id_, Face(Box(0, 0, side, side), 0.9), 0.0, seen)


def sure(_: int) -> bool:
    return False


def busy(schedule: Schedule, *, detect: float, rest: float, fps: float = 30.0, frames: int = 60) -> list[int]:
    """Run frames that cost so much; return the indices that were detected on."""
    detected = []
    for index in range(frames):
        looked = schedule.detect_now(index, index / fps, 0.0)
        detected += [index] if looked else []
        schedule.learn(detect=detect if looked else None, rest=rest, classify=0.0, faces=0)
    return detected


def test_a_fixed_k_detects_on_each_kth_frame() -> None:
    assert busy(Schedule(Plan(detect_every=3)), detect=1.0, rest=1.0, frames=10) == [0, 3, 6, 9]


@pytest.mark.parametrize(
    ("detect", "rest", "k"),
    [
        (0.010, 0.005, 1),  # 10 + 5 ms fit into 0.8 × 33.3 = 26.7 ms
        (0.030, 0.005, 2),  # 30/2 + 5 = 20
        (0.060, 0.005, 3),  # 60/3 + 5 = 25
        (0.500, 0.005, 6),  # never more than 6
        (0.010, 0.050, 6),  # the rest alone is too much
    ],
)
def test_k_is_the_smallest_that_fits_into_a_frame(detect: float, rest: float, k: int) -> None:
    schedule = Schedule(Plan(detect_every=None))
    busy(schedule, detect=detect, rest=rest)
    assert schedule.every == k


def test_the_first_detection_does_not_count_for_it_is_the_slowest() -> None:
    schedule = Schedule(Plan(detect_every=None))
    busy(schedule, detect=3.0, rest=0.001, frames=1)
    busy(schedule, detect=0.005, rest=0.001, frames=3)
    assert schedule.every == 1


def test_k_comes_down_again_when_the_load_does() -> None:
    schedule = Schedule(Plan(detect_every=None))
    busy(schedule, detect=0.060, rest=0.005)
    busy(schedule, detect=0.005, rest=0.005, frames=300)
    assert schedule.every == 1


def test_dropped_frames_count_towards_k() -> None:
    schedule = Schedule(Plan(detect_every=3))
    assert [schedule.detect_now(i, i / 30, 0.0) for i in (0, 1, 5, 6, 8)] == [True, False, True, False, True]


def test_a_late_frame_is_not_detected_on_unless_it_must_be() -> None:
    schedule = Schedule(Plan(detect_every=None))
    looks = [schedule.detect_now(i, i / 30, 0.0 if i == 0 else 0.5) for i in range(8)]
    assert looks == [True, False, False, False, False, False, True, False]


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


def test_a_slow_classifier_reads_fewer_faces_a_frame_but_never_none() -> None:
    schedule = Schedule(Plan(detect_every=None))
    crowd = [track(n) for n in range(9)]
    for index in range(20):
        schedule.detect_now(index, index / 30, 0.0)
        schedule.learn(detect=0.005, rest=0.001, classify=0.004 * 9, faces=9)
    # Half of 0.8 × 33.3 ms is 13.3 ms: three faces of 4 ms.
    assert len(schedule.choose(crowd, 1.0, sure)) == 3


def test_nothing_is_kept_of_a_track_that_ended() -> None:
    schedule = Schedule(Plan(interval=10))
    schedule.choose([track(1)], 0.0, sure)
    schedule.choose([], 0.1, sure)
    assert schedule.choose([track(1)], 0.2, sure)
