"""A network for pictures of any size, with a better engine for each size that comes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from engines.base import Array, Engine
from engines.errors import EngineUnavailable, ModelRejected
from engines.ort import OnnxRuntimeEngine
from engines.sized import KEPT, Shape, Sized, any_size, fixed, shape_of, usable
from engines.swapping import Better, Opener, Progress
from tests.tiny_models import colours, pooling, scaling


class Named(OnnxRuntimeEngine):
    """ONNX Runtime, counted: which shapes are open."""

    def __init__(self, model: bytes, open_now: list[Shape]) -> None:
        super().__init__(model, name="pooling")
        self._open_now, self._shape = open_now, shape_of(model)

    def __enter__(self) -> Named:
        super().__enter__()
        self._open_now.append(self._shape)
        return self

    def close(self) -> None:
        if self._shape in self._open_now:
            self._open_now.remove(self._shape)
        super().close()


class Workshop:
    """Makes the better engines; ``ready(shape)`` waits until one is made."""

    def __init__(self, refuse: str = "") -> None:
        self.open: list[Shape] = []
        self.refuse = refuse
        self._made: dict[Shape, threading.Event] = {}

    def better_for(self, shape: Shape) -> Better:
        event = self._made.setdefault(shape, threading.Event())

        def better(progress: Progress) -> Opener:
            progress(0.5, "half")
            if self.refuse:
                event.set()
                raise EngineUnavailable(self.refuse)
            return lambda: Announced(fixed(pooling(), "pooling", shape), self.open, event.set)

        return better

    def ready(self, shape: Shape) -> None:
        assert self._made[shape].wait(20)


class Announced(Named):
    def __init__(self, model: bytes, open_now: list[Shape], announce: Callable[[], None]) -> None:
        super().__init__(model, open_now)
        self._announce = announce

    def __enter__(self) -> Announced:
        super().__enter__()
        self._announce()
        return self


def picture(height: int, width: int) -> Array:
    return np.random.default_rng(height).random((1, 3, height, width)).astype(np.float32)


def general() -> Engine:
    return OnnxRuntimeEngine(pooling(), name="pooling")


def test_a_model_is_fixed_to_a_size() -> None:
    model = fixed(pooling(), "pooling", (1, 3, 20, 30))
    assert shape_of(pooling()) == (-1, 3, -1, -1)
    assert shape_of(model) == (1, 3, 20, 30)
    assert (any_size(pooling()), any_size(model), any_size(colours())) == (True, False, False)
    with OnnxRuntimeEngine(model, name="pooling") as engine:
        assert engine.outputs[0].shape == (1, 3)
        np.testing.assert_allclose(engine.run({"x": picture(20, 30)})["y"], picture(20, 30).mean((2, 3)), rtol=1e-5)


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (scaling(), (1, 3, 8, 8), "must have one input of 4 dimensions to be fixed"),
        (colours(), (1, 4, 8, 8), "cannot be fixed to"),
    ],
)
def test_a_size_that_cannot_be_is_refused(model: bytes, shape: Shape, message: str) -> None:
    with pytest.raises(ModelRejected, match=message):
        fixed(model, "tiny", shape)


def test_each_size_gets_an_engine_of_its_own_and_every_answer_is_right() -> None:
    workshop = Workshop()
    with Sized("pooling", general, workshop.better_for, name="better") as engine:
        for height, width in [(20, 30), (40, 10), (20, 30)]:
            shown = picture(height, width)
            for _ in range(3):
                given = engine.run({"x": shown})["y"]
                np.testing.assert_allclose(given, shown.mean((2, 3)), rtol=1e-5)
                workshop.ready(shown.shape)
        assert sorted(workshop.open) == [(1, 3, 20, 30), (1, 3, 40, 10)]
        assert engine.info().backend == "onnxruntime"
        assert engine.inputs[0].shape == (-1, 3, -1, -1)
    assert workshop.open == []


def test_only_the_last_sizes_stay_open() -> None:
    workshop = Workshop()
    with Sized("pooling", general, workshop.better_for, name="better") as engine:
        for height in range(10, 10 + KEPT + 2):
            engine.run({"x": picture(height, 8)})
            workshop.ready((1, 3, height, 8))
            engine.run({"x": picture(height, 8)})
        assert workshop.open == [(1, 3, height, 8) for height in range(12, 10 + KEPT + 2)]
    assert workshop.open == []


def test_a_size_without_a_better_engine_goes_on_with_the_first() -> None:
    workshop = Workshop(refuse="the device is full")
    with Sized("pooling", general, workshop.better_for, name="better") as engine:
        for _ in range(3):
            shown = picture(16, 16)
            np.testing.assert_allclose(engine.run({"x": shown})["y"], shown.mean((2, 3)), rtol=1e-5)
            workshop.ready(shown.shape)
        assert workshop.open == []


def test_it_is_used_only_while_open() -> None:
    engine = Sized("pooling", general, Workshop().better_for, name="better")
    with pytest.raises(RuntimeError, match="the engine of pooling is not open"):
        engine.run({"x": picture(8, 8)})
    assert engine.news == ""


def test_what_is_plainly_wrong_is_named() -> None:
    right = {"y": np.ones((2, 3), np.float32)}
    assert usable(right, {"y": np.zeros((2, 3), np.float32)}) == ""
    assert "has shape (3, 2), wanted (2, 3)" in usable(right, {"y": np.ones((3, 2), np.float32)})
    assert "is not finite" in usable(right, {"y": np.full((2, 3), np.nan, np.float32)})
