from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from streamer.errors import ConfigError
from streamer.moments import MomentRules, Moments, sentence
from streamer.types import Moment

METER = 5.0
"""Seconds over which the meter is smoothed."""

NOISE = 0.04
"""Standard deviation of the meter in a room where nothing happens."""


def meter(
    truth: Callable[[float], float], seconds: float, rate: float = 5.0, seed: int | None = None
) -> list[float | None]:
    """What the meter says of a room's true valence, with noise that is alike over METER unless there is no seed."""
    kept = math.exp(-1 / (rate * METER))
    rng = np.random.default_rng(seed)
    shocks = math.sqrt(1 - kept * kept) * (0.0 if seed is None else NOISE) * rng.normal(size=round(seconds * rate))
    value, noise, said = truth(0.0), 0.0, []
    for index, shock in enumerate(shocks):
        value, noise = kept * value + (1 - kept) * truth(index / rate), kept * noise + float(shock)
        said.append(value + noise)
    return list(said)


def step(height: float, start: float = 60.0, seconds: float = math.inf, level: float = 0.1) -> Callable[[float], float]:
    return lambda time: level + (height if start <= time < start + seconds else 0.0)


def watch(
    valences: Sequence[float | None], rate: float = 5.0, half: float | None = 0.1, moments: Moments | None = None
) -> list[Moment | None]:
    moments = moments or Moments()
    return [moments.update(valence, half, index / rate) for index, valence in enumerate(valences)]


def ended(said: Sequence[Moment | None]) -> list[Moment]:
    return [moment for moment in said if moment is not None and moment.over]


def test_a_calm_room_has_no_moments() -> None:
    """Ten hours: not more than one an hour was wanted, none is usual."""
    assert sum(len(ended(watch(meter(lambda _: 0.1, 3600, 2, seed), 2))) for seed in range(10)) <= 2


def is_near(moment: Moment, height: float) -> bool:
    """Whether it is that step of 40 s at 60 s, for all the meter's lag."""
    places = abs(moment.start - 60) <= 3 and abs(moment.seconds - 40) <= 6
    return places and abs(moment.change - height) <= 0.08


@pytest.mark.parametrize("height", [0.35, -0.35, 0.5])
def test_a_lift_is_found_where_it_was(height: float) -> None:
    (moment,) = ended(watch(meter(step(height, 60, 40), 160)))
    assert is_near(moment, height)


@pytest.mark.parametrize("height", [0.35, -0.35])
def test_a_lift_is_found_in_noise(height: float) -> None:
    """Each is found, and once; of the 40, at most 8 are misjudged by more than the noise-free one may be."""
    runs = [ended(watch(meter(step(height, 60, 40), 160, seed=seed))) for seed in range(40)]
    assert [len(moments) for moments in runs] == [1] * 40
    assert sum(is_near(moment, height) for (moment,) in runs) >= 32


def test_a_moment_by_hand() -> None:
    """No noise, no lag, a second between frames: 0.1 for 30 s, +0.4 for 20 s, then 0.1. Beyond at 30…49, and at 34 for
    4 s; back at 50, and at 54 for 4 s."""
    said = watch([0.1] * 30 + [0.5] * 20 + [0.1] * 30, 1)
    assert [second for second, moment in enumerate(said) if moment] == list(range(34, 55))
    assert rounded(said[34]) == Moment(30, 4, 0.4, over=False)
    assert rounded(said[53]) == Moment(30, 19, 0.4, over=False)
    assert rounded(said[54]) == Moment(30, 19, 0.4, over=True)


def rounded(moment: Moment | None) -> Moment:
    assert moment is not None
    return replace(moment, change=round(moment.change, 9))


def test_where_a_moment_begins_and_ends() -> None:
    """Not where it first left the inner half if that was long before, nor where most of it had gone."""
    (hesitant,) = ended(watch([0.1] * 30 + [0.2] * 8 + [0.5] * 20 + [0.1] * 10, 1))
    assert (hesitant.start, hesitant.seconds) == (34, 23)
    (lingering,) = ended(watch([0.1] * 30 + [0.9] * 20 + [0.3] * 5 + [0.1] * 10, 1))
    assert (lingering.start, lingering.seconds) == (30, 19)


def test_short_dips_do_not_end_a_moment() -> None:
    (moment,) = ended(watch([0.1] * 30 + ([0.5] * 5 + [0.1] * 3) * 3 + [0.1] * 10, 1))
    assert (moment.start, moment.seconds) == (30, 20)


def test_a_short_or_small_departure_is_none() -> None:
    assert watch([0.1] * 30 + [0.5] * 4 + [0.1] * 30, 1) == [None] * 64
    assert watch([0.1] * 30 + [0.24] * 20 + [0.1] * 30, 1) == [None] * 80
    assert watch(([0.1] * 30 + [0.4, 0.4, 0.4, 0.21] * 5 + [0.1] * 30), 1) == [None] * 80, "with breaks"


@pytest.mark.parametrize(("half", "found"), [(None, 1), (0.05, 1), (0.25, 1), (0.4, 0)])
def test_what_the_interval_leaves_open_is_none(half: float | None, found: int) -> None:
    assert len(ended(watch(meter(step(0.35, 60, 40), 160), half=half))) == found


def test_a_step_that_stays_becomes_usual() -> None:
    moments = Moments()
    said = watch(meter(step(0.35), 400, seed=1), moments=moments)
    (moment,) = ended(said)
    assert moment.seconds == pytest.approx(120, abs=1)
    assert moment.change == pytest.approx(0.35, abs=0.05)
    assert said[-1] is None
    assert moments.trend == pytest.approx(0.45, abs=0.05)


def test_the_trend_is_held_during_a_moment() -> None:
    moments, trends = Moments(), []
    for index, valence in enumerate(meter(step(0.35, 60, 40), 160)):
        moments.update(valence, None, index / 5)
        trends.append(moments.trend)
    assert len(set(trends[5 * 66 : 5 * 100])) == 1
    assert trends[5 * 100] == pytest.approx(0.1, abs=0.01)


def test_the_trend_is_the_mean_at_first_and_then_forgets() -> None:
    """A slow wave of ±0.05 passes no threshold. Early on: the mean so far. Late: the moving average of that time
    constant, from its own formula."""
    moments, values = Moments(MomentRules(tau=60)), []
    assert moments.trend is None
    average = 0.0
    for index in range(6000):
        values.append(0.05 * math.sin(index / 200))
        moments.update(values[-1], None, index / 10)
        average += (values[-1] - average) / 600
        if index in (50, 100):
            assert moments.trend == pytest.approx(np.mean(values), abs=0.001)
    assert moments.trend == pytest.approx(average, abs=0.001)


def test_nothing_is_a_moment_at_first() -> None:
    said = watch([0.1] * 3 + [0.6] * 12 + [0.1] * 5, 1)
    assert said[:10] == [None] * 10


@pytest.mark.parametrize("rate", [1.0, 12.5, 30.0])
def test_the_frame_rate_does_not_matter(rate: float) -> None:
    (at_five,), (other,) = (ended(watch(meter(step(0.35, 60, 40), 160, fps), fps)) for fps in (5.0, rate))
    assert other.start == pytest.approx(at_five.start, abs=1)
    assert other.seconds == pytest.approx(at_five.seconds, abs=1.5)
    assert other.change == pytest.approx(at_five.change, abs=0.02)


def test_a_swing_to_the_other_side_is_two_moments() -> None:
    up, down = ended(watch([0.1] * 30 + [0.5] * 20 + [-0.3] * 20 + [0.1] * 30, 1))
    assert (up.start, down.start) == (30, 50)
    assert up.change == pytest.approx(-down.change)


def test_a_short_gap_is_bridged() -> None:
    calm, high = [0.1] * 30, [0.5] * 4
    said = watch([*calm, *high[:2], None, None, *high, None, None, None, None, *high, *high, *calm], 1)
    assert said[34] is not None
    assert said[38] == said[41] == said[37]
    assert [(moment.start, moment.seconds) for moment in ended(said)] == [(30, 19)]


@pytest.mark.parametrize(("silent", "end"), [(True, 60), (False, 45)])
def test_a_long_gap_ends_a_moment_once(silent: bool, end: int) -> None:
    """Whether the frames of the gap come without a valence or not at all."""
    moments, said = Moments(), {}
    for second in range(90):
        known = not 40 <= second < 60
        if known or not silent:
            valence = 0.5 if second >= 30 else 0.1
            said[second] = moments.update(valence if known else None, 0.1, second)
    assert rounded(said[end]) == Moment(30, 9, 0.4, over=True)
    assert said.get(end + 1) is None
    assert rounded(said[64]) == Moment(60, 4, 0.4, over=False), "still away from the old usual: another moment"


def test_the_trend_does_not_count_a_gap() -> None:
    """The first valence after an hour of silence weighs no more than another frame."""
    moments = Moments()
    watch([0.1] * 300, 1, moments=moments)
    moments.update(0.2, None, 3900.0)
    assert moments.trend == pytest.approx(0.1, abs=0.001)


def test_nothing_is_known_of_a_room_without_valence() -> None:
    moments = Moments()
    assert watch([None] * 100, 1, moments=moments) == [None] * 100
    assert moments.trend is None


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (Moment(5.0, 40.2, 0.351, over=True), "the room lifted for 40 s, +0.35"),
        (Moment(5.0, 11.6, -0.22, over=False), "the room sank for 12 s, −0.22"),
    ],
)
def test_a_moment_in_words(moment: Moment, text: str) -> None:
    assert sentence(moment) == text


@pytest.mark.parametrize("tau", [59.0, 301.0, math.nan])
def test_the_trend_is_slow(tau: float) -> None:
    with pytest.raises(ConfigError, match="60…300 seconds"):
        MomentRules(tau=tau)
