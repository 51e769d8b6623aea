"""The numbers of a room that a rule may be about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from streamer.emotions import LABELS, SYNONYMS
from streamer.errors import did_you_mean
from streamer.timeline.rows import Second

Where: TypeAlias = Literal["mood", "signs", "both"]

BAND = 0.05
"""How far a number must be back within for an alert to be over: the step of what is published."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """``low`` and ``high``: between what it may lie; ``where``: whether emotions are needed for it, or signs; ``band``:
    how far it must be back within; ``alone``: known only where the mood is shown as it is, to the local user."""

    name: str
    low: float
    high: float
    where: Where = "mood"
    band: float = BAND
    alone: bool = False

    @property
    def is_count(self) -> bool:
        return self.band == 0

    def of(self, second: Second) -> float | None:
        """None where it is not known."""
        found = None
        if self.where != "signs" and second.mood is not None:
            found = getattr(second.mood, self.name)
        elif self.where != "mood" and second.signs is not None:
            found = getattr(second.signs, self.name)
        return None if found is None else float(found)


def _count(name: str, where: Where = "mood", *, alone: bool = False) -> Quantity:
    return Quantity(name, 0, 1000, where, 0, alone)


QUANTITIES: Mapping[str, Quantity] = {
    one.name: one
    for one in (
        Quantity("valence", -1, 1),
        Quantity("arousal", -1, 1),
        Quantity("dispersion", 0, 1),
        Quantity("polarisation", 0, 1, alone=True),
        Quantity("cohesion", -1, 1, alone=True),
        Quantity("coverage", 0, 1),
        _count("people", "both"),
        _count("used"),
        _count("positive", alone=True),
        _count("negative", alone=True),
        Quantity("trend", -1, 1),
        *(Quantity(name, 0, 1, "signs") for name in ("smile", "frown", "nod", "shake", "facing")),
    )
}

EXPRESSIONS = frozenset({*LABELS, *SYNONYMS})


def quantity_of(word: str) -> Quantity:
    """
    Raises:
        ValueError: there is none of this name, or it is a single expression, with the reason why not.
    """
    name = word.strip().lower()
    if name in EXPRESSIONS:
        raise ValueError(
            f"no alert on {name}: a single expression is read wrongly too often, and an alarm on it points at people; "
            "use valence (the whole room's) or negative (how many people)"
        )
    if name not in QUANTITIES:
        known = f"{did_you_mean(name, QUANTITIES)}; known: {', '.join(QUANTITIES)}"
        raise ValueError(f"unknown quantity {word.strip()!r}{known}")
    return QUANTITIES[name]
