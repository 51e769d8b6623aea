"""CUDA runtimes to hold to their contract, each with code that it can run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from engines.cuda.bindings_runtime import BindingsRuntime
from engines.cuda.compiling import Source, compile_cubin
from engines.cuda.opening import installed
from engines.cuda.pycuda_runtime import PycudaRuntime
from engines.cuda.runtime import CudaRuntime
from tests.cuda_fake import FakeRuntime
from tests.gpu import needs_gpu

ADD = r"""
extern "C" __global__ void add(float* data, float what, int count) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) data[i] += what;
}
"""


@dataclass(frozen=True)
class Maker:
    """``runtime()`` makes one that is not entered; ``cubin`` has the kernel ``add`` for it."""

    runtime: Callable[[], CudaRuntime]
    cubin: bytes


def add(runtime: FakeRuntime, grid: Sequence[int], block: Sequence[int], arguments: Sequence[np.generic]) -> None:
    address, what, count = (argument.item() for argument in arguments)
    runtime.view(address, 4 * count).view(np.float32)[: grid[0] * block[0]] += np.float32(what)


def fake() -> Maker:
    """The stand-in."""
    return Maker(fake_runtime, b"cubin")


def fake_runtime() -> CudaRuntime:
    runtime = FakeRuntime()
    runtime.kernels["add"] = add
    return runtime


def real(name: str) -> Maker:
    """The runtime over "pycuda" or the "bindings"; skips the test where there is no GPU, or no such package."""
    capability = needs_gpu().gpus[0].capability
    package = "pycuda" if name == "pycuda" else "cuda.bindings"
    if not installed(package):
        pytest.skip(f"{package} is not installed: pip install {package.replace('.', '-')}")
    runtime = PycudaRuntime if name == "pycuda" else BindingsRuntime
    return Maker(runtime, add_cubin(capability))


@cache
def add_cubin(capability: tuple[int, int]) -> bytes:
    return compile_cubin(capability, Source("add.cu", ADD, {}))
