"""Who moves before whom: exploratory. It says that one face's valence followed another's in time, not that it was
moved by it; both may follow something else, each at its own pace.

The measure is the windowed cross-correlation (S. M. Boker et al., "Windowed cross-correlation and peak picking for the
analysis of variability in the association between behavioral time series", Psychological Methods 7 (2002) 338–355): the
mean over windows of Pearson's r between a window of one and the window of the other that begins ``lag`` seconds later.
Its peak is the largest within FARTHEST seconds. What drifts for longer than a window does not count.

Chance is the peak that the same two have around every other shift in time, the end joined to the beginning (surrogates:
R. G. Moulder et al., "Determining synchrony between behavioral time series", Psychological Methods 23 (2018) 757–773),
which keeps how slow each face is. Of several pairs each peak is measured in standard deviations of its own surrogates
and compared with the largest of all pairs, a surrogate of each (maximum statistic: P. H. Westfall and S. S. Young,
"Resampling-based multiple testing", Wiley 1993), so that of people who have nothing to do with each other any pair is
above chance in at most about 1 room of 20. tests/test_trends_contagion.py holds the rates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from streamer.timeline.rows import PersonSecond
from streamer.trends.series import Array

FARTHEST = 10
"""Seconds of lag at most."""

WINDOW = 60
"""Seconds: long beside the lags, short beside what a whole room drifts by."""

COVERAGE = 0.8
"""Share of a window that must be known of a face."""

LEAST_MOVEMENT = 0.02
"""Standard deviation of valence in a window below which there is nothing to follow (as in streamer/cohesion.py)."""

LEAST_TOGETHER = 300
"""Seconds in which both were seen: fewer leave too few shifts to know chance from."""

LEAST_WINDOWS = 4
"""In which both moved, for a mean."""

GUARD = 3 * FARTHEST
"""Seconds by which a surrogate is shifted at least, so that it holds nothing of the true peak."""

MOST_PEOPLE = 12
"""Who were seen longest; there are 66 pairs of them."""

CHANCE = 0.02
"""Share of rooms without any following in which a pair does as well, at most, to be above chance. Less than 0.05,
because the spread of a pair's surrogates is itself only estimated."""

DRAWS = 999
SURE = 0.95
"""Share of rounds, each with windows drawn again with replacement (bootstrap), that must agree on who was first."""


@dataclass(frozen=True, slots=True)
class Following:
    """Exploratory. ``correlation`` −1…1 of two people's valences at the ``lag`` (seconds, −10…10) where it is largest;
    above 0: ``first`` before ``second``. ``above_chance``: more than the same two, shifted in time, corrected for the
    number of ``pairs``; ``p`` is that corrected probability. ``leads``: above chance, and it is sure as well who was
    first. ``seconds`` in which both were seen."""

    first: str
    second: str
    lag: int
    correlation: float
    p: float
    above_chance: bool
    leads: bool
    seconds: int
    pairs: int


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """``curves`` (windows, 2 FARTHEST + 1): correlation by window and lag, NaN where unknown. ``score``: the peak, in
    standard deviations of the ``surrogates``' (k,) from their mean."""

    first: str
    second: str
    seconds: int
    curves: Array
    score: float
    surrogates: Array


def followings(rows: Iterable[PersonSecond]) -> tuple[Following, ...]:
    """Exploratory: all pairs of people of one room who were seen together long enough and moved, surest first; always
    the same for the same rows. Of two in a pair ``first`` is the one who was before, at lag 0 by name."""
    random = np.random.default_rng(2002)
    series = series_by_person(rows)
    found = [pair_of(*names, series) for names in combinations(sorted(series), 2)]
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        return ()
    largest = np.max([pair.surrogates[random.integers(len(pair.surrogates), size=DRAWS)] for pair in pairs], axis=0)
    judged = [judge(pair, largest, len(pairs), random) for pair in pairs]
    return tuple(sorted(judged, key=lambda one: (one.p, -one.correlation, one.first, one.second)))


def series_by_person(rows: Iterable[PersonSecond]) -> dict[str, Array]:
    """Of each of the MOST_PEOPLE who were seen longest: valence by second on a grid that all share, NaN where not
    known."""
    known: dict[str, dict[int, float]] = {}
    for row in rows:
        if row.valence is not None:
            known.setdefault(row.person, {})[row.utc] = row.valence
    kept = sorted(known, key=lambda person: (-len(known[person]), person))[:MOST_PEOPLE]
    if not kept:
        return {}
    begin = min(min(known[person]) for person in kept)
    length = max(max(known[person]) for person in kept) - begin + 1
    result = {person: np.full(length, np.nan) for person in kept}
    for person, values in result.items():
        values[[utc - begin for utc in known[person]]] = list(known[person].values())
    return result


def pair_of(first: str, second: str, series: Mapping[str, Array]) -> Pair | None:
    """None where they were not seen together for long enough, or did not move."""
    one, other = series[first], series[second]
    together = np.flatnonzero(~np.isnan(one) & ~np.isnan(other))
    if len(together) < LEAST_TOGETHER:
        return None
    span = slice(together[0], together[-1] + 1)
    curves, mean = correlations(one[span], other[span])
    peaks = peaks_of(mean)
    surrogates = peaks[GUARD : len(peaks) - GUARD]
    surrogates = surrogates[~np.isnan(surrogates)]
    if np.isnan(peaks[0]) or len(surrogates) < LEAST_TOGETHER - 2 * GUARD or surrogates.std() == 0:
        return None
    score = float((peaks[0] - surrogates.mean()) / surrogates.std())
    return Pair(first, second, len(together), curves, score, scores_of(surrogates))


def scores_of(surrogates: Array) -> Array:
    """(n,) → (n,): each in standard deviations from the mean of the others, leaving out those that share a lag with it,
    as the peak itself is measured by surrogates that share none with it: otherwise it would seem too far out."""
    count = len(surrogates)
    places = np.arange(count)
    low, high = np.maximum(places - 2 * FARTHEST, 0), np.minimum(places + 2 * FARTHEST + 1, count)
    apart = surrogates - surrogates.mean()
    sums, squares = (np.concatenate([[0.0], np.cumsum(values)]) for values in (apart, apart**2))
    others = count - (high - low)
    means = (sums[-1] - sums[high] + sums[low]) / others
    variances = (squares[-1] - squares[high] + squares[low]) / others - means**2
    result: Array = (apart - means) / np.sqrt(np.maximum(variances, 1e-12))
    return result


def correlations(one: Array, other: Array) -> tuple[Array, Array]:
    """(n,), (n,) → the curves of a Pair, and (n,): by shift of ``other`` against ``one``, the mean over windows."""
    length = len(one)
    fixed = standardised(sliding_window_view(one, WINDOW)[::WINDOW])
    moving = standardised(sliding_window_view(np.concatenate([other, other[: WINDOW - 1]]), WINDOW))
    sums, counts = np.zeros(length), np.zeros(length)
    lags = np.arange(-FARTHEST, FARTHEST + 1)
    curves = np.empty((len(fixed), len(lags)))
    for place, window in enumerate(fixed):
        values = np.roll(moving @ window, -place * WINDOW)
        curves[place] = values[lags]
        sums += np.nan_to_num(values)
        counts += ~np.isnan(values)
    return curves, np.where(counts >= LEAST_WINDOWS, sums / np.maximum(counts, 1), np.nan)


def standardised(windows: Array) -> Array:
    """(k, WINDOW) → the same with mean 0 and length 1 each, so that products are correlations; what is not known takes
    the mean. All NaN where too little is known, or it does not move."""
    known = ~np.isnan(windows)
    counts = known.sum(axis=1, keepdims=True)
    filled = np.where(known, windows, 0.0)
    apart = np.where(known, filled - filled.sum(axis=1, keepdims=True) / np.maximum(counts, 1), 0.0)
    size = np.sqrt((apart**2).sum(axis=1, keepdims=True))
    usable = (counts >= COVERAGE * WINDOW) & (size >= LEAST_MOVEMENT * np.sqrt(np.maximum(counts, 1)))
    return np.where(usable, apart / np.maximum(size, 1e-12), np.nan)


def peaks_of(mean: Array) -> Array:
    """(n,) → (n,): around each shift the largest within FARTHEST, the end joined to the beginning; NaN where all of
    those are unknown."""
    ends = np.concatenate([mean[-FARTHEST:], mean, mean[:FARTHEST]])
    peaks = sliding_window_view(np.where(np.isnan(ends), -np.inf, ends), 2 * FARTHEST + 1).max(axis=1)
    return np.where(np.isinf(peaks), np.nan, peaks)


def judge(pair: Pair, largest: Array, pairs: int, random: np.random.Generator) -> Following:
    """``largest`` (DRAWS,): the best score among all pairs by chance."""
    p = (1 + int((largest >= pair.score).sum())) / (1 + DRAWS)
    known = pair.curves[~np.isnan(pair.curves).any(axis=1)]
    curve = known.mean(axis=0) if len(known) else np.nan_to_num(np.nanmean(pair.curves, axis=0))
    lag = int(curve.argmax()) - FARTHEST
    following = Following(
        first=pair.first,
        second=pair.second,
        lag=lag,
        correlation=float(curve.max()),
        p=p,
        above_chance=p <= CHANCE,
        leads=p <= CHANCE and order_is_sure(known, lag, random),
        seconds=pair.seconds,
        pairs=pairs,
    )
    return following if lag >= 0 else replace(following, first=pair.second, second=pair.first, lag=-lag)


def order_is_sure(curves: Sequence[Array] | Array, lag: int, random: np.random.Generator) -> bool:
    """Whether the sign of ``lag`` comes out in SURE of the rounds with windows drawn again."""
    curves = np.asarray(curves)
    if lag == 0 or len(curves) < LEAST_WINDOWS:
        return False
    drawn = curves[random.integers(len(curves), size=(DRAWS, len(curves)))].mean(axis=1)
    lags = drawn.argmax(axis=1) - FARTHEST
    return bool((np.sign(lags) == np.sign(lag)).mean() >= SURE)
