"""TensorRT plans as engines: arrays in, arrays out, from any thread."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from engines.base import Array, EngineInfo, TensorSpec, check_feeds
from engines.cuda.gathering import Gathering
from engines.cuda.owner import Owner
from engines.cuda.runtime import CudaRuntime
from engines.errors import DeviceLost
from engines.trt_buckets import Buckets, batched, largest_that_fit
from engines.trt_library import Library
from engines.trt_network import DeviceNetwork

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What lies on the device; ``gathering`` where the batch is free."""

    network: DeviceNetwork
    buckets: Buckets
    gathering: Gathering | None
    device: str

    def close(self) -> None:
        try:
            self.buckets.close()
        finally:
            self.network.close()


class TensorRtEngine:
    """One plan on the device of ``owner``; may be opened, used and closed in different threads.

    What several threads ask for at the same time is run as one batch. ``precision`` is that of the network the plan
    was built from, "fp16" or "fp32". ``jit_cache`` is the file for what TensorRT-RTX compiles at the first opening.
    """

    def __init__(
        self,
        plan: bytes,
        *,
        name: str,
        library: Library,
        owner: Owner,
        precision: str,
        jit_cache: Path | None = None,
    ) -> None:
        self._plan, self._name, self._library, self._owner = plan, name, library, owner
        self._precision, self._jit_cache = precision, jit_cache
        self._loaded: _Loaded | None = None
        self._inputs: tuple[TensorSpec, ...] = ()
        self._outputs: tuple[TensorSpec, ...] = ()
        self._device = ""

    def __enter__(self) -> Self:
        """Load the plan, take memory for as large a batch as fits, and run every size of batch until it is fast.

        Raises:
            EngineUnavailable: this TensorRT or this device cannot run it, or has not enough memory for it.
            DeviceLost: the device failed.
        """
        self.close()
        with ExitStack() as undo:
            undo.enter_context(self._owner)
            loaded = self._owner.call(self._load)
            undo.pop_all()
        self._inputs, self._outputs = loaded.network.inputs, loaded.network.outputs
        self._device, self._loaded = loaded.device, loaded
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what is on the device and keep what was compiled; may be called again."""
        loaded, self._loaded = self._loaded, None
        if loaded is None:
            return
        try:
            self._owner.call(lambda _: loaded.close())
        except DeviceLost as error:
            log.debug("%s went with its device: %s", self._name, error)
        finally:
            self._owner.__exit__(None, None, None)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``; any number of rows where the batch is free.

        Raises:
            EngineError: TensorRT refuses the run; DeviceLost where the device failed.
        """
        loaded = self._loaded
        if loaded is None:
            raise RuntimeError(f"the engine of {self._name} is not open")
        check_feeds(self._inputs, feeds)
        if loaded.gathering is None:
            return self._owner.call(lambda _: loaded.buckets.run(feeds))
        if not any(array.shape[0] for array in feeds.values()):
            return {one.name: np.zeros((0, *one.shape[1:]), one.dtype) for one in self._outputs}
        return loaded.gathering.run(feeds)

    def info(self) -> EngineInfo:
        """The device is known once the engine was open."""
        return EngineInfo(self._library.kind, self._library.version, self._device, self._precision)

    def _load(self, runtime: CudaRuntime) -> _Loaded:
        """In the owner's thread."""
        network = DeviceNetwork(self._library, runtime, self._plan, self._name, self._jit_cache)
        with ExitStack() as undo:
            undo.callback(network.close)
            buckets = largest_that_fit(network, runtime, self._name)
            undo.pop_all()
        gathering = None
        if batched(network):
            gathering = Gathering(self._owner, lambda _, feeds: buckets.run(feeds), most=buckets.sizes[-1])
        return _Loaded(network, buckets, gathering, runtime.device.name)
