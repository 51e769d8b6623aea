"""A stand-in for the building half of classic TensorRT, with failures that the real one shows only on some machines."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from engines.trt_journal import Journal, logger
from engines.trt_library import Library

SEVERITIES = SimpleNamespace(ERROR=SimpleNamespace(name="ERROR"))


class BareTensorRt:
    """The module itself, without what some versions lack. ``fails``: what its builder says before it gives None."""

    NetworkDefinitionCreationFlag: Any = SimpleNamespace()
    BuilderFlag: Any = SimpleNamespace()

    class ILogger:
        """Has to be initialised, as the real one has."""

    def __init__(
        self,
        shape: tuple[int, ...] = (-1, 2),
        *,
        fails: str | None = None,
        starts: bool = True,
        takes_profile: bool = True,
    ) -> None:
        self.shape, self.fails, self.starts, self.takes_profile = shape, fails, starts, takes_profile
        self.calls: list[str] = []
        self.shapes: dict[str, list[tuple[int, ...]]] = {}
        self.cleared: list[int] = []
        self.network_flags = -1

    def library(self) -> Library:
        return Library("tensorrt", self, "10.13.0", logger(self, Journal()))

    def Builder(self, log: Any) -> FakeBuilder:
        self.calls.append("Builder")
        if not self.starts:
            log.log(SEVERITIES.ERROR, "no device")
            raise TypeError("pybind11::init(): factory function returned nullptr")
        return FakeBuilder(self, log)

    def OnnxParser(self, network: Any, log: Any) -> Any:
        return SimpleNamespace(network=network, log=log, parse=lambda _: True, num_errors=0)


class FakeTensorRt(BareTensorRt):
    """With the flags and the monitor of TensorRT 10."""

    NetworkDefinitionCreationFlag = SimpleNamespace(STRONGLY_TYPED=1)
    BuilderFlag = SimpleNamespace(TF32=7)

    class IProgressMonitor:
        """Has to be initialised, as the real one has."""


class FakeBuilder:
    def __init__(self, trt: BareTensorRt, log: Any) -> None:
        self._trt, self._log = trt, log

    def create_network(self, flags: int) -> Any:
        self._trt.network_flags = flags
        given = SimpleNamespace(name="x", shape=self._trt.shape)
        return SimpleNamespace(num_inputs=1, get_input=lambda _: given)

    def create_builder_config(self) -> FakeConfig:
        return FakeConfig(self._trt)

    def create_optimization_profile(self) -> FakeProfile:
        return FakeProfile(self._trt)

    def build_serialized_network(self, network: Any, config: FakeConfig) -> bytes | None:
        assert network.num_inputs == 1
        if self._trt.fails is not None:
            if self._trt.fails:
                self._log.log(SEVERITIES.ERROR, self._trt.fails)
            return None
        config.timings += b"|timed"
        return b"plan"


class FakeConfig:
    def __init__(self, trt: BareTensorRt) -> None:
        self._trt = trt
        self.progress_monitor: Any = None
        self.timings = b""

    def clear_flag(self, flag: int) -> None:
        self._trt.cleared.append(flag)

    def add_optimization_profile(self, profile: FakeProfile) -> int:
        return 0 if self._trt.takes_profile and profile.filled else -1

    def create_timing_cache(self, data: bytes) -> bytes:
        return data

    def set_timing_cache(self, cache: bytes, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch
        self.timings = cache
        return True

    def get_timing_cache(self) -> Any:
        return SimpleNamespace(serialize=lambda: self.timings)


class FakeProfile:
    def __init__(self, trt: BareTensorRt) -> None:
        self._trt, self.filled = trt, False

    def set_shape(self, name: str, *shapes: tuple[int, ...]) -> None:
        self._trt.shapes[name], self.filled = list(shapes), True
