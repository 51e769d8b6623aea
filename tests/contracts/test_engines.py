"""What every engine promises."""

from __future__ import annotations

import sys
from typing import Protocol

import numpy as np
import pytest

from engines.base import Array, Engine, TensorSpec
from engines.cards import load_card
from engines.errors import EngineUnavailable, ModelRejected, NotInstalled
from engines.ov import SHAPES_KEPT, OpenVinoEngine
from engines.reference import TOLERANCE, check_reference, reference_input
from streamer.registry import ENGINES, find
from tests.tiny_models import hidden_external, pooling, scaling
from tests.weights import weights


class Maker(Protocol):
    def __call__(self, model: bytes, *, name: str, threads: int = 1, precision: str = "auto") -> Engine: ...


MAKERS: dict[str, Maker] = {name: find(ENGINES, name) for name in ENGINES}


@pytest.fixture(params=sorted(MAKERS))
def make(request: pytest.FixtureRequest) -> Maker:
    return MAKERS[request.param]


@pytest.mark.parametrize("card_name", ["mini_xception", "demo48"])
@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_the_answer_is_the_cards_reference(make: Maker, card_name: str, precision: str) -> None:
    with make(weights(card_name), name=card_name, precision=precision) as engine:
        difference = check_reference(load_card(card_name), engine)
        assert precision == "auto" or engine.info().precision == "fp32"
        assert 0 < difference <= TOLERANCE[engine.info().precision]


def test_another_network_than_the_cards_is_refused(make: Maker) -> None:
    card = load_card("mini_xception")
    assert card.reference is not None
    swapped = tuple(tuple(reversed(row)) for row in card.reference.expected)
    altered = card.model_copy(update={"reference": card.reference.model_copy(update={"expected": swapped})})
    with (
        make(weights("mini_xception"), name="x") as engine,
        pytest.raises(ModelRejected, match="differs from the card"),
    ):
        check_reference(altered, engine)


def test_batches_of_1_to_32_keep_their_order(make: Maker) -> None:
    card = load_card("mini_xception")
    pictures = np.random.default_rng(5).permutation(np.repeat(reference_input(card, 4), 8, axis=0))
    with make(weights("mini_xception"), name="x", precision="fp32") as engine:
        alone = np.concatenate([engine.run({"input": one[None]})["probabilities"] for one in pictures])
        for size in (2, 3, 5, 8, 16, 31, 32, 1):
            together = engine.run({"input": pictures[:size]})["probabilities"]
            np.testing.assert_allclose(together, alone[:size], atol=1e-5)


def test_it_says_what_it_takes_gives_and_is(make: Maker) -> None:
    with make(scaling(), name="scaling") as engine:
        assert engine.inputs == (TensorSpec("x", "float32", (-1, 2)),)
        assert engine.outputs == (TensorSpec("y", "float32", (-1, 2)),)
        info = engine.info()
    assert MAKERS[info.backend] is make
    assert info.device == "CPU"
    assert info.version[0].isdigit()
    assert info.precision in TOLERANCE


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({"x": np.zeros((4, 3), np.float32)}, r"x must be float32 \(-1, 2\), got float32 \(4, 3\)"),
        ({"x": np.zeros((4, 2), np.float64)}, r"x must be float32 \(-1, 2\), got float64 \(4, 2\)"),
        ({"x": np.zeros(2, np.float32)}, r"got float32 \(2,\)"),
        ({"y": np.zeros((4, 2), np.float32)}, r"inputs must be \['x'\], got \['y'\]"),
        ({}, r"inputs must be \['x'\], got \[\]"),
    ],
)
def test_a_wrong_input_names_what_was_wanted_and_what_came(make: Maker, feeds: dict[str, Array], message: str) -> None:
    with make(scaling(), name="scaling") as engine, pytest.raises(ValueError, match=message):
        engine.run(feeds)


def test_outputs_belong_to_the_caller(make: Maker) -> None:
    with make(scaling(), name="scaling") as engine:
        first = engine.run({"x": np.ones((2, 2), np.float32)})["y"]
        engine.run({"x": np.zeros((2, 2), np.float32)})
    assert (first == 3).all()
    first += 1


def test_inputs_may_be_views_and_read_only_and_stay_as_they_are(make: Maker) -> None:
    given = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    given.setflags(write=False)
    with make(scaling(), name="scaling") as engine:
        assert np.array_equal(engine.run({"x": given})["y"], given * 3)


def test_pictures_of_any_size_even_many_sizes(make: Maker) -> None:
    sizes = [(8 + 4 * i, 40 - 4 * i) for i in range(SHAPES_KEPT + 2)]
    with make(pooling(), name="pooling", precision="fp32") as engine:
        assert engine.inputs[0].shape == (-1, 3, -1, -1)
        for height, width in (*sizes, *sizes[:2]):
            picture = np.random.default_rng(height).random((1, 3, height, width), np.float32)
            np.testing.assert_allclose(engine.run({"x": picture})["y"], picture.mean(axis=(2, 3)), atol=1e-5)


def test_openvino_keeps_a_few_sizes_only() -> None:
    with OpenVinoEngine(pooling(), name="pooling") as engine:
        for side in range(8, 8 + SHAPES_KEPT + 3):
            engine.run({"x": np.ones((1, 3, side, side), np.float32)})
        assert len(engine._requests) == SHAPES_KEPT


@pytest.mark.parametrize("model", [b"", b"this is no network", scaling()[:40]])
def test_a_damaged_file_is_refused(make: Maker, model: bytes) -> None:
    with pytest.raises(ModelRejected, match="or a damaged one"):
        make(model, name="m").__enter__()


@pytest.mark.parametrize("model", [scaling(external=True), hidden_external()])
def test_weights_in_other_files_are_refused(make: Maker, model: bytes) -> None:
    with pytest.raises(ModelRejected, match="outside keeps weights in other files"):
        make(model, name="outside").__enter__()


def test_closing_twice_is_fine_and_a_closed_engine_says_so(make: Maker) -> None:
    engine = make(scaling(), name="scaling")
    with pytest.raises(RuntimeError, match="scaling is not open"):
        engine.run({"x": np.zeros((1, 2), np.float32)})
    engine.__enter__()
    engine.__exit__(None, None, None)
    engine.__exit__(None, None, None)
    with pytest.raises(RuntimeError, match="scaling is not open"):
        engine.run({"x": np.zeros((1, 2), np.float32)})
    with engine:
        assert engine.run({"x": np.ones((1, 2), np.float32)})["y"][0, 0] == 3


def test_a_missing_package_is_unavailable_with_the_line_that_installs_it(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ENGINES:
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NotInstalled, match="pip install"):
        make(scaling(), name="scaling").__enter__()


def test_an_unknown_precision_is_unavailable(make: Maker) -> None:
    with pytest.raises(EngineUnavailable, match="int4"):
        make(scaling(), name="scaling", precision="int4")
