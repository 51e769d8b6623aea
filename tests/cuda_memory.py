"""The memory of the stand-in for a CUDA device: real memory of the host, at made-up addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engines.cuda.runtime import Array
from engines.errors import OutOfMemory

FIRST_ADDRESS = 0x7F00_0000_0000
ALIGNMENT = 256
FRESH, FREED = 0xCD, 0xDD

Bytes: TypeAlias = NDArray[np.uint8]


class Misuse(RuntimeError):
    """What would be a silent fault, or a crash, on a real device."""


class FakeBuffer:
    def __init__(self, memory: Memory, address: int, size: int) -> None:
        self.memory, self.address, self.size, self.freed = memory, address, size, False
        self.bytes: Bytes = np.full(size, FRESH, np.uint8)

    def free(self) -> None:
        self.memory.release(self)


class FakePinned:
    def __init__(self, memory: Memory, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.memory, self.freed = memory, False
        self.size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        self.bytes: Bytes = np.full(self.size, FRESH, np.uint8)
        self._array: Array = self.bytes.view(dtype).reshape(shape)

    @property
    def array(self) -> Array:
        if self.freed:
            raise Misuse("pinned memory is used after it was freed")
        return self._array

    def free(self) -> None:
        self.memory.release(self)


def refuse_nothing(size: int) -> None:
    if size < 1:
        raise Misuse(f"CUDA allocates 1 byte at least, not {size}")


Piece: TypeAlias = FakeBuffer | FakePinned


class Memory:
    """``device`` and ``host`` bytes at most; ``may_free`` raises where freeing is not allowed now."""

    def __init__(self, device: int, host: int, may_free: Callable[[], None]) -> None:
        self.live: list[Piece] = []
        self._device, self._host, self._may_free = device, host, may_free
        self._buffers: list[FakeBuffer] = []
        self._next = FIRST_ADDRESS

    def used(self, kind: type[Piece]) -> int:
        return sum(one.size for one in self.live if isinstance(one, kind))

    def allocate(self, size: int) -> FakeBuffer:
        refuse_nothing(size)
        left = self._device - self.used(FakeBuffer)
        if size > left:
            raise OutOfMemory(f"{size} bytes wanted of the device's memory, {left} left")
        buffer = FakeBuffer(self, self._next, size)
        self._next += (size // ALIGNMENT + 2) * ALIGNMENT  # a gap after each, and no address is given twice
        self._buffers.append(buffer)
        self.live.append(buffer)
        return buffer

    def pinned(self, shape: tuple[int, ...], dtype: DTypeLike) -> FakePinned:
        pinned = FakePinned(self, shape, dtype)
        refuse_nothing(pinned.size)
        left = self._host - self.used(FakePinned)
        if pinned.size > left:
            raise OutOfMemory(f"{pinned.size} bytes of pinned memory wanted, {left} left")
        self.live.append(pinned)
        return pinned

    def view(self, address: int, size: int) -> Bytes:
        """The bytes at an address, writeable; they must lie in one live buffer."""
        for buffer in self._buffers:
            if buffer.address <= address < buffer.address + buffer.size:
                if buffer.freed:
                    raise Misuse(f"device memory at {address:#x} is used after it was freed")
                if address + size > buffer.address + buffer.size:
                    raise Misuse(f"{size} bytes at {address:#x} reach beyond a buffer of {buffer.size}")
                return buffer.bytes[address - buffer.address :][:size]
        raise Misuse(f"{address:#x} is no device memory of this runtime")

    def both(self, buffer: object, pinned: object, size: int) -> tuple[Bytes, Bytes]:
        """The first ``size`` bytes of each, if a copy between them is possible."""
        if not isinstance(buffer, FakeBuffer) or not isinstance(pinned, FakePinned):
            kinds = f"{type(buffer).__name__} and {type(pinned).__name__}"
            raise Misuse(f"asynchronous copies go between a buffer and pinned memory, got {kinds}")
        if buffer.memory is not self or pinned.memory is not self:
            raise Misuse("a copy with memory of another runtime")
        if buffer.freed or pinned.freed:
            raise Misuse("a copy with memory after it was freed")
        if not 1 <= size <= min(buffer.size, pinned.size):
            raise Misuse(f"{size} bytes between a buffer of {buffer.size} and pinned memory of {pinned.size}")
        return buffer.bytes[:size], pinned.bytes[:size]

    def release(self, piece: Piece) -> None:
        if not piece.freed:
            self._may_free()
            piece.freed = True
            piece.bytes[:] = FREED
            self.live.remove(piece)
