"""Networks that half precision breaks, or that it cannot be made of, of a few numbers each."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.tiny_models import onnx_model

SIDE = 8


def brightness(gain: float = 1.0, bias: float = 0.0) -> bytes:
    """Whether a gray picture 0…255 is dark or bright, as probabilities: (N, 1, 8, 8) → (N, 2).

    The mean over 100 is multiplied by ``gain`` on the way and divided by it again: from a gain of some ten thousands
    on, half precision overflows and float32 does not. ``bias`` is added for "dark": from some ten on, that is always
    the answer.
    """
    held = {"hundred": 100.0, "gain": gain, "signs": [[-1.0, 1.0]], "bias": [bias, 0.0]}
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"], axis=1),
        helper.make_node("Div", ["flat", "hundred"], ["light"]),
        helper.make_node("Mul", ["light", "gain"], ["large"]),
        helper.make_node("Div", ["large", "gain"], ["back"]),
        helper.make_node("Gemm", ["back", "signs", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=1),
    ]
    weights = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in held.items()]
    return onnx_model(nodes, {"x": ["N", 1, SIDE, SIDE]}, {"y": ["N", 2]}, weights)


def constant() -> bytes:
    """As ``brightness``, but the answer is the same whatever the picture."""
    return brightness(bias=60.0)


def pictures(count: int = 40) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """(N, 1, 8, 8) noise around rising levels of light, 0…255."""
    levels = np.linspace(0, 255, count)[:, None, None, None]
    noise = np.random.default_rng(3).normal(0, 10, (count, 1, SIDE, SIDE))
    return np.clip(levels + noise, 0, 255).astype(np.float32)


def sum_of_squares() -> bytes:
    """x → 2048 + x · x over ("N", 1)."""
    nodes = [helper.make_node("Mul", ["x", "x"], ["square"]), helper.make_node("Add", ["square", "much"], ["y"])]
    much = numpy_helper.from_array(np.array([2048], np.float32), "much")
    return onnx_model(nodes, {"x": ["N", 1]}, {"y": ["N", 1]}, [much])


def old_format() -> bytes:
    """``sum_of_squares`` as files before version 4 were written: the weight is listed among the inputs."""
    model = onnx.load_model_from_string(sum_of_squares())
    model.graph.input.append(helper.make_tensor_value_info("much", TensorProto.FLOAT, [1]))
    model.ir_version = 3
    return bytes(model.SerializeToString())


def branching() -> bytes:
    """y is x either way, inside the branch of an If."""
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 2])
    branch = helper.make_graph([helper.make_node("Identity", ["x"], ["out"])], "branch", [], [out])
    node = helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)
    return onnx_model([node], {"x": ["N", 2]}, {"y": ["N", 2]}, [numpy_helper.from_array(np.array(True), "yes")])


def whole_numbers() -> bytes:
    """x as int64."""
    node = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.INT64)
    model = onnx.load_model_from_string(onnx_model([node], {"x": ["N", 2]}, {"y": ["N", 2]}))
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    return bytes(model.SerializeToString())


def quantised() -> bytes:
    """x in steps of ½, by an operation that has no half form in operator set 13."""
    held = [
        numpy_helper.from_array(np.array(0.5, np.float32), "step"),
        numpy_helper.from_array(np.array(128, np.uint8), "zero"),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "step", "zero"], ["steps"]),
        helper.make_node("DequantizeLinear", ["steps", "step", "zero"], ["y"]),
    ]
    return onnx_model(nodes, {"x": ["N", 2]}, {"y": ["N", 2]}, held)


def untyped() -> bytes:
    """An operation of a library that nobody has."""
    nodes = [helper.make_node("Strange", ["x"], ["odd"], domain="nobody"), helper.make_node("Relu", ["odd"], ["y"])]
    model = onnx.load_model_from_string(onnx_model(nodes, {"x": ["N", 2]}, {"y": ["N", 2]}))
    model.opset_import.append(helper.make_opsetid("nobody", 1))
    return bytes(model.SerializeToString())
