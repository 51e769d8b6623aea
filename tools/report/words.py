"""How figures are said in a report, and by which line each can be had again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from streamer.paper.blocks import Text
from streamer.summing import EIGHT_IN_TEN
from tools.scores import TAILS, Estimate

NOTHING = "–"

SURE = f"{TAILS[1] - TAILS[0]:.0%}"
"""What the intervals of scores hold."""

ROOM_SURE = f"{2 * NormalDist().cdf(EIGHT_IN_TEN) - 1:.0%}"
"""What the interval of a room's valence holds."""

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def share(value: float | None) -> str:
    """'88%'."""
    return NOTHING if value is None else f"{value:.0%}"


def score(value: float | None) -> str:
    """'0.879'."""
    return NOTHING if value is None else f"{value:.3f}"


def spread(of: Estimate | Mapping[str, float] | None) -> str:
    """'0.879 (0.868–0.890)', of an estimate or one that was read from a file."""
    if of is None:
        return NOTHING
    value, low, high = (of.value, of.low, of.high) if isinstance(of, Estimate) else (of["value"], of["low"], of["high"])
    return f"{value:.3f} ({low:.3f}–{high:.3f})"


def between(of: Estimate | Mapping[str, float]) -> str:
    """'95% interval 0.868–0.890'."""
    low, high = (of.low, of.high) if isinstance(of, Estimate) else (of["low"], of["high"])
    return f"{SURE} interval {low:.3f}–{high:.3f}"


def signed(value: float | None) -> str:
    """Two decimals with their sign; 0 has none."""
    if value is None:
        return NOTHING
    text = f"{value:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text


def counted(number: int, what: str, several: str = "") -> str:
    """'one face', '12 faces'."""
    word = NUMBERS[number] if 0 <= number < len(NUMBERS) else f"{number}"
    return f"{word} {what if number == 1 else several or f'{what}s'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """'a, b and c'."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "none"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(note: str) -> str:
    """With a capital in front and a full stop behind."""
    text = capital(note.strip())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def made(document: Mapping[str, Any]) -> str:
    """By which command, when, on what and on which machine."""
    machine = document["machine"]
    data = document.get("data") or document.get("cameras") or ""
    on = f" on {data}" if data else ""
    return f"{machine['date']}, `{document['command']}`{on}; {machine['processor']}"


def left_out(what: str, command: str) -> Text:
    """In place of what was not given."""
    return Text(f"Left out: {what}. `{command}` makes it.", faint=True)
