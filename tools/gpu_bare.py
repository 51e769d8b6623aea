"""A plan by TensorRT's own calls and nothing else: what our engine is held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from engines.base import TensorSpec
from engines.cuda.runtime import Buffer, CudaRuntime, Graph, Pinned
from engines.errors import EngineUnavailable
from engines.trt_library import Library
from engines.trt_network import SMALLEST_SCRATCH

WARM_UPS = 3
"""TensorRT-RTX captures its graph in the second run and replays it from the third on."""

Specs: TypeAlias = tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]


class Bare:
    """An execution context at one batch, its memory, and CUDA graphs; made, used and closed in the device's thread.

    ``specs``: inputs, then outputs, as the engine over the same plan has them.
    """

    def __init__(
        self,
        library: Library,
        runtime: CudaRuntime,
        plan: bytes,
        specs: Specs,
        batch: int,
    ) -> None:
        """Raises:
        EngineUnavailable: TensorRT does not load the plan.
        """
        self._runtime, self._module, self.stream = runtime, library.module, runtime.stream()
        self._graphs: list[Graph] = []
        self._captures = hasattr(library.module, "CudaGraphStrategy")
        self._loader = library.module.Runtime(library.log)
        self._engine = self._loader.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise EngineUnavailable(f"{library.kind} {library.version} does not load the plan")
        self._settings = self._chosen()
        self._context = self._engine.create_execution_context(self._settings)
        self._inputs = [self._memory(spec, batch) for spec in specs[0]]
        self._outputs = [self._memory(spec, batch) for spec in specs[1]]
        self._prepare(specs)
        self.copied, self.resident = self._ready(self._with_copies), self._ready(self._run)

    def close(self) -> None:
        """In the order that TensorRT wants; memory and graphs go with the runtime, if they were not freed before."""
        for graph in self._graphs:
            graph.free()
        self._context = self._settings = self._engine = self._loader = None
        for pinned, buffer in (*self._inputs, *self._outputs):
            pinned.free()
            buffer.free()
        self._scratch.free()

    def _chosen(self) -> Any:
        """Everything that makes TensorRT fast, as our engine has it."""
        strategy = self._module.ExecutionContextAllocationStrategy.USER_MANAGED
        if not self._captures:
            return strategy
        settings = self._engine.create_runtime_config()
        settings.set_execution_context_allocation_strategy(strategy)
        eager = self._module.DynamicShapesKernelSpecializationStrategy.EAGER
        settings.dynamic_shapes_kernel_specialization_strategy = eager
        settings.cuda_graph_strategy = self._module.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        return settings

    def _prepare(self, specs: Specs) -> None:
        context = self._context
        for spec, (pinned, _) in zip(specs[0], self._inputs, strict=True):
            context.set_input_shape(spec.name, pinned.array.shape)
        context.infer_shapes()
        size = int(context.update_device_memory_size_for_shapes()) or int(self._engine.device_memory_size_v2)
        self._scratch = self._runtime.allocate(max(size, SMALLEST_SCRATCH))
        context.set_device_memory(self._scratch.address, self._scratch.size)
        for spec, (_, buffer) in zip((*specs[0], *specs[1]), (*self._inputs, *self._outputs), strict=True):
            context.set_tensor_address(spec.name, buffer.address)

    def _memory(self, spec: TensorSpec, batch: int) -> tuple[Pinned, Buffer]:
        pinned = self._runtime.pinned((batch, *spec.shape[1:]), spec.dtype)
        pinned.array[...] = np.zeros_like(pinned.array)
        return pinned, self._runtime.allocate(pinned.array.nbytes)

    def _ready(self, job: Callable[[], None]) -> Callable[[], None]:
        """Puts the job into the stream: as a graph where TensorRT makes none itself."""
        for _ in range(WARM_UPS):
            job()
            self.stream.wait()
        if self._captures:
            return job
        with self._runtime.record(self.stream) as recording:
            job()
        graph = recording.graph
        self._graphs.append(graph)
        return lambda: graph.launch(self.stream)

    def _run(self) -> None:
        if not self._context.execute_async_v3(self.stream.handle):
            raise RuntimeError("TensorRT refuses the run")

    def _with_copies(self) -> None:
        for pinned, buffer in self._inputs:
            self._runtime.upload(buffer, pinned, pinned.array.nbytes, self.stream)
        self._run()
        for pinned, buffer in self._outputs:
            self._runtime.download(pinned, buffer, pinned.array.nbytes, self.stream)
