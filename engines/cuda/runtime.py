"""What the engines ask of CUDA, small enough that a strict stand-in can be held to the same rules as the real one.

One thread enters a runtime, uses it and leaves it: the device's primary context is current in that thread alone.
Everything handed out belongs to that runtime and is used before it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Device:
    """``capability`` (major, minor); ``memory`` in bytes; ``driver`` as CUDA counts it, 13000 for 13.0."""

    index: int
    name: str
    capability: tuple[int, int]
    memory: int
    driver: int


class Buffer(Protocol):
    """Device memory. ``address`` as CUDA gives it, ``size`` in bytes."""

    @property
    def address(self) -> int: ...

    @property
    def size(self) -> int: ...

    def free(self) -> None:
        """Give it back; a second call does nothing."""
        ...


class Pinned(Protocol):
    """Host memory that the device reads and writes by itself; ``array`` is a view on it."""

    @property
    def array(self) -> Array: ...

    def free(self) -> None: ...


class Stream(Protocol):
    """``handle`` as TensorRT takes it. Work of one stream is done in order."""

    @property
    def handle(self) -> int: ...

    def wait(self) -> None:
        """Until everything put into it so far is done.

        Raises:
            DeviceLost: something put into it failed; the context cannot be used any more.
        """
        ...


class Graph(Protocol):
    """Work that was recorded once and is put into a stream as one piece."""

    def launch(self, stream: Stream) -> None: ...

    def free(self) -> None: ...


class Kernel(Protocol):
    def launch(
        self, stream: Stream, grid: tuple[int, int, int], block: tuple[int, int, int], arguments: Sequence[np.generic]
    ) -> None:
        """``arguments``: numpy scalars in the order of the kernel's parameters, an address as ``np.uint64``.

        Raises:
            DeviceLost: it cannot be launched any more.
        """
        ...


class CudaRuntime(AbstractContextManager["CudaRuntime"], Protocol):
    """Entering makes the context current in this thread; leaving gives everything back and pops it."""

    @property
    def device(self) -> Device: ...

    def stream(self) -> Stream: ...

    def allocate(self, size: int) -> Buffer:
        """Raises:
        OutOfMemory: the device has not that much left.
        """
        ...

    def pinned(self, shape: tuple[int, ...], dtype: DTypeLike) -> Pinned:
        """Raises:
        OutOfMemory: the host has not that much that can be pinned.
        """
        ...

    def upload(self, target: Buffer, source: Pinned, size: int, stream: Stream) -> None:
        """The first ``size`` bytes, put into the stream; the source must not change until the stream was waited for."""
        ...

    def download(self, target: Pinned, source: Buffer, size: int, stream: Stream) -> None:
        """The first ``size`` bytes, put into the stream; they are there once it was waited for."""
        ...

    def kernel(self, cubin: bytes, name: str) -> Kernel:
        """Raises:
        ModelRejected: the code is not for this device, or has no such kernel.
        """
        ...

    def record(self, stream: Stream) -> AbstractContextManager[Recording]:
        """What is put into the stream inside the ``with`` is recorded, not done."""
        ...


class Recording(Protocol):
    """``graph`` once the ``with`` of ``record`` has ended."""

    @property
    def graph(self) -> Graph: ...
