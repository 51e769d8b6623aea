"""What is known of each second: numbers, too few people, the analysis off, nothing recorded, nothing running.

A second of which nothing is known is recorded when that begins and not again (``streamer.chronicle``), so what is
missing behind one is as that was, until the run ends or another row comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.timeline.answers import Bucket, Course

State: TypeAlias = Literal["numbers", "few", "paused", "gap", "off"]

NUMBERS: State = "numbers"
STATES: tuple[State, ...] = ("numbers", "few", "paused", "gap", "off")
"""``few``: nobody, or too few people who could be read. ``paused``: the analysis was off. ``gap``: it was on, and
nothing was recorded. ``off``: Groupmood was not running."""

NAMES: Mapping[State, str] = {
    "numbers": "with numbers",
    "few": "too few people",
    "paused": "paused",
    "gap": "nothing recorded",
    "off": "not running",
}

_NUMBERS, _FEW, _PAUSED, _GAP, _OFF = range(5)


@dataclass(frozen=True, slots=True)
class Spell:
    """From ``begin`` to below ``end``, seconds since 1970, all in one state."""

    state: State
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class States:
    """``spells`` follow each other without a hole; ``shown``: the same for charts; ``seconds`` of each state."""

    spells: tuple[Spell, ...]
    shown: tuple[Spell, ...]
    seconds: Mapping[State, int]


def states_of(course: Course, before: Course | None, runs: Sequence[tuple[int, int]]) -> States:
    """Of a ``course`` of seconds. ``before``: what came right before it, in which a state may have begun that goes on.
    ``runs``: begin and end of each run; where there is none it is not known when the program was on."""
    earlier = before.buckets if before is not None and before.width == 1 else ()
    buckets = (*earlier, *course.buckets)
    begin = buckets[0].utc
    codes = np.array([_code(bucket) for bucket in buckets])
    run = np.full(len(buckets), -1 if runs else 0)
    for number, (first, last) in enumerate(runs):
        run[max(0, first - begin) : max(0, last + 1 - begin)] = number
    filled = _filled(codes, run)[len(earlier) :]
    edges = [0, *(np.flatnonzero(np.diff(filled)) + 1).tolist(), len(filled)]
    spells = tuple(
        Spell(STATES[int(filled[first])], course.begin + first, course.begin + last) for first, last in pairwise(edges)
    )
    counts = np.bincount(filled, minlength=len(STATES))
    return States(spells, coarse(spells), {state: int(count) for state, count in zip(STATES, counts, strict=True)})


def coarse(spells: Sequence[Spell], most: int = 600) -> tuple[Spell, ...]:
    """The same for a chart, on a grid of ``most`` cells, each as what there is most of in it."""
    begin, end = spells[0].begin, spells[-1].end
    if end - begin <= most:
        return tuple(spells)
    codes = np.repeat([STATES.index(one.state) for one in spells], [one.end - one.begin for one in spells])
    edges = np.linspace(0, end - begin, most + 1).round().astype(int)
    counts = np.stack([np.add.reduceat(codes == code, edges[:-1], dtype=int) for code in range(len(STATES))])
    cells = counts.argmax(axis=0)
    starts = [0, *(np.flatnonzero(np.diff(cells)) + 1).tolist(), most]
    return tuple(
        Spell(STATES[int(cells[first])], begin + int(edges[first]), begin + int(edges[last]))
        for first, last in pairwise(starts)
    )


def _code(bucket: Bucket) -> int:
    """_GAP where there is no row."""
    if not bucket.known:
        return _GAP
    return _NUMBERS if bucket.seconds else _PAUSED if bucket.paused else _FEW


def _filled(codes: NDArray[np.int_], run: NDArray[np.int_]) -> NDArray[np.int_]:
    """The same with what is missing as it was before, within a run."""
    places = np.arange(len(codes))
    last = np.maximum.accumulate(np.where(codes == _GAP, -1, places))
    before = np.where(last < 0, _GAP, codes[np.maximum(last, 0)])
    goes_on = np.isin(before, (_FEW, _PAUSED)) & (run == run[np.maximum(last, 0)]) & (run >= 0)
    missing = codes == _GAP
    result = np.where(missing & goes_on, before, codes)
    return np.where(missing & (run < 0), _OFF, result)
