from __future__ import annotations

import threading

import pytest

from streamer.metrics import BUCKETS, KEPT, Metrics, Pace, nearest_rank


def test_counts_are_kept_by_name_and_source() -> None:
    metrics = Metrics()
    metrics.count("captured", "a")
    metrics.count("captured", "b", 3)
    snapshot = metrics.snapshot()
    assert (snapshot.count("captured", "a"), snapshot.count("captured", "b"), snapshot.count("x")) == (1, 3, 0)


def test_counts_from_several_threads_add_up() -> None:
    metrics = Metrics()

    def count() -> None:
        for _ in range(2000):
            metrics.count("n")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.snapshot().count("n") == 8000


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.2, 1), (0.21, 2), (0.5, 3), (0.95, 5), (1.0, 5)])
def test_nearest_rank_by_hand(share: float, expected: float) -> None:
    assert nearest_rank([1, 2, 3, 4, 5], share) == expected


def test_timings_keep_the_last_samples_only() -> None:
    metrics = Metrics()
    for n in range(KEPT + 100):
        metrics.observe("age", float(n))
    timing = metrics.snapshot().timings["age", ""]
    assert (timing.count, timing.greatest) == (KEPT + 100, KEPT + 99)
    assert timing.p50 == 100 + KEPT / 2 - 1


def test_a_histogram_counts_everything_that_is_at_most_each_bound() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.005, 0.006, 0.3, 10.0, 99.0):
        metrics.observe("age", seconds, "hall")
    histogram = metrics.snapshot().histograms["age", "hall"]
    assert histogram.count == 6
    assert histogram.total == pytest.approx(109.312)
    assert tuple(histogram.buckets) == BUCKETS
    assert list(histogram.buckets.values()) == [2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5]


def test_a_histogram_forgets_nothing() -> None:
    metrics = Metrics()
    for _ in range(KEPT + 100):
        metrics.observe("age", 0.02)
    histogram = metrics.snapshot().histograms["age", ""]
    assert histogram.count == histogram.buckets[0.025] == KEPT + 100


def test_a_gauge_is_what_it_was_set_to_last() -> None:
    metrics = Metrics()
    metrics.set("level", 3, "hall")
    metrics.set("level", 1, "hall")
    assert metrics.snapshot().gauges == {("level", "hall"): 1}


def test_a_snapshot_stays_as_it_was() -> None:
    metrics = Metrics()
    metrics.observe("age", 0.02)
    before = metrics.snapshot()
    metrics.observe("age", 0.02)
    metrics.set("level", 1)
    metrics.count("n")
    assert before.histograms["age", ""].buckets[10.0] == before.timings["age", ""].count == 1
    assert not before.gauges
    assert not before.counts


def test_pace_is_events_a_second() -> None:
    pace = Pace()
    assert pace.tick(10.0) == 0.0
    rates = [pace.tick(10.0 + n / 25) for n in range(1, 100)]
    assert rates[-1] == pytest.approx(25.0)
    assert pace.tick(20.0) == 0.0
