"""From one thread to many readers in the web's thread: packets, JPEG pictures, events. A slow reader loses what is old;
it costs no memory and holds nobody up."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Reader(Generic[T]):
    """One reader's box of at most ``capacity`` items; the newest win. ``dropped`` of its items so far."""

    def __init__(self, capacity: int, loop: asyncio.AbstractEventLoop) -> None:
        self._items: deque[T] = deque()
        self._capacity, self._loop = capacity, loop
        self._lock, self._there = threading.Lock(), asyncio.Event()
        self._closed = False
        self.dropped = 0

    def put(self, item: T) -> None:
        """From any thread."""
        with self._lock:
            if self._closed:
                return
            first = not self._items  # whoever reads has been woken by the first and not yet come
            if len(self._items) == self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
        if first:
            self._wake()

    def close(self) -> None:
        """Nothing more comes; from any thread, more than once."""
        with self._lock:
            self._closed = True
        self._wake()

    async def take(self) -> T | None:
        """The oldest item; None when this is closed and empty. In the loop's thread."""
        while True:
            with self._lock:
                if self._items:
                    return self._items.popleft()
                if self._closed:
                    return None
                self._there.clear()
            await self._there.wait()

    async def __aiter__(self) -> AsyncIterator[T]:
        while (item := await self.take()) is not None:
            yield item

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            self._loop.call_soon_threadsafe(self._there.set)


class Fanout(Generic[T]):
    """Hands each item to every reader. ``joined`` is called, in the web's thread, when a reader joins: so that an
    encoder makes a keyframe."""

    def __init__(self, capacity: int, joined: Callable[[], None] = lambda: None) -> None:
        self._capacity, self._joined = capacity, joined
        self._lock = threading.Lock()
        self._readers: tuple[Reader[T], ...] = ()
        self._closed = False

    @property
    def wanted(self) -> bool:
        """Whether anybody reads; may be asked from any thread."""
        return bool(self._readers)

    def put(self, item: T) -> None:
        """From the one thread that makes the items."""
        for reader in self._readers:
            reader.put(item)

    def close(self) -> None:
        """No more items; from any thread."""
        with self._lock:
            self._closed, readers = True, self._readers
        for reader in readers:
            reader.close()

    def join(self) -> Reader[T]:
        """A new reader, in the thread of the running loop; to be given to leave() in the end."""
        reader: Reader[T] = Reader(self._capacity, asyncio.get_running_loop())
        with self._lock:
            if self._closed:
                reader.close()
            else:
                self._readers = (*self._readers, reader)
        self._joined()
        return reader

    def leave(self, reader: Reader[T]) -> None:
        reader.close()
        with self._lock:
            self._readers = tuple(one for one in self._readers if one is not reader)
