"""A runtime with the kernels on it: the real one, or a strict fake that runs their source on the host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from engines.cuda.boxes import CenterFaceMaps
from engines.cuda.compiling import compile_cubin
from engines.cuda.crops import Cuts, Look, Pixels
from engines.cuda.faces import FaceKernels
from engines.cuda.opening import open_cuda
from engines.cuda.runtime import Array, Buffer, CudaRuntime, Stream
from streamer.detectors.centerface import HEATMAP, LANDMARKS, OFFSET, SCALE
from tests.cuda_fake import FakeRuntime
from tests.gpu import needs_gpu
from tests.host_kernels import host_kernels

WHERE = ("host", pytest.param("device", marks=pytest.mark.gpu))
"""On the host one thread after the other; on a GPU."""

IN_ANY_ORDER = ("host, scattered", *WHERE)
"""On the host in a scattered order as well."""


@dataclass(frozen=True, slots=True)
class Rig:
    runtime: CudaRuntime
    stream: Stream
    kernels: FaceKernels

    def put(self, array: Array) -> Buffer:
        """An array on the device."""
        pinned, buffer = self.runtime.pinned(array.shape, array.dtype), self.runtime.allocate(array.nbytes)
        pinned.array[...] = array
        self.runtime.upload(buffer, pinned, array.nbytes, self.stream)
        self.stream.wait()
        pinned.free()
        return buffer

    def get(self, buffer: Buffer, shape: tuple[int, ...]) -> Array:
        """float32 from the device, once all is done."""
        pinned = self.runtime.pinned(shape, np.float32)
        self.runtime.download(pinned, buffer, pinned.array.nbytes, self.stream)
        self.stream.wait()
        array = pinned.array.copy()
        pinned.free()
        return array

    def crops(self, pixels: Pixels, cuts: Cuts, look: Look) -> Array:
        target = self.runtime.allocate(look.size(cuts.most))
        self.kernels.crops(pixels, cuts, look, target, self.stream)
        chips = self.get(target, look.shape(cuts.most))
        target.free()
        return chips

    def maps(self, maps: dict[str, Array]) -> CenterFaceMaps:
        """A network's output on the device."""
        heat, scale, offset, landmarks = (self.put(maps[name]) for name in (HEATMAP, SCALE, OFFSET, LANDMARKS))
        rows, columns = maps[HEATMAP].shape[2:]
        return CenterFaceMaps(heat, scale, offset, landmarks, rows, columns)


@contextmanager
def opened(where: str) -> Iterator[Rig]:
    """A rig of ``WHERE``; skips the test, with the reason, where it cannot be had."""
    if where == "device":
        needs_gpu()
        with open_cuda() as runtime:
            yield Rig(runtime, runtime.stream(), FaceKernels(runtime, compile_cubin(runtime.device.capability)))
        return
    with FakeRuntime() as fake:
        host_kernels().register(fake, scattered=where == "host, scattered")
        yield Rig(fake, fake.stream(), FaceKernels(fake, b"the host's"))
