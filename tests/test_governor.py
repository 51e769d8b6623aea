from __future__ import annotations

import random
from itertools import pairwise

import pytest

from streamer.governor import HOLD, LADDER, SELDOM, Governor, Load, Typical, frames
from streamer.metrics import nearest_rank
from tests.simulated import Costs, World


def load(*, look: float = 0.0, rest: float = 0.0, face: float = 0.0, faces: int = 0, fps: float = 30.0) -> Load:
    one = Load(0.25)
    one.period, one.faces = 1 / fps, faces
    one.look.add(look)
    one.rest.add(rest)
    one.face.add(face)
    return one


def governed(*loads: Load) -> Governor:
    governor = Governor(0.1)
    for one in loads:
        governor.join(one)
    return governor


def results(governor: Governor, loads: list[Load], start: float, seconds: float, age: float) -> list[int]:
    """Thirty results a second of such an age; the levels that were gone through."""
    levels = [governor.level]
    for n in range(round(seconds * 30)):
        now = start + n / 30
        for one in loads:
            one.heard = now
        governor.arrived(now, age)
        levels += [governor.level] if governor.level != levels[-1] else []
    return levels


def p95(ages: list[float]) -> float:
    return nearest_rank(sorted(ages), 0.95)


@pytest.mark.parametrize(
    ("seconds", "fps", "count"),
    [(0.0, 30, 1), (1 / 15, 30, 2), (0.1, 30, 3), (0.1, 25, 3), (0.5, 30, 15), (0.5, 2, 1), (0.5, 1, 1), (0.1, 60, 6)],
)
def test_seconds_are_so_many_frames(seconds: float, fps: float, count: int) -> None:
    assert frames(seconds, 1 / fps) == count


def test_a_period_that_wavers_stays_and_one_that_changed_is_taken() -> None:
    one = Load(0.25)
    chance = random.Random(1)
    for _ in range(20):
        one.gap(1 / 30)
    period = one.period
    for _ in range(300):
        one.gap(1 / 30 * chance.uniform(0.9, 1.1))
        assert one.period == period
    for _ in range(15):
        one.gap(1 / 15)
    assert one.period == 1 / 15


def test_every_rung_asks_for_less_than_the_one_below() -> None:
    one = load(look=0.05, rest=0.01, face=0.01, faces=4)
    shares = [one.share(rung) for rung in LADDER]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) == len(LADDER)
    assert shares[0] == pytest.approx(30 * 0.05 + 30 * 0.01 + 4 / 0.25 * 0.01)
    assert shares[-1] == pytest.approx(30 / 4 * 0.01 + 2 * 0.05 + 4 / 1.0 * 0.01, rel=0.02)


def test_no_rung_reads_less_often_than_once_a_second_unless_that_is_wanted() -> None:
    assert Load(0.5).reading(LADDER[-1]) == SELDOM
    assert Load(3.0).reading(LADDER[-1]) == 3.0


def test_the_median_does_not_see_one_value_out_of_line() -> None:
    typical = Typical(5)
    for value in (1.0, 1.0, 9.0, 1.0, 1.0):
        typical.add(value)
    assert typical.value == 1.0


def test_too_much_work_is_shed_at_once_by_as_much_as_it_takes() -> None:
    one = load(look=0.060, rest=0.005)
    assert results(governed(one), [one], 0.0, 0.1, 0.02) == [0, 2]  # 60/3 + 5 ms of 33


def test_the_work_of_all_cameras_counts() -> None:
    cameras = [load(look=0.015, rest=0.005) for _ in range(3)]
    alone, together = governed(cameras[0]), governed(*cameras)
    assert results(alone, cameras[:1], 0.0, 0.1, 0.02) == [0]
    assert results(together, cameras, 0.0, 0.1, 0.02)[-1] == 3  # 3 × (15/4 + 5) ms


def test_a_camera_that_is_gone_asks_for_nothing() -> None:
    left, right = (load(look=0.018, rest=0.002) for _ in range(2))
    governor = governed(left, right)
    assert results(governor, [left, right], 0.0, 1.0, 0.02)[-1] > 0
    assert results(governor, [left], 1.0, 8.0, 0.02)[-1] == 0


def test_late_results_shed_work_where_the_thread_is_busy() -> None:
    busy, idle = load(look=0.008, rest=0.015), load(rest=0.001)
    assert results(governed(busy), [busy], 0.0, 3.0, 0.15)[-1] >= 3
    assert results(governed(idle), [idle], 0.0, 3.0, 0.15) == [0]  # less of nothing would not help


def test_a_look_that_takes_longer_than_the_target_makes_no_result_late() -> None:
    one = load(look=0.200, rest=0.002, fps=3)
    assert results(governed(one), [one], 0.0, 5.0, 0.22) == [0]


def test_a_single_late_result_changes_nothing() -> None:
    one = load(look=0.010, rest=0.008)
    governor = governed(one)
    results(governor, [one], 0.0, 2.0, 0.02)
    one.heard = 2.0
    governor.arrived(2.0, 5.0)
    assert results(governor, [one], 2.01, 1.0, 0.02) == [0]


def test_work_comes_back_one_rung_at_a_time() -> None:
    one = load(look=0.200, rest=0.002)
    governor = governed(one)
    top = results(governor, [one], 0.0, 0.1, 0.02)[-1]
    one.look = Typical(5)
    one.look.add(0.001)
    levels = results(governor, [one], 0.1, (top + 0.5) * HOLD, 0.02)
    assert levels == list(range(top, -1, -1))


def test_a_load_near_the_limit_does_not_flicker() -> None:
    one = load(look=0.0, rest=0.0)
    governor = governed(one)
    levels = [0]
    for n in range(1800):  # 77 and 81 % of a frame's time, five seconds each
        one.look.add(0.0270 if n // 150 % 2 else 0.0255)
        levels += results(governor, [one], n / 30, 1 / 30, 0.02)[1:]
    assert levels == [0, 1]


def test_what_did_not_hold_is_tried_ever_later() -> None:
    """Costs that lie: late as soon as anything more is done than on rung 2."""
    one = load(look=0.008, rest=0.012)
    governor = governed(one)
    times = []
    for n in range(30 * 120):
        before, one.heard = governor.level, n / 30
        governor.arrived(n / 30, 0.2 if governor.level < 2 else 0.02)
        if governor.level < before:
            times.append(n / 30)
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[:4] == sorted(gaps[:4])
    assert gaps[3] > 4 * gaps[0]
    assert len(times) < 10


def test_a_clock_that_starts_again_is_believed() -> None:
    one = load(look=0.060, rest=0.005)
    governor = governed(one)
    results(governor, [one], 5000.0, 1.0, 0.02)
    one.look = Typical(5)
    one.look.add(0.001)
    assert results(governor, [one], 0.0, 20.0, 0.02)[-1] == 0


OVERLOADS = [
    Costs(look=0.070, face=0.075, rest=0.003),
    Costs(look=0.085, face=0.037, rest=0.003),
    Costs(look=0.020, face=0.190, rest=0.003),
]
"""Each needs three seconds for one of three faces at 30 frames a second: 30 looks, 12 readings, 30 times the rest."""


@pytest.fixture(scope="module")
def unhurried() -> dict[int, float]:
    """Valence by frame where nothing takes any time."""
    world = World([30], Costs(), target=None)
    world.run(40)
    assert len(world.results) == 1200
    return valences(world)


def valences(world: World) -> dict[int, float]:
    return {r.index: r.mood.valence for r, _ in world.results if r.mood and r.mood.valence is not None}


@pytest.mark.parametrize("costs", OVERLOADS, ids=["both", "detector", "classifier"])
def test_under_threefold_overload_results_stay_fresh_and_the_mood_right(
    costs: Costs, unhurried: dict[int, float]
) -> None:
    assert 2.9 < 30 * costs.look + 12 * costs.face + 30 * costs.rest < 3.1
    world = World([30], costs)
    world.run(40)
    quarters = [p95([age for r, age in world.results if 10 * n <= r.pts < 10 * n + 10]) for n in range(4)]
    least = max(costs.look, costs.face) + costs.rest
    assert max(quarters) <= max(0.1, least + 0.02), "near the target, or what a single look or reading takes"
    assert max(quarters[1:]) <= 1.1 * quarters[1], "and flat"
    wrong = {index: abs(value - unhurried[index]) for index, value in valences(world).items()}
    assert max(wrong.values()) < 0.1
    assert len(wrong) > 250
    line = world.lines[0]
    assert "detecting on 1 frame in" in line.camera.analyzer.schedule.note
    assert "reading faces every" in line.camera.analyzer.schedule.note
    gauges = world.metrics.snapshot().gauges
    assert gauges["governor level", line.name] > 3
    assert gauges["detect every", line.name] > 3
    assert line.frames.received == world.metrics.snapshot().count("processed", line.name) + line.dropped


def test_without_overload_nothing_is_reduced() -> None:
    world = World([30], Costs(look=0.015, face=0.004, rest=0.003))
    world.run(20)
    assert len(world.results) == 600
    assert world.detector.calls == 600
    assert world.lines[0].camera.analyzer.schedule.note == ""


def test_when_the_overload_ends_everything_is_done_again() -> None:
    world = World([30], Costs(look=0.085, face=0.037, rest=0.003))
    world.run(10)
    assert world.governor is not None
    assert world.governor.level > 0
    world.costs.look, world.costs.face = 0.008, 0.002
    world.run(25)
    assert world.governor.level == 0
    assert p95(world.ages(15)) < 0.03


def test_of_four_cameras_none_starves_under_overload_not_even_beside_a_faster_one() -> None:
    world = World([30, 30, 30, 60], Costs(look=0.060, face=0.010, rest=0.004))
    looks: dict[str, int] = {}
    world.run(20, lambda: None)
    for result, _ in world.results:
        looks[result.source] = looks.get(result.source, 0) + ("detect" in result.seconds)
    counts = [sum(r.source == line.name for r, _ in world.results) for line in world.lines]
    assert min(counts) > 0.95 * max(counts)
    assert min(looks.values()) > 0.9 * max(looks.values())
    assert p95(world.ages(2)) < 0.125


def test_looks_are_spread_over_the_rounds_where_they_do_not_fit_into_one() -> None:
    world = World([30] * 4, Costs(look=0.060, face=0.002, rest=0.002))
    world.run(15)
    rounds = [sum("detect" in result.seconds for result in told) for told in world.told[20:]]
    assert max(rounds) == 1


def test_what_one_camera_has_to_read_counts_for_the_looks_of_the_others() -> None:
    world = World([30] * 8, Costs(look=0.010, face=0.010, rest=0.003))
    world.run(15)
    assert p95(world.ages(2)) < 0.13


def test_of_many_cameras_a_round_takes_as_many_as_there_is_time_for_in_turn() -> None:
    world = World([25] * 16, Costs(look=0.020, face=0.004, rest=0.012))
    world.run(20)
    assert max(len(told) for told in world.told[40:]) <= 5  # half of 100 ms
    counts = [sum(r.source == line.name for r, _ in world.results) for line in world.lines]
    assert min(counts) > 0.9 * max(counts)
    assert all(line.frames.received == count + line.dropped for line, count in zip(world.lines, counts, strict=True))
    assert world.metrics.snapshot().count("skipped", "camera 3") > 0
