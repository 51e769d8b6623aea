"""The first engine that can run, and the next where one gives up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pytest

from engines.base import Engine
from engines.errors import DeviceLost, EngineUnavailable, ModelRejected, NotInstalled, OutOfMemory
from engines.opening import Refusal, news_of, open_first
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from tests.fake_engine import ScalingEngine, ask
from tests.tiny_models import scaling


def absent() -> Engine:
    raise EngineUnavailable("no such device")


def unwanted() -> Engine:
    raise NotInstalled("pip install it")


def altered() -> Engine:
    raise ModelRejected("sha256 differs")


def on(maker: Callable[..., Engine]) -> Callable[[], Engine]:
    return lambda: maker(scaling(), name="scaling")


def given(*engines: ScalingEngine) -> Mapping[str, Callable[[], Engine]]:
    return {engine.backend: partial(itself, engine) for engine in engines}


def itself(engine: ScalingEngine) -> Engine:
    return engine


def messages(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_the_next_engine_is_taken_and_the_reason_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    openers = {"gpu": absent, "onnxruntime": on(OnnxRuntimeEngine), "openvino": altered}
    with caplog.at_level(logging.INFO), open_first("scaling", openers) as engine:
        assert engine.chosen == engine.info().backend == "onnxruntime"
        assert engine.refusals == (Refusal("gpu", "no such device"),)
        assert engine.changes == 0
        assert engine.run({"x": np.ones((1, 2), np.float32)})["y"][0, 0] == 3
        assert engine.inputs[0].name == "x"
        assert engine.outputs[0].name == "y"
    assert messages(caplog, logging.WARNING) == ["gpu cannot run scaling here (no such device)"]
    with pytest.raises(RuntimeError, match="not open"):
        engine.info()


def test_a_package_that_is_not_installed_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    engine = ScalingEngine("cpu")
    with caplog.at_level(logging.INFO), open_first("m", {"gpu": unwanted, **given(engine)}) as opened:
        assert opened.refusals == (Refusal("gpu", "pip install it"),)
    assert messages(caplog, logging.WARNING) == []
    assert messages(caplog, logging.INFO) == ["gpu cannot run m here (pip install it)", "m runs on cpu fp32"]


def test_a_wrong_file_is_never_passed_to_the_next_engine() -> None:
    openers = {"openvino": altered, "onnxruntime": on(OnnxRuntimeEngine)}
    with pytest.raises(ModelRejected, match="sha256 differs"):
        open_first("scaling", openers).__enter__()
    broken = {"openvino": lambda: OpenVinoEngine(b"", name="m"), "onnxruntime": on(OnnxRuntimeEngine)}
    with pytest.raises(ModelRejected, match="damaged"):
        open_first("m", broken).__enter__()


def test_no_engine_at_all_names_every_reason() -> None:
    with pytest.raises(EngineUnavailable, match=r"no engine of \['a', 'b'\] can run m here: a: no such device; b: no"):
        open_first("m", {"a": absent, "b": absent}).__enter__()


def test_who_named_the_engines_is_warned_of_one_that_is_not_installed(caplog: pytest.LogCaptureFixture) -> None:
    openers = {"gpu": unwanted, **given(ScalingEngine("cpu"))}
    with caplog.at_level(logging.INFO), open_first("m", openers, asked=True):
        pass
    assert messages(caplog, logging.WARNING) == ["gpu cannot run m here (pip install it)"]


def test_an_engine_that_gives_up_is_closed_and_the_next_answers_the_same(caplog: pytest.LogCaptureFixture) -> None:
    gpu = ScalingEngine("gpu", fails=(None, OutOfMemory("2 GB wanted")))
    cpu = ScalingEngine("cpu")
    openers = {"gpu": given(gpu)["gpu"], "other": absent, "cpu": given(cpu)["cpu"]}
    with open_first("m", openers) as opened:
        assert [float(opened.run(ask(n))["y"][0, 0]) for n in range(4)] == [0, 3, 6, 9]
        assert (gpu.runs, gpu.closed, cpu.runs, cpu.open) == (2, 1, 3, True)
        assert (opened.chosen, opened.info().backend, opened.changes) == ("cpu", "cpu", 1)
        assert opened.refusals == (Refusal("gpu", "2 GB wanted"), Refusal("other", "no such device"))
    assert not cpu.open
    assert messages(caplog, logging.WARNING) == [
        "gpu cannot go on with m here (2 GB wanted)",
        "other cannot run m here (no such device)",
    ]


def test_the_last_engine_that_gives_up_ends_it_with_all_reasons() -> None:
    gpu = ScalingEngine("gpu", fails=(OutOfMemory("2 GB wanted"),))
    cpu = ScalingEngine("cpu", fails=(EngineUnavailable("the device went away"),))
    with open_first("m", given(gpu, cpu)) as opened:
        with pytest.raises(EngineUnavailable, match=r"m here: gpu: 2 GB wanted; cpu: the device went away"):
            opened.run(ask(1))
        assert (gpu.closed, cpu.closed) == (1, 1)
        with pytest.raises(RuntimeError, match="the engine of m is not open"):
            opened.run(ask(1))


@pytest.mark.parametrize("error", [DeviceLost("context gone"), ModelRejected("no numbers")])
def test_what_another_engine_would_only_hide_passes_on_at_once(error: Exception) -> None:
    gpu, cpu = ScalingEngine("gpu", fails=(error,)), ScalingEngine("cpu")
    with open_first("m", given(gpu, cpu)) as opened:
        with pytest.raises(type(error), match=str(error)):
            opened.run(ask(1))
        assert (gpu.open, cpu.opened, opened.refusals) == (True, 0, ())
    assert gpu.closed == 1


def test_a_file_found_wrong_by_the_engine_that_would_take_over_passes_on() -> None:
    gpu = ScalingEngine("gpu", fails=(OutOfMemory("full"),))
    with open_first("m", {**given(gpu), "cpu": altered}) as opened, pytest.raises(ModelRejected, match="sha256"):
        opened.run(ask(1))
    assert gpu.closed == 1


def test_opened_again_it_begins_again_with_the_first() -> None:
    gpu, cpu = ScalingEngine("gpu", fails=(OutOfMemory("full"),)), ScalingEngine("cpu")
    opened = open_first("m", given(gpu, cpu))
    with opened:
        opened.run(ask(1))
    with opened:
        assert (opened.chosen, opened.refusals, opened.changes) == ("gpu", (), 0)
        assert opened.run(ask(2))["y"][0, 0] == 6


class Busy(ScalingEngine):
    news = "building rtx 7 %"


def test_it_tells_the_news_of_the_one_that_runs() -> None:
    opened = open_first("m", given(Busy("gpu", fails=(OutOfMemory("full"),)), ScalingEngine("cpu")))
    assert news_of(opened) == ""
    with opened:
        assert news_of(opened) == "building rtx 7 %"
        opened.run(ask(1))
        assert news_of(opened) == ""
    assert news_of(opened) == ""
