"""All sizes, from the size of the picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Pixels. ``name``, ``small``, ``tiny``: cap heights of text; ``unit`` is what all grows with."""

    width: int
    height: int
    unit: float
    name: float
    small: float
    tiny: float
    pad: int
    gap: int
    margin: int
    line: int
    radius: int

    def fits(self, width: int, height: int) -> bool:
        return (self.width, self.height) == (width, height)

    @property
    def frost(self) -> int:
        return max(2, round(0.012 * self.unit))


def scale_of(width: int, height: int) -> Scale:
    """The unit is the height; upright pictures, which have less room beside than below, are measured by their width."""
    unit = min(float(height), width * 4 / 3)
    return Scale(
        width=width,
        height=height,
        unit=unit,
        name=between(11, 0.022 * unit, 40),
        small=between(9.5, 0.0165 * unit, 32),
        tiny=between(8.5, 0.0135 * unit, 26),
        pad=max(4, round(0.008 * unit)),
        gap=max(3, round(0.009 * unit)),
        margin=max(4, round(0.022 * unit)),
        line=max(1, round(0.0024 * unit)),
        radius=max(3, round(0.009 * unit)),
    )


def between(low: float, value: float, high: float) -> float:
    return min(high, max(low, value))
