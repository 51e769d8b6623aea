from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.timeline.rows import PersonSecond
from streamer.trends.contagion import (
    MOST_PEOPLE,
    Following,
    correlations,
    followings,
    peaks_of,
    scores_of,
    standardised,
)
from tests.slow_rooms import BEGIN, slow


def rows(people: Sequence[NDArray[np.float64]] | NDArray[np.float64]) -> list[PersonSecond]:
    return [
        PersonSecond("room", BEGIN + at, f"p{index}", "neutral", 0.9, None if np.isnan(value) else float(value), 1.0)
        for index, values in enumerate(people)
        for at, value in enumerate(values)
    ]


def led(random: np.random.Generator, seconds: int, lag: int, common: float = 0.6) -> NDArray[np.float64]:
    """(2, seconds): both share ``common`` of their variance, the second ``lag`` seconds later."""
    shared = slow(random, 1, seconds + lag, 5)[0]
    own = slow(random, 2, seconds, 5)
    both = np.stack([shared[lag:], shared[:seconds]])
    return np.asarray(0.2 * (np.sqrt(common) * both + np.sqrt(1 - common) * own))


def test_the_lag_of_a_copy_by_hand() -> None:
    one = 0.2 * slow(np.random.default_rng(1), 1, 600, 3)[0]
    curves, mean = correlations(one, np.roll(one, 3))
    assert curves.shape == (10, 21)
    assert mean[3] == pytest.approx(1)
    assert curves[:, 13] == pytest.approx(np.ones(10))
    assert mean[0] < 0.9
    assert correlations(one, np.roll(-one, -4))[1][-4] == pytest.approx(-1)


def test_a_correlation_is_pearson_s() -> None:
    one, other = slow(np.random.default_rng(2), 2, 600, 3)
    curves, mean = correlations(one, other)
    expected = [np.corrcoef(one[at : at + 60], other[at + 5 : at + 65])[0, 1] for at in range(0, 540, 60)]
    assert curves[:9, 15] == pytest.approx(expected)
    last = np.corrcoef(one[540:], np.concatenate([other[545:], other[:5]]))[0, 1]
    assert mean[5] == pytest.approx(np.mean([*expected, last]))


def test_windows_with_too_little_in_them_are_unknown() -> None:
    still, holed = np.full(60, 0.3), 0.2 * slow(np.random.default_rng(3), 1, 60, 3)[0]
    holed[:13] = np.nan
    whole = holed.copy()
    whole[:12] = np.nan
    whole[12] = 0.1
    found = standardised(np.stack([still, holed, whole]))
    assert np.isnan(found).all(axis=1).tolist() == [True, True, False]
    assert found[2] @ found[2] == pytest.approx(1)
    assert found[2].sum() == pytest.approx(0)


def test_peaks_and_scores_by_hand() -> None:
    mean = np.full(60, 0.1)
    mean[[0, 30]] = 0.5, np.nan
    peaks = peaks_of(mean)
    assert [at for at in range(60) if peaks[at] == 0.5] == [*range(11), *range(50, 60)]
    surrogates = np.array([0.0] * 50 + [1.0] + [0.0] * 25 + [2.0] * 25)
    # Of those at least 21 from the one at 50: 30 of 0, 5 of 0 behind it and 24 of 2 … by counting.
    others = np.concatenate([surrogates[:30], surrogates[71:]])
    assert scores_of(surrogates)[50] == pytest.approx((1 - others.mean()) / others.std())


@pytest.mark.parametrize("lag", [2, 5])
def test_who_leads_is_found(lag: int) -> None:
    random = np.random.default_rng(4)
    found = [followings(rows(led(random, 600, lag)))[0] for _ in range(20)]
    assert sum((one.leads, one.first, one.lag) == (True, "p0", lag) for one in found) >= 17
    assert not any(one.leads and one.first == "p1" for one in found)
    best: Following = found[0]
    assert (best.pairs, best.seconds, best.above_chance) == (1, 600, True)
    assert 0.3 < best.correlation < 0.9


def test_the_later_one_is_second_whatever_their_names() -> None:
    (found,) = followings(rows(led(np.random.default_rng(5), 900, 3)[::-1]))
    assert (found.first, found.second, found.lag, found.leads) == ("p1", "p0", 3, True)


def test_together_is_not_one_before_the_other() -> None:
    random = np.random.default_rng(6)
    found = [followings(rows(led(random, 600, 0)))[0] for _ in range(40)]
    assert sum(one.above_chance for one in found) >= 36
    assert sum(one.leads for one in found) <= 2


def test_independent_people_are_above_chance_in_at_most_one_room_of_twenty() -> None:
    random = np.random.default_rng(7)
    told = [any_above(0.2 * slow(random, 2, 600, tau)) for tau in (2, 8, 20) for _ in range(40)]
    assert sum(told) <= 0.05 * 120


def test_of_several_pairs_chance_is_shared() -> None:
    random = np.random.default_rng(8)
    told = [any_above(0.2 * slow(random, 5, 600, tau)) for tau in (3, 10) for _ in range(40)]
    assert sum(told) <= 0.05 * 80


def any_above(people: NDArray[np.float64]) -> bool:
    return any(one.above_chance for one in followings(rows(people)))


def test_a_leader_is_found_among_others() -> None:
    random = np.random.default_rng(9)
    people = np.concatenate([led(random, 1200, 2), 0.2 * slow(random, 3, 1200, 5)])
    best, *others = followings(rows(people))
    assert (best.first, best.second, best.lag, best.leads, best.pairs) == ("p0", "p1", 2, True, 10)
    assert not any(one.leads for one in others)


def test_gaps_leave_what_is_known() -> None:
    people = led(np.random.default_rng(10), 1200, 2)
    people[0, 300:420] = np.nan
    people[1, 50::40] = np.nan
    (found,) = followings(rows(people))
    assert (found.leads, found.lag) == (True, 2)
    assert found.seconds == 1200 - 120 - len(range(50, 1200, 40)) + 3


def test_too_short_too_still_or_never_together() -> None:
    random = np.random.default_rng(11)
    assert followings([]) == ()
    assert followings(rows(led(random, 299, 2))) == ()
    assert followings(rows(0.05 * led(random, 600, 2))) == ()
    apart = np.full((2, 1200), np.nan)
    apart[0, :600], apart[1, 600:] = led(random, 600, 2)
    assert followings(rows(apart)) == ()


def test_those_seen_longest_are_looked_at() -> None:
    people = 0.2 * slow(np.random.default_rng(12), MOST_PEOPLE + 1, 400, 5)
    people[3, 200:] = np.nan
    found = followings(rows(people))
    assert {one.pairs for one in found} == {66}
    assert all("p3" not in (one.first, one.second) for one in found)
