"""How a model answers to a user's own faces, leaning on how it answered to many others: the two tables of a user card.

``streamer.correction`` takes the model's known mistakes out by them. A user labels tens of faces, so each row of the
user's own table is a mean of a few; the shipped one is of hundreds, but of other faces, light and cameras. Each row is
therefore (n · own + m · shipped) / (n + m) for n labelled people of that label (a multinomial's mean under a Dirichlet
prior that counts as m faces: Gelman et al. 2013, Bayesian Data Analysis, section 3.4). m is STRENGTH.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.cards import Card
from streamer.emotions import LABELS, order_of
from streamer.errors import ConfigError
from tools.evaluate.seen import UNTOLD, Samples

Table: TypeAlias = NDArray[np.float64]
"""(K, K): a row for each true label, a column for each said, in the order of a card's labels."""

Counts: TypeAlias = tuple[tuple[int, ...], ...]
Shares: TypeAlias = tuple[tuple[float, ...], ...]

STRENGTH = 3.0
"""People that the shipped row of a label counts as. By ``python -m tools.evaluate.strength``, where simulated users
label some people and then rooms of theirs are corrected: of the strengths tried it errs least for users whose faces the
model reads about as its card says, and hardly more than a weaker one for the others. All differ little, for the
correction itself leans on a plain model where faces are few (``streamer.correction.PRIOR_FACES``)."""

DIGITS = 4
"""Behind the point, as in the cards that come with the program."""


def tallied(samples: Samples, names: Sequence[str]) -> tuple[Table, Table]:
    """Confusion counts, and sums of probabilities by true label, of the readings of labelled faces, for a card's labels
    ``names``. A person counts once for each label, however many frames show it: frames of a video are alike. Faces
    whose label the card does not have are left out.

    Raises:
        ConfigError: a name is no expression.
    """
    order = order_of(names)
    said, sums = np.zeros((len(LABELS), len(LABELS))), np.zeros((len(LABELS), len(LABELS)))
    _, person, looks = np.unique(samples.groups * len(LABELS) + samples.labels, return_inverse=True, return_counts=True)
    weights = 1 / looks[person]
    told = samples.said != UNTOLD
    np.add.at(said, (samples.labels[told], samples.said[told]), weights[told])
    np.add.at(sums, samples.labels, samples.given * weights[:, None])
    rows = np.ix_(order, order)
    return said[rows], sums[rows]


def shrunk(own: Table, own_answers: Table, shipped: Card, strength: float = STRENGTH) -> tuple[Counts, Shares]:
    """For ``Card.confusion`` and ``Card.answers`` of the user's card. ``own`` counts and ``own_answers`` sums of
    probabilities, as ``tallied`` gives them; a label without faces keeps its shipped row.

    Each row of the counts has as many faces as the shipped one: their shares are those of the faces that the model was
    calibrated on, which the correction needs, and not those of whom a user happened to label. Without shipped tables
    the user's own are taken as they are.

    Raises:
        ConfigError: the tables do not fit the card, or there is neither a shipped table nor a face.
    """
    size = len(shipped.labels)
    for table in (own, own_answers):
        if table.shape != (size, size) or not np.isfinite(table).all() or (table < 0).any():
            raise ConfigError(f"{shipped.name} has {size} labels; expected as many rows and columns, none negative")
    if not shipped.confusion or not shipped.answers:
        return _alone(own, own_answers, shipped.name)
    people = own_answers.sum(axis=1)
    before = np.asarray(shipped.confusion, np.float64)
    faces = before.sum(axis=1)
    trust = people / (people + np.where(faces > 0, strength, 0.0)).clip(1e-12)
    said = _blended(_shares(own), _shares(before), trust)
    answers = _blended(_shares(own_answers), np.asarray(shipped.answers, np.float64), trust)
    totals = np.where(faces > 0, faces, np.round(people)).astype(np.int64)
    return tuple(whole(row, int(total)) for row, total in zip(said, totals, strict=True)), _written(answers)


def _alone(own: Table, own_answers: Table, name: str) -> tuple[Counts, Shares]:
    if not own_answers.any():
        raise ConfigError(f"the card {name} has no confusion matrix and no face is labelled: there is nothing to write")
    totals = np.round(own.sum(axis=1)).astype(np.int64)
    said = tuple(whole(row, int(total)) for row, total in zip(_shares(own), totals, strict=True))
    return said, _written(_shares(own_answers))


def _blended(own: Table, before: Table, trust: NDArray[np.float64]) -> Table:
    return np.asarray(trust[:, None] * own + (1 - trust[:, None]) * before)


def _shares(table: Table) -> Table:
    """Rows that sum to 1; an empty one says nothing: as much of each."""
    sums = table.sum(axis=1, keepdims=True)
    return np.where(sums > 0, table / np.maximum(sums, 1e-12), 1 / len(table))


def whole(shares: NDArray[np.float64], total: int) -> tuple[int, ...]:
    """Counts in these shares that sum to ``total``: rounded down, and what is left to the largest remainders
    (Hamilton's method)."""
    exact = shares * total
    counts = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(counts.sum())
    counts[np.argsort(counts - exact, kind="stable")[:left]] += 1
    return tuple(int(count) for count in counts)


def _written(answers: Table) -> Shares:
    """Rounded, and then summing to 1 as well as rounded numbers do."""
    return tuple(tuple(round(float(share), DIGITS) for share in row) for row in answers)
