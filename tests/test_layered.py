"""Networks from a list of layers, against the same layers in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from engines.cards import load_card
from engines.errors import ModelRejected
from engines.layered import network, read
from tests.naive import Array, convolved, pooled, relu, softmax
from tests.stand_ins import chance, emotion_cnn_tensors

LAYERS = load_card("emotion_cnn").layers


def run(model: bytes, batch: NDArray[Any]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answer: NDArray[np.float32] = session.run(["output"], {"input": batch.astype(np.float32)})[0]
    return answer


def normalised(x: Array, tensors: dict[str, NDArray[Any]], name: str, eps: float = 1e-5) -> Array:
    """As PyTorch's page on BatchNorm2d has it, over channels (N, C, …)."""
    form = (1, -1, *[1] * (x.ndim - 2))
    gamma, beta, mean, var = (
        np.asarray(tensors[f"{name}.{part}"], np.float64).reshape(form)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return np.asarray((x - mean) / np.sqrt(var + eps) * gamma + beta)


def emotion_cnn(x: Array, tensors: dict[str, NDArray[Any]]) -> Array:
    """The network of the card, one line after the other."""
    for number in (1, 2, 3):
        x = convolved(x, tensors[f"conv{number}.weight"], tensors[f"conv{number}.bias"], pad=1)
        x = pooled(relu(normalised(x, tensors, f"bn{number}")), 2, 2, np.max)
    flat = relu(x.reshape(len(x), -1) @ tensors["fc1.weight"].T + tensors["fc1.bias"])
    return np.asarray(flat @ tensors["fc2.weight"].T + tensors["fc2.bias"])


def pictures(count: int, channels: int, side: int) -> Array:
    return np.random.default_rng(2).normal(0, 1, (count, channels, side, side))


def test_the_shipped_layers_compute_what_plain_numpy_does() -> None:
    tensors, faces = emotion_cnn_tensors(), pictures(3, 1, 48)
    expected = emotion_cnn(faces, tensors)
    assert np.ptp(expected, axis=0).max() > 0.1, "the pictures must not all look alike to the network"
    np.testing.assert_allclose(run(network(LAYERS, tensors, 1, 48), faces), expected, atol=1e-4)


def one_conv(size: int = 3, bias: bool = True) -> dict[str, NDArray[Any]]:
    tensors: dict[str, NDArray[Any]] = {"c.weight": chance((4, 3, size, size), 1)}
    return tensors | ({"c.bias": chance((4,), 2)} if bias else {})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["conv c stride 2 pad 1"], lambda x, w, b: convolved(x, w, b, stride=2, pad=1)),
        (["conv c", "elu"], lambda x, w, b: np.where((y := convolved(x, w, b)) > 0, y, np.expm1(np.minimum(y, 0)))),
        (["conv c", "leaky 0.2"], lambda x, w, b: np.where((y := convolved(x, w, b)) > 0, y, 0.2 * y)),
        (["conv c", "max 3 stride 2"], lambda x, w, b: pooled(convolved(x, w, b), 3, 2, np.max)),
        (["conv c", "avg 2"], lambda x, w, b: pooled(convolved(x, w, b), 2, 2, np.mean)),
        (["conv c", "adaptive 3"], lambda x, w, b: pooled(convolved(x, w, b), 3, 3, np.mean)),
        (["conv c", "adaptive 1"], lambda x, w, b: pooled(convolved(x, w, b), 9, 9, np.mean)),
        (["divide 4", "conv c"], lambda x, w, b: convolved(x / 4, w, b)),
    ],
)
def test_each_kind_of_layer_computes_what_plain_numpy_does(lines: Sequence[str], expected: Any) -> None:
    tensors, x = one_conv(), pictures(2, 3, 11)
    wanted = expected(x, np.asarray(tensors["c.weight"], np.float64), np.asarray(tensors["c.bias"], np.float64))
    given = run(network([*lines, "flatten"], tensors, 3, 11), x)
    np.testing.assert_allclose(given, wanted.reshape(2, -1), atol=1e-5)


def test_padding_before_a_maximum_never_wins() -> None:
    """All numbers are below 0, so that a border of zeros would show."""
    x = -1 - np.abs(pictures(2, 1, 7))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    given = run(network(["max 3 stride 2 pad 1", "flatten"], {}, 1, 7), x)
    np.testing.assert_allclose(given, pooled(padded, 3, 2, np.max).reshape(2, -1), atol=1e-6)


def test_a_layer_of_numbers_may_be_normalised_and_end_in_probabilities() -> None:
    tensors: dict[str, NDArray[Any]] = {
        "fc.weight": chance((5, 12), 3),
        "norm.weight": 1 + chance((5,), 4),
        "norm.bias": chance((5,), 5),
        "norm.running_mean": chance((5,), 6),
        "norm.running_var": 1 + np.abs(chance((5,), 7)),
    }
    x = pictures(3, 3, 2)
    expected = softmax(normalised(x.reshape(3, -1) @ tensors["fc.weight"].T, tensors, "norm", eps=0.01))
    given = run(network(["flatten", "linear fc", "norm norm eps 0.01", "softmax"], tensors, 3, 2), x)
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_the_same_tensors_give_the_same_bytes() -> None:
    assert network(LAYERS, emotion_cnn_tensors(), 1, 48) == network(LAYERS, emotion_cnn_tensors(), 1, 48)


@pytest.mark.parametrize(
    "text", ["", "convolution c", "conv", "conv c pad", "conv c pad -1", "conv c pad 1.5", "conv c pad 1 pad 1",
             "relu 3", "max two", "max 2 size 3", "avg 2 pad 1", "leaky nan", "norm n eps -1", "linear fc pad 1",
             "relu relu"]
)  # fmt: skip
def test_what_is_no_layer_says_how_it_is_written(text: str) -> None:
    with pytest.raises(ModelRejected, match=r"is no layer(; known: conv, norm|: [a-z]+.* is wanted)"):
        read(text)


def changed(**tensors: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    """The shipped network's tensors but for these; None leaves one out. The names have _ for a point."""
    given = emotion_cnn_tensors()
    for key, value in tensors.items():
        name = key.replace("_", ".", 1)
        given.pop(name, None)
        if value is not None:
            given[name] = value
    return given


def holed(shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = np.ones(shape, np.float32)
    array.flat[0] = np.nan
    return array


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (changed(fc2_weight=None), r"missing: fc2\.weight$"),
        (changed(bn1_running_mean=None, fc1_weight=None), r"missing: bn1\.running_mean, fc1\.weight"),
        (changed(conv4_weight=np.ones((2, 2, 3, 3))), r"not in the layers: conv4\.weight"),
        (changed(fc1_weight=None, fc9_weight=np.ones((2, 2))), r"missing: fc1\.weight; not in the layers: fc9\.weight"),
        (changed(conv1_weight=np.ones((4, 3, 3, 3))), r"layer 1, 'conv conv1 pad 1': the tensor conv1\.weight "
         r"must have the shape \(any, 1, any, any\), got \(4, 3, 3, 3\)"),
        (changed(conv1_weight=np.ones((4, 1, 3, 5))), r"conv1 pad 1': a square kernel is wanted, got \(3, 5\)"),
        (changed(conv2_bias=np.ones(7)), r"conv2\.bias must have the shape \(6\), got \(7,\)"),
        (changed(bn3_running_var=np.ones(9)), r"bn3\.running_var must have the shape \(8\), got \(9,\)"),
        (changed(bn3_running_var=-np.ones(8)), r"bn3\.running_var has numbers below 0"),
        (changed(fc1_weight=np.ones((16, 99))), r"fc1\.weight must have the shape \(any, 288\), got \(16, 99\)"),
        (changed(fc2_bias=np.ones((7, 1))), r"fc2\.bias must have the shape \(7\), got \(7, 1\)"),
        (changed(fc2_weight=holed((7, 16))), r"fc2\.weight has numbers that are not finite"),
    ],
)  # fmt: skip
def test_tensors_that_do_not_fit_are_named(tensors: dict[str, NDArray[Any]], message: str) -> None:
    with pytest.raises(ModelRejected, match=message):
        network(LAYERS, tensors, 1, 48)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["conv c", "max 99", "flatten"],
            r"layer 2, 'max 99': a window of 99 pixels in steps of 99 does not fit 9 × 9",
        ),
        (["conv c", "max 0"], "a window of 0 pixels"),
        (["conv c stride 0"], "in steps of 0 does not fit"),
        (["conv c", "max 2 pad 2", "flatten"], "at most half of 2 pixels can be padded, got 2"),
        (["conv c", "adaptive 4"], "9 × 9 pixels cannot be shared evenly among 4 × 4"),
        (["flatten", "conv c"], r"layer 2, 'conv c': pixels are wanted, but 363 numbers are left"),
        (["divide 0", "conv c", "flatten"], "divided by 0"),
        (["conv c", "relu"], r"the layers leave \(4, 9, 9\) of a picture"),
    ],
)
def test_layers_that_do_not_fit_each_other_are_named(lines: Sequence[str], message: str) -> None:
    with pytest.raises(ModelRejected, match=message):
        network(lines, one_conv(), 3, 11)


def test_numbers_before_they_are_in_a_row_are_refused() -> None:
    with pytest.raises(ModelRejected, match=r"a row of numbers is wanted, but \(3, 11, 11\) is left: flatten it first"):
        network(["linear fc"], {"fc.weight": np.ones((2, 363))}, 3, 11)
