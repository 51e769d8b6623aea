"""Models of a few numbers, made on the spot."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engines.cards import Card


def onnx_model(nodes: Sequence[Any], inputs: Any, outputs: Any, weights: Sequence[Any] = ()) -> bytes:
    """``inputs`` and ``outputs``: shape by name, all float32; a word in a shape is a free size."""
    given, answer = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ports.items()]
        for ports in (inputs, outputs)
    )
    graph = helper.make_graph(list(nodes), "tiny", given, answer, list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


def scaling(external: bool = False, channels: int = 2) -> bytes:
    """y = 3 · x over ("N", channels); ``external`` keeps the 3 in another file."""
    three = numpy_helper.from_array(np.full(channels, 3, np.float32), "three")
    if external:
        onnx.external_data_helper.set_external_data(three, "weights.bin")
        three.ClearField("raw_data")
        three.data_location = TensorProto.EXTERNAL
    node = helper.make_node("Mul", ["x", "three"], ["y"])
    return onnx_model([node], {"x": ["N", channels]}, {"y": ["N", channels]}, [three])


def hidden_external() -> bytes:
    """y = x + a constant that lies in another file, inside the branch of an If."""
    value = numpy_helper.from_array(np.ones(2, np.float32), "value")
    onnx.external_data_helper.set_external_data(value, "/etc/hostname")
    value.ClearField("raw_data")
    value.data_location = TensorProto.EXTERNAL
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [2])
    branch = helper.make_graph([helper.make_node("Constant", [], ["out"], value=value)], "branch", [], [out])
    nodes = [helper.make_node("If", ["yes"], ["chosen"], then_branch=branch, else_branch=branch),
             helper.make_node("Add", ["x", "chosen"], ["y"])]  # fmt: skip
    yes = numpy_helper.from_array(np.array(True), "yes")
    return onnx_model(nodes, {"x": ["N", 2]}, {"y": ["N", 2]}, [yes])


def pooling() -> bytes:
    """The mean of each channel of a picture (N, 3, height, width) of any size: (N, 3)."""
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
             helper.make_node("Flatten", ["pooled"], ["y"], axis=1)]  # fmt: skip
    return onnx_model(nodes, {"x": ["N", 3, "height", "width"]}, {"y": ["N", 3]})


def colours(channels: int = 3, side: int = 8) -> bytes:
    """Each channel's share of a picture's light as probabilities: (N, channels, side, side) → (N, channels)."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"], axis=1),
        helper.make_node("ReduceSum", ["means", "axis"], ["total"], keepdims=1),
        helper.make_node("Div", ["means", "total"], ["y"]),
    ]
    axis = numpy_helper.from_array(np.array([1]), "axis")
    return onnx_model(nodes, {"x": ["N", channels, side, side]}, {"y": ["N", channels]}, [axis])


def emotion_card(**changes: Any) -> Card:
    """A card for ``colours``; ``changes`` to its keys."""
    facts: dict[str, Any] = {
        "name": "colours",
        "title": "Colours",
        "task": "emotion",
        "file": "colours.onnx",
        "sha256": "0" * 64,
        "size": 1,
        "licence": "MIT",
        "source": "made on the spot",
        "training_data": "none",
        "input": {"side": 8, "colour": "rgb"},
        "crop": {},
        "labels": ["happy", "sad", "angry"],
        "verified": True,
    }
    return Card.model_validate(facts | changes)


KERAS_LAYERS: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
    ("InputLayer", "in", {"batch_input_shape": [None, 21, 21, 1]}, ()),
    ("Conv2D", "c1", {"filters": 4, "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid"}, ("in",)),
    ("BatchNormalization", "b1", {"epsilon": 0.001}, ("c1",)),
    ("Activation", "a1", {"activation": "relu"}, ("b1",)),
    ("SeparableConv2D", "s1", {"filters": 6, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same"}, ("a1",)),
    ("BatchNormalization", "b2", {"epsilon": 0.001}, ("s1",)),
    ("MaxPooling2D", "p1", {"pool_size": [3, 3], "strides": [2, 2], "padding": "same"}, ("b2",)),
    ("Conv2D", "c2", {"filters": 6, "kernel_size": [1, 1], "strides": [2, 2], "padding": "same"}, ("a1",)),
    ("BatchNormalization", "b3", {"epsilon": 0.001}, ("c2",)),
    ("Add", "sum", {}, ("p1", "b3")),
    ("Conv2D", "c3", {"filters": 3, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same"}, ("sum",)),
    ("GlobalAveragePooling2D", "g", {}, ("c3",)),
    ("Activation", "out", {"activation": "softmax"}, ("g",)),
)
"""A network with every kind of layer of mini-XCEPTION, over odd sizes, where "same" pads unevenly or not at all."""

KERAS_WEIGHTS: dict[str, dict[str, tuple[int, ...]]] = {
    "c1": {"kernel": (3, 3, 1, 4)},
    "s1": {"depthwise_kernel": (3, 3, 4, 1), "pointwise_kernel": (1, 1, 4, 6)},
    "c2": {"kernel": (1, 1, 4, 6)},
    "c3": {"kernel": (3, 3, 6, 3), "bias": (3,)},
    **{
        name: dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (size,))
        for name, size in (("b1", 4), ("b2", 6), ("b3", 6))
    },
}


def keras_file(rename: str | None = None) -> bytes:
    """``KERAS_LAYERS`` with chance weights as Keras 2 writes them; ``rename`` the kind of the last layer."""
    chance = np.random.default_rng(7)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        layers = [
            {"class_name": kind, "name": name, "config": config, "inbound_nodes": [[[i, 0, 0, {}] for i in inputs]]}
            for kind, name, config, inputs in KERAS_LAYERS
        ]
        layers[-1]["class_name"] = rename or layers[-1]["class_name"]
        file.attrs["model_config"] = json.dumps({"config": {"layers": layers}})
        for _, name, _, _ in KERAS_LAYERS:
            shapes = KERAS_WEIGHTS.get(name, {})
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{name}_1/{key}:0".encode() for key in shapes]
            for key, shape in shapes.items():
                low = 0.5 if key in ("gamma", "moving_variance") else -0.5
                group[f"{name}_1/{key}:0"] = chance.uniform(low, low + 1, shape).astype(np.float32)
    return buffer.getvalue()
