"""The only thing two threads share: a bounded box of items with a closing end, which counts what it drops.

At any moment ``received == taken + dropped + waiting``.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Generic, Literal, TypeAlias, TypeVar

T = TypeVar("T")
Policy: TypeAlias = Literal["latest", "wait"]


class Mailbox(Generic[T]):
    """Policy ``latest``: the oldest item gives way to the newest. Policy ``wait``: the giver waits for room."""

    def __init__(self, policy: Policy, capacity: int = 1, *, changed: threading.Condition | None = None) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, got {capacity}")
        self.policy = policy
        self.received = self.taken = self.dropped = 0
        self.capacity = capacity
        self._items: deque[T] = deque()
        self._closed = False
        self._changed = changed or threading.Condition()

    @property
    def waiting(self) -> int:
        return len(self._items)

    @property
    def finished(self) -> bool:
        """Closed, and nothing left in it."""
        return self._closed and not self._items

    def put(self, item: T) -> bool:
        """Return False, and do not take the item, once the box is closed."""
        with self._changed:
            if self.policy == "wait":
                self._changed.wait_for(lambda: self._closed or len(self._items) < self.capacity)
            if self._closed:
                return False
            self.received += 1
            if len(self._items) == self.capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout: float | None = None) -> T | None:
        """The oldest item; None when the box is finished or ``timeout`` seconds have passed without one."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items, timeout)
            return self._pop() if self._items else None

    def close(self, *, discard: bool = False) -> None:
        """No more puts. Items inside are still handed out unless discarded, which counts as dropped."""
        with self._changed:
            self._closed = True
            if discard:
                self.dropped += len(self._items)
                self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self.take()
            if item is None:
                return
            yield item

    def _pop(self) -> T:
        self.taken += 1
        self._changed.notify_all()
        return self._items.popleft()


class Inbox(Generic[T]):
    """Several mailboxes that one thread empties together, one item of each a round, so that none waits for another."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._changed = threading.Condition()
        self.boxes: tuple[Mailbox[T], ...] = tuple(Mailbox(policy, changed=self._changed) for policy in policies)

    def __iter__(self) -> Iterator[tuple[tuple[int, T], ...]]:
        """Rounds of (number of the box, item), until every box is finished."""
        while True:
            with self._changed:
                self._changed.wait_for(self._ready)
                waiting = tuple(number for number, box in enumerate(self.boxes) if box.waiting)
                if not waiting:
                    return
                round_ = tuple((number, self.boxes[number]._pop()) for number in waiting)
            yield round_

    def _ready(self) -> bool:
        return any(box.waiting for box in self.boxes) or all(box.finished for box in self.boxes)
