"""A trained network as ONNX: gray levels in, calibrated probabilities out. numpy and onnx, no torch.

Batch normalisation is folded into the convolution before it, in float64. Weights are stored as float16 and widened to
float32 when the file is loaded, so that the file is half as large and the arithmetic is float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from streamer.emotions import LABELS
from tools.train.calibrate import Calibration, Logits
from tools.train.settings import MIDDLE, SPREAD
from tools.train.settings import Network as Shape

OPSET, IR_VERSION = 17, 8
EPSILON = 1e-5
"""Added to the variance: torch's default for BatchNorm2d."""

FARTHEST = 0.01
"""How far a probability may be from the trained network's."""

Weights = Mapping[str, NDArray[Any]]
"""By torch's names: "stem.0.weight", "units.3.around.1.running_var", "head.bias", …"""


class CannotExport(Exception):
    """The file would not answer as the trained network does; the message says by how much."""


@dataclass(slots=True)
class Draft:
    """The graph as far as it is written."""

    weights: Weights
    nodes: list[Any] = field(default_factory=list)
    initializers: list[Any] = field(default_factory=list)

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, values: Any) -> str:
        self.initializers.append(onnx.numpy_helper.from_array(np.asarray(values, "<f4"), name))
        return name

    def narrow(self, name: str, values: NDArray[np.float64]) -> str:
        """A float32 tensor that is stored as float16.

        Raises:
            CannotExport: a number is too large for float16, or none at all.
        """
        with np.errstate(over="ignore"):
            stored = np.ascontiguousarray(values.astype("<f2"))
        if not np.isfinite(stored).all():
            raise CannotExport(f"{name} holds numbers beyond float16, up to {np.abs(values).max():g}")
        self.initializers.append(onnx.numpy_helper.from_array(stored, f"{name}.half"))
        return self.add("Cast", [f"{name}.half"], name, to=onnx.TensorProto.FLOAT)

    def convolution(self, name: str, source: str, stride: int) -> str:
        weight, offset = folded(self.weights, name)
        side = weight.shape[2]
        inputs = [source, self.narrow(f"{name}.weight", weight), self.constant(f"{name}.offset", offset)]
        pads = [(side - 1) // 2] * 4
        return self.add("Conv", inputs, name, kernel_shape=[side, side], strides=[stride, stride], pads=pads)


def build(weights: Weights, shape: Shape, calibration: Calibration) -> bytes:
    """The file: input "faces" float32 (N, 1, S, S), gray levels 0…255; output "probabilities" (N, 8) in the order of
    LABELS. The same weights give the same bytes.

    Raises:
        CannotExport: the weights are no numbers, or too large ones.
    """
    draft = Draft(weights)
    centred = draft.add("Sub", ["faces", draft.constant("middle", MIDDLE)], "centred")
    scaled = draft.add("Div", [centred, draft.constant("spread", SPREAD)], "scaled")
    x = draft.add("Relu", [draft.convolution("stem", scaled, shape.stem_stride)], "stem.out")
    for number, stride in enumerate(strides(shape)):
        x = _unit(draft, f"units.{number}", x, stride)
    flat = draft.add("Flatten", [draft.add("GlobalAveragePool", [x], "pooled")], "features", axis=1)
    head, offset = calibrated_head(weights, calibration)
    inputs = [flat, draft.narrow("head.weight", head), draft.constant("head.offset", offset)]
    draft.add("Softmax", [draft.add("Gemm", inputs, "logits", transB=1)], "probabilities", axis=1)
    return _finish(draft, shape.side)


def strides(shape: Shape) -> Iterator[int]:
    """The stride of each unit, as tools.train.network builds them."""
    for stage, count in enumerate(shape.blocks):
        yield from (2 if stage and not unit else 1 for unit in range(count))


def folded(weights: Weights, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel and offset of a convolution (``name``.0) with the normalisation behind it (``name``.1):
    y = γ · (x − μ) / √(σ² + ε) + β."""
    norm = {key: np.asarray(weights[f"{name}.1.{key}"], np.float64) for key in ("weight", "bias", "running_mean")}
    scale = norm["weight"] / np.sqrt(np.asarray(weights[f"{name}.1.running_var"], np.float64) + EPSILON)
    kernel = np.asarray(weights[f"{name}.0.weight"], np.float64) * scale[:, None, None, None]
    return kernel, norm["bias"] - norm["running_mean"] * scale


def calibrated_head(weights: Weights, calibration: Calibration) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Kernel and offset of the last layer with the calibration in them."""
    head = np.asarray(weights["head.weight"], np.float64) / calibration.temperature
    offset = (np.asarray(weights["head.bias"], np.float64) + calibration.offset) / calibration.temperature
    return head, offset


def compare(given: Logits, expected: Logits) -> float:
    """The largest difference of a probability between the file and the trained network.

    Raises:
        CannotExport: it is more than FARTHEST; below that, a label that is twice as much ahead stays the likeliest.
    """
    farthest = float(np.abs(given - expected).max())
    if not farthest <= FARTHEST:
        raise CannotExport(f"the file is up to {farthest:.4f} off the trained network, at most {FARTHEST} is allowed")
    return farthest


def _unit(draft: Draft, name: str, x: str, stride: int) -> str:
    first = draft.add("Relu", [draft.convolution(f"{name}.first", x, stride)], f"{name}.middle")
    second = draft.convolution(f"{name}.second", first, 1)
    around = draft.convolution(f"{name}.around", x, stride) if f"{name}.around.0.weight" in draft.weights else x
    return draft.add("Relu", [draft.add("Add", [second, around], f"{name}.sum")], f"{name}.out")


def _finish(draft: Draft, side: int) -> bytes:
    real = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        draft.nodes,
        "groupmood",
        [onnx.helper.make_tensor_value_info("faces", real, ["N", 1, side, side])],
        [onnx.helper.make_tensor_value_info("probabilities", real, ["N", len(LABELS)])],
        draft.initializers,
    )
    opsets = [onnx.helper.make_opsetid("", OPSET)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="groupmood")
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
