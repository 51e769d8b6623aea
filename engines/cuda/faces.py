"""From a frame to a detector's input, from its maps to faces, and from faces to chips, without leaving the device.

Everything is put into the stream that is given and done in its order. Sizes are checked before. The arithmetic is that
of the path on the CPU, see ``kernels``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engines.cuda.boxes import FACE, MOST_CANDIDATES, CenterFaceMaps, Fitted, Found, Squares
from engines.cuda.compiling import KERNELS
from engines.cuda.crops import COLOURS, CUT, MOST_TIMES, Cuts, Look, Pixels, check_size, cut_records
from engines.cuda.runtime import Array, Buffer, CudaRuntime, Pinned, Stream
from engines.cuda.uploads import Uploads

TILE = 16
"""Threads of a block in each direction of a picture."""

LINE = 256
"""Threads of a block along a list."""

WORDS = MOST_CANDIDATES // 32
ROWS = 8
"""Candidates of a block that looks for overlaps, each with a thread for every word."""


class FaceKernels:
    """For one analysis, in one thread and one stream: what a method gives holds until it is called again.

    Memory is taken when a size first comes and kept, so addresses stay: run once before recording a graph.
    """

    def __init__(self, runtime: CudaRuntime, cubin: bytes) -> None:
        """``cubin`` of ``engines.cuda.compiling.compile_cubin``.

        Raises:
            ModelRejected: it is not for this device, or not of these kernels.
        """
        self._runtime = runtime
        self._kernels = {name: runtime.kernel(cubin, name) for name in KERNELS}
        self._frames, self._records = Uploads(runtime), Uploads(runtime)
        self._scratch: dict[tuple[str, int], Buffer] = {}
        self._answers: tuple[Pinned, Pinned] | None = None

    def upload(self, image: NDArray[np.uint8], stream: Stream) -> Pixels:
        """The frame (height, width, 3) on the device.

        Raises:
            ValueError: another shape or dtype.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"a frame is height × width × 3 of uint8, got {image.shape} of {image.dtype}")
        height, width = image.shape[:2]
        return Pixels(self._frames.put(image, stream), width, height, 3 * width)

    def cuts(self, affines: NDArray[np.float64], side: int, stream: Stream, *, smooth: bool = True) -> Cuts:
        """Squares of the host's, for chips of ``side`` pixels; see ``cut_records``.

        Raises:
            ValueError: there are none, or they have another shape.
        """
        records = cut_records(affines, smooth=smooth)
        return Cuts(self._records.put(records, stream), side, len(records))

    def crops(self, pixels: Pixels, cuts: Cuts, look: Look, target: Buffer, stream: Stream) -> None:
        """The chips into ``target``, float32 of ``look.shape(cuts.most)``; 0 from the count on.

        Raises:
            ValueError: the target is too small, or the squares were made for chips of another size.
        """
        if cuts.side != look.side:
            raise ValueError(f"the squares are for chips of {cuts.side} pixels, the network takes {look.side}")
        check_size(f"{cuts.most} chips", look.size(cuts.most), target)
        count = _address(cuts.count) if cuts.count else np.uint64(0)
        shape = _ints(look.side, COLOURS.index(look.colour), look.layout == "nhwc")
        norms = _floats(*np.broadcast_to(look.mean, 3), *np.broadcast_to(look.std, 3))
        arguments = (_address(cuts.buffer), count, *shape, *norms, _address(target))
        grid = (_blocks(look.side, TILE), _blocks(look.side, TILE), cuts.most)
        self._launch("crop_faces", stream, grid, (TILE, TILE, 1), (*_frame(pixels), *arguments))

    def to_input(self, pixels: Pixels, fitted: Fitted, target: Buffer, stream: Stream) -> None:
        """The frame as a detector takes it, into ``target``.

        Raises:
            ValueError: the target is too small.
        """
        check_size("the detector's input", fitted.size, target)
        sizes = _ints(fitted.inner_width, fitted.inner_height, fitted.width, fitted.height, fitted.rgb)
        grid = (_blocks(fitted.width, TILE), _blocks(fitted.height, TILE), 1)
        arguments = (*_frame(pixels), *sizes, _address(target))
        self._launch("frame_to_input", stream, grid, (TILE, TILE, 1), arguments)

    def find(self, maps: CenterFaceMaps, scale: tuple[float, float], min_score: float, stream: Stream) -> Found:
        """The faces in CenterFace's maps, in pixels of the frame: ``scale`` as ``Fitted.scale`` gives it."""
        hits, hit_count = self._memory("hits", 4 * maps.cells), self._memory("hit_count", 4)
        candidates = self._memory("candidates", MOST_CANDIDATES * FACE.itemsize)
        line, cells = (LINE, 1, 1), (_blocks(maps.cells, LINE), 1, 1)
        heat, noted = _address(maps.heat), (_address(hits), _address(hit_count))
        self._launch("start_search", stream, (1, 1, 1), (1, 1, 1), noted[1:])
        self._launch("find_hits", stream, cells, line, (heat, np.int32(maps.cells), np.float32(min_score), *noted))
        others = [_address(one) for one in (maps.scale, maps.offset, maps.landmarks)]
        size = _ints(maps.rows, maps.columns)
        self._launch("centerface_decode", stream, cells, line, (heat, *others, *size, *noted, _address(candidates)))
        return self._best(candidates, hit_count, scale, stream)

    def cuts_of(self, found: Found, squares: Squares, most: int, stream: Stream) -> Cuts:
        """The squares of the ``most`` best faces."""
        buffer = self._memory("cuts", most * CUT.itemsize)
        fit = (squares.fit_scale, squares.fit_shift, squares.crop_scale, squares.margin)
        limits = _ints(squares.side, MOST_TIMES if squares.smooth else 1)
        given: tuple[np.generic, ...] = (_address(found.faces), _address(found.count), np.int32(most))
        arguments = (*given, *(np.float64(one) for one in fit), *limits, _address(buffer))
        self._launch("affines_from_boxes", stream, (_blocks(most, LINE), 1, 1), (LINE, 1, 1), arguments)
        return Cuts(buffer, squares.side, most, found.count)

    def read(self, found: Found, stream: Stream) -> Array:
        """The faces as records of ``FACE``, the caller's own; waits for the stream."""
        if self._answers is None:
            runtime = self._runtime
            size = MOST_CANDIDATES * FACE.itemsize
            self._answers = runtime.pinned((size,), np.uint8), runtime.pinned((1,), np.int32)
        faces, count = self._answers
        self._runtime.download(faces, found.faces, faces.array.nbytes, stream)
        self._runtime.download(count, found.count, 4, stream)
        stream.wait()
        return faces.array.view(FACE)[: int(count.array[0])].copy()

    def free(self) -> None:
        """Give all memory back."""
        self._frames.free()
        self._records.free()
        for memory in (*self._scratch.values(), *(self._answers or ())):
            memory.free()
        self._scratch, self._answers = {}, None

    def _best(self, candidates: Buffer, hit_count: Buffer, scale: tuple[float, float], stream: Stream) -> Found:
        """The best of each cluster of candidates, in pixels of the frame."""
        overlaps, kept = (
            self._memory("overlaps", 4 * WORDS * MOST_CANDIDATES),
            self._memory("kept", 4 * MOST_CANDIDATES),
        )
        faces, count = self._memory("faces", MOST_CANDIDATES * FACE.itemsize), self._memory("face_count", 4)
        given = (_address(candidates), _address(hit_count), _address(overlaps))
        self._launch("find_overlaps", stream, (1, MOST_CANDIDATES // ROWS, 1), (WORDS, ROWS, 1), given)
        stay = (_address(kept), _address(count))
        self._launch("keep_best", stream, (1, 1, 1), (1, 1, 1), (given[2], given[1], *stay))
        placing = (given[0], *stay, *_floats(*scale), _address(faces))
        self._launch("place_faces", stream, (_blocks(MOST_CANDIDATES, LINE), 1, 1), (LINE, 1, 1), placing)
        return Found(faces, count)

    def _memory(self, name: str, size: int) -> Buffer:
        """What was taken before under that name in that size, or now."""
        if (name, size) not in self._scratch:
            self._scratch[name, size] = self._runtime.allocate(size)
        return self._scratch[name, size]

    def _launch(
        self,
        name: str,
        stream: Stream,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        arguments: Sequence[np.generic],
    ) -> None:
        self._kernels[name].launch(stream, grid, block, arguments)


def _frame(pixels: Pixels) -> tuple[np.generic, ...]:
    return (_address(pixels.buffer), *_ints(pixels.width, pixels.height, pixels.pitch))


def _address(buffer: Buffer) -> np.generic:
    return np.uint64(buffer.address)


def _ints(*values: int) -> tuple[np.generic, ...]:
    return tuple(np.int32(value) for value in values)


def _floats(*values: float) -> tuple[np.generic, ...]:
    return tuple(np.float32(value) for value in values)


def _blocks(items: int, each: int) -> int:
    return -(-items // each)
