"""Networks that take red squares for faces, in each of the layouts that detectors read. Their outputs come from the
picture, so what is fed and what is read must both be right for a square to be found where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from streamer.types import Box, Image
from tests.tiny_models import onnx_model

SIZES = (3, 5, 7, 9, 11, 13, 15, 19, 23)
"""Sides of the squares that are looked for, in cells."""

MARKS = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)], np.float32)
"""Eyes, nose and corners of the mouth of every square, as shares of it: the left one of a pair comes first."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What a network is fed: ``height`` and ``width``, and ``(x − mean) / std`` of the colours in their order; ``cell``
    input pixels from one place that it looks at to the next."""

    height: int
    width: int
    cell: int
    rgb: bool
    mean: tuple[float, float, float]
    std: float


YOLO = Fed(640, 640, 8, True, (0, 0, 0), 255)
ULTRAFACE = Fed(240, 320, 4, True, (127, 127, 127), 128)
RES10 = Fed(300, 300, 4, False, (104, 177, 123), 1)


def yolo_v8(points: bool = True) -> bytes:
    """(1, 20, N), or (1, 5, N) without ``points``."""
    boxes, marks = places(YOLO)
    sides = boxes[:, 2:] - boxes[:, :2]
    middles = np.concatenate([boxes[:, :2] + sides / 2, sides], 1)
    parts: list[Any] = [middles.T, "scores"]
    if points:
        parts.append(with_seen(marks, 1.0).T)
    return network(YOLO, [joined(parts, "output0", 0)], {"output0": [1, 20 if points else 5, len(boxes)]})


def yolo_v5() -> bytes:
    """(1, N, 16); half of the score is in each of its two factors."""
    boxes, marks = places(YOLO)
    sides = boxes[:, 2:] - boxes[:, :2]
    middles = np.concatenate([boxes[:, :2] + sides / 2, sides], 1)
    parts = [middles, "half", marks.reshape(-1, 10), "half"]
    return network(YOLO, [joined(parts, "output", 1)], {"output": [1, len(boxes), 16]})


def yolo_suppressed(points: bool = True) -> bytes:
    """(1, N, 21), or (1, N, 6) without ``points``; nothing is suppressed in truth."""
    boxes, marks = places(YOLO)
    parts: list[Any] = [boxes, "scores", np.zeros((len(boxes), 1))]
    if points:
        parts.append(with_seen(marks, 0.0))
    return network(YOLO, [joined(parts, "output0", 1)], {"output0": [1, len(boxes), 21 if points else 6]})


def ultraface() -> bytes:
    boxes, _ = places(ULTRAFACE)
    shares = boxes / np.tile([ULTRAFACE.width, ULTRAFACE.height], 2)
    both = [joined(["none", "scores"], "scores_out", 1), joined([shares], "boxes_out", 1)]
    return network(ULTRAFACE, both, {"scores_out": [1, len(boxes), 2], "boxes_out": [1, len(boxes), 4]})


def res10() -> bytes:
    """Rows without a face are not marked by a picture of −1 but by their score."""
    boxes, _ = places(RES10)
    shares = boxes / np.tile([RES10.width, RES10.height], 2)
    first = np.tile([0.0, 1.0], (len(boxes), 1))
    return network(RES10, [joined([first, "scores", shares], "found", 1, 2)], {"found": [1, 1, len(boxes), 7]})


def places(fed: Fed) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of N = sizes × places squares x1, y1, x2, y2 and (N, 5, 2) points, in input pixels."""
    y, x = np.mgrid[: fed.height // fed.cell, : fed.width // fed.cell].reshape(2, -1) * fed.cell + fed.cell / 2
    boxes = np.concatenate([np.stack([x - s, y - s, x + s, y + s], 1) for s in np.array(SIZES) * fed.cell / 2])
    marks = boxes[:, None, :2] + MARKS * (boxes[:, None, 2:] - boxes[:, None, :2])
    return boxes.astype(np.float32), marks.astype(np.float32)


def with_seen(marks: NDArray[np.float32], seen: float) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = np.concatenate([marks, np.full((len(marks), 5, 1), seen, np.float32)], 2)
    return rows.reshape(-1, 15)


def joined(parts: Sequence[Any], output: str, axis: int, unsqueezed: int = 1) -> list[Any]:
    """Nodes that put ``parts`` side by side: arrays, or the names of (N, 1) tensors; ``axis`` 0 has them upright."""
    names, nodes = [], []
    for number, part in enumerate(parts):
        name = f"{output}_{number}"
        if not isinstance(part, str):
            nodes.append(constant(name, np.asarray(part, np.float32)))
        elif axis == 0:
            nodes.append(helper.make_node("Transpose", [part], [name], perm=[1, 0]))
        else:
            nodes.append(helper.make_node("Identity", [part], [name]))
        names.append(name)
    nodes.append(constant(f"{output}_axes", np.arange(unsqueezed)))
    nodes.append(helper.make_node("Concat", names, [f"{output}_flat"], axis=axis))
    nodes.append(helper.make_node("Unsqueeze", [f"{output}_flat", f"{output}_axes"], [output]))
    return nodes


def network(fed: Fed, outputs: Sequence[list[Any]], shapes: dict[str, list[int]]) -> bytes:
    """From a picture to "scores" (N, 1): how much redder each place is than what is round it. "half" is their root,
    "none" what is left to 1.

    Red is what red has more than green and blue together, 0…1; averaged over cells, then compared for each size: the
    mean inside the square less twice that of the ring round it, twice as wide: a corner of a larger square is not red.
    """
    nodes = [
        helper.make_node("Conv", ["x", "red", "dark"], ["redness"]),
        helper.make_node("Relu", ["redness"], ["positive"]),
        helper.make_node("AveragePool", ["positive"], ["cells"], kernel_shape=[fed.cell] * 2, strides=[fed.cell] * 2),
    ]
    for size in SIZES:
        nodes += looking_for(size)
    nodes += [
        constant("column", np.array([-1, 1])),
        helper.make_node("Concat", [f"flat{size}" for size in SIZES], ["all"], axis=0),
        helper.make_node("Relu", ["all"], ["scores"]),
        helper.make_node("Sqrt", ["scores"], ["half"]),
        constant("one", np.float32(1)),
        helper.make_node("Sub", ["one", "scores"], ["none"]),
    ]
    signs = np.array([1, -1, -1]) if fed.rgb else np.array([-1, -1, 1])
    weights = [
        numpy_helper.from_array((signs * fed.std / 255).reshape(1, 3, 1, 1).astype(np.float32), "red"),
        numpy_helper.from_array(np.array([(signs * fed.mean).sum() / 255], np.float32), "dark"),
    ]
    for made in outputs:
        nodes += made
    return onnx_model(nodes, {"x": [1, 3, fed.height, fed.width]}, shapes, weights)


def looking_for(size: int) -> list[Any]:
    half = size // 2 + 1
    wide = size + 2 * half
    kernel = np.full((wide, wide), -2 / (wide**2 - size**2), np.float32)
    kernel[half : half + size, half : half + size] = 1 / size**2
    pads = [size // 2 + half] * 4
    return [
        constant(f"kernel{size}", kernel.reshape(1, 1, wide, wide)),
        helper.make_node("Conv", ["cells", f"kernel{size}"], [f"map{size}"], pads=pads),
        helper.make_node("Reshape", [f"map{size}", "column"], [f"flat{size}"]),
    ]


def constant(name: str, value: Any) -> Any:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value), name))


def red(image: Image, box: Box) -> Image:
    """The picture with a red square."""
    drawn = image.copy()
    drawn[round(box.y1) : round(box.y2), round(box.x1) : round(box.x2)] = (0, 0, 255)
    return drawn
