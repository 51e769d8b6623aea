"""How far a share could be off because the faces happened to be these."""

from __future__ import annotations

import math

Z95 = 1.959964
"""The 97.5 % point of the normal distribution."""


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % score interval of right / count, for few faces too; 0…1 where there are none
    (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953)."""
    if count == 0:
        return 0.0, 1.0
    share, square = right / count, Z95 * Z95 / count
    middle = (share + square / 2) / (1 + square)
    half = Z95 / (1 + square) * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)
