"""What a runtime has handed out, and the one thread that may use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engines.cuda.runtime import Array
from engines.errors import DeviceLost


class Held:
    """Something of the device that must be given back: by ``free``, or else when its runtime is left."""

    def __init__(self, holdings: Holdings, give_back: Callable[[], object]) -> None:
        self._holdings, self._give_back = holdings, give_back
        self.freed = False

    def free(self) -> None:
        """Give it back; a second call does nothing, and neither does one after the device was lost."""
        if self.freed:
            return
        self._holdings.check("free", outside_recording=True)
        self._holdings.remove(self)
        self.freed = True
        with suppress(DeviceLost):
            self._give_back()

    def belongs_to(self, holdings: Holdings) -> bool:
        return self._holdings is holdings


class HeldBuffer(Held):
    def __init__(self, holdings: Holdings, give_back: Callable[[], object], address: int, size: int) -> None:
        super().__init__(holdings, give_back)
        self.address, self.size = address, size


class HeldPinned(Held):
    """``bytes`` is the memory itself, ``address`` where it lies, ``array`` a view on it as it was asked for."""

    def __init__(
        self, holdings: Holdings, give_back: Callable[[], object], memory: NDArray[np.uint8], array: Array
    ) -> None:
        super().__init__(holdings, give_back)
        self.bytes, self.size, self.address = memory, memory.nbytes, int(memory.ctypes.data)
        self._array = array

    @property
    def array(self) -> Array:
        if self.freed:
            raise RuntimeError("pinned memory is used after it was freed")
        return self._array


H = TypeVar("H", bound=Held)


def positive(size: int) -> int:
    """The size itself.

    Raises:
        RuntimeError: it is less than the 1 byte that CUDA allocates at least.
    """
    if size < 1:
        raise RuntimeError(f"CUDA allocates 1 byte at least, not {size}")
    return size


class Holdings:
    """``recording`` is whether a graph is being recorded: then nothing may be allocated, freed or waited for."""

    def __init__(self) -> None:
        self.recording = False
        self._thread: int | None = None
        self._things: dict[int, Held] = {}

    def enter(self) -> None:
        if self._thread is not None:
            raise RuntimeError("the runtime is entered already")
        self._thread = threading.get_ident()

    def leave(self) -> None:
        """Free all, the newest first; where one fails, the others are freed all the same."""
        self.recording = False
        with ExitStack() as last_first:
            last_first.callback(self._forget)
            for thing in self._things.values():
                last_first.callback(thing.free)

    def _forget(self) -> None:
        self._things.clear()
        self._thread = None

    def check(self, call: str, *, outside_recording: bool = False) -> None:
        """Refuse a call from another thread, before entering, or after leaving."""
        if self._thread is None:
            raise RuntimeError(f"{call}: the runtime is not entered")
        if self._thread != threading.get_ident():
            raise RuntimeError(f"{call}: the runtime was entered in another thread")
        if outside_recording and self.recording:
            raise RuntimeError(f"{call} is not possible while a graph is recorded")

    def add(self, thing: H) -> H:
        self._things[id(thing)] = thing
        return thing

    def remove(self, thing: Held) -> None:
        del self._things[id(thing)]

    def own(self, thing: object, kind: type[H]) -> H:
        """The thing, if it is of that kind, of this runtime, and not freed."""
        if not isinstance(thing, kind) or not thing.belongs_to(self):
            raise RuntimeError(f"{type(thing).__name__} is no {kind.__name__} of this runtime")
        if thing.freed:
            raise RuntimeError(f"{kind.__name__} is used after it was freed")
        return thing

    def both(self, buffer: object, pinned: object, size: int) -> tuple[HeldBuffer, HeldPinned]:
        """The two ends of a copy of ``size`` bytes, if it is possible."""
        on_device, on_host = self.own(buffer, HeldBuffer), self.own(pinned, HeldPinned)
        if not 1 <= size <= min(on_device.size, on_host.size):
            raise RuntimeError(f"{size} bytes between {on_device.size} on the device and {on_host.size} pinned")
        return on_device, on_host
