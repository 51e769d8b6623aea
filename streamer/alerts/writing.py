"""How rules are written: a condition ("valence < -0.4"), and the whole rule in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from streamer.alerts.quantities import Quantity, quantity_of
from streamer.errors import did_you_mean

Operator: TypeAlias = Literal["<", "<=", ">", ">="]

OPERATORS: tuple[Operator, ...] = get_args(Operator)

CONDITION = re.compile(r"(?P<name>\w+)\s*(?P<operator>[<>=!≤≥]+)\s*(?P<number>[-+−]?(?:\d+(?:\.\d*)?|\.\d+))")
DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)")
LEAST = re.compile(r"(?:n|people)\s*(>=|≥)\s*(\d+)")

UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}
"""Seconds of each; also in the plural."""

FORM = "'valence < -0.4 for 60 s, n >= 5, cooldown 10 min'"

SURE = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Condition:
    quantity: Quantity
    operator: Operator
    threshold: float

    @property
    def below(self) -> bool:
        return self.operator in ("<", "<=")

    def holds(self, value: float) -> bool:
        match self.operator:
            case "<":
                return value < self.threshold
            case "<=":
                return value <= self.threshold
            case ">":
                return value > self.threshold
            case ">=":
                return value >= self.threshold

    def is_back(self, value: float) -> bool:
        """Whether it holds no more, by the quantity's band at least (less where the quantity ends before)."""
        if self.holds(value):
            return False
        band, low, high = self.quantity.band, self.quantity.low, self.quantity.high
        if self.below:
            return value >= min(self.threshold + band, high) - 1e-9
        return value <= max(self.threshold - band, low) + 1e-9


def condition_of(text: str) -> Condition:
    """'valence < -0.4', with <, <=, >, >=, ≤ or ≥.

    Raises:
        ValueError: it is none, with what is wrong about it.
    """
    found = CONDITION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"expected a condition like 'valence < -0.4', got {text.strip()!r}")
    quantity, sign = quantity_of(found["name"]), found["operator"].replace("≤", "<=").replace("≥", ">=")
    operator = next((one for one in OPERATORS if one == sign), None)
    if operator is None:
        raise ValueError(f"expected one of < <= > >= in {text.strip()!r}, got {found['operator']}")
    threshold = float(found["number"].replace("−", "-"))
    if not quantity.low <= threshold <= quantity.high:
        raise ValueError(f"{quantity.name} is within {quantity.low:g}…{quantity.high:g}, got {threshold:g}")
    condition = Condition(quantity, operator, threshold)
    if condition.holds(quantity.low) == condition.holds(quantity.high):
        always = "always" if condition.holds(quantity.low) else "never"
        raise ValueError(
            f"{text.strip()!r} {always} holds: {quantity.name} is within {quantity.low:g}…{quantity.high:g}"
        )
    return condition


def duration_of(text: str) -> float:
    """Seconds of '60 s', '10 min', '1.5 h'.

    Raises:
        ValueError: it is no such text.
    """
    found = DURATION.fullmatch(text.strip().lower())
    unit = found[2] if found else ""
    seconds = UNITS.get(unit, UNITS.get(unit.removesuffix("s"), 0.0))
    if found is None or not seconds:
        raise ValueError(f"expected a time with its unit (60 s, 10 min, 1 h), got {text.strip()!r}")
    return float(found[1]) * seconds


def sure_of(text: str) -> bool:
    if text.strip().lower() not in SURE:
        raise ValueError(f"expected 'sure yes' or 'sure no', got 'sure {text.strip()}'")
    return SURE[text.strip().lower()]


WORDS: dict[str, Callable[[str], object]] = {
    "for": duration_of,
    "cooldown": duration_of,
    "room": str.strip,
    "sure": sure_of,
}


def alert_of(text: str) -> dict[str, object]:
    """The settings of an alert that is written in one line: FORM, in which all but the condition may be left out; also
    'room NAME', and 'sure no' (see Rule).

    Raises:
        ValueError: it is not written so, with what is wrong.
    """
    first, *rest = text.split(",")
    when, _, held = first.partition(" for ")
    condition_of(when)
    made: dict[str, object] = {"when": " ".join(when.split())}
    for part in ([f"for {held}"] if held else []) + [part.strip() for part in rest]:
        name, value = part_of(part)
        if name in made:
            raise ValueError(f"{part!r}: this has been said before in {text!r}")
        made[name] = value
    return made


def part_of(part: str) -> tuple[str, object]:
    """The name of the setting and its value."""
    if (found := LEAST.fullmatch(part.lower())) is not None:
        return "people", int(found[2])
    word, _, value = part.partition(" ")
    if word.lower() in WORDS:
        return word.lower(), WORDS[word.lower()](value)
    if word.lower() in ("n", "people") or part.lower().startswith(("n<", "n>", "n=")):
        raise ValueError(f"expected 'n >= 5', got {part!r}")
    raise ValueError(
        f"{part!r} is not understood{did_you_mean(word.lower(), (*WORDS, 'n'))}; expected a rule like {FORM}"
    )
