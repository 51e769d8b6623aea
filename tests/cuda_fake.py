"""A stand-in for a CUDA device that is stricter than one: what a GPU may do wrong silently is an error here.

Device memory is real memory of the host at made-up addresses: ``view(address, size)`` resolves them. Whatever is put
into a stream is done when the stream is waited for, in order, and not before. Fresh memory is filled with 0xCD and
freed memory with 0xDD, so that nobody lives on zeros or on remains.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from engines.cuda.runtime import Buffer, Device, Graph, Pinned, Stream
from engines.errors import DeviceLost, ModelRejected
from tests.cuda_memory import Bytes, FakeBuffer, FakePinned, Memory, Misuse

__all__ = ["GPU", "FakeBuffer", "FakePinned", "FakeRuntime", "FakeStream", "Misuse"]

THREADS_A_BLOCK, HIGHEST_BLOCK = 1024, (1024, 1024, 64)
HIGHEST_GRID = (2**31 - 1, 65535, 65535)
"""CUDA C++ Programming Guide, table of technical specifications: the same for every device since 3.0."""

GPU = Device(index=0, name="Fake GPU", capability=(8, 9), memory=1 << 30, driver=13000)

Triple: TypeAlias = tuple[int, int, int]
Action: TypeAlias = Callable[[], None]
Work: TypeAlias = Callable[[], Action]
"""Called when it is put into a stream; what it returns is called when the stream gets to it."""


class FakeStream:
    def __init__(self, runtime: FakeRuntime, handle: int) -> None:
        self.runtime, self.handle = runtime, handle
        self.recorded: list[Work] | None = None
        self._actions: list[Action] = []

    def put(self, work: Work) -> None:
        if self.recorded is not None:
            self.recorded.append(work)
        else:
            self._actions.append(work())

    def wait(self) -> None:
        self.runtime.check("Stream.wait", outside_recording=True)
        actions, self._actions = self._actions, []
        for action in actions:
            try:
                action()
            except DeviceLost:
                self.runtime.lose()
                raise


class FakeGraph:
    def __init__(self, runtime: FakeRuntime, works: tuple[Work, ...]) -> None:
        self.freed = False
        self._runtime, self._works = runtime, works

    def launch(self, stream: Stream) -> None:
        self._runtime.check("Graph.launch", outside_recording=True)
        if self.freed:
            raise Misuse("a graph is launched after it was freed")
        for work in self._works:
            self._runtime.stream_of(stream).put(work)

    def free(self) -> None:
        if not self.freed:
            self._runtime.may_free()
            self.freed = True


class FakeRecording:
    def __init__(self) -> None:
        self.finished: FakeGraph | None = None

    @property
    def graph(self) -> Graph:
        if self.finished is None:
            raise Misuse("the graph is there only once the recording has ended without an error")
        return self.finished


class FakeKernel:
    def __init__(self, runtime: FakeRuntime, body: KernelBody) -> None:
        self._runtime, self._body = runtime, body

    def launch(self, stream: Stream, grid: Triple, block: Triple, arguments: Sequence[np.generic]) -> None:
        runtime, body, given = self._runtime, self._body, tuple(arguments)
        runtime.check("Kernel.launch")
        for name, sizes, highest in (("grid", grid, HIGHEST_GRID), ("block", block, HIGHEST_BLOCK)):
            if any(not 1 <= n <= most for n, most in zip(sizes, highest, strict=True)):
                raise Misuse(f"{name} must be three sizes from 1 to {highest}, got {sizes}")
        if int(np.prod(block)) > THREADS_A_BLOCK:
            raise Misuse(f"a block has at most {THREADS_A_BLOCK} threads, got {block}")
        if not all(isinstance(one, np.generic) for one in given):
            raise Misuse(f"arguments must be numpy scalars, got {[type(one).__name__ for one in given]}")
        runtime.stream_of(stream).put(lambda: lambda: body(runtime, grid, block, given))


class FakeRuntime:
    """``memory`` bytes of the device at most, and ``host`` bytes that can be pinned.

    ``kernels`` are Python functions by name; ``calls`` counts what was asked for, by name; ``leaks`` has, after
    leaving, what had not been freed.
    """

    _current = threading.local()

    def __init__(self, *, device: Device = GPU, memory: int | None = None, host: int = 1 << 30) -> None:
        self.device = device
        self.kernels: dict[str, KernelBody] = {}
        self.calls: Counter[str] = Counter()
        self.leaks: tuple[str, ...] = ()
        self._memory = Memory(device.memory if memory is None else memory, host, self.may_free)
        self._thread: int | None = None
        self._streams: dict[int, FakeStream] = {}
        self._graphs: list[FakeGraph] = []
        self._left_until_lost = -1

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise Misuse("the runtime is entered already")
        self._thread = threading.get_ident()
        self._stack().append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread != threading.get_ident() or self._stack()[-1:] != [self]:
            raise Misuse("the runtime must be left in the thread that entered it, the last entered first")
        self.leaks = tuple(f"{type(one).__name__} of {one.size} bytes" for one in self._memory.live)
        self.leaks += tuple("FakeGraph" for one in self._graphs if not one.freed)
        for one in (*self._memory.live, *self._graphs):
            one.free()
        self._streams.clear()
        self._stack().pop()
        self._thread = None

    def stream(self) -> FakeStream:
        self.check("stream")
        stream = FakeStream(self, 0x5000 + 16 * len(self._streams))
        self._streams[stream.handle] = stream
        return stream

    def allocate(self, size: int) -> FakeBuffer:
        self.check("allocate", outside_recording=True)
        return self._memory.allocate(size)

    def pinned(self, shape: tuple[int, ...], dtype: DTypeLike) -> FakePinned:
        self.check("pinned", outside_recording=True)
        return self._memory.pinned(shape, dtype)

    def upload(self, target: Buffer, source: Pinned, size: int, stream: Stream) -> None:
        self.check("upload")
        self._memory.both(target, source, size)

        def put() -> Action:
            before = self._memory.both(target, source, size)[1].tobytes()

            def act() -> None:
                on_device, on_host = self._memory.both(target, source, size)
                if on_host.tobytes() != before:
                    raise Misuse("the source of an upload changed before its stream was waited for")
                on_device[:] = on_host

            return act

        self.stream_of(stream).put(put)

    def download(self, target: Pinned, source: Buffer, size: int, stream: Stream) -> None:
        self.check("download")
        self._memory.both(source, target, size)

        def act() -> None:
            on_device, on_host = self._memory.both(source, target, size)
            on_host[:] = on_device

        self.stream_of(stream).put(lambda: act)

    def kernel(self, cubin: bytes, name: str) -> FakeKernel:
        self.check("kernel", outside_recording=True)
        if not cubin or name not in self.kernels:
            raise ModelRejected(f"no kernel {name!r} in {len(cubin)} bytes of code; known: {sorted(self.kernels)}")
        return FakeKernel(self, self.kernels[name])

    def record(self, stream: Stream) -> AbstractContextManager[FakeRecording]:
        self.check("record", outside_recording=True)
        return self._record(self.stream_of(stream))

    # What follows is for tests, and for stand-ins of libraries that use the device too.

    def view(self, address: int, size: int) -> Bytes:
        """The bytes of device memory at an address, writeable; they must lie in one live buffer."""
        return self._memory.view(address, size)

    def enqueue(self, handle: int, action: Action) -> None:
        """Put work into the stream of that handle, as a library does that was given the handle."""
        self.check("enqueue")
        if handle not in self._streams:
            raise Misuse(f"{handle:#x} is no stream of this runtime")
        self._streams[handle].put(lambda: action)

    def lose(self, after: int = 0) -> None:
        """All calls but the next ``after`` raise DeviceLost."""
        self._left_until_lost = after

    @property
    def used(self) -> int:
        """Bytes of device memory in use."""
        return self._memory.used(FakeBuffer)

    def check(self, call: str, *, outside_recording: bool = False) -> None:
        if self._thread is None:
            raise Misuse(f"{call}: the runtime is not entered")
        if self._thread != threading.get_ident():
            raise Misuse(f"{call}: the runtime was entered in another thread")
        if self._stack()[-1] is not self:
            raise Misuse(f"{call}: the context of another runtime is current in this thread")
        if outside_recording and self._recording():
            raise Misuse(f"{call} is not possible while a graph is recorded")
        if self._left_until_lost == 0:
            raise DeviceLost(f"{call}: {self.device.name} is lost")
        self._left_until_lost -= self._left_until_lost > 0
        self.calls[call] += 1

    def may_free(self) -> None:
        if self._thread is not None and self._thread != threading.get_ident():
            raise Misuse("freed in another thread than the one that entered the runtime")
        if self._recording():
            raise Misuse("freed while a graph is recorded")

    def stream_of(self, stream: object) -> FakeStream:
        if not isinstance(stream, FakeStream) or self._streams.get(stream.handle) is not stream:
            raise Misuse(f"{type(stream).__name__} is no stream of this runtime")
        return stream

    def _recording(self) -> bool:
        return any(stream.recorded is not None for stream in self._streams.values())

    @contextmanager
    def _record(self, stream: FakeStream) -> Iterator[FakeRecording]:
        recording, works = FakeRecording(), list[Work]()
        stream.recorded = works
        try:
            yield recording
        finally:
            stream.recorded = None
        recording.finished = FakeGraph(self, tuple(works))
        self._graphs.append(recording.finished)

    @classmethod
    def _stack(cls) -> list[FakeRuntime]:
        """The runtimes entered in this thread, the current one last."""
        if not hasattr(cls._current, "stack"):
            cls._current.stack = []
        stack: list[FakeRuntime] = cls._current.stack
        return stack


KernelBody: TypeAlias = Callable[[FakeRuntime, Triple, Triple, Sequence[np.generic]], None]
"""What a registered kernel does: (runtime, grid, block, arguments); it finds its memory by ``runtime.view``."""
