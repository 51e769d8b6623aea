"""A float32 network rewritten in half precision: its types, its bytes, what is refused; and its rounding on a CPU."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from engines.errors import ModelRejected, NotInstalled
from engines.fp16 import RECIPE, half, recipe, rounded
from engines.ort import OnnxRuntimeEngine
from tests.tiny_models import hidden_external, pooling, scaling
from tests.tiny_networks import (
    branching,
    brightness,
    old_format,
    pictures,
    quantised,
    sum_of_squares,
    untyped,
    whole_numbers,
)

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "engines" / "weights" / "groupmood.onnx"


def answer(model: bytes, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    with OnnxRuntimeEngine(model, name="net") as engine:
        return engine.run({engine.inputs[0].name: samples})[engine.outputs[0].name]


@pytest.mark.parametrize("model", [brightness(), pooling(), old_format(), SHIPPED.read_bytes()])
def test_all_between_the_float32_ports_is_half(model: bytes) -> None:
    made = onnx.load_model_from_string(half(model, "net"))
    onnx.checker.check_model(made, full_check=True)
    graph = onnx.shape_inference.infer_shapes(made, strict_mode=True).graph
    (given,) = graph.input
    (out,) = graph.output
    assert given.type.tensor_type.elem_type == out.type.tensor_type.elem_type == TensorProto.FLOAT
    types = {value.name: value.type.tensor_type.elem_type for value in (*graph.value_info, *graph.output)}
    inner = {types[name] for node in graph.node for name in node.output if name != out.name}
    assert inner == {TensorProto.FLOAT16}
    assert TensorProto.FLOAT not in {weight.data_type for weight in graph.initializer}


def test_the_same_model_gives_the_same_bytes_and_leaves_python_as_it_was() -> None:
    """Python orders sets of words by chance, anew in each process. The converter's package would let its folder of
    modules with everyday names be imported from."""
    code = (
        "import hashlib, sys; from engines.fp16 import half; "
        "print(hashlib.sha256(half(open(sys.argv[1], 'rb').read(), 'groupmood')).hexdigest()); "
        "print(any('transformers' in folder for folder in sys.path))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code, str(SHIPPED)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    here = [hashlib.sha256(half(SHIPPED.read_bytes(), "groupmood")).hexdigest() for _ in range(2)]
    assert there.stdout.split() == [here[0], "False"]
    assert here[0] == here[1]


def test_the_recipe_names_itself_and_the_packages() -> None:
    assert recipe() == f"{RECIPE}+onnx-{version('onnx')}+onnxruntime-{version('onnxruntime')}"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (b"nothing", "net is not an ONNX file"),
        (scaling(external=True), "net keeps weights in other files"),
        (hidden_external(), "net keeps weights in other files"),
        (branching(), r"net has branches, loops or functions \(If\).*use precision fp32"),
        (half(brightness(), "net"), "net is in half precision already, there is nothing to convert"),
        (whole_numbers(), "net computes nothing in float32, there is nothing to convert"),
        (quantised(), "net cannot be written in half precision.*use precision fp32"),
        (untyped(), "net: the types of odd cannot be told"),
    ],
    ids=["no model", "external", "hidden", "branching", "half", "whole numbers", "quantised", "untyped"],
)
def test_what_cannot_be_half_is_said(model: bytes, said: str) -> None:
    with pytest.raises(ModelRejected, match=f"(?s){said}"):
        half(model, "net")


def test_each_operation_is_rounded() -> None:
    """By hand: half has 11 binary digits. 1.0004 → 1, squared 1, and 2049 lies in the middle of 2048 and 2050, of which
    the first ends evenly; rounded at the end alone it would be 2050. 1.7² is 2.89, and 2050.89 → 2050. 300² is beyond
    65504."""
    samples = np.array([[1.0004], [1.7], [2.5], [300]], np.float32)
    exact = answer(sum_of_squares(), samples)
    assert exact[:3, 0] == pytest.approx([2049.0008, 2050.89, 2054.25], abs=2e-4)
    assert answer(rounded(half(sum_of_squares(), "net"), "net"), samples)[:, 0].tolist() == [2048, 2050, 2054, np.inf]


def test_the_rounding_is_that_of_numpy() -> None:
    given = pictures()
    light = given.astype(np.float16).mean(axis=(1, 2, 3), dtype=np.float32).astype(np.float16)[:, None]
    back = light / np.float16(100) * np.float16(30) / np.float16(30)
    logits = (back * np.array([[-1, 1]], np.float16)).astype(np.float32)
    powers = np.exp(logits)
    expected = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float16)
    got = answer(rounded(half(brightness(gain=30), "net"), "net"), given)
    assert np.array_equal(got, got.astype(np.float16))
    assert np.abs(got - expected).max() <= 2**-11  # the last digit of numbers from ½ to 1


def test_only_a_half_network_is_rounded_and_it_must_be_readable() -> None:
    with pytest.raises(ModelRejected, match="not an ONNX file"):
        rounded(b"nothing", "net")
    samples = pictures(4)
    assert np.array_equal(answer(rounded(brightness(), "net"), samples), answer(brightness(), samples))


def test_a_missing_package_is_named_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime.transformers.float16", None)
    with pytest.raises(NotInstalled, match="half precision for net: pip install onnx onnxruntime"):
        half(brightness(), "net")
