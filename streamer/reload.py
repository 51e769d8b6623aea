"""Signals that are heard but never in the way, and one thing after another of its kind in one process."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType, TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar


class Signals:
    """While entered, in the main thread, has a signal answered by a thread of its own.

    A handler runs in the middle of whatever the main thread does, locks held; so it only notes the signal, in the one
    queue that is made for that (``queue.SimpleQueue.put`` is reentrant). Signals that come while one is answered are
    answered once more, together.
    """

    def __init__(self, answers: Mapping[signal.Signals, Callable[[], None]]) -> None:
        """Signals of the same answer share a thread, so a slow answer never delays another one."""
        self._answers = answers
        self._noted: dict[Callable[[], None], queue.SimpleQueue[bool]] = {
            answer: queue.SimpleQueue() for answer in answers.values()
        }
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for answer, noted in self._noted.items():
            threading.Thread(target=listen, args=(answer, noted), name="signals", daemon=True).start()
        for number, answer in self._answers.items():
            self._before[number] = signal.signal(number, self._note(self._noted[answer]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        for noted in self._noted.values():
            noted.put(False)

    @staticmethod
    def _note(noted: queue.SimpleQueue[bool]) -> Callable[[int, FrameType | None], None]:
        return lambda _number, _frame: noted.put(True)


def listen(answer: Callable[[], None], noted: queue.SimpleQueue[bool]) -> None:
    """Answer each signal noted, until False is."""
    while noted.get():
        while not noted.empty():
            if not noted.get():
                return
        answer()


class Stoppable(Protocol):
    """What runs in a turn. Both may be called from any thread, ``stop`` also before it runs."""

    def stop(self) -> None:
        """End soon."""
        ...

    def discard(self) -> None:
        """It was ready, and will not run."""
        ...


T = TypeVar("T", bound=Stoppable)


class Turns(Generic[T]):
    """One after the other, each stopped when the next one is ready: ``for one in turns`` gives each when it is to run,
    in the thread that runs them; the other methods are for other threads."""

    def __init__(self, first: T) -> None:
        self._changed = threading.Condition()
        self._now, self._over = first, False
        self._next: T | None = None

    @property
    def now(self) -> T:
        """That which runs, or is about to."""
        return self._now

    @property
    def goes_on(self) -> bool:
        """Whether another one waits for the end of this one."""
        with self._changed:
            return self._next is not None and not self._over

    def __iter__(self) -> Iterator[T]:
        while True:
            yield self._now
            with self._changed:
                if self._next is None:
                    self._over = True
                    return
                if self._over:
                    self._next.discard()
                    return
                self._now, self._next = self._next, None
                self._changed.notify_all()

    def follow(self, another: T) -> bool:
        """Stop the one of now and let another one follow; comes back once that has its turn, False if it gets none."""
        with self._changed:
            if self._over:
                another.discard()
                return False
            self._next = another
            self._now.stop()
            self._changed.wait_for(lambda: self._now is another or self._over)
            return self._now is another

    def stop(self) -> None:
        """End this one, and let none follow."""
        with self._changed:
            self._over = True
            self._now.stop()
            self._changed.notify_all()
