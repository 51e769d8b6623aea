"""A line of the audit log: its number, when, what, the facts, and the SHA-256 of the line before it.

Only what stands in FACTS can be written, so names, addresses and what people said have no place in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

Fact: TypeAlias = str | int | float | bool | None

VERSION = 1

BEGUN, INTERRUPTED = "begun", "interrupted"
"""The first line, with a random seed; and the one after bytes that are no whole line: ``torn`` their SHA-256. ``lost``:
entries that could not be kept until they could be written."""

FACTS: Mapping[str, frozenset[str]] = {
    BEGUN: frozenset({"version", "seed", "torn", "bytes"}),
    INTERRUPTED: frozenset({"torn", "bytes", "lost"}),
    "started": frozenset({"run", "program", "purpose", "settings"}),
    "notice shown": frozenset({"sha256", "words"}),
    "models": frozenset({"models"}),
    "off": frozenset(),
    "on": frozenset(),
    "marked": frozenset({"id"}),
    "exported": frozenset({"kind", "rows", "begin", "end"}),
    "deleted": frozenset({"rows", "before", "reason"}),
    "reloaded": frozenset({"settings"}),
    "wrong tokens": frozenset({"count"}),
    "ended": frozenset({"run", "reason"}),
}
"""What is written, and the facts that may stand with it. ``settings``: the SHA-256 of the configuration. ``id``: of a
mark, never its text."""

LONGEST = 300
"""Characters of a fact at most."""

FIELDS = {"number", "utc", "what", "facts", "before"}


@dataclass(frozen=True, slots=True)
class Entry:
    """``number`` from 0; ``before``: the SHA-256 of the line before, '' for the first."""

    number: int
    utc: str
    what: str
    facts: Mapping[str, Fact]
    before: str

    @property
    def line(self) -> bytes:
        """In ASCII, without its end."""
        return json.dumps(
            {
                "number": self.number,
                "utc": self.utc,
                "what": self.what,
                "facts": dict(self.facts),
                "before": self.before,
            }
        ).encode("ascii")


def checked(what: str, facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts, cut to LONGEST.

    Raises:
        ValueError: nothing of that kind, or no such fact, is written.
    """
    if what not in FACTS:
        raise ValueError(f"expected one of {', '.join(FACTS)}; got {what!r}")
    if foreign := facts.keys() - FACTS[what]:
        raise ValueError(f"{what}: expected {', '.join(sorted(FACTS[what])) or 'no facts'}; got {sorted(foreign)}")
    return {name: fact[:LONGEST] if isinstance(fact, str) else fact for name, fact in facts.items()}


def read(line: bytes) -> Entry | None:
    """The entry that a line is; None where it is none."""
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):  # the latter from many brackets
        return None
    if not isinstance(given, dict) or set(given) != FIELDS:
        return None
    number, utc, what, facts, before = (given[name] for name in ("number", "utc", "what", "facts", "before"))
    texts = isinstance(utc, str) and isinstance(what, str) and isinstance(before, str)
    if not texts or isinstance(number, bool) or not isinstance(number, int) or not isinstance(facts, dict):
        return None
    return Entry(number, utc, what, facts, before)


def digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def told(utc: float) -> str:
    """Seconds since 1970 as ISO 8601, to milliseconds."""
    return datetime.fromtimestamp(utc, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
