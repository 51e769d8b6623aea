"""How much is held below an object: the lengths of all its containers, by where they stand."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import islice
from types import MethodType

import numpy as np

LOOKED_INTO = 64
"""Members of one container that are followed further; all of them are counted."""

OURS = ("streamer.", "tools.", "norfair.")
"""Whose objects are looked into."""

CONTAINERS = (dict, list, set, frozenset, deque)
PLAIN = (str, bytes, int, float, bool, type(None), type, threading.Thread)


def holdings(root: object, name: str) -> dict[str, int]:
    """Members by path, such as ``analyzer._labels._known._faces``; those of several objects at the same path together.
    An array counts by its elements, tuples (which do not grow) are only looked into."""
    found: dict[str, int] = {}
    known: set[int] = set()
    waiting: deque[tuple[str, object]] = deque([(name, root)])
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, PLAIN) or id(value) in known:
            continue
        known.add(id(value))
        if isinstance(value, np.ndarray):
            found[path] = found.get(path, 0) + value.size
            continue
        if isinstance(value, CONTAINERS):
            found[path] = found.get(path, 0) + len(value)
        waiting.extend((path + step, one) for step, one in below(value))
    return found


def below(value: object) -> Iterator[tuple[str, object]]:
    """What an object holds, and under which name."""
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
