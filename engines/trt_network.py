"""A TensorRT plan on the device, through one adapter for TensorRT from 10.1 on, 11 and TensorRT-RTX.

The three have the same interface for a run. TensorRT-RTX alone compiles its kernels on the machine that runs them, so
it alone has a cache for them, and it captures CUDA graphs by itself.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from engines.base import TensorSpec
from engines.cuda.runtime import Buffer, CudaRuntime, Stream
from engines.errors import EngineError, EngineUnavailable, OutOfMemory
from engines.trt_build import FULL
from engines.trt_jit import JitCache
from engines.trt_journal import Said
from engines.trt_library import Library

Shape: TypeAlias = tuple[int, ...]

Shapes: TypeAlias = Mapping[str, Shape]
"""The shape of each input by its name."""

SMALLEST_SCRATCH = 256
"""Bytes: the alignment TensorRT asks for; a network that needs no scratch memory is given something valid too."""


@dataclass(frozen=True, slots=True)
class Range:
    """The shapes an input may have: from ``smallest`` to ``largest`` in each dimension, fastest at ``best``."""

    smallest: Shape
    best: Shape
    largest: Shape

    def fits(self, shape: Shape) -> bool:
        return len(shape) == len(self.smallest) and all(
            low <= n <= high for low, n, high in zip(self.smallest, shape, self.largest, strict=True)
        )


@dataclass(slots=True)
class Prepared:
    """An execution context at one set of input shapes, what comes out, and the addresses it was last given."""

    context: Any
    outputs: dict[str, Shape]
    addresses: dict[str, int] = field(default_factory=dict)


@contextmanager
def _errors_alone() -> Iterator[None]:
    """An error goes on to other threads; what TensorRT made must not go with it, in its frames, and end there."""
    try:
        yield
    except EngineError as error:
        one: BaseException | None = error
        while one is not None:
            traceback.clear_frames(one.__traceback__)
            one = one.__context__
        raise


class DeviceNetwork:
    """Addresses of device memory in, addresses out, in a stream; all in the thread in which the runtime was entered.

    Each set of shapes has an execution context of its own, so that a graph recorded from it stays valid (NVIDIA's
    advice in "Optimizing TensorRT-RTX Performance", CUDA graphs). Their scratch memory is one: so all runs of a network
    are in one and the same stream.
    """

    @_errors_alone()
    def __init__(
        self, library: Library, runtime: CudaRuntime, plan: bytes, name: str, jit_cache: Path | None = None
    ) -> None:
        """``plan`` is native code for the device: only one that this machine built. ``jit_cache`` is the file in which
        TensorRT-RTX keeps what it compiled; the others have no use for it.

        Raises:
            EngineUnavailable: this TensorRT or this device cannot run it; with TensorRT's own words.
        """
        self._library, self._runtime, self._name = library, runtime, name
        self._prepared: dict[tuple[tuple[str, Shape], ...], Prepared] = {}
        self._scratch: Buffer | None = None
        self._stream: Stream | None = None
        self._loader: Any = None
        self._engine: Any = None
        self._settings: Any = None
        self._cache: JitCache | None = None
        try:
            self._load(plan)
            if self.captures:
                self._compile_here(jit_cache)
            self.ranges = {tensor: self._range(tensor) for tensor in self._tensors("INPUT")}
            self.inputs, self.outputs = self._specs()
        except EngineError:
            self.close()
            raise

    @property
    def captures(self) -> bool:
        """Whether TensorRT makes CUDA graphs by itself; then nobody else should record one."""
        return hasattr(self._library.module, "CudaGraphStrategy")

    @_errors_alone()
    def prepare(self, batches: Sequence[Shapes]) -> None:
        """Make ready for these sets of input shapes and no others, when no run is under way; a graph that was recorded
        before is void.

        Raises:
            OutOfMemory: the device has not enough for the scratch memory of the largest.
            EngineUnavailable: TensorRT refuses; with its own words.
            ValueError: a shape is not one that the plan was built for.
        """
        self._forget()
        needed = SMALLEST_SCRATCH
        for shapes in batches:
            made = self._prepared[_key(shapes)] = self._context(shapes)
            needed = max(needed, self._scratch_of(made.context))
        scratch = self._scratch = self._runtime.allocate(needed)
        for made in self._prepared.values():
            made.context.set_device_memory(scratch.address, scratch.size)

    def output_shapes(self, shapes: Shapes) -> dict[str, Shape]:
        """The shape of each output at prepared input shapes."""
        return dict(self._at(shapes).outputs)

    @_errors_alone()
    def enqueue(self, shapes: Shapes, addresses: Mapping[str, int], stream: Stream) -> None:
        """Put one run into the stream; ``addresses`` of device memory, large enough, for every input and output.

        Raises:
            EngineError: TensorRT refuses, with its own words; OutOfMemory where that is the reason.
            ValueError: the shapes are not prepared, an address is missing, or the stream is not that of earlier runs.
        """
        made = self._at(shapes)
        if addresses.keys() != self.ranges.keys() | made.outputs.keys():
            raise ValueError(f"{self._name} needs addresses of {[*self.ranges, *made.outputs]}, got {[*addresses]}")
        self._stream = self._stream or stream
        if self._stream is not stream:
            raise ValueError(f"all runs of {self._name} must be in one stream: they share their scratch memory")
        changed = {tensor: one for tensor, one in addresses.items() if made.addresses.get(tensor) != one}
        with self._library.journal.listen() as heard:
            set_all = all(made.context.set_tensor_address(tensor, one) for tensor, one in changed.items())
            made.addresses = dict(addresses) if set_all else {}
            if not set_all or not made.context.execute_async_v3(stream.handle):
                raise self._refusal("run", heard, EngineError)

    def close(self) -> None:
        """Keep what was compiled and give everything back; a second call does nothing."""
        cache, self._cache = self._cache, None
        try:
            self._forget()
            if cache is not None:
                cache.save()
        finally:
            self._settings = None  # each is made by the next and must not outlive it
            self._engine = None
            self._loader = None

    def _load(self, plan: bytes) -> None:
        with self._library.journal.listen() as heard:
            try:
                self._loader = self._library.module.Runtime(self._library.log)
            except TypeError as error:  # what its binding raises where the constructor yields nothing
                raise self._refusal("load", heard) from error
            self._engine = self._loader.deserialize_cuda_engine(plan)
            if self._engine is None:
                raise self._refusal("load", heard)

    def _compile_here(self, jit_cache: Path | None) -> None:
        """TensorRT-RTX: compile for a shape before its first run, keep what was compiled, capture graphs."""
        module, settings = self._library.module, self._engine.create_runtime_config()
        settings.set_execution_context_allocation_strategy(module.ExecutionContextAllocationStrategy.USER_MANAGED)
        settings.dynamic_shapes_kernel_specialization_strategy = module.DynamicShapesKernelSpecializationStrategy.EAGER
        settings.cuda_graph_strategy = module.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        self._settings = settings
        if jit_cache is not None:
            self._cache = JitCache(settings, jit_cache)

    def _tensors(self, mode: str) -> tuple[str, ...]:
        engine, wanted = self._engine, getattr(self._library.module.TensorIOMode, mode)
        names = (engine.get_tensor_name(index) for index in range(engine.num_io_tensors))
        return tuple(name for name in names if engine.get_tensor_mode(name) == wanted)

    def _range(self, tensor: str) -> Range:
        shape = tuple(self._engine.get_tensor_shape(tensor))
        if -1 not in shape:
            return Range(shape, shape, shape)
        smallest, best, largest = (tuple(one) for one in self._engine.get_tensor_profile_shape(tensor, 0))
        return Range(smallest, best, largest)

    def _specs(self) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
        """A dimension is free where it differs between the smallest and the largest batch."""
        low = {tensor: one.smallest for tensor, one in self.ranges.items()}
        high = {tensor: one.largest for tensor, one in self.ranges.items()}
        first, last = self._context(low).outputs, self._context(high).outputs
        inputs = tuple(self._spec(tensor, low[tensor], high[tensor]) for tensor in self.ranges)
        return inputs, tuple(self._spec(tensor, first[tensor], last[tensor]) for tensor in first)

    def _spec(self, tensor: str, low: Shape, high: Shape) -> TensorSpec:
        module, kind = self._library.module, self._engine.get_tensor_dtype(tensor)
        if self._engine.get_tensor_location(tensor) != module.TensorLocation.DEVICE:
            raise EngineUnavailable(f"{self._name} wants {tensor} in the host's memory: build it without such a tensor")
        try:
            dtype = np.dtype(module.nptype(kind)).name
        except TypeError as error:
            raise EngineUnavailable(f"{self._name}: {tensor} is of {kind}, which numpy has not") from error
        return TensorSpec(tensor, dtype, tuple(a if a == b else -1 for a, b in zip(low, high, strict=True)))

    def _context(self, shapes: Shapes) -> Prepared:
        """An execution context at these shapes, without scratch memory yet."""
        for tensor, one in self.ranges.items():
            if not one.fits(shapes.get(tensor, ())):
                raise ValueError(f"{self._name} is built for {tensor} {one.smallest}…{one.largest}, got {dict(shapes)}")
        settings = self._settings or self._library.module.ExecutionContextAllocationStrategy.USER_MANAGED
        with self._library.journal.listen() as heard:
            context = self._engine.create_execution_context(settings)
            if context is None or not all(context.set_input_shape(*one) for one in shapes.items()):
                raise self._refusal("prepare", heard)
            try:
                undecided = context.infer_shapes()
            except RuntimeError as error:
                raise self._refusal("prepare", heard) from error
        outputs = {tensor: tuple(context.get_tensor_shape(tensor)) for tensor in self._tensors("OUTPUT")}
        if undecided or any(-1 in shape for shape in outputs.values()):
            raise EngineUnavailable(f"{self._name} has outputs whose size only a run tells: {outputs}")
        return Prepared(context, outputs)

    def _scratch_of(self, context: Any) -> int:
        """Bytes that a run at the context's shapes needs; 0 means that it cannot tell, then those of the largest."""
        return int(context.update_device_memory_size_for_shapes()) or int(self._engine.device_memory_size_v2)

    def _at(self, shapes: Shapes) -> Prepared:
        made = self._prepared.get(_key(shapes))
        if made is None:
            ready = [dict(key) for key in self._prepared]
            raise ValueError(f"{self._name} is prepared for {ready}, not for {dict(shapes)}")
        return made

    def _forget(self) -> None:
        """Contexts first: they hold the address of the scratch memory."""
        self._prepared.clear()
        self._stream = None
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            scratch.free()

    def _refusal(self, what: str, heard: list[Said], kind: type[EngineError] = EngineUnavailable) -> EngineError:
        """What TensorRT said, as an error of ours."""
        said = "; ".join(one.text.strip() for one in heard if one.error) or "it did not say why"
        if FULL.search(said):
            kind = OutOfMemory
        return kind(f"{self._library.kind} {self._library.version} cannot {what} {self._name}: {said}")


def _key(shapes: Shapes) -> tuple[tuple[str, Shape], ...]:
    return tuple(sorted((tensor, tuple(shape)) for tensor, shape in shapes.items()))
