"""The one thread that uses a device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from engines.cuda.runtime import CudaRuntime
from engines.errors import DeviceLost, EngineError

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a call waits for a place in the queue: far longer than any run of a network."""


class Owner:
    """The thread in which a device's runtime is entered, used and left; whoever wants the device calls it.

    It may be entered by several users: the thread starts with the first and ends with the last, and what the runtime
    held is given back in that thread. At most ``capacity`` calls are under way; a further one waits for a place,
    ``patience`` seconds. A device that failed is not tried again.
    """

    def __init__(self, make: Callable[[], CudaRuntime], *, capacity: int = 64, patience: float = PATIENCE) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, got {capacity}")
        self._make, self._capacity, self._patience = make, capacity, patience
        self._places = threading.BoundedSemaphore(capacity)
        self._entering = threading.Lock()
        self._users = 0
        self._lock = threading.Lock()  # of what follows
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: set[Future[Any]] = set()
        self._runtime: CudaRuntime | None = None
        self._thread = 0
        self._failure = ""

    def __enter__(self) -> Self:
        """Start the thread and enter the runtime in it, if this is the first user.

        Raises:
            EngineUnavailable: there is no device, or it cannot be used.
            DeviceLost: it failed before; only a new start of the program helps.
        """
        with self._entering:
            self._refuse_if_lost()
            if not self._users:
                self._start()
            self._users += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.inside:
            raise RuntimeError("the owner of a device cannot be left by one of its own jobs")
        with self._entering:
            self._users -= 1
            if not self._users:
                self._stop()

    @property
    def inside(self) -> bool:
        """Whether this is the owner's thread."""
        return threading.get_ident() == self._thread

    def call(self, job: Callable[[CudaRuntime], T]) -> T:
        """What ``job`` returns or raises; it is run in the owner's thread, one job after another.

        A job that calls the owner again is run at once.

        Raises:
            DeviceLost: the device failed, in this job or before.
            EngineError: no place became free in time, or the owner was closed before the job's turn.
            RuntimeError: the owner is not open.
        """
        return self._do(job) if self.inside else outcome(self.submit(job))

    def submit(self, job: Callable[[CudaRuntime], T]) -> Future[T]:
        """Put a job into the queue from another thread; ``outcome`` waits for it. Raises what ``call`` does."""
        self._refuse_if_lost()
        if self._pool is None:
            raise RuntimeError("the owner of the device is not open")
        if not self._places.acquire(timeout=self._patience):
            raise EngineError(
                f"the device is too slow for what is asked of it: {self._capacity} calls are waiting and none was done "
                f"in {self._patience:g} s; ask for less, or look whether another program keeps the device busy"
            )
        future = self._enqueue(job)
        if future is None:
            self._places.release()
            raise EngineError(CLOSED)
        future.add_done_callback(self._done)
        return future

    def _enqueue(self, job: Callable[[CudaRuntime], T]) -> Future[T] | None:
        """None if the owner was closed meanwhile."""
        with self._lock:
            if self._pool is None:
                return None
            future = self._pool.submit(self._do, job)
            self._under_way.add(future)
            return future

    def _start(self) -> None:
        with ExitStack() as undo:
            pool = ThreadPoolExecutor(1, thread_name_prefix="device")
            undo.callback(pool.shutdown)
            pool.submit(self._open).result()
            undo.pop_all()
        self._pool = pool

    def _stop(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
            waiting = tuple(self._under_way)
        for future in waiting:
            future.cancel()
        if pool is not None:
            with pool:
                pool.submit(self._close).result()

    def _open(self) -> None:
        self._runtime = self._make().__enter__()
        self._thread = threading.get_ident()

    def _close(self) -> None:
        runtime, self._runtime, self._thread = self._runtime, None, 0
        if runtime is not None:
            runtime.__exit__(None, None, None)

    def _do(self, job: Callable[[CudaRuntime], T]) -> T:
        self._refuse_if_lost()
        if self._runtime is None:
            raise RuntimeError("the owner of the device is not open")
        try:
            return job(self._runtime)
        except DeviceLost as error:
            self._failure = self._failure or str(error)
            raise

    def _done(self, future: Future[Any]) -> None:
        with self._lock:
            self._under_way.discard(future)
        self._places.release()

    def _refuse_if_lost(self) -> None:
        if self._failure:
            raise DeviceLost(f"the device failed before and cannot be used any more: {self._failure}")


CLOSED = "the device was closed before it was this call's turn"


def outcome(future: Future[T]) -> T:
    """What the job returns or raises, once it is done.

    Raises:
        EngineError: the owner was closed before the job's turn.
    """
    try:
        return future.result()
    except CancelledError:
        raise EngineError(CLOSED) from None
