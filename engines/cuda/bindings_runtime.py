"""The runtime over cuda-bindings, NVIDIA's own wheels: nothing needs to be compiled to install it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from engines.cuda.capturing import Recorded, recording
from engines.cuda.checked import bindings, check
from engines.cuda.holdings import Held, HeldBuffer, HeldPinned, Holdings, positive
from engines.cuda.runtime import Buffer, Device, Pinned, Stream
from engines.errors import DeviceLost, EngineUnavailable

NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING: the stream does not wait for the default stream, which other libraries use."""

NAME_BYTES = 256


class BindingsStream(Held):
    def __init__(self, holdings: Holdings, driver: Any) -> None:
        self._driver = driver
        self._stream = stream = check("cuStreamCreate", driver.cuStreamCreate(NON_BLOCKING))
        self.handle = int(stream)
        super().__init__(holdings, lambda: check("cuStreamDestroy", driver.cuStreamDestroy(stream)))

    def wait(self) -> None:
        self._holdings.check("Stream.wait", outside_recording=True)
        check("cuStreamSynchronize", self._driver.cuStreamSynchronize(self.handle))


class BindingsKernel(Held):
    def __init__(self, holdings: Holdings, driver: Any, cubin: bytes, name: str) -> None:
        self._driver = driver
        module = check("cuModuleLoadData", driver.cuModuleLoadData(cubin))
        super().__init__(holdings, lambda: check("cuModuleUnload", driver.cuModuleUnload(module)))
        with ExitStack() as undo:
            undo.callback(driver.cuModuleUnload, module)
            self._function = check(
                f"cuModuleGetFunction for {name!r}", driver.cuModuleGetFunction(module, name.encode())
            )
            undo.pop_all()

    def launch(
        self, stream: Stream, grid: tuple[int, int, int], block: tuple[int, int, int], arguments: Sequence[np.generic]
    ) -> None:
        self._holdings.check("Kernel.launch")
        handle = self._holdings.own(stream, BindingsStream).handle
        values = [np.array(argument) for argument in arguments]  # kept alive until the driver has copied them
        pointers = np.array([value.ctypes.data for value in values], np.uint64)
        launched = self._driver.cuLaunchKernel(self._function, *grid, *block, 0, handle, pointers.ctypes.data, 0)
        check("cuLaunchKernel", launched)


class BindingsRuntime:
    """``index`` counts the GPUs as CUDA does. One thread enters it; see ``engines.cuda.runtime``."""

    def __init__(self, index: int = 0) -> None:
        """
        Raises:
            EngineUnavailable: cuda-bindings is missing.
        """
        self._driver, self._index = bindings(), index
        self._holdings = Holdings()
        self._device: Device | None = None
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """
        Raises:
            EngineUnavailable: there is no driver, no such device, or it cannot be used now.
        """
        driver = self._driver
        try:
            check("cuInit", driver.cuInit(0))
        except RuntimeError as error:  # cuda-bindings finds no driver to load
            raise EngineUnavailable(f"NVIDIA's driver cannot be loaded: {error}") from error
        with ExitStack() as undo:
            device = check(f"cuDeviceGet({self._index})", driver.cuDeviceGet(self._index))
            context = check("cuDevicePrimaryCtxRetain", driver.cuDevicePrimaryCtxRetain(device))
            undo.callback(driver.cuDevicePrimaryCtxRelease, device)
            check("cuCtxPushCurrent", driver.cuCtxPushCurrent(context))
            undo.callback(driver.cuCtxPopCurrent)
            self._device = self._describe(device)
            self._holdings.enter()
            undo.callback(self._holdings.leave)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._holdings.check("leave")
        with suppress(DeviceLost):
            self._undo.close()

    @property
    def device(self) -> Device:
        if self._device is None:
            raise RuntimeError("the runtime is not entered")
        return self._device

    def stream(self) -> BindingsStream:
        self._holdings.check("stream", outside_recording=True)
        return self._holdings.add(BindingsStream(self._holdings, self._driver))

    def allocate(self, size: int) -> HeldBuffer:
        self._holdings.check("allocate", outside_recording=True)
        driver = self._driver
        pointer = check(f"cuMemAlloc of {size} bytes", driver.cuMemAlloc(positive(size)))
        give_back = lambda: check("cuMemFree", driver.cuMemFree(pointer))  # noqa: E731
        return self._holdings.add(HeldBuffer(self._holdings, give_back, int(pointer), size))

    def pinned(self, shape: tuple[int, ...], dtype: DTypeLike) -> HeldPinned:
        self._holdings.check("pinned", outside_recording=True)
        driver = self._driver
        size = positive(int(np.prod(shape)) * np.dtype(dtype).itemsize)
        pointer = check(f"cuMemHostAlloc of {size} bytes", driver.cuMemHostAlloc(size, 0))
        memory = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(int(pointer)))
        give_back = lambda: check("cuMemFreeHost", driver.cuMemFreeHost(pointer))  # noqa: E731
        return self._holdings.add(HeldPinned(self._holdings, give_back, memory, memory.view(dtype).reshape(shape)))

    def upload(self, target: Buffer, source: Pinned, size: int, stream: Stream) -> None:
        self._holdings.check("upload")
        buffer, pinned = self._holdings.both(target, source, size)
        handle = self._holdings.own(stream, BindingsStream).handle
        check("cuMemcpyHtoDAsync", self._driver.cuMemcpyHtoDAsync(buffer.address, pinned.address, size, handle))

    def download(self, target: Pinned, source: Buffer, size: int, stream: Stream) -> None:
        self._holdings.check("download")
        buffer, pinned = self._holdings.both(source, target, size)
        handle = self._holdings.own(stream, BindingsStream).handle
        check("cuMemcpyDtoHAsync", self._driver.cuMemcpyDtoHAsync(pinned.address, buffer.address, size, handle))

    def kernel(self, cubin: bytes, name: str) -> BindingsKernel:
        self._holdings.check("kernel", outside_recording=True)
        return self._holdings.add(BindingsKernel(self._holdings, self._driver, cubin, name))

    def record(self, stream: Stream) -> AbstractContextManager[Recorded]:
        return recording(self._holdings, self._holdings.own(stream, BindingsStream))

    def _describe(self, device: Any) -> Device:
        driver, attribute = self._driver, self._driver.CUdevice_attribute
        name = check("cuDeviceGetName", driver.cuDeviceGetName(NAME_BYTES, device))
        capability = tuple(
            int(check("cuDeviceGetAttribute", driver.cuDeviceGetAttribute(which, device)))
            for which in (
                attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
                attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
            )
        )
        return Device(
            self._index,
            name.split(b"\0")[0].decode(errors="replace"),
            (capability[0], capability[1]),
            int(check("cuDeviceTotalMem", driver.cuDeviceTotalMem(device))),
            int(check("cuDriverGetVersion", driver.cuDriverGetVersion())),
        )
