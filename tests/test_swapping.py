"""A better engine takes over between two runs, and nothing that fails on its way is noticed by who runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from engines.base import Array, Engine
from engines.errors import DeviceLost, EngineUnavailable, ModelRejected, OutOfMemory
from engines.opening import Refusal, news_of, open_first
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from engines.swapping import Opener, Progress, Stopped, Swapping, far_off
from streamer.analyzer import Analyzer, Models
from streamer.classifiers.carded import CardedClassifier
from streamer.detectors.network import Network
from streamer.labels import Labels
from streamer.schedule import Plan, Schedule
from tests.fake_engine import ScalingEngine, ask
from tests.fakes import FakeDetector, FakeMood, FakeTracker, frame
from tests.tiny_models import colours, emotion_card, scaling

LONG = 60.0
"""Seconds after which a test that waits has failed."""


class Workshop:
    """A build that begins, waits to be let go on, and asks nobody whether it is still wanted."""

    def __init__(self, engine: ScalingEngine) -> None:
        self.engine = engine
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, progress: Progress) -> Opener:
        progress(0.4, "tactics")
        self.begun.set()
        assert self.go.wait(LONG)
        return lambda: self.engine

    def finish(self) -> None:
        """Let the build go on, and wait until its engine is open."""
        self.go.set()
        ended()


def ended() -> None:
    """Wait until no build goes on."""
    for thread in threading.enumerate():
        if thread.name.startswith("build "):
            thread.join(LONG)
            assert not thread.is_alive()


def swapping(first: ScalingEngine, better: Callable[[Progress], Opener], patience: float = LONG) -> Swapping:
    return Swapping("m", lambda: first, better, name="rtx", patience=patience)


def at_once(engine: ScalingEngine) -> Callable[[Progress], Opener]:
    return lambda _: lambda: engine


def answer(engine: Swapping, value: float) -> float:
    (row,) = engine.run(ask(value))["y"]
    assert row[0] == row[1]
    return float(row[0])


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_it_runs_at_once_and_swaps_between_two_runs_when_the_build_is_done() -> None:
    first, better = ScalingEngine("cpu"), ScalingEngine("rtx")
    workshop = Workshop(better)
    with swapping(first, workshop) as engine:
        assert workshop.begun.wait(LONG)
        assert engine.news == "building rtx 40 %"
        assert (answer(engine, 1), first.runs, engine.info().backend) == (3, 1, "cpu")
        workshop.finish()
        assert engine.news == "rtx is ready"
        assert (engine.info().backend, better.open, better.runs) == ("cpu", True, 0)
        assert answer(engine, 2) == 6
        assert (engine.info().backend, engine.changes, engine.news, engine.refusals) == ("rtx", 1, "", ())
        assert (first.runs, first.closed, better.runs) == (2, 1, 1)
        assert answer(engine, 3) == 9
        assert (first.runs, better.runs) == (2, 2)
    assert (first.opened, first.closed, better.opened, better.closed) == (1, 1, 1, 1)
    with pytest.raises(RuntimeError, match="the engine of m is not open"):
        engine.run(ask(1))


def test_the_build_has_a_thread_of_its_own_and_the_user_one_for_all_else() -> None:
    first, better = ScalingEngine("cpu"), ScalingEngine("rtx")
    with swapping(first, at_once(better)) as engine:
        ended()
        answer(engine, 1)
    me = threading.current_thread().name
    assert (first.opened_in, first.run_in, first.closed_in) == (me, me, me)
    assert (better.opened_in, better.run_in, better.closed_in) == ("build rtx for m", me, me)


def test_the_news_of_an_engine_with_none_is_nothing() -> None:
    assert news_of(ScalingEngine("cpu")) == ""


@pytest.mark.parametrize(
    "error",
    [EngineUnavailable("no driver"), ModelRejected("gate: off by 0.3"), DeviceLost("gone"), OSError(28, "disk full")],
)
@pytest.mark.parametrize("when", ["building", "opening"])
def test_a_build_that_fails_is_said_once_and_the_first_goes_on(
    error: Exception, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    def better(_: Progress) -> Opener:
        if when == "building":
            raise error
        return lambda: ScalingEngine("rtx", refusal=error)

    first = ScalingEngine("cpu")
    with swapping(first, better) as engine:
        ended()
        assert [answer(engine, n) for n in range(3)] == [0, 3, 6]
        assert engine.refusals == (Refusal("rtx", str(error)),)
        assert (engine.news, engine.changes, engine.info().backend) == ("", 0, "cpu")
    assert warnings(caplog) == [f"m stays as it is, there is no rtx for it ({error})"]


def test_a_build_that_runs_out_of_memory_without_a_word_has_a_reason() -> None:
    def better(_: Progress) -> Opener:
        raise MemoryError

    with swapping(ScalingEngine("cpu"), better) as engine:
        ended()
        assert engine.refusals == (Refusal("rtx", "MemoryError"),)


def test_a_fault_of_the_build_is_not_hidden_and_its_news_end(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: seen.append(str(told.exc_value)))

    def better(_: Progress) -> Opener:
        raise LookupError("a fault of ours")

    with swapping(ScalingEngine("cpu"), better) as engine:
        ended()
        assert (seen, engine.news, answer(engine, 1)) == (["a fault of ours"], "", 3)


@pytest.mark.parametrize(
    ("better", "reason"),
    [
        (ScalingEngine("rtx", factor=3.2), "y is off by 2, allowed 1.5"),
        (ScalingEngine("rtx", reply=lambda y: y[:, :1]), "y has shape (1, 1), wanted (1, 2)"),
        (ScalingEngine("rtx", reply=lambda y: y * np.float32(np.nan)), "y is not finite"),
        (ScalingEngine("rtx", output="z"), "its outputs are ['z'], wanted ['y']"),
        (ScalingEngine("rtx", fails=(OutOfMemory("full"),)), "full"),
        (ScalingEngine("rtx", fails=(DeviceLost("gone"),)), "gone"),
        (ScalingEngine("rtx", fails=(ValueError("x must be float32 (4, 2)"),)), "x must be float32 (4, 2)"),
    ],
)
def test_an_engine_that_answers_otherwise_never_takes_over(
    better: ScalingEngine, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = ScalingEngine("cpu")
    with swapping(first, at_once(better)) as engine:
        ended()
        assert [answer(engine, n) for n in (10, 11)] == [30, 33]
        assert engine.refusals == (Refusal("rtx", reason),)
        assert (engine.changes, engine.info().backend, engine.news) == (0, "cpu", "")
        assert (better.opened, better.closed) == (1, 1)
    assert warnings(caplog) == [f"m does not run on rtx ({reason})"]
    assert (first.runs, first.closed) == (2, 1)


def test_the_default_check() -> None:
    right: dict[str, Array] = {"y": np.array([[0.2, 0.8]], np.float32), "wide": np.array([[-40.0, 2.0]], np.float32)}
    assert far_off(right, {"y": right["y"] + 0.049, "wide": right["wide"].astype(np.float16) + 1.9}) == ""
    assert far_off(right, {"y": right["y"] + 0.051, "wide": right["wide"]}) == "y is off by 0.051, allowed 0.05"
    assert far_off(right, {"y": right["y"], "wide": right["wide"] + 2.1}) == "wide is off by 2.1, allowed 2"
    assert far_off(right, {"y": right["y"]}) == "its outputs are ['y'], wanted ['wide', 'y']"
    assert far_off({"y": np.zeros((0, 2))}, {"y": np.zeros((0, 2))}) == ""


def test_another_check_may_decide() -> None:
    better = ScalingEngine("rtx")
    first = ScalingEngine("cpu")
    with Swapping("m", lambda: first, at_once(better), name="rtx", check=lambda *_: "not today") as engine:
        ended()
        answer(engine, 1)
        assert engine.refusals == (Refusal("rtx", "not today"),)


def test_an_empty_batch_decides_nothing() -> None:
    better = ScalingEngine("rtx")
    with swapping(ScalingEngine("cpu"), at_once(better)) as engine:
        ended()
        assert engine.run({"x": np.zeros((0, 2), np.float32)})["y"].shape == (0, 2)
        assert (engine.changes, better.runs) == (0, 0)
        answer(engine, 1)
        assert engine.changes == 1


def test_a_better_engine_that_gives_up_later_gives_way_to_the_first(caplog: pytest.LogCaptureFixture) -> None:
    first = ScalingEngine("cpu", fails=(*[None] * 4, EngineUnavailable("nor this one")))
    better = ScalingEngine("rtx", fails=(None, None, OutOfMemory("full")))
    with swapping(first, at_once(better)) as engine:
        ended()
        assert [answer(engine, n) for n in range(5)] == [0, 3, 6, 9, 12]
        assert (engine.changes, engine.info().backend) == (2, "cpu")
        assert engine.refusals == (Refusal("rtx", "full"),)
        assert (first.opened, first.open, better.closed) == (2, True, 1)
        with pytest.raises(EngineUnavailable, match="nor this one"):
            answer(engine, 5)
    assert warnings(caplog) == ["m does not run on rtx (full)"]
    assert not first.open


def test_a_lost_device_ends_it() -> None:
    first, better = ScalingEngine("cpu"), ScalingEngine("rtx", fails=(None, DeviceLost("gone")))
    with swapping(first, at_once(better)) as engine:
        ended()
        answer(engine, 1)
        with pytest.raises(DeviceLost, match="gone"):
            answer(engine, 2)
    assert (first.opened, better.closed) == (1, 1)


def test_the_first_engines_own_failures_are_passed_on() -> None:
    first = ScalingEngine("cpu", fails=(EngineUnavailable("no memory"), None, ModelRejected("no numbers")))
    workshop = Workshop(ScalingEngine("rtx"))
    with swapping(first, workshop) as engine:
        with pytest.raises(EngineUnavailable, match="no memory"):
            answer(engine, 1)
        assert answer(engine, 2) == 6
        workshop.finish()
        with pytest.raises(ModelRejected, match="no numbers"):
            answer(engine, 3)
    assert (workshop.engine.opened, workshop.engine.closed, first.closed) == (1, 1, 1)
    with pytest.raises(EngineUnavailable, match="nothing here"):
        swapping(ScalingEngine("cpu", refusal=EngineUnavailable("nothing here")), workshop).__enter__()
    ended()


def test_closing_stops_a_build_that_asks_whether_it_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    begun, stopped, end = threading.Event(), threading.Event(), time.monotonic() + LONG

    def better(progress: Progress) -> Opener:
        while time.monotonic() < end:
            try:
                progress(0.5, "tactics")
            except Stopped:
                stopped.set()
                raise
            begun.set()
        raise AssertionError("nobody stopped it")

    engine = swapping(ScalingEngine("cpu"), better)
    with engine:
        assert begun.wait(LONG)
        assert engine.news == "building rtx 50 %"
    assert stopped.is_set()
    assert (warnings(caplog), engine.refusals, engine.news) == ([], (), "")


def test_closing_leaves_a_build_behind_that_does_not_end_and_it_opens_nothing(caplog: pytest.LogCaptureFixture) -> None:
    workshop = Workshop(ScalingEngine("rtx"))
    first = ScalingEngine("cpu")
    with swapping(first, workshop, patience=0.05):
        assert workshop.begun.wait(LONG)
        start = time.monotonic()
    assert time.monotonic() - start < 5
    assert first.closed == 1
    assert warnings(caplog) == ["the build of rtx for m does not end and is left behind"]
    workshop.finish()
    assert workshop.engine.opened == 0


class Slow(ScalingEngine):
    """Opens when it is let."""

    def __init__(self) -> None:
        super().__init__("rtx")
        self.opening, self.let = threading.Event(), threading.Event()

    def __enter__(self) -> Slow:
        self.opening.set()
        assert self.let.wait(LONG)
        super().__enter__()
        return self


def test_an_engine_left_behind_while_it_opens_closes_itself() -> None:
    slow = Slow()
    engine = swapping(ScalingEngine("cpu"), at_once(slow), patience=0.05)
    with engine:
        assert slow.opening.wait(LONG)
        assert engine.news == "opening rtx"
    slow.let.set()
    ended()
    assert (slow.opened, slow.closed, engine.news) == (1, 1, "")


def test_an_engine_that_nobody_asked_any_more_is_closed() -> None:
    better = ScalingEngine("rtx")
    with swapping(ScalingEngine("cpu"), at_once(better)):
        ended()
    assert (better.opened, better.closed, better.runs) == (1, 1, 0)


def test_opened_again_it_builds_again() -> None:
    first, better = ScalingEngine("cpu"), ScalingEngine("rtx")
    engine = swapping(first, at_once(better))
    for _ in range(2):
        with engine:
            ended()
            assert [answer(engine, n) for n in (1, 2)] == [3, 6]
            assert (engine.changes, engine.info().backend) == (1, "rtx")
    assert (first.closed, better.closed, better.opened) == (2, 2, 2)


def test_of_2000_runs_with_a_swap_in_the_middle_each_has_its_own_answer() -> None:
    first, better = ScalingEngine("cpu"), ScalingEngine("rtx")
    workshop = Workshop(better)
    with swapping(first, workshop) as engine:
        answers = []
        for number in range(2000):
            if number == 700:
                workshop.go.set()
            if number == 1500:
                ended()
            answers.append(answer(engine, number))
        assert engine.changes == 1
    assert answers == [3 * number for number in range(2000)]
    assert first.runs + better.runs == 2001
    assert 700 < first.runs <= 1501


def test_real_engines_opened_in_one_thread_and_used_in_another() -> None:
    def better(_: Progress) -> Opener:
        return lambda: OpenVinoEngine(scaling(), name="m", precision="fp32")

    with Swapping("m", lambda: OnnxRuntimeEngine(scaling(), name="m"), better, name="openvino") as engine:
        ended()
        assert [answer(engine, n) for n in range(3)] == [0, 3, 6]
        assert (engine.info().backend, engine.inputs[0].shape, engine.outputs[0].name) == ("openvino", (-1, 2), "y")


def test_whoever_shows_what_runs_sees_the_change() -> None:
    wait = threading.Event()

    def better(progress: Progress) -> Opener:
        progress(0.25, "tactics")
        assert wait.wait(LONG)
        return lambda: OpenVinoEngine(colours(), name="m", precision="fp32")

    def swapping_one() -> Swapping:
        return Swapping("m", lambda: OnnxRuntimeEngine(colours(), name="m"), better, name="openvino")

    def opener() -> Engine:
        return open_first("m", {"openvino": swapping_one})

    classifier, network = CardedClassifier(emotion_card(), opener), Network("Eyes", opener)
    assert (classifier.news, network.news) == ("", "")
    models = Models(FakeDetector(), classifier)
    with Analyzer(models, FakeTracker(), Labels(), FakeMood(), Schedule(Plan(interval=0.01))) as analyzer:
        network.open()
        assert analyzer.brief in ("building openvino · onnxruntime fp32", "building openvino 25 % · onnxruntime fp32")
        wait.set()
        ended()
        assert analyzer.brief == "openvino is ready · onnxruntime fp32"
        assert analyzer.about == "fake detector + Colours, onnxruntime fp32"
        analyzer.process(frame(0))
        assert analyzer.about == "fake detector + Colours, openvino fp32"
        assert analyzer.brief == "fake detector · Colours · openvino fp32"
        assert (network.about, network.news) == ("Eyes, onnxruntime CPU fp32", "openvino is ready")
        network.run(np.ones((1, 3, 8, 8), np.float32))
        assert (network.about, network.news) == ("Eyes, openvino CPU fp32", "")
        network.close()
    assert analyzer.about == "fake detector + Colours, openvino fp32"


class BusyDetector(FakeDetector):
    news = "building rtx 7 %"


def test_a_detectors_news_are_told_too() -> None:
    classifier = CardedClassifier(emotion_card(), lambda: OnnxRuntimeEngine(colours(), name="m"))
    with Analyzer(Models(BusyDetector(), classifier), FakeTracker(), Labels(), FakeMood(), Schedule(Plan())) as made:
        assert made.brief == "building rtx 7 % · onnxruntime fp32"
