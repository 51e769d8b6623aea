"""How TensorRT uses its device, over stand-ins of TensorRT 10, 11 and RTX."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import numpy as np
import onnx
import pytest

from engines.cuda.runtime import Stream
from engines.errors import DeviceLost, EngineError, EngineUnavailable, OutOfMemory
from engines.trt import TensorRtEngine
from tests.cuda_fake import FakeRuntime
from tests.tiny_models import onnx_model, pooling, scaling
from tests.trt_fake import VARIANTS, Profile, Variant, plan
from tests.trt_places import FakePlace


@pytest.fixture(params=VARIANTS)
def fake(request: pytest.FixtureRequest) -> Iterator[FakePlace]:
    place = FakePlace(request.param)
    yield place
    place.check()


def test_every_batch_is_warm_when_it_is_open(fake: FakePlace) -> None:
    with fake.engine(scaling(), "scaling") as engine:
        opening = dict(fake.module.runs)
        compiled = len(fake.module.compiled)
        fake.module.runs.clear()
        fake.device.calls.clear()
        fake.module.rows.clear()
        for size in (1, 2, 3, 5, 9, 17, 32):
            engine.run({"x": np.ones((size, 2), np.float32)})
        if fake.variant == "rtx":
            assert opening == {"run": 6, "capture": 6}, "each of six batches, captured by TensorRT itself"
            assert fake.module.runs == {"replay": 7}
            assert fake.device.calls["record"] == fake.device.calls["Graph.launch"] == 0
            assert len(fake.module.compiled) == compiled
        else:
            assert opening == {"run": 12}, "each of six batches: once plain, once as a graph"
            assert fake.device.calls["Graph.launch"] == 7
            assert fake.device.calls["execute_async_v3"] == fake.device.calls["upload"] == 0
        assert fake.module.rows == [1, 2, 4, 8, 16, 32, 32]
        assert fake.device.calls["Stream.wait"] == 7, "one wait a run"
        assert fake.device.calls["allocate"] == fake.device.calls["pinned"] == 0


@pytest.mark.parametrize(("most", "sizes"), [(1, [1]), (12, [1, 2, 4, 8, 12]), (64, [1, 2, 4, 8, 16, 32])])
def test_the_batches_end_with_what_the_plan_allows(fake: FakePlace, most: int, sizes: list[int]) -> None:
    pictures = np.random.default_rng(2).random((70, 2), np.float32)
    with fake.engine(scaling(), "scaling", most=most) as engine:
        assert fake.module.runs.total() == 2 * len(sizes)
        np.testing.assert_allclose(engine.run({"x": pictures[: 70 if most > 1 else 1]})["y"][0], 3 * pictures[0])


def test_a_plan_for_large_batches_only(fake: FakePlace) -> None:
    made = plan(scaling(), {"x": ((4, 2), (8, 2), (16, 2))}, variant=fake.variant)
    x = np.random.default_rng(3).random((18, 2), np.float32)
    with TensorRtEngine(made, name="x", library=fake.library, owner=fake.owner, precision="fp16") as engine:
        np.testing.assert_allclose(engine.run({"x": x})["y"], 3 * x)
        assert engine.info().precision == "fp16"


def test_rows_that_fill_a_batch_up_are_zero(fake: FakePlace) -> None:
    """Not what was there before: an answer must not depend on that, nor a face stay longer than its run."""
    node = onnx.helper.make_node("ReduceSum", ["x"], ["total"], keepdims=1)
    shape = onnx.helper.make_node("Expand", ["total", "like"], ["filled"])
    like = onnx.helper.make_node("Shape", ["x"], ["like"])
    add = onnx.helper.make_node("Add", ["filled", "x"], ["y"])
    model = onnx_model([node, like, shape, add], {"x": ["N", 2]}, {"y": ["N", 2]})
    with fake.engine(model, "sum of all rows") as engine:
        engine.run({"x": np.full((8, 2), 100, np.float32)})
        assert (engine.run({"x": np.ones((5, 2), np.float32)})["y"] == 11).all()


def test_without_graphs_it_runs_all_the_same_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    place = FakePlace("10", NoGraphs())
    with place.engine(scaling(), "scaling") as engine:
        assert (engine.run({"x": np.ones((5, 2), np.float32)})["y"] == 3).all()
    assert caplog.text.count("not recorded as CUDA graphs") == 1
    assert "cuda-bindings is not installed" in caplog.text
    place.check()


class NoGraphs(FakeRuntime):
    def record(self, stream: Stream) -> NoReturn:
        raise EngineUnavailable(f"cuda-bindings is not installed, stream {stream.handle} is not recorded")


def test_a_network_that_cannot_be_captured(caplog: pytest.LogCaptureFixture) -> None:
    """TensorRT refuses inside of the recording; what was recorded until then must not be used."""
    place = FakePlace("11")
    place.module.fails["record"] = "operation not permitted when stream is capturing"
    with place.engine(scaling(), "scaling") as engine:
        assert (engine.run({"x": np.ones((5, 2), np.float32)})["y"] == 3).all()
    assert "not permitted when stream is capturing" in caplog.text
    place.check()


@pytest.mark.parametrize("variant", ["10", "rtx"])
@pytest.mark.parametrize(("memory", "largest"), [(40_000, 32), (20_000, 16), (9_000, 8), (1_300, 1)])
def test_too_little_memory_makes_smaller_batches(
    variant: Variant, memory: int, largest: int, caplog: pytest.LogCaptureFixture
) -> None:
    place = FakePlace(variant, FakeRuntime(memory=memory))
    x = np.random.default_rng(4).random((70, 2), np.float32)
    with place.engine(scaling(), "scaling", scratch=1000) as engine:
        np.testing.assert_allclose(engine.run({"x": x})["y"], 3 * x)
    for size in (32, 16, 8, 4, 2):
        assert (f"a batch of {size} does not fit" in caplog.text) == (size > largest)
    place.check()


def test_memory_that_ends_in_the_first_run_makes_smaller_batches(fake: FakePlace) -> None:
    fake.module.most = 8
    with fake.engine(scaling(), "scaling") as engine:
        assert (engine.run({"x": np.ones((40, 2), np.float32)})["y"] == 3).all()


def test_too_little_pinned_memory_makes_smaller_batches(fake: FakePlace) -> None:
    place = FakePlace(fake.variant, FakeRuntime(host=300))
    with place.engine(scaling(), "scaling") as engine:
        assert (engine.run({"x": np.ones((40, 2), np.float32)})["y"] == 3).all()
    place.check()


def test_not_even_one_row_fits(fake: FakePlace) -> None:
    place = FakePlace(fake.variant, FakeRuntime(memory=900))
    with pytest.raises(OutOfMemory, match=r"1000 bytes wanted.* 900 left"):
        place.engine(scaling(), "scaling", scratch=1000).__enter__()
    place.check()


def test_what_is_missing_is_said_and_nothing_is_left_behind(fake: FakePlace) -> None:
    fake.module.fails = {"create": "no kernel image is available"}
    engine = fake.engine(scaling(), "scaling")
    with pytest.raises(EngineUnavailable, match="cannot prepare scaling: no kernel image"):
        engine.__enter__()
    assert +fake.module.alive == {}, "also while somebody holds the error"
    with pytest.raises(RuntimeError, match="not open"):
        engine.run({"x": np.zeros((1, 2), np.float32)})
    fake.module.fails = {}
    with engine:
        assert (engine.run({"x": np.ones((1, 2), np.float32)})["y"] == 3).all()


def test_pictures_of_a_free_size_are_unavailable(fake: FakePlace) -> None:
    sizes: Profile = {"x": ((1, 3, 8, 8), (1, 3, 16, 16), (4, 3, 32, 32))}
    made = plan(pooling(), sizes, variant=fake.variant)
    with pytest.raises(EngineUnavailable, match=r"free sizes besides the batch: .*'x', \(-1, 3, -1, -1\).*one size"):
        TensorRtEngine(made, name="p", library=fake.library, owner=fake.owner, precision="fp32").__enter__()


def test_a_run_that_is_refused_is_an_error_and_the_next_one_works(fake: FakePlace) -> None:
    if fake.variant != "rtx":
        pytest.skip("a recorded graph asks TensorRT nothing")
    with fake.engine(scaling(), "scaling") as engine:
        fake.module.fails = {"execute": "myelin failed"}
        with pytest.raises(EngineError, match="cannot run scaling: myelin failed"):
            engine.run({"x": np.ones((2, 2), np.float32)})
        fake.module.fails = {}
        assert (engine.run({"x": np.ones((2, 2), np.float32)})["y"] == 3).all()


@pytest.mark.parametrize("after", [0, 1])
def test_a_lost_device_passes_on_and_closing_hides_nothing(after: int) -> None:
    place, feeds = FakePlace("10"), {"x": np.ones((2, 2), np.float32)}
    with place.engine(scaling(), "scaling") as engine:
        assert (engine.run(feeds)["y"] == 3).all()
        place.device.lose(after)
        for _ in range(2):
            with pytest.raises(DeviceLost, match="is lost"):
                engine.run(feeds)


def test_a_device_that_is_lost_at_opening(fake: FakePlace) -> None:
    place = FakePlace(fake.variant)
    place.device.lose(40)
    with pytest.raises(DeviceLost):
        place.engine(scaling(), "scaling").__enter__()


def test_threads_that_ask_together_share_a_batch() -> None:
    place, workers = FakePlace("10"), 8
    together = threading.Barrier(workers)

    def ask(number: int) -> bool:
        for turn in range(10):
            together.wait()
            row = np.full((1, 2), number + turn, np.float32)
            if not np.array_equal(engine.run({"x": row})["y"], 3 * row):
                return False
        return True

    with place.engine(scaling(), "scaling") as engine, ThreadPoolExecutor(workers) as pool:
        place.device.calls.clear()
        assert all(pool.map(ask, range(workers)))
        assert place.device.calls["Stream.wait"] < 80
    place.check()


def test_two_inputs_and_a_batch_that_differs() -> None:
    add = onnx.helper.make_node("Add", ["a", "b"], ["y"])
    model = onnx_model([add], {"a": ["N", 2], "b": ["N", 2]}, {"y": ["N", 2]})
    one, two = (np.full((count, 2), count, np.float32) for count in (3, 2))
    place = FakePlace("10")
    with place.engine(model, "sum") as engine:
        assert (engine.run({"b": one, "a": one})["y"] == 6).all()
        with pytest.raises(ValueError, match="equally many rows"):
            engine.run({"a": one, "b": two})
    place.check()


def test_two_engines_on_one_device(fake: FakePlace) -> None:
    x = {"x": np.ones((2, 2), np.float32)}
    with fake.engine(scaling(), "first") as first:
        with fake.engine(scaling(), "second") as second:
            assert (second.run(x)["y"] == first.run(x)["y"]).all()
        assert (first.run(x)["y"] == 3).all()


def test_what_rtx_compiles_is_kept_for_the_next_opening(tmp_path: Path) -> None:
    place = FakePlace("rtx")
    for compiled in (6, 6):
        with place.engine(scaling(), "scaling", jit_cache=tmp_path / "scaling.jit"):
            assert len(place.module.compiled) == compiled
    assert (tmp_path / "scaling.jit").stat().st_mode & 0o777 == 0o600
    place.check()
