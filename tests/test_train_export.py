"""The exported graph against a forward pass written out in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from engines.base import Array
from engines.onnx_file import parse
from streamer.emotions import LABELS
from streamer.registry import ENGINES, find
from tools.train.calibrate import Calibration, softmax
from tools.train.export import CannotExport, Weights, build, compare, folded, strides
from tools.train.settings import Network as Shape

SHAPE = Shape(side=12, stem_stride=2, widths=(3, 5), blocks=(1, 2), dropout=0.5)
CALIBRATION = Calibration(0.6, np.linspace(0, 1.4, 8))


def convolution(dice: np.random.Generator, name: str, before: int, after: int, size: int) -> dict[str, NDArray[Any]]:
    return {
        f"{name}.0.weight": dice.normal(0, 0.5, (after, before, size, size)),
        f"{name}.1.weight": dice.uniform(0.5, 1.5, after),
        f"{name}.1.bias": dice.normal(0, 0.3, after),
        f"{name}.1.running_mean": dice.normal(0, 0.3, after),
        f"{name}.1.running_var": dice.uniform(0.2, 2, after),
    }


def made_weights() -> dict[str, NDArray[Any]]:
    """Of a network of SHAPE, by torch's names."""
    dice = np.random.default_rng(4)
    made = convolution(dice, "stem", 1, 3, 3)
    for number, (before, after) in enumerate([(3, 3), (3, 5), (5, 5)]):
        made |= convolution(dice, f"units.{number}.first", before, after, 3)
        made |= convolution(dice, f"units.{number}.second", after, after, 3)
        if before != after:
            made |= convolution(dice, f"units.{number}.around", before, after, 1)
    return made | {"head.weight": dice.normal(0, 0.4, (8, 5)), "head.bias": dice.normal(0, 0.4, 8)}


def normalised(weights: Weights, name: str, x: Array, stride: int) -> Array:
    """The convolution and then, unfolded, its normalisation. x (N, channels, side, side)."""
    kernel = weights[f"{name}.0.weight"]
    size = kernel.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (size // 2, size // 2), (size // 2, size // 2)))
    places = range(0, x.shape[2], stride)
    windows = [[padded[:, :, top : top + size, left : left + size] for left in places] for top in places]
    y = np.array([[np.einsum("ncij,ocij->no", window, kernel) for window in row] for row in windows])
    y = y.transpose(2, 3, 0, 1)
    scale, bias, mean, variance = (
        weights[f"{name}.1.{key}"][:, None, None] for key in ("weight", "bias", "running_mean", "running_var")
    )
    return np.asarray(scale * (y - mean) / np.sqrt(variance + 1e-5) + bias)


def expected(weights: Weights, faces: Array) -> Array:
    """(N, 8) as the trained network and the calibration give them, in float64."""

    def relu(x: Array) -> Array:
        return np.maximum(x, 0)

    x = relu(normalised(weights, "stem", (faces - 127.5) / 64, 2))
    for number, stride in enumerate((1, 2, 1)):
        name = f"units.{number}"
        y = normalised(weights, f"{name}.second", relu(normalised(weights, f"{name}.first", x, stride)), 1)
        x = relu(y + (normalised(weights, f"{name}.around", x, stride) if number == 1 else x))
    logits = x.mean(axis=(2, 3)) @ weights["head.weight"].T + weights["head.bias"]
    return softmax((logits + CALIBRATION.offset) / CALIBRATION.temperature)


def gray(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(9).integers(0, 256, (count, 1, 12, 12)).astype(np.float32)


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_the_file_answers_as_the_network_does(engine: str) -> None:
    weights, faces = made_weights(), gray(5)
    maker: Any = find(ENGINES, engine)
    with maker(build(weights, SHAPE, CALIBRATION), name="tiny", precision="fp32") as opened:
        assert [(port.name, port.dtype, port.shape) for port in opened.inputs] == [
            ("faces", "float32", (-1, 1, 12, 12))
        ]
        assert [(port.name, port.shape) for port in opened.outputs] == [("probabilities", (-1, len(LABELS)))]
        given = opened.run({"faces": faces})["probabilities"]
    np.testing.assert_allclose(given, expected(weights, faces), atol=2e-3)
    assert np.ptp(given, axis=0).max() > 0.05, "the faces must differ for the comparison to say anything"


def test_weights_are_stored_as_float16_and_computed_with_as_float32() -> None:
    model = onnx.load_model_from_string(build(made_weights(), SHAPE, CALIBRATION))
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    matrices = {name for name in kinds if name.endswith(".weight.half")}
    assert len(matrices) == 9
    assert all(kinds[name] == onnx.TensorProto.FLOAT16 for name in matrices)
    assert all(kind == onnx.TensorProto.FLOAT for name, kind in kinds.items() if name not in matrices)
    casts = [node for node in model.graph.node if node.op_type == "Cast"]
    assert {node.input[0] for node in casts} == matrices


def test_the_same_weights_give_the_same_bytes_and_nothing_lies_outside() -> None:
    first, second = (build(made_weights(), SHAPE, CALIBRATION) for _ in range(2))
    assert first == second
    assert parse(first, "tiny").outputs == ("probabilities",)
    assert build(made_weights(), SHAPE, Calibration(0.7, CALIBRATION.offset)) != first


def test_only_the_first_unit_of_a_later_stage_halves() -> None:
    assert list(strides(Shape(widths=(1, 2, 3), blocks=(2, 1, 3)))) == [1, 1, 2, 2, 1, 1]


def test_a_normalisation_is_folded_by_hand() -> None:
    weights = {
        "a.0.weight": np.full((1, 1, 1, 1), 3.0),
        "a.1.weight": np.array([2.0]),
        "a.1.bias": np.array([5.0]),
        "a.1.running_mean": np.array([7.0]),
        "a.1.running_var": np.array([0.25 - 1e-5]),
    }
    kernel, offset = folded(weights, "a")  # 2 · (3x − 7) / 0.5 + 5
    assert kernel.item() == pytest.approx(12)
    assert offset.item() == pytest.approx(-23)


@pytest.mark.parametrize("bad", [np.nan, 1e6])
def test_numbers_that_float16_cannot_hold_are_refused(bad: float) -> None:
    weights = made_weights()
    weights["head.weight"][0, 0] = bad
    with pytest.raises(CannotExport, match=r"head\.weight holds numbers beyond float16"):
        build(weights, SHAPE, CALIBRATION)


def test_a_file_near_the_network_is_accepted_and_one_far_from_it_refused() -> None:
    network = np.array([[0.52, 0.48], [0.505, 0.495]])
    assert compare(network + np.array([[0.002, -0.002], [-0.006, 0.006]]), network) == pytest.approx(0.006)
    with pytest.raises(CannotExport, match=r"up to 0\.0110 off the trained network, at most 0\.01"):
        compare(network + np.array([[0.011, -0.011], [0.0, 0.0]]), network)
    with pytest.raises(CannotExport, match="up to nan off"):
        compare(np.full((2, 2), np.nan), network)
