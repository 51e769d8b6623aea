"""TensorRT as an engine keeps every engine's promises: over stand-ins of TensorRT 10, 11 and RTX everywhere, over the
real ones with ``-m gpu``."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engines.base import Array, TensorSpec
from engines.cards import load_card
from engines.ort import OnnxRuntimeEngine
from engines.reference import TOLERANCE, check_reference, reference_input
from tests.data import data
from tests.tiny_models import scaling
from tests.trt_fake import VARIANTS
from tests.trt_places import FakePlace, Place, RealPlace
from tests.weights import weights

REAL = [pytest.param(kind, marks=pytest.mark.gpu, id=f"real {kind}") for kind in ("tensorrt", "tensorrt_rtx")]


@pytest.fixture(params=[*VARIANTS, *REAL])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param in VARIANTS:
        fake = FakePlace(request.param)
        yield fake
        fake.check()
    else:
        yield RealPlace(request.param)


@pytest.mark.parametrize("card_name", ["groupmood", "mini_xception"])
def test_the_answer_is_the_cards_reference(place: Place, card_name: str) -> None:
    with place.engine(weights(card_name), card_name) as engine:
        assert check_reference(load_card(card_name), engine) <= TOLERANCE["fp32"]


def test_batches_of_any_size_keep_their_order(place: Place) -> None:
    card = load_card("mini_xception")
    pictures = np.random.default_rng(5).permutation(np.repeat(reference_input(card, 7), 10, axis=0))
    with OnnxRuntimeEngine(weights("mini_xception"), name="x") as reference:
        alone = reference.run({"input": pictures})["probabilities"]
    assert np.ptp(alone, axis=0).max() > 0.1
    with place.engine(weights("mini_xception"), "x") as engine:
        for size in (*range(1, 33), 70, 33, 1):
            together = engine.run({"input": pictures[:size]})["probabilities"]
            np.testing.assert_allclose(together, alone[:size], atol=1e-4)


def test_it_says_what_it_takes_gives_and_is(place: Place) -> None:
    with place.engine(scaling(), "scaling") as engine:
        assert engine.inputs == (TensorSpec("x", "float32", (-1, 2)),)
        assert engine.outputs == (TensorSpec("y", "float32", (-1, 2)),)
        info = engine.info()
    assert info.backend in ("tensorrt", "tensorrt_rtx")
    assert info.version[0].isdigit()
    assert info.device
    assert info.precision == "fp32"


WRONG: list[tuple[dict[str, Array], str]] = [
    ({"x": np.zeros((4, 3), np.float32)}, r"x must be float32 \(-1, 2\), got float32 \(4, 3\)"),
    ({"x": np.zeros((4, 2), np.float64)}, r"x must be float32 \(-1, 2\), got float64 \(4, 2\)"),
    ({"x": np.zeros(2, np.float32)}, r"got float32 \(2,\)"),
    ({"y": np.zeros((4, 2), np.float32)}, r"inputs must be \['x'\], got \['y'\]"),
    ({}, r"inputs must be \['x'\], got \[\]"),
]


def test_a_wrong_input_names_what_was_wanted_and_what_came(place: Place) -> None:
    with place.engine(scaling(), "scaling") as engine:
        for feeds, message in WRONG:
            with pytest.raises(ValueError, match=message):
                engine.run(feeds)


def test_outputs_belong_to_the_caller(place: Place) -> None:
    with place.engine(scaling(), "scaling") as engine:
        first = engine.run({"x": np.ones((2, 2), np.float32)})["y"]
        engine.run({"x": np.zeros((2, 2), np.float32)})
    assert (first == 3).all()
    first += 1


def test_inputs_may_be_views_and_read_only_and_stay_as_they_are(place: Place) -> None:
    given = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    given.setflags(write=False)
    with place.engine(scaling(), "scaling") as engine:
        assert np.array_equal(engine.run({"x": given})["y"], given * 3)


def test_no_rows_at_all(place: Place) -> None:
    with place.engine(scaling(), "scaling") as engine:
        assert engine.run({"x": np.zeros((0, 2), np.float32)})["y"].shape == (0, 2)


def test_closing_twice_is_fine_and_a_closed_engine_says_so(place: Place) -> None:
    engine = place.engine(scaling(), "scaling")
    with pytest.raises(RuntimeError, match="scaling is not open"):
        engine.run({"x": np.zeros((1, 2), np.float32)})
    for _ in range(2):
        engine.__enter__()
        assert engine.run({"x": np.ones((1, 2), np.float32)})["y"][0, 0] == 3
        engine.close()
        engine.__exit__(None, None, None)
        with pytest.raises(RuntimeError, match="scaling is not open"):
            engine.run({"x": np.zeros((1, 2), np.float32)})


def test_a_detector_of_one_picture_of_one_size(place: Place) -> None:
    model = data("models/yunet_n_640_640.onnx").read_bytes()
    picture = np.random.default_rng(1).uniform(0, 255, (1, 3, 640, 640)).astype(np.float32)
    with OnnxRuntimeEngine(model, name="yunet") as reference, place.engine(model, "yunet") as engine:
        assert engine.inputs == reference.inputs
        for _ in range(2):
            wanted, got = reference.run({"input": picture}), engine.run({"input": picture})
            assert wanted.keys() == got.keys()
            for name, array in wanted.items():
                np.testing.assert_allclose(got[name], array, atol=1e-3, rtol=1e-3)
        with pytest.raises(ValueError, match="input must be"):
            engine.run({"input": np.repeat(picture, 2, axis=0)})


def test_it_is_opened_used_and_closed_in_different_threads(place: Place) -> None:
    engine = place.engine(scaling(), "scaling")
    feeds = {"x": np.ones((3, 2), np.float32)}
    for job in (engine.__enter__, lambda: engine.run(feeds), lambda: engine.run(feeds), engine.close):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(job).result()


def test_many_threads_get_their_own_rows(place: Place) -> None:
    with place.engine(scaling(), "scaling") as engine, ThreadPoolExecutor(8) as pool:
        rows = [np.full((1 + n % 5, 2), n, np.float32) for n in range(60)]
        for row, answer in zip(rows, pool.map(lambda row: engine.run({"x": row})["y"], rows), strict=True):
            assert np.array_equal(answer, row * 3)
