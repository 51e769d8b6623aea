"""Series without any change, as slow as a given one, to see what chance alone does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.trends.series import Array

ORDER = 3
"""Of the autoregression: means over a few seconds of what was smoothed twice are near to it."""

CLIP = 1.5
"""Robust standard deviations. What lies beyond counts as that far, so that a short change does not pass for noise."""

STEEPEST = 0.97
"""Partial autocorrelation at most, which keeps the autoregression stationary."""

BURN = 150
"""Values drawn before the first that is used."""

ROUNDS, TRIED = 2, 60
"""In which it is found out how much too low the slowness is estimated, and series drawn in each."""


@dataclass(frozen=True, slots=True, eq=False)
class Slowness:
    """Of k series: ``partials`` (k, ORDER), the partial autocorrelations, and ``spread`` (k,), by which the mean of n
    values varies, times √n."""

    partials: Array
    spread: Array


def clipped(values: Array) -> Array:
    """(k, n) minus their medians, and no farther out than CLIP robust standard deviations, which are 1.4826 times the
    median distance from the median (P. J. Rousseeuw and C. Croux, Journal of the American Statistical Association 88
    (1993) 1273–1283), or the plain ones where most are equal."""
    apart = values - np.median(values, axis=-1, keepdims=True)
    robust = 1.4826 * np.median(np.abs(apart), axis=-1, keepdims=True)
    reach = CLIP * np.where(robust > 0, robust, apart.std(axis=-1, keepdims=True))
    result: Array = np.clip(apart, -reach, reach)
    return result


def slowness(values: Array, known: NDArray[np.bool_]) -> Slowness:
    """(k, n), of which the columns ``known`` (n,) count. The partial autocorrelations solve the Yule–Walker equations
    by the recursion of J. Durbin (Revue de l'Institut International de Statistique 28 (1960) 233–244), over the pairs
    that are known; the spread is that of the autoregression, σ / (1 − Σ a)."""
    near = np.zeros_like(values)
    near[:, known] = clipped(values[:, known])
    near[:, known] -= near[:, known].mean(axis=1, keepdims=True)
    variance = np.maximum((near**2).sum(axis=1) / known.sum(), 1e-18)
    partials = np.zeros((len(values), ORDER))
    weights, rest, behind = np.zeros((len(values), 0)), np.ones(len(values)), np.zeros((len(values), 0))
    for order in range(ORDER):
        lag = order + 1
        pairs = max(1, int((known[lag:] & known[:-lag]).sum()))
        now = (near[:, lag:] * near[:, :-lag]).sum(axis=1) / pairs / variance
        partials[:, order] = np.clip((now - (weights * behind[:, ::-1]).sum(axis=1)) / rest, -STEEPEST, STEEPEST)
        weights = longer(weights, partials[:, order])
        rest = rest * (1 - partials[:, order] ** 2)
        behind = np.column_stack([behind, now])
    return Slowness(partials, np.sqrt(variance * rest) / (1 - weights.sum(axis=1)))


def longer(weights: Array, partial: Array) -> Array:
    """Durbin's recursion: the weights (k, p) of the autoregression as one of the next order."""
    return np.column_stack([weights - partial[:, None] * weights[:, ::-1], partial])


def drawn(random: np.random.Generator, partials: Array, length: int) -> Array:
    """(k, ORDER) → (k, length): a series of each autoregression, its innovations of variance 1."""
    weights = np.zeros((len(partials), 0))
    for order in range(ORDER):
        weights = longer(weights, partials[:, order])
    values = random.standard_normal((length + BURN, len(partials)))
    for time in range(ORDER, length + BURN):
        values[time] += sum(weights[:, lag] * values[time - 1 - lag] for lag in range(ORDER))
    return np.ascontiguousarray(values[BURN:].T)


def alike(
    random: np.random.Generator, seen: Array, estimated: Callable[[Array], Array], shape: tuple[int, int]
) -> Array:
    """``shape`` (k, n): series without change as slow as the one for which ``estimated`` gave the partial
    autocorrelations ``seen`` (ORDER,); it takes series (k, n) and gives (k, ORDER).

    An estimate on a short series is too low. Hence the series are drawn as slow as they must be for the same estimate
    to give ``seen`` on average (indirect inference: C. Gouriéroux, A. Monfort, E. Renault, Journal of Applied
    Econometrics 8 (1993) S85–S118), each a little differently, as the estimate is not sure. On Fisher's scale,
    artanh."""
    wanted = np.arctanh(seen)
    farthest = np.arctanh(STEEPEST)
    place, doubt = wanted, np.zeros(ORDER)
    for _ in range(ROUNDS):
        found = np.arctanh(estimated(drawn(random, np.tanh(np.tile(place, (TRIED, 1))), shape[1])))
        place = np.clip(place + wanted - found.mean(axis=0), -farthest, farthest)
        doubt = found.std(axis=0)
    places = place + doubt * random.standard_normal((shape[0], ORDER))
    return drawn(random, np.tanh(np.clip(places, -farthest, farthest)), shape[1])
