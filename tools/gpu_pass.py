"""A frame's one pass over the GPU recorded as one CUDA graph, to see what that would be worth.

``engines.one_pass`` is what runs use: it chooses its batch after the faces, which a recorded pass cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.base import Array
from engines.cards import Card
from engines.cuda.boxes import CenterFaceMaps, Fitted, Found
from engines.cuda.crops import Pixels
from engines.cuda.faces import FaceKernels
from engines.cuda.runtime import Buffer, CudaRuntime, Graph
from engines.trt_library import Library
from engines.trt_network import DeviceNetwork, Shape
from streamer.detectors.centerface import HEATMAP, LANDMARKS, MIN_SCORE, OFFSET, SCALE, STRIDE
from streamer.passes import task_of
from streamer.types import Fit

MOST = 32
"""Faces that are read of a frame: the emotion network always runs over so many."""


@dataclass(frozen=True, slots=True)
class Plans:
    """``detector`` for one size of picture, ``emotion`` for batches up to ``MOST`` as ``card`` says."""

    library: Library
    detector: bytes
    emotion: bytes
    card: Card


@dataclass(frozen=True, slots=True)
class Seen:
    """``faces``: records of ``engines.cuda.boxes.FACE``; ``probabilities`` of the first ``MOST``, a row each."""

    faces: Array
    probabilities: Array


class OneGraph:
    """For frames of one size; made, used and closed in the device's thread."""

    def __init__(self, runtime: CudaRuntime, plans: Plans, cubin: bytes) -> None:
        """``cubin`` of ``engines.cuda.compiling.compile_cubin``.

        Raises:
            EngineUnavailable: the plans do not run here.
            ModelRejected: the kernels do not.
        """
        self._runtime, self._stream = runtime, runtime.stream()
        self._kernels = FaceKernels(runtime, cubin)
        self._detector = DeviceNetwork(plans.library, runtime, plans.detector, "the detector")
        self._emotion = DeviceNetwork(plans.library, runtime, plans.emotion, plans.card.name)
        self._input = {one.name: one.shape for one in self._detector.inputs}
        self._batch = {one.name: (MOST, *one.shape[1:]) for one in self._emotion.inputs}
        self._detector.prepare([self._input])
        self._emotion.prepare([self._batch])
        self._found = self._memory(self._detector, self._input)
        self._read = self._memory(self._emotion, self._batch)
        (answer,) = self._emotion.output_shapes(self._batch).items()
        self._name, shape = answer
        self._answer = runtime.pinned(shape, np.float32)
        task = task_of(plans.card, Fit())
        self._look, self._squares = task.look, task.squares
        self._recorded: tuple[Graph, Found] | None = None

    def read(self, image: NDArray[np.uint8]) -> Seen:
        """The faces of a frame (height, width, 3), BGR, and what they show; waits for the device."""
        pixels = self._kernels.upload(image, self._stream)
        if self._recorded is None:
            found = self._put(pixels)
        else:
            graph, found = self._recorded
            graph.launch(self._stream)
        faces = self._kernels.read(found, self._stream)
        return Seen(faces, self._answer.array[: min(len(faces), MOST)].copy())

    def record(self, image: NDArray[np.uint8]) -> bool:
        """Make everything between upload and answer one CUDA graph; False where TensorRT makes its own inside."""
        if self._detector.captures:
            return False
        self.read(image)
        pixels = self._kernels.upload(image, self._stream)
        self._stream.wait()
        with self._runtime.record(self._stream) as recording:
            found = self._put(pixels)
        self._recorded = recording.graph, found
        return True

    def close(self) -> None:
        """Graph first: it holds the addresses."""
        if self._recorded is not None:
            self._recorded[0].free()
        self._emotion.close()
        self._detector.close()
        self._kernels.free()
        self._answer.free()
        for memory in (*self._found.values(), *self._read.values()):
            memory.free()

    def _put(self, pixels: Pixels) -> Found:
        stream, kernels = self._stream, self._kernels
        _, _, height, width = next(iter(self._input.values()))
        fitted = Fitted.into((pixels.width, pixels.height), max(width, height), rgb=True, fixed=(width, height))
        kernels.to_input(pixels, fitted, self._found[next(iter(self._input))], stream)
        self._detector.enqueue(self._input, _addresses(self._found), stream)
        heat, scale, offset, points = (self._found[name] for name in (HEATMAP, SCALE, OFFSET, LANDMARKS))
        maps = CenterFaceMaps(heat, scale, offset, points, height // STRIDE, width // STRIDE)
        found = kernels.find(maps, fitted.scale(pixels.width, pixels.height), MIN_SCORE, stream)
        cuts = kernels.cuts_of(found, self._squares, MOST, stream)
        kernels.crops(pixels, cuts, self._look, self._read[next(iter(self._batch))], stream)
        self._emotion.enqueue(self._batch, _addresses(self._read), stream)
        self._runtime.download(self._answer, self._read[self._name], self._answer.array.nbytes, stream)
        return found

    def _memory(self, network: DeviceNetwork, shapes: dict[str, Shape]) -> dict[str, Buffer]:
        wanted = {**shapes, **network.output_shapes(shapes)}
        return {name: self._runtime.allocate(4 * int(np.prod(shape))) for name, shape in wanted.items()}


def _addresses(buffers: dict[str, Buffer]) -> dict[str, int]:
    return {name: buffer.address for name, buffer in buffers.items()}
