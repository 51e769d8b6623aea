"""Arrays of the host onto the device, so that the next can be written while the last is still on its way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.cuda.runtime import Array, Buffer, CudaRuntime, Pinned, Stream

TURNS = 2


@dataclass(slots=True)
class _Turn:
    """Pinned memory, and the stream that may still read it."""

    memory: Pinned | None = None
    stream: Stream | None = None

    def wait(self) -> None:
        if self.stream is not None:
            self.stream.wait()
            self.stream = None


class Uploads:
    """One buffer, written through ``TURNS`` pieces of pinned memory in turn; always in one and the same stream.

    All are kept as long as what comes fits into them, so the address stays, also for graphs.
    """

    def __init__(self, runtime: CudaRuntime) -> None:
        self._runtime = runtime
        self._turns = [_Turn() for _ in range(TURNS)]
        self._buffer: Buffer | None = None

    def put(self, array: Array, stream: Stream) -> Buffer:
        """The array's bytes in C order, put into the stream; what comes after it there finds them until the next call.

        From the third call on it waits for the stream as it was two calls before, which costs nothing where the caller
        has waited for his results anyway.

        Raises:
            ValueError: the array is empty.
            OutOfMemory: there is no room for it.
        """
        size = array.nbytes
        if not size:
            raise ValueError(f"there is nothing to put onto the device in an array of shape {array.shape}")
        buffer = self._room(size)
        turn = self._turns.pop(0)
        self._turns.append(turn)
        turn.wait()
        pinned = self._pinned(turn, size)
        pinned.array[:size].view(array.dtype).reshape(array.shape)[...] = array
        self._runtime.upload(buffer, pinned, size, stream)
        turn.stream = stream
        return buffer

    def free(self) -> None:
        for turn in self._turns:
            if turn.memory is not None:
                turn.memory.free()
            turn.memory = turn.stream = None
        if self._buffer is not None:
            self._buffer.free()
            self._buffer = None

    def _room(self, size: int) -> Buffer:
        if self._buffer is None or self._buffer.size < size:
            for turn in self._turns:
                turn.wait()
            if self._buffer is not None:
                self._buffer.free()
                self._buffer = None  # in case there is no room for another
            self._buffer = self._runtime.allocate(size)
        return self._buffer

    def _pinned(self, turn: _Turn, size: int) -> Pinned:
        if turn.memory is None or turn.memory.array.nbytes < size:
            if turn.memory is not None:
                turn.memory.free()
                turn.memory = None
            turn.memory = self._runtime.pinned((size,), np.uint8)
        return turn.memory
