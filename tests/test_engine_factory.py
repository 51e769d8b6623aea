"""Which engine a run gets, on a machine without a GPU and with one that is played."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from engines.cards import load_card
from engines.errors import EngineUnavailable
from engines.probe import driver
from engines.reference import check_reference
from streamer.config import Engine as Settings
from streamer.engine_factory import EngineFactory, inputs
from streamer.registry import ENGINES, GPU_ENGINES
from tests.tiny_models import pooling
from tests.weights import weights


def has_gpu() -> bool:
    try:
        return bool(driver().gpus)
    except EngineUnavailable:
        return False


without_gpu = pytest.mark.skipif(has_gpu(), reason="this machine has a GPU, and the test is of one that has none")


def factory(folder: Path, **settings: object) -> EngineFactory:
    return EngineFactory(Settings.model_validate(settings), folder)


def test_the_order_names_every_engine_once() -> None:
    assert sorted(Settings().order) == sorted((*GPU_ENGINES, *ENGINES))


@without_gpu
def test_without_a_gpu_a_cpu_engine_runs_and_nobody_is_warned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    card = load_card("groupmood")
    with caplog.at_level(logging.WARNING), factory(tmp_path).opener(weights("groupmood"), card)() as engine:
        assert engine.info().device == "CPU"
        assert check_reference(card, engine) < 0.05
    assert caplog.records == []
    assert list(tmp_path.iterdir()) == []


@without_gpu
def test_who_asks_for_a_gpu_engine_is_told_that_it_cannot_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = factory(tmp_path, order=("tensorrt_rtx", "onnxruntime"))
    with caplog.at_level(logging.WARNING), made.opener(weights("groupmood"), load_card("groupmood"))() as engine:
        assert engine.info().backend == "onnxruntime"
    assert [record.getMessage()[:33] for record in caplog.records] == ["tensorrt_rtx cannot run groupmood"]


@without_gpu
def test_every_reason_is_told_where_half_precision_is_a_must(tmp_path: Path) -> None:
    opener = factory(tmp_path, precision="fp16").opener(weights("groupmood"), load_card("groupmood"))
    with pytest.raises(EngineUnavailable) as raised:
        opener().__enter__()
    for kind in Settings().order:
        assert f"{kind}: " in str(raised.value)
    assert "not in 'fp16'" in str(raised.value)


@pytest.mark.parametrize("name", ["groupmood", "mini_xception"])
def test_the_gate_is_fed_as_the_network_is(name: str) -> None:
    card = load_card(name)
    given = inputs(card, ())
    assert given.dtype == np.float32
    assert len(given) >= 32


def test_a_detector_is_judged_at_the_size_it_is_built_for() -> None:
    assert inputs(load_card("centerface"), (1, 3, 96, 128)).shape[1:] == (3, 96, 128)


@without_gpu
def test_pictures_of_any_size_need_an_engine_for_the_meantime(tmp_path: Path) -> None:
    """Without a GPU the refusal comes first, whatever is asked for."""
    with pytest.raises(EngineUnavailable, match="no engine of"):
        factory(tmp_path, order=("tensorrt",)).opener(pooling(), load_card("centerface"))().__enter__()
