from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from engines.cache import weights_dir
from engines.cards import load_card
from engines.convert_xception import Layer, Weights, convert, read_layers
from engines.errors import ModelRejected
from engines.reference import reference_input
from tests.data import data
from tests.tiny_models import keras_file
from tests.weights import weights


def patches(x: Weights, kernel: int, stride: int, kind: str, fill: float) -> Weights:
    """(N, rows, columns, channels, kernel, kernel), padded as TensorFlow's documentation says."""
    if kind == "same":
        total = max((-(-x.shape[1] // stride) - 1) * stride + kernel - x.shape[1], 0)
        pad = (total // 2, total - total // 2)
        x = np.pad(x, ((0, 0), pad, pad, (0, 0)), constant_values=fill)
    sides = (x.shape[1] - kernel) // stride + 1, (x.shape[2] - kernel) // stride + 1
    n, row, column, channel = x.strides
    return np.lib.stride_tricks.as_strided(
        x,
        (x.shape[0], *sides, x.shape[3], kernel, kernel),
        (n, stride * row, stride * column, channel, row, column),
    )


def conv(layer: Layer, x: Weights, kernel: str, depthwise: bool = False) -> Weights:
    weight = layer.weights[kernel]
    window = patches(x, weight.shape[0], layer.config["strides"][0], layer.config["padding"], 0.0)
    y: Weights = np.einsum("nrcihw,hwid->nrci" if depthwise else "nrcihw,hwio->nrco", window, weight)
    return y


def separable(layer: Layer, x: Weights) -> Weights:
    y: Weights = np.einsum(
        "nrci,io->nrco", conv(layer, x, "depthwise_kernel", True), layer.weights["pointwise_kernel"][0, 0]
    )
    return y


def normalise(layer: Layer, x: Weights) -> Weights:
    w = layer.weights
    y: Weights = (x - w["moving_mean"]) / np.sqrt(w["moving_variance"] + layer.config["epsilon"]) * w["gamma"]
    return y + w["beta"]


def activate(layer: Layer, x: Weights) -> Weights:
    if layer.config["activation"] == "relu":
        return np.maximum(x, 0)
    e = np.exp(x - x.max(axis=1, keepdims=True))
    y: Weights = e / e.sum(axis=1, keepdims=True)
    return y


def pool(layer: Layer, x: Weights) -> Weights:
    window = patches(x, layer.config["pool_size"][0], layer.config["strides"][0], layer.config["padding"], -np.inf)
    y: Weights = window.max(axis=(4, 5))
    return y


ONE_INPUT: dict[str, Callable[[Layer, Weights], Weights]] = {
    "InputLayer": lambda _, x: (x / 255 - 0.5) * 2,
    "Conv2D": lambda layer, x: conv(layer, x, "kernel") + layer.weights.get("bias", np.zeros(1)),
    "SeparableConv2D": separable,
    "BatchNormalization": normalise,
    "Activation": activate,
    "MaxPooling2D": pool,
    "GlobalAveragePooling2D": lambda _, x: x.mean(axis=(1, 2)),
}


def forward(source: bytes, gray: NDArray[np.float32]) -> Weights:
    """The Keras network layer by layer in plain numpy, batch normalisation as it stands. ``gray`` (N, side, side)."""
    values: dict[str, Weights] = {}
    last = ""
    for layer in read_layers(source):
        given = [values[name] for name in layer.inputs] or [gray[..., None].astype(np.float64)]
        values[layer.name] = sum(given[1:], given[0]) if layer.kind == "Add" else ONE_INPUT[layer.kind](layer, given[0])
        last = layer.name
    return values[last]


def run(model: bytes, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answer: NDArray[np.float32] = session.run(["probabilities"], {"input": batch})[0]
    return answer


def pictures(count: int, side: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).integers(0, 256, (count, side, side)).astype(np.float32)


def test_every_kind_of_layer_computes_what_plain_numpy_does() -> None:
    source, gray = keras_file(), pictures(3, 21) * np.array([0.2, 0.6, 1], np.float32)[:, None, None]
    expected = forward(source, gray)
    assert expected.std(axis=0).max() > 0.01, "the pictures must not all look alike to the network"
    np.testing.assert_allclose(run(convert(source), gray[:, None]), expected, atol=1e-5)


def published() -> bytes:
    weights("mini_xception")
    return next(weights_dir().glob(f"{load_card('mini_xception').sha256[0][:16]}-*.hdf5")).read_bytes()


def test_mini_xception_computes_what_plain_numpy_does() -> None:
    gray = pictures(2, 64)
    expected = forward(published(), gray)
    np.testing.assert_allclose(run(convert(published()), gray[:, None]), expected, atol=1e-5)


def test_mini_xception_agrees_with_an_independent_conversion() -> None:
    reference = data("models/mini_xception_reference.onnx").read_bytes()
    drawn = reference_input(load_card("mini_xception"), 4)
    batch = np.concatenate([pictures(4, 64)[:, None], drawn])
    expected = run(reference, ((batch / 255 - 0.5) * 2).astype(np.float32))
    np.testing.assert_allclose(run(weights("mini_xception"), batch), expected, atol=1e-5)


def test_the_same_file_gives_the_same_bytes() -> None:
    assert convert(keras_file()) == convert(keras_file())


def test_an_unknown_layer_is_named() -> None:
    with pytest.raises(ModelRejected, match="the layer out: LSTM is not one of"):
        convert(keras_file(rename="LSTM"))


@pytest.mark.parametrize("source", [b"", b"no HDF5", keras_file()[:2000]])
def test_what_is_no_keras_file_is_refused(source: bytes) -> None:
    with pytest.raises(ModelRejected, match="not a Keras 2 model"):
        convert(source)
