"""Where the tests build and run TensorRT plans: on stand-ins, or on a real GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import onnx
import pytest

from engines.base import Array
from engines.cuda.opening import open_cuda
from engines.cuda.owner import Owner
from engines.errors import EngineUnavailable
from engines.trt import TensorRtEngine
from engines.trt_build import BuildSettings, build
from engines.trt_library import Kind, library
from engines.trt_network import DeviceNetwork
from tests.cuda_fake import FakeRuntime, FakeStream
from tests.gpu import needs_gpu
from tests.tiny_models import scaling
from tests.trt_fake import Profile, Variant, fake_library, plan, rows


def profile(model: bytes, most: int) -> Profile:
    """Of the inputs whose batch is free."""
    shapes = {
        one.name: [size.dim_value if size.HasField("dim_value") else -1 for size in one.type.tensor_type.shape.dim]
        for one in onnx.load_from_string(model).graph.input
    }
    return {
        name: ((1, *rest), (min(8, most), *rest), (most, *rest))
        for name, (batch, *rest) in shapes.items()
        if batch == -1
    }


class Place(Protocol):
    """Where plans are built and run."""

    def engine(self, model: bytes, name: str, *, most: int = 32) -> TensorRtEngine: ...


class FakePlace:
    def __init__(self, variant: Variant, device: FakeRuntime | None = None) -> None:
        self.device = device or FakeRuntime()
        self.variant, self.owner = variant, Owner(lambda: self.device)
        self.library, self.module = fake_library(self.device, variant)

    def engine(
        self, model: bytes, name: str, *, most: int = 32, scratch: int = 0, jit_cache: Path | None = None
    ) -> TensorRtEngine:
        made = plan(model, profile(model, most), variant=self.variant, scratch=scratch)
        settings = {"library": self.library, "owner": self.owner, "precision": "fp32", "jit_cache": jit_cache}
        return TensorRtEngine(made, name=name, **settings)  # type: ignore[arg-type]  # kinds by their names

    def check(self) -> None:
        """Nothing was misused, everything was given back."""
        assert self.module.misuses == []
        assert +self.module.alive == {}
        assert self.device.leaks == ()
        assert self.device.used == 0


class RealPlace:
    def __init__(self, kind: Kind) -> None:
        needs_gpu()
        try:
            self.library = library(kind)
        except EngineUnavailable as error:
            pytest.skip(str(error))
        self.owner = Owner(open_cuda)

    def engine(self, model: bytes, name: str, *, most: int = 32) -> TensorRtEngine:
        settings = BuildSettings(max_batch=most, best_batch=min(8, most))
        built = build(self.library, model, name, settings).plan
        return TensorRtEngine(built, name=name, library=self.library, owner=self.owner, precision="fp32")


class Bench:
    """A stand-in device that was entered in this thread, a stand-in TensorRT on it, and what a run needs."""

    def __init__(self, device: FakeRuntime, variant: Variant) -> None:
        self.device, self.variant = device, variant
        self.library, self.module = fake_library(device, variant)

    def plan(self, model: bytes | None = None, *, most: int = 32, scratch: int = 0) -> bytes:
        return plan(model or scaling(), rows("x", 2, most=most), variant=self.variant, scratch=scratch)

    def network(self, data: bytes | None = None, jit_cache: Path | None = None) -> DeviceNetwork:
        return DeviceNetwork(self.library, self.device, data or self.plan(), "scaling", jit_cache)

    def run(self, network: DeviceNetwork, x: Array, stream: FakeStream) -> Array:
        """y for x through fresh memory, which is given back."""
        feed, result = self.device.pinned(x.shape, "float32"), self.device.pinned(x.shape, "float32")
        source, target = self.device.allocate(x.nbytes), self.device.allocate(x.nbytes)
        feed.array[...] = x
        self.device.upload(source, feed, x.nbytes, stream)
        network.enqueue({"x": x.shape}, {"x": source.address, "y": target.address}, stream)
        self.device.download(result, target, x.nbytes, stream)
        stream.wait()
        answer = result.array.copy()
        for piece in (feed, result, source, target):
            piece.free()
        return answer
