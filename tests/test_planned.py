"""A model as a plan: built once, judged before it is used, in full precision where half does not pass."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from engines.cuda.owner import Owner
from engines.errors import EngineUnavailable
from engines.planned import PlannedEngine, Planner, Site, Wanted, verdict_of
from engines.plans import Plans
from engines.probe import Driver, Gpu
from engines.trt_build import Built
from engines.trt_library import Library
from tests.cuda_fake import GPU, FakeRuntime
from tests.tiny_networks import SIDE, brightness, constant, pictures
from tests.trt_fake import Tensorrt, fake_library, plan, rows


class Bench:
    """A stand-in for TensorRT-RTX on a stand-in for a GPU, whose builder notes what it was given.

    ``swap`` gives the network that a plan runs in truth, for the one that was to be built.
    """

    def __init__(self, folder: Path, swap: Callable[[bytes], bytes] = lambda model: model) -> None:
        self.device = FakeRuntime()
        self.library, self.module = fake_library(self.device, "rtx")
        self.owner = Owner(lambda: self.device)
        self.plans = Plans(folder)
        self.swap = swap
        self.built: list[str] = []

    def planner(self, model: bytes, **wanted: Any) -> Planner:
        site = Site(self.library, build=self._build)
        return Planner(Wanted("brightness", model, pictures, **wanted), site, self.plans)

    def _build(self, _: Library, model: bytes, name: str, *__: object) -> Built:
        self.built.append(f"{name} {precision(model)}")
        return Built(plan(self.swap(model), rows("x", 1, SIDE, SIDE), variant="rtx"), 0.5, ())


def precision(model: bytes) -> str:
    weights = {weight.data_type for weight in onnx.load_model_from_string(model).graph.initializer}
    return "fp16" if onnx.TensorProto.FLOAT16 in weights else "fp32"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "plans")
    yield made
    unused(made.module)


def unused(module: Tensorrt) -> None:
    assert module.misuses == []


def test_without_a_plan_the_command_that_builds_it_is_named(bench: Bench) -> None:
    with pytest.raises(EngineUnavailable, match="has no engine of brightness yet: groupmood engines build"):
        PlannedEngine(bench.planner(brightness()), bench.owner).__enter__()


def test_a_plan_is_built_in_half_precision_once_and_runs(bench: Bench) -> None:
    planner = bench.planner(brightness())
    assert planner.found() is None
    first = planner.prepare()
    assert bench.planner(brightness()).prepare().data == first.data
    assert bench.built == ["brightness fp16"]
    with PlannedEngine(planner, bench.owner) as engine:
        (spec,) = engine.inputs
        given = engine.run({spec.name: pictures(5)})["y"]
        assert engine.info().precision == "fp16"
    light = pictures(5).mean(axis=(1, 2, 3)) / 100
    np.testing.assert_allclose(given[:, 1], 1 / (1 + np.exp(-2 * light)), atol=2e-3)


def test_the_gate_is_passed_on_the_device_too_and_only_once(bench: Bench) -> None:
    planner = bench.planner(brightness())
    rehearsed = verdict_of(planner.prepare())
    assert rehearsed is not None
    assert "rounded to fp16" in rehearsed.ran
    runs = []
    for _ in range(2):
        before = bench.module.runs.total()
        with PlannedEngine(planner, bench.owner):
            runs.append(bench.module.runs.total() - before)
    assert runs[1] < runs[0], "the second opening must not judge again"
    found = planner.found()
    assert found is not None
    judged = verdict_of(found)
    assert judged is not None
    assert judged.passed
    assert judged.ran.startswith("tensorrt_rtx 1.7.1.116 ")


def test_a_network_that_half_breaks_is_built_in_full_and_that_is_said(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    planner = bench.planner(brightness(gain=1e5))
    with caplog.at_level(logging.WARNING):
        chosen = planner.prepare()
    assert bench.built == ["brightness fp32"]
    assert "brightness runs in fp32: fp16 did not pass the accuracy gate" in caplog.text
    verdict = verdict_of(chosen)
    assert verdict is not None
    assert not verdict.passed
    assert bench.planner(brightness(gain=1e5)).prepare().data == chosen.data
    assert len(bench.built) == 1
    with PlannedEngine(planner, bench.owner) as engine:
        assert engine.info().precision == "fp32"


def test_what_fails_only_on_the_device_is_built_in_full_then(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The rehearsal on the CPU passes, but the half plan answers as another network does."""
    made = Bench(tmp_path, lambda model: constant() if precision(model) == "fp16" else model)
    planner = made.planner(brightness())
    planner.prepare()
    with caplog.at_level(logging.WARNING), PlannedEngine(planner, made.owner) as engine:
        assert engine.info().precision == "fp32"
        given = engine.run({"x": pictures(3)})["y"]
    assert np.ptp(given[:, 0]) > 0.3
    assert made.built == ["brightness fp16", "brightness fp32"]
    assert "did not pass the accuracy gate" in caplog.text
    with PlannedEngine(made.planner(brightness()), made.owner) as engine:
        assert engine.info().precision == "fp32"
    assert len(made.built) == 2


def test_full_precision_can_be_asked_for(bench: Bench) -> None:
    planner = bench.planner(brightness(), precision="fp32")
    planner.prepare()
    assert bench.built == ["brightness fp32"]
    with PlannedEngine(planner, bench.owner) as engine:
        assert engine.info().precision == "fp32"
    # It is no answer for who wants half: that has not been judged.
    assert bench.planner(brightness()).found() is None


def test_another_model_has_a_plan_of_its_own(bench: Bench) -> None:
    bench.planner(brightness()).prepare()
    assert bench.planner(brightness(bias=0.5)).found() is None


def test_a_pass_gets_a_plan_once_it_was_judged_on_its_own_gpu(bench: Bench) -> None:
    gpu = Gpu(0, GPU.name, GPU.capability, GPU.memory)
    site = Site(bench.library, Driver(13000, (gpu,)), build=bench._build)
    planner = Planner(Wanted("brightness", brightness(), pictures), site, bench.plans)
    assert planner.ready() is None
    planner.prepare()
    assert planner.ready() is None, "only the CPU has judged it"
    with PlannedEngine(planner, bench.owner):
        pass
    ready, found = planner.ready(), planner.found()
    assert ready is not None
    assert found is not None
    assert (ready.name, ready.plan, ready.precision) == ("brightness", found.data, "fp16")
    assert bench.planner(brightness()).ready() is None, "no GPU is known there"
