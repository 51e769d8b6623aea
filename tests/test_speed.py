"""How long a model takes for a face."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

import pytest

from engines.base import Array
from engines.ort import OnnxRuntimeEngine
from tests.halves import card, halves
from tools.speed import WARM_UP, milliseconds, speed


class Slow(OnnxRuntimeEngine):
    """An engine that takes two milliseconds and notes the batch of each run."""

    def __init__(self) -> None:
        super().__init__(halves(), name="halves")
        self.batches: list[int] = []

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        self.batches.append(len(feeds["x"]))
        time.sleep(0.002)
        return super().run(feeds)


def test_the_time_is_that_of_one_face_of_a_batch() -> None:
    with Slow() as engine:
        engine.batches.clear()
        taken = milliseconds(engine, card(), 16, runs=21)
    assert engine.batches == [16] * (WARM_UP + 21)
    assert 2 <= taken * 16 < 100


def test_an_engine_that_cannot_run_here_is_left_out_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    taken, refusals = speed(card(), halves())
    assert (taken.openvino, taken.openvino_16) == (None, None)
    assert taken.onnxruntime is not None
    assert [(refusal.engine, "pip install" in refusal.reason) for refusal in refusals] == [("openvino", True)]
