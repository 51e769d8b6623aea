"""How much is held below some objects: the lengths of all its containers, by where they stand."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import islice
from types import MethodType

import numpy as np

from streamer.overlay.recent import Recent

LOOKED_INTO = 64
"""Members of one container that are followed further; all of them are counted."""

OURS = ("streamer.", "tools.", "norfair.")
"""Whose objects are looked into."""

CONTAINERS = (dict, list, set, frozenset, deque)
PLAIN = (str, bytes, int, float, bool, type(None), type, threading.Thread)


def holdings(roots: Mapping[str, object]) -> dict[str, int]:
    """Members by path, such as ``analyzer._labels._known._faces``; those of several objects at the same path together,
    and each object once, by a shortest path from one of the ``roots``. An array counts by its elements, what
    forgets by number (a deque with a greatest length, a Recent) by that number unless it holds more, and tuples (which
    do not grow) are only looked into."""
    found: dict[str, int] = {}
    known: set[int] = set()
    waiting: deque[tuple[str, object]] = deque(roots.items())
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, PLAIN) or id(value) in known:
            continue
        known.add(id(value))
        if isinstance(value, np.ndarray):
            found[path] = found.get(path, 0) + value.size
            continue
        if isinstance(value, (*CONTAINERS, Recent)):
            found[path] = found.get(path, 0) + max(bound(value), len(value))
        waiting.extend((path + step, one) for step, one in below(value))
    return {sys.intern(path): count for path, count in found.items()}  # kept for each hour of a run


def bound(value: object) -> int:
    """How many it will hold at most by its own making; 0 for any number."""
    if isinstance(value, Recent):
        return int(vars(value)["_entries"])
    return value.maxlen or 0 if isinstance(value, deque) else 0


def below(value: object) -> Iterator[tuple[str, object]]:
    """What an object holds, and under which name."""
    if isinstance(value, Recent):  # drawn signs of any size
        return
    if isinstance(value, Mapping):
        yield from (("[]", one) for one in islice(list(value.values()), LOOKED_INTO))
    elif isinstance(value, (*CONTAINERS, tuple)):
        yield from (("[]", one) for one in islice(members(value), LOOKED_INTO))
    elif isinstance(value, MethodType):  # a listener: whose it is
        yield "", value.__self__
    elif isinstance(value, partial):
        yield "", (value.func, value.args)
    elif type(value).__module__.startswith(OURS):
        slots = (slot for kind in type(value).__mro__ for slot in getattr(kind, "__slots__", ()))
        names = [*getattr(value, "__dict__", {}), *(slot for slot in slots if hasattr(value, slot))]
        yield from ((f".{name}", getattr(value, name)) for name in names)


def members(value: Collection[object]) -> list[object]:
    """A copy, as another thread may change it meanwhile."""
    while True:
        try:
            return list(value)
        except RuntimeError:  # changed while it was copied
            continue
