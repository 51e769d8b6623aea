"""What the GPU checks do is right on stand-ins of TensorRT and CUDA, so that no GPU's time is spent on finding out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.cards import load_card
from engines.cuda.owner import Owner
from engines.cuda.runtime import CudaRuntime
from engines.errors import EngineError
from engines.ort import OnnxRuntimeEngine
from engines.planned import Planner, Site, Wanted
from engines.plans import Plans as Kept
from engines.sized import fixed
from engines.trt import TensorRtEngine
from engines.trt_build import Built
from streamer import samples
from streamer.classifiers.carded import CardedClassifier
from streamer.detectors.centerface import CenterFace, dynamic
from streamer.errors import SourceError
from tests.cuda_fake import FakeRuntime
from tests.host_kernels import host_kernels
from tests.tiny_models import scaling
from tests.tiny_networks import SIDE, brightness, pictures
from tests.trt_fake import Variant, fake_library, plan, rows
from tests.trt_places import profile
from tests.weights import weights
from tools.gpu_accuracy import apart as readings_apart
from tools.gpu_bare import Bare
from tools.gpu_frames import SIZE, Reading, apart, fitted, matched, read, reader, reading
from tools.gpu_pass import OneGraph, Plans
from tools.gpu_pitfalls import DEVICE, ENGINES, Place
from tools.gpu_plans import SHAPE
from tools.gpu_speed import NoGraphs, without_graphs
from tools.gpu_timing import per_second, seconds_of, summary, timed

VARIANTS: tuple[Variant, ...] = ("10", "rtx")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_recorded_pass_sees_what_the_cpu_sees(variant: Variant) -> None:
    """Exactly the same faces, over the kernels' own source; the networks are the shipped ones."""
    card = load_card("groupmood")
    emotion, detector = weights("groupmood"), dynamic(weights("centerface"))
    images = samples.pictures()[3:5]
    found = CenterFace(partial(OnnxRuntimeEngine, detector, name="centerface"))
    with found, CardedClassifier(card, partial(OnnxRuntimeEngine, emotion, name="groupmood")) as classifier:
        wanted = [reader(found, classifier)(image) for image in images]
    assert [len(one.centers) for one in wanted] == [2, 2]
    with FakeRuntime() as device:
        host_kernels().register(device, scattered=False)
        library, module = fake_library(device, variant)
        plans = Plans(
            library,
            plan(fixed(detector, "centerface", SHAPE), {}, variant=variant),
            plan(emotion, profile(emotion, 32), variant=variant),
            card,
        )
        made = OneGraph(device, plans, b"the host's")
        seen = [made.read(image) for image in images]
        assert made.record(images[1]) is (variant == "10")
        again = [made.read(image) for image in images]
        made.close()
    assert (module.misuses, +module.alive, device.leaks) == ([], {}, ())
    for one, other in zip(seen, again, strict=True):
        np.testing.assert_array_equal(one.faces, other.faces)
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
    figures = apart(wanted, [reading(one.faces, one.probabilities) for one in again])
    assert (figures["lost"], figures["more"]) == (0, 0)
    assert figures["largest_center"] <= 1e-3
    assert figures["largest_probability"] <= 1e-3


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_bare_engine_runs_as_tensorrt_wants_it(variant: Variant) -> None:
    device = FakeRuntime()
    library, module = fake_library(device, variant)
    data = plan(scaling(), rows("x", 2), variant=variant)
    with Owner(lambda: device) as owner:
        with TensorRtEngine(data, name="scaling", library=library, owner=owner, precision="fp32") as engine:
            specs = engine.inputs, engine.outputs
        owner.call(lambda runtime: run_bare(Bare(library, runtime, data, specs, 16)))
    assert (module.misuses, +module.alive, device.leaks) == ([], {}, ())
    assert (device.calls["Graph.launch"] > 0) == (variant == "10")


def run_bare(bare: Bare) -> None:
    for put in (bare.copied, bare.resident):
        put()
        put()
        bare.stream.wait()
    bare.close()


@pytest.mark.parametrize("variant", VARIANTS)
def test_without_graphs_there_are_none(variant: Variant, caplog: pytest.LogCaptureFixture) -> None:
    device = FakeRuntime()
    library, module = fake_library(device, variant)
    data = plan(scaling(), rows("x", 2), variant=variant)
    owner = Owner(lambda: NoGraphs(device))
    bare = without_graphs(library)
    made = TensorRtEngine(data, name="scaling", library=bare, owner=owner, precision="fp32")
    with caplog.at_level(logging.ERROR), made as engine:
        engine.run({"x": np.ones((3, 2), np.float32)})
    assert set(module.runs) == {"run"}
    assert device.calls["Graph.launch"] == 0
    assert module.misuses == []


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    device = FakeRuntime()
    library, module = fake_library(device, "rtx")

    def build(_: object, model: bytes, *__: object) -> Built:
        return Built(plan(model, rows("x", 1, SIDE, SIDE), variant="rtx"), 0.5, ())

    wanted = Wanted("brightness", brightness(), pictures)
    yield Place(Planner(wanted, Site(library, build=build), Kept(tmp_path / "plans")), lambda: device)
    assert module.misuses == []
    assert device.leaks == ()


ON_A_STAND_IN = sorted(set(ENGINES) - {"two owners on one GPU", "beside torch"})


@pytest.mark.parametrize("name", ON_A_STAND_IN)
def test_a_pitfall_of_engines_is_passed(place: Place, name: str) -> None:
    ENGINES[name](place)


@pytest.mark.parametrize("name", ["owner left and entered again", "two engines on one owner", "a wrong input"])
def test_a_wrong_answer_is_found(place: Place, name: str) -> None:
    place._right[:] = place._right[:, ::-1]
    with pytest.raises(RuntimeError, match="differ by"):
        ENGINES[name](place)


@pytest.mark.parametrize("name", sorted(DEVICE))
def test_a_pitfall_of_the_device_is_passed(name: str) -> None:
    DEVICE[name](lambda: Owner(FakeRuntime))


class Generous(FakeRuntime):
    """Gives whatever is asked for, in another thread too."""

    def allocate(self, size: int) -> object:  # type: ignore[override]  # nobody looks at it
        return size


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("more memory than there is", "twice the memory"),
        ("a runtime in a thread that did not enter it", "could use a runtime"),
    ],
)
def test_a_device_that_lets_all_pass_is_found(name: str, said: str) -> None:
    make: Callable[[], CudaRuntime] = Generous  # type: ignore[assignment]  # as above
    with pytest.raises(RuntimeError, match=said):
        DEVICE[name](lambda: Owner(make))


def test_runs_are_counted_over_their_own_time() -> None:
    done: list[int] = []
    taken = seconds_of(lambda: done.append(1), seconds=0.0)
    assert len(taken) == 1
    assert len(done) == 11
    assert per_second(lambda: done.append(1), callers=3, seconds=0.0) > 0
    assert len(done) == 11 + 10 + 3
    assert summary([0.001, 0.003, 0.002]) == {"median_ms": 2.0, "p95_ms": 3.0}


def test_an_error_of_a_caller_comes_out() -> None:
    count = iter(range(12))

    def fails() -> None:
        if next(count, None) is None:
            raise EngineError("the device is gone")

    with pytest.raises(EngineError, match="is gone"):
        per_second(fails, callers=2, seconds=0.2)


def test_an_engine_is_timed_at_its_batch() -> None:
    with OnnxRuntimeEngine(scaling(), name="scaling") as engine:
        row = timed(engine, {"x": np.ones((5, 2), np.float32)}, seconds=0.01)
    assert row["batch"] == 5
    assert 0 < row["median_ms"] <= row["p95_ms"]
    assert row["faces_per_second"] > 0
    assert row["faces_per_second_in_flight"] > 0


def at(*centers: tuple[float, float], shares: Sequence[Sequence[float]] = ()) -> Reading:
    """Faces with a side of 100."""
    count = len(centers)
    return Reading(
        np.array(centers, float).reshape(-1, 2),
        np.full(count, 100.0),
        np.array(shares or [[0.5, 0.5]] * count).reshape(-1, 2),
    )


def test_faces_are_the_same_within_a_tenth_of_their_side() -> None:
    one, other = at((0, 0), (200, 0)), at((203, 4), (0, 10.5))
    assert [(a, b) for a, b, _ in matched(one, other)] == [(1, 0)]
    assert matched(one, other)[0][2] == pytest.approx(0.05)
    assert matched(at((0, 0), (1, 0)), at((0, 0))) == [(0, 0, 0.0)]


def test_what_is_lost_and_more_is_counted() -> None:
    wanted = [at((0, 0), (200, 0), shares=[[0.9, 0.1], [0.2, 0.8]]), at()]
    got = [at((201, 0), (500, 0), shares=[[0.25, 0.75], [0, 1]]), at((1, 1))]
    assert apart(wanted, got) == {"lost": 1, "more": 2, "largest_center": 0.01, "largest_probability": 0.05}


def test_readings_are_compared_by_face() -> None:
    wanted, got = np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.8, 0.2], [0.6, 0.4]])
    row = readings_apart(wanted, got, np.array([0, 1]))
    assert (row["reference_accuracy"], row["accuracy"], row["agreement"]) == (1.0, 0.5, 0.5)
    assert row["largest"] == pytest.approx(0.2)
    assert row["mean"] == pytest.approx(0.15)


def test_frames_of_any_size_are_fitted(tmp_path: Path) -> None:
    for name, shape in (("b.png", (100, 50, 3)), ("a.jpg", (900, 3000, 3)), ("notes.txt", (1, 1, 3))):
        if name.endswith("g"):
            cv2.imwrite(str(tmp_path / name), np.full(shape, 200, np.uint8))
        else:
            (tmp_path / name).write_text("no picture")
    images = [fitted(image) for image in read(tmp_path)]
    assert [image.shape for image in images] == [(SIZE[1], SIZE[0], 3)] * 2
    assert images[0][:384].min() > 150
    assert images[0][384:].max() == 0
    assert images[1][:, :360].min() > 150
    assert images[1][:, 360:].max() == 0


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no picture"):
        list(read(tmp_path))
    (tmp_path / "x.png").write_text("none")
    with pytest.raises(SourceError, match="cannot be read"):
        list(read(tmp_path))


def test_a_library_without_graphs_of_its_own_stays_itself() -> None:
    library, _ = fake_library(FakeRuntime(), "10")
    assert without_graphs(library) is library
