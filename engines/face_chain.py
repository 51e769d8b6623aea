"""What lies on the device for one pass over a frame, and in which order it is used."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engines.base import Array, TensorSpec
from engines.cuda.boxes import FACE, MOST_CANDIDATES, CenterFaceMaps, Fitted, Found, Squares
from engines.cuda.crops import CUT, Cuts, Look, Pixels
from engines.cuda.faces import FaceKernels
from engines.cuda.runtime import Buffer, CudaRuntime, Pinned
from engines.errors import EngineUnavailable, ModelRejected
from engines.trt_buckets import WARM_UPS, batched
from engines.trt_network import DeviceNetwork

USUAL = 8
"""Faces that are classified in the pass at least: a meeting."""

PATIENCE = 150
"""Frames for which a smaller batch would have done, some 5 seconds, after which it is taken."""

CHANNELS = (1, 2, 2, 10)
"""Of CenterFace's maps: heat, scale, offset, landmarks."""


@dataclass(frozen=True, slots=True)
class Task:
    """``maps``: the names of the detector's outputs, in the order of ``CenterFaceMaps``; ``min_score`` 0…1; a frame is
    shrunk to ``long_side`` pixels for it, its colours turned to ``rgb``. ``squares`` of its boxes are cut, and given to
    the emotion network as it takes them by ``look``."""

    maps: tuple[str, str, str, str]
    min_score: float
    squares: Squares
    look: Look
    long_side: int = 640
    rgb: bool = True

    def fitted(self, width: int, height: int) -> Fitted:
        """A frame of this size in the detector's input."""
        return Fitted.into((width, height), self.long_side, rgb=self.rgb)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """``faces``: records of ``FACE``, best first, in pixels of the frame. Of the first k of them ``squares`` (k, 2, 3),
    float64, from pixel centres of the chip to those of the frame, and ``probabilities`` (k, labels) as the network gave
    them."""

    faces: Array
    squares: NDArray[np.float64]
    probabilities: Array


class Room:
    """For how many faces there is room in the pass: more from the next frame on when there were too many, less, step by
    step, after PATIENCE frames that needed less."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        """``sizes``: the batches that are ready, rising."""
        self._sizes = tuple(size for size in sizes if size >= USUAL) or sizes[-1:]
        self._idle = 0
        self.size = self._sizes[0]

    def learn(self, faces: int) -> None:
        fitting = next((size for size in self._sizes if size >= faces), self._sizes[-1])
        self._idle = self._idle + 1 if fitting < self.size else 0
        if fitting > self.size:
            self.size = fitting
        elif self._idle >= PATIENCE:
            self.size, self._idle = max(size for size in self._sizes if size < self.size), 0


class Chain:
    """What lies on the device; made, used and closed in its thread."""

    def __init__(
        self,
        runtime: CudaRuntime,
        kernels: FaceKernels,
        networks: tuple[DeviceNetwork, DeviceNetwork],
        task: Task,
        sizes: tuple[int, ...],
    ) -> None:
        """Warms up. The kernels and networks are closed with it, but not where this fails."""
        self.device = runtime.device.name
        self._runtime, self._kernels, self._networks, self._task, self._sizes = runtime, kernels, networks, task, sizes
        self._room, self._stream = Room(sizes), runtime.stream()
        self._pixels: Pixels | None = None
        self._memory = ExitStack()
        with ExitStack() as undo:
            undo.callback(self._memory.close)
            self._take()
            self._warm_up()
            undo.pop_all()

    @property
    def input_size(self) -> tuple[int, int]:
        """Width and height of the detector's input."""
        height, width = self._networks[0].inputs[0].shape[2:]
        return width, height

    def see(self, image: NDArray[np.uint8]) -> Seen:
        most, stream, self._pixels = self._room.size, self._stream, None
        with self._waited():
            pixels = self._kernels.upload(image, stream)
            found = self._find(pixels)
            cuts = self._kernels.cuts_of(found, self._task.squares, most, stream)
            self._read(pixels, cuts, most)
            self._fetch(self._count, found.count, 4)
            self._fetch(self._faces, found.faces, self._faces.array.nbytes)
            self._fetch(self._cuts, cuts.buffer, most * CUT.itemsize)
        self._pixels = pixels
        count = int(self._count.array[0])
        read = min(count, most)
        self._room.learn(count)
        squares = _affines(self._cuts.array.view(CUT)[:read])
        return Seen(self._faces.array.view(FACE)[:count].copy(), squares, self._said.array[:read].copy())

    def look_at(self, squares: NDArray[np.float64]) -> Array:
        pixels, most = self._pixels, self._sizes[-1]
        if pixels is None:
            raise ValueError("there is no frame on the device")
        parts = [np.zeros((0, *self._said.array.shape[1:]), self._said.array.dtype)]
        for start in range(0, len(squares), most):
            part = squares[start : start + most]
            size = next(size for size in self._sizes if size >= len(part))
            full = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
            with self._waited():
                smooth = self._task.squares.smooth
                cuts = self._kernels.cuts(full, self._task.look.side, self._stream, smooth=smooth)
                self._read(pixels, cuts, size)
            parts.append(self._said.array[: len(part)].copy())
        return np.concatenate(parts)

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self._kernels.free)
            for network in self._networks:
                stack.callback(network.close)
            stack.callback(self._memory.close)

    @contextmanager
    def _waited(self) -> Iterator[None]:
        """One wait for everything: also where a part fails, so that nothing goes on in the memory."""
        try:
            yield
        finally:
            self._stream.wait()

    def _find(self, pixels: Pixels) -> Found:
        """Put into the stream: the faces of a frame."""
        detector, task, stream = self._networks[0], self._task, self._stream
        fitted = task.fitted(pixels.width, pixels.height)
        if (fitted.width, fitted.height) != self.input_size:
            wanted, built = f"{fitted.width} × {fitted.height}", "{} × {}".format(*self.input_size)
            frame = f"a frame of {pixels.width} × {pixels.height}"
            raise ValueError(f"{frame} needs a detector for {wanted}, this one is for {built}")
        self._kernels.to_input(pixels, fitted, self._input, stream)
        given = detector.inputs[0]
        addresses = {name: buffer.address for name, buffer in self._maps.items()} | {given.name: self._input.address}
        detector.enqueue({given.name: given.shape}, addresses, stream)
        rows, columns = next(one.shape[2:] for one in detector.outputs if one.name == task.maps[0])
        heat, scale, offset, landmarks = (self._maps[name] for name in task.maps)
        maps = CenterFaceMaps(heat, scale, offset, landmarks, rows, columns)
        return self._kernels.find(maps, fitted.scale(pixels.width, pixels.height), task.min_score, stream)

    def _read(self, pixels: Pixels, cuts: Cuts, size: int) -> None:
        """Put into the stream: what the emotion network says of the chips, down to the host."""
        emotion = self._networks[1]
        given, said = emotion.inputs[0].name, emotion.outputs[0].name
        self._kernels.crops(pixels, cuts, self._task.look, self._chips, self._stream)
        addresses = {given: self._chips.address, said: self._answer.address}
        emotion.enqueue({given: self._task.look.shape(size)}, addresses, self._stream)
        self._fetch(self._said, self._answer, size * self._said.array[0].nbytes)

    def _fetch(self, target: Pinned, source: Buffer, size: int) -> None:
        self._runtime.download(target, source, size, self._stream)

    def _take(self) -> None:
        """Contexts and memory for the largest batch."""
        (detector, emotion), look, most = self._networks, self._task.look, self._sizes[-1]
        given, answer = detector.inputs[0], emotion.outputs[0]
        detector.prepare([{given.name: given.shape}])
        emotion.prepare([{emotion.inputs[0].name: look.shape(size)} for size in self._sizes])
        self._input = self._buffer(_bytes(given))
        self._maps = {one.name: self._buffer(_bytes(one)) for one in detector.outputs}
        self._chips = self._buffer(look.size(most))
        self._said = self._pinned((most, *answer.shape[1:]), answer.dtype)
        self._answer = self._buffer(self._said.array.nbytes)
        self._faces = self._pinned((MOST_CANDIDATES * FACE.itemsize,), np.uint8)
        self._count = self._pinned((1,), np.int32)
        self._cuts = self._pinned((most * CUT.itemsize,), np.uint8)

    def _buffer(self, size: int) -> Buffer:
        buffer = self._runtime.allocate(size)
        self._memory.callback(buffer.free)
        return buffer

    def _pinned(self, shape: tuple[int, ...], dtype: DTypeLike) -> Pinned:
        pinned = self._runtime.pinned(shape, dtype)
        self._memory.callback(pinned.free)
        return pinned

    def _warm_up(self) -> None:
        """Every batch, on black pictures."""
        width, height = self.input_size
        black, corner = np.zeros((height, width, 3), np.uint8), np.eye(2, 3)[None]
        for _ in range(WARM_UPS):
            self.see(black)
            for size in self._sizes:
                self.look_at(np.repeat(corner, size, axis=0))
        self._room = Room(self._sizes)


def check_networks(detector: DeviceNetwork, emotion: DeviceNetwork, task: Task) -> None:
    """Raises:
    ModelRejected: a network does not take or give what the task says.
    EngineUnavailable: the emotion network's plan is for one size of batch.
    """
    shapes = {one.name: one.shape for one in detector.outputs}
    given = [one.shape for one in detector.inputs]
    maps = [shapes.get(name, ()) for name in task.maps]
    sizes = {shape[2:] for shape in maps}
    if [shape[:2] for shape in given] != [(1, 3)] or [shape[:2] for shape in maps] != [(1, n) for n in CHANNELS]:
        raise ModelRejected(f"CenterFace takes (1, 3, height, width) and gives {task.maps}, got {given} and {shapes}")
    if len(sizes) != 1 or {one.dtype for one in (*detector.inputs, *detector.outputs)} != {"float32"}:
        raise ModelRejected(f"CenterFace's maps are float32 and of one size, got {detector.outputs}")
    if not batched(emotion):
        raise EngineUnavailable(f"the emotion network must have a free batch, its input is {emotion.inputs}")
    wanted = ("float32", task.look.shape(-1))
    if [(one.dtype, one.shape) for one in emotion.inputs] != [wanted] or len(emotion.outputs[0].shape) != 2:
        raise ModelRejected(f"the emotion network must take {wanted}, got {emotion.inputs}; it gives {emotion.outputs}")


def _affines(cuts: Array) -> NDArray[np.float64]:
    """(N, 2, 3) of records of ``CUT``: ``engines.cuda.crops.cut_records`` the other way round."""
    maps, times = cuts["map"].reshape(-1, 2, 3).copy(), cuts["times"][:, None].astype(np.float64)
    maps[:, :, 2] += maps[:, :, :2].sum(axis=2) * (times - 1) / 2
    maps[:, :, :2] *= times[:, None]
    affines: NDArray[np.float64] = maps
    return affines


def _bytes(tensor: TensorSpec) -> int:
    return math.prod(tensor.shape) * np.dtype(tensor.dtype).itemsize
