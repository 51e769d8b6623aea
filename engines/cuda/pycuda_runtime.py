"""The runtime over pycuda, which is compiled where it is installed; graphs come from cuda-bindings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from engines.cuda.capturing import Recorded, recording
from engines.cuda.failures import failure, name_of
from engines.cuda.holdings import Held, HeldBuffer, HeldPinned, Holdings, positive
from engines.cuda.runtime import Buffer, Device, Pinned, Stream
from engines.errors import DeviceLost, EngineUnavailable

NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING: the stream does not wait for the default stream, which other libraries use."""


def pycuda_driver() -> Any:
    """The module ``pycuda.driver``; never ``pycuda.autoinit``, which would make a context of its own in any thread.

    Raises:
        EngineUnavailable: it is not installed, or cannot be loaded: without NVIDIA's driver, or built for another one.
    """
    try:
        import pycuda.driver
    except ImportError as error:
        raise EngineUnavailable(f"pycuda cannot be imported ({error})") from error
    return pycuda.driver


class Failures:
    """``with`` it around calls of pycuda: its errors leave as ours, told apart by the driver's text that they carry."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or not isinstance(error, self._driver.Error):
            return
        call, _, text = str(error).partition(" failed: ")
        text = text.partition(" - ")[0]  # the compiler's log may follow
        name = name_of(text) or ("CUDA_ERROR_UNKNOWN" if self._nothing_works() else "no name known")
        raise failure(call, name, text) from error

    def _nothing_works(self) -> bool:
        """Whether even a harmless call fails: an error after which the device is lost comes back from every call."""
        try:
            self._driver.mem_get_info()
        except self._driver.Error:
            return True
        return False


class PycudaStream(Held):
    def __init__(self, holdings: Holdings, driver: Any, failures: Failures) -> None:
        self.stream: Any = driver.Stream(NON_BLOCKING)
        self.handle = int(self.stream.handle)
        self._failures = failures
        super().__init__(holdings, self._drop)

    def wait(self) -> None:
        self._holdings.check("Stream.wait", outside_recording=True)
        with self._failures:
            self.stream.synchronize()

    def _drop(self) -> None:
        self.stream = None


class PycudaKernel(Held):
    def __init__(self, holdings: Holdings, failures: Failures, function: Any) -> None:
        self._function, self._failures = function, failures
        super().__init__(holdings, self._drop)

    def launch(
        self, stream: Stream, grid: tuple[int, int, int], block: tuple[int, int, int], arguments: Sequence[np.generic]
    ) -> None:
        self._holdings.check("Kernel.launch")
        on = self._holdings.own(stream, PycudaStream).stream
        with self._failures:
            self._function(*arguments, grid=grid, block=block, stream=on)

    def _drop(self) -> None:
        self._function = None


class PycudaRuntime:
    """``index`` counts the GPUs as CUDA does. One thread enters it; see ``engines.cuda.runtime``."""

    def __init__(self, index: int = 0) -> None:
        """
        Raises:
            EngineUnavailable: pycuda cannot be imported.
        """
        self._driver, self._index = pycuda_driver(), index
        self._failures = Failures(self._driver)
        self._holdings = Holdings()
        self._device: Device | None = None
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """
        Raises:
            EngineUnavailable: there is no such device, or it cannot be used now.
        """
        with self._failures, ExitStack() as undo:
            self._driver.init()
            device = self._driver.Device(self._index)
            context = device.retain_primary_context()
            # Gives it back, after the pop, because it cannot be popped any more then. Where the pop fails, because the
            # device is lost, this takes it off pycuda's own stack: with that not empty the thread's end aborts.
            undo.callback(context.detach)
            context.push()
            undo.callback(self._driver.Context.pop)
            self._device = self._describe(device)
            self._holdings.enter()
            undo.callback(self._holdings.leave)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holdings.check("leave")
        with suppress(DeviceLost), self._failures:
            self._undo.close()

    @property
    def device(self) -> Device:
        if self._device is None:
            raise RuntimeError("the runtime is not entered")
        return self._device

    def stream(self) -> PycudaStream:
        self._holdings.check("stream", outside_recording=True)
        with self._failures:
            return self._holdings.add(PycudaStream(self._holdings, self._driver, self._failures))

    def allocate(self, size: int) -> HeldBuffer:
        self._holdings.check("allocate", outside_recording=True)
        with self._failures:
            memory = self._driver.mem_alloc(positive(size))
        return self._holdings.add(HeldBuffer(self._holdings, self._freeing(memory), int(memory), size))

    def pinned(self, shape: tuple[int, ...], dtype: DTypeLike) -> HeldPinned:
        self._holdings.check("pinned", outside_recording=True)
        size = positive(int(np.prod(shape)) * np.dtype(dtype).itemsize)
        with self._failures:
            memory = self._driver.pagelocked_empty(size, np.uint8)
        array = memory.view(dtype).reshape(shape)
        return self._holdings.add(HeldPinned(self._holdings, self._freeing(memory.base), memory, array))

    def upload(self, target: Buffer, source: Pinned, size: int, stream: Stream) -> None:
        self._holdings.check("upload")
        buffer, pinned = self._holdings.both(target, source, size)
        on = self._holdings.own(stream, PycudaStream).stream
        with self._failures:
            self._driver.memcpy_htod_async(buffer.address, pinned.bytes[:size], on)

    def download(self, target: Pinned, source: Buffer, size: int, stream: Stream) -> None:
        self._holdings.check("download")
        buffer, pinned = self._holdings.both(source, target, size)
        on = self._holdings.own(stream, PycudaStream).stream
        with self._failures:
            self._driver.memcpy_dtoh_async(pinned.bytes[:size], buffer.address, on)

    def kernel(self, cubin: bytes, name: str) -> PycudaKernel:
        self._holdings.check("kernel", outside_recording=True)
        with self._failures:
            function = self._driver.module_from_buffer(cubin).get_function(name)
        return self._holdings.add(PycudaKernel(self._holdings, self._failures, function))

    def record(self, stream: Stream) -> AbstractContextManager[Recorded]:
        return recording(self._holdings, self._holdings.own(stream, PycudaStream))

    def _freeing(self, memory: Any) -> Any:
        def free() -> None:
            with self._failures:
                memory.free()

        return free

    def _describe(self, device: Any) -> Device:
        major, minor = device.compute_capability()
        version = int(self._driver.get_driver_version())
        return Device(self._index, str(device.name()), (int(major), int(minor)), int(device.total_memory()), version)
