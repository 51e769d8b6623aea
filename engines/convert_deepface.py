"""The emotion network of DeepFace to ONNX: built from the layers its package lists, with h5py and onnx alone.

Its file has weights and no network: the layers are those of ``deepface/models/demography/tf/Emotion.py`` of
https://pypi.org/project/deepface/0.0.103. The package gives it gray values 0…1; the division by 255 comes first here,
so that 0…255 go in. The batch is free, probabilities come out.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelRejected
from engines.layered import network

SIDE = 48

LAYERS = (
    "divide 255",
    "conv conv1", "relu", "max 5 stride 2",
    "conv conv2", "relu", "conv conv3", "relu", "avg 3 stride 2",
    "conv conv4", "relu", "conv conv5", "relu", "avg 3 stride 2",
    "flatten",
    "linear dense1", "relu", "linear dense2", "relu", "linear dense3", "softmax",
)  # fmt: skip

KERNELS: Mapping[str, tuple[int, ...]] = {
    "conv1": (5, 5, 1, 64),
    "conv2": (3, 3, 64, 64),
    "conv3": (3, 3, 64, 64),
    "conv4": (3, 3, 64, 128),
    "conv5": (3, 3, 128, 128),
    "dense1": (128, 1024),
    "dense2": (1024, 1024),
    "dense3": (1024, 7),
}
"""In the file's order; Keras keeps (rows, columns, in, out) and (in, out)."""


def convert(source: bytes) -> bytes:
    """The ONNX file: input "input" float32 (N, 1, 48, 48), 0…255; output "output" (N, 7), probabilities.

    Raises:
        ModelRejected: it is not a Keras file of these weights.
    """
    arrays = read_weights(source)
    if len(arrays) != len(KERNELS):
        raise ModelRejected(
            f"DeepFace's emotion network has {len(KERNELS)} layers with weights, the file {len(arrays)}"
        )
    tensors: dict[str, NDArray[Any]] = {}
    for (name, shape), (kernel, bias) in zip(KERNELS.items(), arrays, strict=True):
        if kernel.shape != shape or bias.shape != shape[-1:]:
            raise ModelRejected(
                f"{name} of DeepFace's emotion network has weights {shape} and {shape[-1:]}, the file has "
                f"{kernel.shape} and {bias.shape}"
            )
        order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        tensors |= {f"{name}.weight": kernel.transpose(order), f"{name}.bias": bias}
    return network(LAYERS, tensors, channels=1, side=SIDE)


def read_weights(source: bytes) -> tuple[tuple[NDArray[Any], NDArray[Any]], ...]:
    """Kernel and bias of each layer that has weights, in order, of a file of ``model.save_weights`` or ``model.save``.

    Raises:
        ModelRejected: it is no such file, or one whose kernels were written for Theano, which are turned round.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(source), "r") as file:
            root = file.get("model_weights", file)
            backend = _text(root.attrs.get("backend", "tensorflow"))
            layers = (root[_text(name)] for name in root.attrs["layer_names"])
            named = [(layer, [_text(name) for name in layer.attrs["weight_names"]]) for layer in layers]
            arrays = tuple(_pair([np.asarray(layer[name]) for name in names]) for layer, names in named if names)
    except (OSError, KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise ModelRejected(f"this is not a file of Keras weights in HDF5, or a damaged one: {error}") from error
    if backend != "tensorflow":
        raise ModelRejected(f"weights that Keras wrote over TensorFlow are wanted, these are over {backend}")
    return arrays


def _pair(arrays: list[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    kernel, bias = arrays  # a ValueError for any other number
    return kernel, bias


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
