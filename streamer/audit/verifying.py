"""Whether an audit log is as it was written.

Seen in the log alone is every line that was changed, removed, put in or moved, but for its end: who can write the file
can cut lines off there, or change the newest one. Against that helps its ``head``, noted somewhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamer.audit.entries import BEGUN, INTERRUPTED, Entry, digest, read
from streamer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Verified:
    """``lines`` that are entries; UTC of the ``first`` and the ``last``, '' where there is none; ``fault``: the first
    line that is wrong and how, '' where none is. ``interrupted``: how often writing was torn off (killed, disk full).
    ``head``: the SHA-256 of the newest entry's line; ``after``: entries behind the noted head."""

    lines: int
    first: str
    last: str
    fault: str
    interrupted: int
    head: str
    after: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry at the ``place``-th line from 1, and the bytes before it that are no entry."""

    place: int
    line: bytes
    entry: Entry
    torn: bytes | None


def verify(path: Path, head: str | None = None) -> Verified:
    """``head``: as it was noted once; it must still be in the log.

    Raises:
        ConfigError: the log cannot be read.
    """
    placed, rest = taken_apart(read_log(path))
    digests = [digest(one.line) for one in placed]
    noted = None if head is None else head.strip().lower()
    known = noted in digests
    return Verified(
        lines=len(placed),
        first=placed[0].entry.utc if placed else "",
        last=placed[-1].entry.utc if placed else "",
        fault=fault_of(placed) or ("" if noted is None or known else NOT_THERE),
        interrupted=sum(one.torn is not None for one in placed) + bool(rest),
        head=digests[-1] if digests else "",
        after=len(digests) - 1 - digests.index(noted) if noted is not None and known else 0,
    )


NOT_THERE = "the noted head is not in it: lines at the end were removed or changed since, or it is of another log"


def head(path: Path) -> str:
    """The SHA-256 of the newest entry's line, to be noted where nobody who can write the log can write.

    Raises:
        ConfigError: the log cannot be read, or holds no entry.
    """
    placed, _ = taken_apart(read_log(path))
    if not placed:
        raise ConfigError(f"{path}: expected an audit log, found no entry in it")
    return digest(placed[-1].line)


def read_log(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the audit log {path} cannot be read: {error.strerror}; name another file") from None


def taken_apart(data: bytes) -> tuple[list[Placed], bytes]:
    """The entries, and the bytes behind the last one that are none."""
    placed: list[Placed] = []
    torn: list[bytes] = []
    for place, line in enumerate(data.removesuffix(b"\n").split(b"\n"), 1):
        entry = read(line)
        if entry is None:
            torn.append(line)
        else:
            placed.append(Placed(place, line, entry, b"\n".join(torn) if torn else None))
            torn = []
    return placed, b"\n".join(torn)


def fault_of(placed: Sequence[Placed]) -> str:
    """The first line that is not as it was written; '' where all are."""
    if not placed:
        return "there is no entry in it"
    before: Placed | None = None
    for number, one in enumerate(placed):
        fault = torn_fault(one) or number_fault(placed, number) or before_fault(one, before)
        if fault:
            return fault
        before = one
    return ""


def torn_fault(one: Placed) -> str:
    """Bytes that are no entry are told of by the entry behind them."""
    told = one.entry.facts.get("torn") if one.entry.what in (BEGUN, INTERRUPTED) else None
    if one.torn is None:
        return f"line {one.place} tells of a torn line before it, which was removed" if told else ""
    if told == digest(one.torn):
        return ""
    lines = one.torn.count(b"\n") + 1
    return f"line {one.place - lines} is no entry: changed, or put in"


def number_fault(placed: Sequence[Placed], number: int) -> str:
    one = placed[number]
    if one.entry.number == number:
        return ""
    others = [other.place for other in placed[:number] if other.entry.number == one.entry.number]
    if others:
        return f"lines {others[0]} and {one.place} both say that they are entry {one.entry.number}: one was put in"
    later = [other.place for other in placed[number + 1 :] if other.entry.number == number]
    if later:
        return f"line {one.place} holds entry {one.entry.number} in place of {number}, which is line {later[0]}: moved"
    if one.entry.number < number:
        return f"line {one.place} says that it is entry {one.entry.number} in place of {number}: changed, or put in"
    return f"before line {one.place} entries are missing, {number} to {one.entry.number - 1}: removed"


def before_fault(one: Placed, before: Placed | None) -> str:
    if before is None:
        begins = one.entry.what == BEGUN and not one.entry.before
        return "" if begins else f"line {one.place} is not the beginning of a log: changed"
    if one.entry.before == digest(before.line):
        return ""
    return f"line {before.place} was changed, or put in place of another: line {one.place} does not follow on it"
