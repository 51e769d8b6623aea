"""Rows of the host in, rows out, in batches of a few fixed sizes: what runs in the device's thread."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack

import numpy as np

from engines.base import Array, TensorSpec
from engines.cuda.runtime import Buffer, CudaRuntime, Graph, Pinned
from engines.errors import DeviceLost, EngineError, EngineUnavailable, OutOfMemory
from engines.trt_network import DeviceNetwork, Shape

log = logging.getLogger(__name__)

SIZES = (1, 2, 4, 8, 16, 32)
"""Each is recorded or compiled for itself; between them at most half of a batch is padding."""

WARM_UPS = 2
"""TensorRT-RTX captures its graph in the second run of a shape and replays it from the third on."""


def batched(network: DeviceNetwork) -> bool:
    """Whether axis 0 of every tensor is a batch of free size; else every size is fixed.

    Raises:
        EngineUnavailable: other sizes are free.
    """
    tensors = (*network.inputs, *network.outputs)
    if all(-1 not in tensor.shape for tensor in tensors):
        return False
    if all(tensor.shape[:1] == (-1,) and -1 not in tensor.shape[1:] for tensor in tensors):
        return True
    wanted = "build the plan for pictures of one size, and with a batch in every tensor or in none"
    raise EngineUnavailable(f"free sizes besides the batch: {[(one.name, one.shape) for one in tensors]}; {wanted}")


def bucket_sizes(network: DeviceNetwork) -> tuple[int, ...]:
    """The batches to make ready, smallest first, as far as the plan allows; (1,) where every size is fixed."""
    if not batched(network):
        return (1,)
    ranges = network.ranges.values()
    least = max(one.smallest[0] for one in ranges)
    most = max(least, min(SIZES[-1], *(one.largest[0] for one in ranges)))
    return (*(size for size in SIZES if least <= size < most), most)


class Buckets:
    """Pinned and device memory for the largest batch, and a run for each size over the first rows of it.

    Made, used and closed in the device's thread.
    """

    def __init__(self, network: DeviceNetwork, runtime: CudaRuntime, sizes: tuple[int, ...]) -> None:
        """Warms up every size.

        Raises:
            OutOfMemory: batches of the largest size do not fit into what memory is left.
        """
        self.sizes = sizes
        self._network, self._runtime = network, runtime
        self._batched = batched(network)
        self._shapes = {size: {one.name: self._shape(one, size) for one in network.inputs} for size in sizes}
        self._graphs: dict[int, Graph] = {}
        self._records = not network.captures
        self._memory = ExitStack()
        self._closed = False
        with ExitStack() as unwind:
            unwind.callback(self.close)
            network.prepare(list(self._shapes.values()))
            self._stream = runtime.stream()
            self._inputs = {one.name: self._pair(one) for one in network.inputs}
            self._outputs = {one.name: self._pair(one) for one in network.outputs}
            for size in sizes:
                self._warm_up(size)
            unwind.pop_all()

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs for at most as many rows as the largest size; new arrays.

        Raises:
            EngineError: TensorRT refuses the run.
            DeviceLost: the device failed.
            RuntimeError: it was closed.
        """
        if self._closed:
            raise RuntimeError("the engine was closed before it was this run's turn")
        rows = next(iter(feeds.values())).shape[0] if self._batched else 1
        size = next(size for size in self.sizes if size >= rows)
        for name, array in feeds.items():
            pinned = self._inputs[name][0].array
            if self._batched:
                pinned[:rows] = array
                pinned[rows:size] = 0
            else:
                pinned[...] = array
        self._execute(size)
        pieces = {name: pinned.array for name, (pinned, _) in self._outputs.items()}
        return {name: (array[:rows] if self._batched else array).copy() for name, array in pieces.items()}

    def close(self) -> None:
        """Graphs first, they hold the addresses; a second call does nothing."""
        self._closed = True
        for graph in self._graphs.values():
            graph.free()
        self._graphs.clear()
        self._memory.close()

    def _shape(self, tensor: TensorSpec, size: int) -> Shape:
        return (size, *tensor.shape[1:]) if self._batched else tensor.shape

    def _pair(self, tensor: TensorSpec) -> tuple[Pinned, Buffer]:
        shape = self._shape(tensor, self.sizes[-1])
        pinned = self._runtime.pinned(shape, tensor.dtype)
        self._memory.callback(pinned.free)
        pinned.array[...] = 0
        buffer = self._runtime.allocate(_bytes(shape, tensor.dtype))
        self._memory.callback(buffer.free)
        return pinned, buffer

    def _warm_up(self, size: int) -> None:
        """The first run also makes TensorRT settle what it put off, which a recording must not contain."""
        for _ in range(WARM_UPS):
            self._execute(size)
            if self._records and size not in self._graphs:
                self._record(size)

    def _record(self, size: int) -> None:
        try:
            with self._runtime.record(self._stream) as recording:
                self._enqueue(size)
        except DeviceLost:
            raise
        except EngineError as error:
            self._records = False
            log.warning("its runs are not recorded as CUDA graphs, they take longer: %s", str(error))
        else:
            self._graphs[size] = recording.graph

    def _execute(self, size: int) -> None:
        """One wait for everything: also where a part fails, so that nothing goes on in the memory."""
        try:
            if size in self._graphs:
                self._graphs[size].launch(self._stream)
            else:
                self._enqueue(size)
        finally:
            self._stream.wait()

    def _enqueue(self, size: int) -> None:
        addresses = {name: buffer.address for name, (_, buffer) in (self._inputs | self._outputs).items()}
        for tensor in self._network.inputs:
            pinned, buffer = self._inputs[tensor.name]
            self._runtime.upload(buffer, pinned, _bytes(self._shape(tensor, size), tensor.dtype), self._stream)
        self._network.enqueue(self._shapes[size], addresses, self._stream)
        for tensor in self._network.outputs:
            pinned, buffer = self._outputs[tensor.name]
            self._runtime.download(pinned, buffer, _bytes(self._shape(tensor, size), tensor.dtype), self._stream)


def largest_that_fit(network: DeviceNetwork, runtime: CudaRuntime, name: str) -> Buckets:
    """Buckets up to the largest batch for which there is memory.

    Raises:
        OutOfMemory: not even the smallest fits.
    """
    sizes = bucket_sizes(network)
    while True:
        try:
            return Buckets(network, runtime, sizes)
        except OutOfMemory as error:
            if len(sizes) == 1:
                raise
            # As words: a kept record of the error itself would keep contexts of TensorRT alive.
            log.warning("%s: a batch of %d does not fit, trying %d (%s)", name, sizes[-1], sizes[-2], str(error))
            sizes = sizes[:-1]


def _bytes(shape: Shape, dtype: str) -> int:
    return int(np.prod(shape)) * np.dtype(dtype).itemsize
