"""Values that glide to where they are told to be, in media time."""

from __future__ import annotations

import math

GLIDE = 0.07
"""Time constant in seconds: 95 % of a jump is done after 210 ms, 99 % after 320 ms."""

THERE = 0.008
"""A value this near its target takes it: the rest of the way could not be seen."""


class Eased:
    """One value; None while there is nothing to show. The first value after None is taken at once."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float | None = None

    def step(self, target: float | None, seconds: float) -> float | None:
        """The value, ``seconds`` after the last step."""
        if target is None or self.value is None:
            self.value = target
        else:
            value = target + (self.value - target) * math.exp(-max(0.0, seconds) / GLIDE)
            self.value = target if abs(value - target) < THERE else value
        return self.value
