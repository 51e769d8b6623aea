"""Requests of several threads that arrive together are run together: a device needs little more time for many rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from engines.base import Array
from engines.cuda.owner import Owner, outcome
from engines.cuda.runtime import CudaRuntime
from engines.errors import EngineError

Feeds: TypeAlias = Mapping[str, Array]
Outputs: TypeAlias = dict[str, Array]
Run: TypeAlias = Callable[[CudaRuntime, Feeds], Outputs]
Signature: TypeAlias = tuple[tuple[str, str, tuple[int, ...]], ...]
"""Name, dtype and shape of a row of every input: only what is alike can be joined."""

REMEMBERED = 1.0
"""Seconds for which a thread counts as a caller after its last request: some periods of a slow camera."""

INSIDE = float("inf")
"""Stands for the time at which a caller leaves, while it waits for its rows."""


class Gathering:
    """Joins along axis 0 what different threads ask for within ``wait`` seconds, up to ``most`` rows at once.

    The first of a batch waits for those who have been calling lately and are not waiting for an answer themselves: so a
    single caller never waits. Until the device gets to a batch, more may join. More than ``most`` rows are run in
    pieces.
    """

    def __init__(
        self, owner: Owner, run: Run, *, most: int, wait: float = 0.0005, remembered: float = REMEMBERED
    ) -> None:
        """``run`` is called in the owner's thread; all its outputs have one row for each row of its inputs."""
        if most < 1:
            raise ValueError(f"most must be at least 1, got {most}")
        self._owner, self._run, self._most, self._wait, self._remembered = owner, run, most, wait, remembered
        self._changed = threading.Condition()
        self._open: dict[Signature, _Batch] = {}
        self._callers: dict[int, _Caller] = {}

    def run(self, feeds: Feeds) -> Outputs:
        """The outputs for these rows, in their order. An error of the batch reaches each caller that is in it.

        Raises:
            ValueError: the inputs have no rows, or not equally many.
        """
        rows = _rows(feeds)
        if rows <= self._most:
            return self._piece(feeds, rows)
        starts = range(0, rows, self._most)
        pieces = [{name: array[start : start + self._most] for name, array in feeds.items()} for start in starts]
        return _joined([self._piece(piece, _rows(piece)) for piece in pieces])

    def _piece(self, feeds: Feeds, rows: int) -> Outputs:
        if self._owner.inside:  # nobody else can be served while the owner's thread waits
            return self._owner.call(lambda runtime: self._run(runtime, feeds))
        with self._changed:
            batch, first = self._join(feeds, rows)
            caller = self._callers[threading.get_ident()] = _Caller(batch.signature)
            start = batch.add(feeds, rows)
            self._changed.notify_all()
            if first:
                self._changed.wait_for(lambda: batch.closed or self._complete(batch), self._wait)
        try:
            if first:
                self._send(batch)
            return batch.answer(start, rows)
        finally:
            caller.left = time.monotonic()

    def _join(self, feeds: Feeds, rows: int) -> tuple[_Batch, bool]:
        """The batch to be in, and whether it is a new one."""
        signature = tuple((name, array.dtype.str, array.shape[1:]) for name, array in sorted(feeds.items()))
        batch = self._open.get(signature)
        if batch is not None and batch.rows + rows <= self._most:
            return batch, False
        if batch is not None:
            batch.closed = True
        self._open[signature] = _Batch(signature)
        return self._open[signature], True

    def _complete(self, batch: _Batch) -> bool:
        """Whether it is full, or nobody who has been calling for the like lately is free to join it."""
        oldest = time.monotonic() - self._remembered
        self._callers = {ident: caller for ident, caller in self._callers.items() if caller.left > oldest}
        free = [one for one in self._callers.values() if one.left < INSIDE and one.signature == batch.signature]
        return batch.rows >= self._most or not free

    def _send(self, batch: _Batch) -> None:
        try:
            batch.future = self._owner.submit(lambda runtime: self._serve(runtime, batch))
            batch.future.add_done_callback(lambda _: self._close(batch))  # also where its turn never came
        except (EngineError, RuntimeError) as error:
            batch.refusal = error
            self._close(batch)
        finally:
            batch.sent.set()

    def _serve(self, runtime: CudaRuntime, batch: _Batch) -> Outputs:
        self._close(batch)
        outputs = self._run(runtime, batch.feeds())
        for name, array in outputs.items():
            if array.shape[:1] != (batch.rows,) and len(batch.parts) > 1:
                raise EngineError(f"output {name} has shape {array.shape}, not one row for each of {batch.rows}")
        return outputs

    def _close(self, batch: _Batch) -> None:
        with self._changed:
            batch.closed = True
            if self._open.get(batch.signature) is batch:
                del self._open[batch.signature]


@dataclass(slots=True)
class _Caller:
    """A thread that wanted rows of this kind, and when it got them."""

    signature: Signature
    left: float = INSIDE


class _Batch:
    """What is run at once. ``parts`` grows until it is closed; ``future`` or ``refusal`` is there once ``sent``."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self.parts: list[Feeds] = []
        self.rows = 0
        self.closed = False
        self.sent = threading.Event()
        self.future: Future[Outputs] | None = None
        self.refusal: EngineError | RuntimeError | None = None

    def add(self, feeds: Feeds, rows: int) -> int:
        """The row at which these begin."""
        self.parts.append(feeds)
        self.rows += rows
        return self.rows - rows

    def feeds(self) -> Feeds:
        return self.parts[0] if len(self.parts) == 1 else _joined(self.parts)

    def answer(self, start: int, rows: int) -> Outputs:
        self.sent.wait()
        if self.future is None:
            raise self.refusal or EngineError("the batch was never sent")
        outputs = outcome(self.future)
        if len(self.parts) == 1:
            return outputs
        return {name: array[start : start + rows] for name, array in outputs.items()}


def _rows(feeds: Feeds) -> int:
    counts = {array.shape[0] if array.ndim else -1 for array in feeds.values()}
    if len(counts) != 1 or -1 in counts:
        raise ValueError(f"inputs must have equally many rows, got { ({n: a.shape for n, a in feeds.items()}) }")
    return counts.pop()


def _joined(parts: list[Outputs] | list[Feeds]) -> Outputs:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
