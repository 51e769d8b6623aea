"""Scores of classifiers that give a margin: how far on the side of "face" they see something."""

from __future__ import annotations

import math


def share(margin: float) -> float:
    """1 / (1 + e^−margin), the logistic function: 0…1, rising strictly, ½ where the margin is 0."""
    # Written with tanh, which never overflows.
    return 0.5 + 0.5 * math.tanh(margin / 2)


def margin_of(score: float) -> float:
    """The margin that ``share`` makes this score of; minus and plus infinity for 0 and 1."""
    if not 0 < score < 1:
        return -math.inf if score <= 0 else math.inf
    return math.log(score / (1 - score))
