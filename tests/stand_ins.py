"""Networks of the same inputs, layers and outputs as published ones that cannot be had here, of chance weights."""

from __future__ import annotations

import functools
import io
import itertools
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engines import convert_deepface
from engines.cards import Card, load_card
from engines.layered import network
from engines.prepared import prepared

NAMES = ("deepface", "emotion_cnn", "ferplus_vgg13", "hsemotion")


@functools.cache
def stand_in(name: str) -> bytes:
    """What ``engines.cache.read_verified`` would give for the card of that name."""
    card = load_card(name)
    made = {
        "deepface": lambda: convert_deepface.convert(deepface_file()),
        "emotion_cnn": lambda: network(card.layers, emotion_cnn_tensors(), 1, 48),
        "ferplus_vgg13": ferplus,
        "hsemotion": hsemotion,
    }
    return prepared(made[name](), card)


def chance(shape: tuple[int, ...], seed: int, fan: int | None = None) -> NDArray[np.float32]:
    """Normal weights that keep the size of what goes through them: He et al. 2015, https://arxiv.org/abs/1502.01852."""
    inputs = fan or int(np.prod(shape[1:]))
    return np.random.default_rng(seed).normal(0, np.sqrt(2 / inputs), shape).astype(np.float32)


DEEPFACE = (
    ("conv2d_1", (5, 5, 1, 64)), ("max_pooling2d_1", ()), ("conv2d_2", (3, 3, 64, 64)), ("conv2d_3", (3, 3, 64, 64)),
    ("average_pooling2d_1", ()), ("conv2d_4", (3, 3, 64, 128)), ("conv2d_5", (3, 3, 128, 128)),
    ("average_pooling2d_2", ()), ("flatten_1", ()), ("dense_1", (128, 1024)), ("dropout_1", ()),
    ("dense_2", (1024, 1024)), ("dropout_2", ()), ("dense_3", (1024, 7)),
)  # fmt: skip
"""Layers and kernels as Keras names them in a file of that network."""


def deepface_weights() -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Kernel and bias by layer, in Keras' order of dimensions."""
    shapes = {name: shape for name, shape in DEEPFACE if shape}
    return {
        name: (chance(shape, seed, int(np.prod(shape[:-1]))), chance(shape[-1:], seed + 50, 100))
        for seed, (name, shape) in enumerate(shapes.items())
    }


def deepface_file(
    changes: Mapping[str, tuple[NDArray[np.float32], ...]] | None = None, backend: str = "tensorflow"
) -> bytes:
    """What ``model.save_weights`` of Keras 2 writes; ``changes``: other arrays of a layer."""
    weights: dict[str, tuple[NDArray[np.float32], ...]] = {**deepface_weights(), **(changes or {})}
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name, _ in DEEPFACE]
        file.attrs["backend"] = backend.encode()
        for name, _ in DEEPFACE:
            arrays = weights.get(name, ())
            group = file.create_group(name)
            keys = [f"{name}/{part}:0" for part in ("kernel", "bias", "more")[: len(arrays)]]
            group.attrs["weight_names"] = [key.encode() for key in keys]
            for key, array in zip(keys, arrays, strict=True):
                group[key] = array
    return buffer.getvalue()


def emotion_cnn_tensors() -> dict[str, NDArray[Any]]:
    """A state dict of the card ``emotion_cnn``, small."""
    tensors: dict[str, NDArray[Any]] = {}
    widths = (1, 4, 6, 8)
    for number, (before, after) in enumerate(itertools.pairwise(widths), 1):
        tensors[f"conv{number}.weight"] = chance((after, before, 3, 3), number)
        tensors[f"conv{number}.bias"] = chance((after,), number + 10, 100)
        tensors[f"bn{number}.weight"] = 1 + chance((after,), number + 20, 100)
        tensors[f"bn{number}.bias"] = chance((after,), number + 30, 100)
        tensors[f"bn{number}.running_mean"] = chance((after,), number + 40, 100)
        tensors[f"bn{number}.running_var"] = 1 + np.abs(chance((after,), number + 50, 10))
        tensors[f"bn{number}.num_batches_tracked"] = np.array(17)
    for number, (before, after) in enumerate(((8 * 6 * 6, 16), (16, 7)), 1):
        tensors[f"fc{number}.weight"] = chance((after, before), number + 60)
        tensors[f"fc{number}.bias"] = chance((after,), number + 70, 100)
    return tensors


def ferplus() -> bytes:
    """As the ONNX zoo has it: operator set 8, format 3, whose weights are listed among the inputs, a batch of 1 that is
    written into a Reshape as well, and normalisation inside. Port names and shapes: ONNX_HUB_MANIFEST.json."""
    held = {
        "mean": np.array(127.5, np.float32),
        "deviation": np.array(80, np.float32),
        "kernel": chance((6, 1, 8, 8), 1),
        "flat": np.array([1, 6 * 8 * 8], np.int64),
        "weights": chance((8, 6 * 8 * 8), 2).T * 3,
        "bias": chance((8,), 3, 100),
    }
    nodes = [
        helper.make_node("Sub", ["Input3", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "kernel"], ["seen"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Relu", ["seen"], ["lit"]),
        helper.make_node("Dropout", ["lit"], ["kept"], ratio=0.5),
        helper.make_node("Reshape", ["kept", "flat"], ["row"]),
        helper.make_node("MatMul", ["row", "weights"], ["times"]),
        helper.make_node("Add", ["times", "bias"], ["Plus692_Output_0"]),
    ]
    tensors = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in held.items()]
    given = [helper.make_tensor_value_info("Input3", TensorProto.FLOAT, [1, 1, 64, 64])]
    given += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in tensors]
    answer = [helper.make_tensor_value_info("Plus692_Output_0", TensorProto.FLOAT, [1, 8])]
    between = [helper.make_tensor_value_info("row", TensorProto.FLOAT, [1, 6 * 8 * 8])]
    graph = helper.make_graph(nodes, "CNTKGraph", given, answer, tensors, value_info=between)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 8)], ir_version=3)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def hsemotion(extra: int = 0) -> bytes:
    """As EmotiEffLib has it: input "input" (batch, 3, 224, 224), output "output" (batch, 8), a Gemm last of all;
    ``extra`` numbers behind the eight, as its networks with valence and arousal give."""
    held = {
        "kernel": chance((12, 3, 32, 32), 4) * 3,
        "weights": chance((8, 12), 5) * 3,
        "more": chance((extra, 12), 6) * 50,
        "bias": chance((8 + extra,), 7, 100),
    }
    weights = np.concatenate([held.pop("weights"), held.pop("more")])
    nodes = [
        helper.make_node("Conv", ["input", "kernel"], ["seen"], kernel_shape=[32, 32], strides=[32, 32]),
        helper.make_node("Relu", ["seen"], ["lit"]),
        helper.make_node("GlobalAveragePool", ["lit"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["row"], axis=1),
        helper.make_node("Gemm", ["row", "last", "bias"], ["output"], transB=1),
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in (held | {"last": weights}).items()]
    given = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch_size", 3, 224, 224])]
    answer = [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch_size", 8 + extra])]
    graph = helper.make_graph(nodes, "torch-jit-export", given, answer, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def published(name: str) -> tuple[bytes, Card]:
    """A stand-in as it would be downloaded, with its card: for networks that are published as ONNX."""
    return {"ferplus_vgg13": ferplus, "hsemotion": hsemotion}[name](), load_card(name)
