"""Detection and emotion as stages that a pass serves, and who works where it cannot."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Self

import cv2
import numpy as np
import pytest

from engines.cards import load_card
from engines.errors import DeviceLost, EngineError, EngineUnavailable, ModelRejected
from engines.face_chain import Task
from engines.one_pass import Network, OnePass
from engines.ort import OnnxRuntimeEngine
from engines.sized import fixed
from engines.trt_build import BuildSettings, build
from engines.trt_library import Kind
from streamer import samples
from streamer.analyzer import Analyzer, Models
from streamer.chips import cut
from streamer.classifiers.carded import CardedClassifier
from streamer.detectors.auto import AutoDetector
from streamer.detectors.centerface import CenterFace, dynamic
from streamer.labels import Labels
from streamer.one_pass import PassClassifier, PassDetector
from streamer.passes import Make, Passes, task_of
from streamer.schedule import Plan, Schedule
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.types import Chip, Emotion, Face, Fit, Image, read_only
from tests.fakes import FakeMood, frame
from tests.one_pass_rig import CARD, CROP, HEIGHT, TASK, WIDTH, Rig, chips, crowd, usual_classifier, usual_detector
from tests.trt_places import RealPlace
from tests.weights import weights


class AtOnce(Executor):
    """What is to run in the background is done when it is asked for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except (EngineError, OSError) as error:
            future.set_exception(error)
        return future


class Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __call__(self, *_: int) -> OnePass:
        raise self._error


class UsualDetector:
    """The path on the CPU, counted; ``about`` may be changed."""

    def __init__(self) -> None:
        self._inner, self.about, self.news, self.asked = usual_detector(), "CenterFace, onnxruntime CPU fp32", "", 0

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.__exit__()

    @property
    def fit(self) -> Fit:
        return self._inner.fit

    def detect(self, image: Image) -> tuple[Face, ...]:
        self.asked += 1
        return self._inner.detect(image)


class UsualClassifier:
    def __init__(self, inner: CardedClassifier | None = None) -> None:
        self._inner = inner or usual_classifier()
        self.about, self.news, self.asked = "Colours, onnxruntime fp32", "", 0
        self.crop = self._inner.crop

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.__exit__(None, None, None)

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        self.asked += len(chips)
        return self._inner.classify(chips)


class Stages:
    """Both stages over a pass and over the usual parts, open."""

    def __init__(self, make: Make, pool: Callable[[], Executor] = AtOnce) -> None:
        self.usual = UsualDetector(), UsualClassifier()
        self.passes = Passes(make, pool)
        self.detector = PassDetector(self.usual[0], self.passes)
        self.classifier = PassClassifier(self.usual[1], CARD, self.passes)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.detector)
            stack.enter_context(self.classifier)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def asked(self) -> tuple[int, int]:
        """Frames and chips that the usual parts were given."""
        return self.usual[0].asked, self.usual[1].asked


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.check()


def by_rig(rig: Rig) -> Make:
    return lambda width, height: rig.one_pass() if (width, height) == (WIDTH, HEIGHT) else None


def edges(face: Face) -> tuple[float, ...]:
    return face.box.x1, face.box.y1, face.box.x2, face.box.y2


def same_faces(found: Sequence[Face], wanted: Sequence[Face], off: float = 1e-3) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(edges(one), edges(other), atol=off)
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=off)
        assert one.score == pytest.approx(other.score, abs=1e-3)


def same_emotions(said: Sequence[Emotion], wanted: Sequence[Emotion], off: float = 1e-4) -> None:
    assert [(one.model, one.pts) for one in said] == [(one.model, one.pts) for one in wanted]
    mine, theirs = (np.array([one.probabilities for one in some]).reshape(-1, 8) for some in (said, wanted))
    np.testing.assert_allclose(mine, theirs, atol=off)


def by_cpu(cuts: Sequence[Chip]) -> tuple[Emotion, ...]:
    with usual_classifier() as usual:
        return usual.classify(cuts)


def test_both_stages_answer_as_the_usual_parts_do(rig: Rig) -> None:
    with Stages(by_rig(rig)) as stages, usual_detector() as usual:
        for count in (4, 0, 8):
            image = crowd(count, seed=count)
            faces = stages.detector.detect(image)
            same_faces(faces, usual.detect(image))
            cuts = chips(image, faces, pts=count)
            rig.device.calls.clear()
            same_emotions(stages.classifier.classify(cuts), by_cpu(cuts))
            assert not rig.device.calls, "all was read in the pass already"
        assert stages.asked == (0, 0)
        assert stages.detector.fit == Fit()
        assert stages.classifier.crop == CROP
        assert stages.detector.about == "CenterFace, tensorrt Fake GPU fp32"
        assert stages.classifier.about == "Colours, tensorrt fp32"


def test_faces_beyond_the_room_and_other_squares_are_read_from_the_same_frame(rig: Rig) -> None:
    image = crowd(30, seed=1)
    with Stages(by_rig(rig)) as stages:
        cuts = chips(image, stages.detector.detect(image))
        moved = [Chip(image, one.affine + np.array([[0, 0, 1.5], [0, 0, 0]]), one.size, 9.0) for one in cuts[:3]]
        mixed = [moved[0], cuts[20], moved[1], cuts[0], cuts[29], moved[2]]
        rig.device.calls.clear()
        same_emotions(stages.classifier.classify(mixed), by_cpu(mixed))
        assert rig.device.calls["upload"] == rig.device.calls["blocked"] == 1, "squares only"
        assert stages.classifier.classify([]) == ()
        assert stages.asked == (0, 0)


def test_chips_of_several_cameras(rig: Rig) -> None:
    """What a pass read is known for each; other squares only for the frame that is still on the device."""
    images = [crowd(3, seed=seed) for seed in (1, 2)]
    with Stages(by_rig(rig)) as stages:
        first, second = ([*chips(image, stages.detector.detect(image), pts=1.0)] for image in images)
        strange = crowd(2, seed=3)
        unseen = cut(strange, Face(stages.usual[0].detect(strange)[0].box, 1.0), Fit(), CROP, 2.0)
        beside = [Chip(one.image, one.affine + 0.5, one.size, 3.0) for one in (first[0], second[0])]
        mixed = [second[2], unseen, first[1], *beside, first[0]]
        same_emotions(stages.classifier.classify(mixed), by_cpu(mixed))
        assert stages.usual[1].asked == 2, "the unseen one and the one of the frame before"
        assert stages.classifier.about == stages.usual[1].about


def test_a_picture_is_known_by_itself_alone(rig: Rig) -> None:
    """An equal one is another, and a frame that nobody has any more is forgotten."""
    image = crowd(2)
    with Stages(by_rig(rig)) as stages:
        faces = stages.detector.detect(image)
        stages.classifier.classify(chips(read_only(image.copy()), faces))
        assert stages.asked == (0, 2)
        del image
        assert [answer.image() for answer in stages.passes._answers] == [None]


def test_frames_of_another_size_go_the_usual_way(rig: Rig) -> None:
    wanted, other = crowd(3), crowd(3, size=(WIDTH, 128))
    with Stages(by_rig(rig)) as stages, usual_detector() as usual:
        for image in (other, wanted, other, wanted):
            same_faces(stages.detector.detect(image), usual.detect(image))
            assert stages.detector.about.startswith("CenterFace, " + ("t" if image is wanted else "onnxruntime"))
        assert stages.asked == (2, 0)


def test_a_pass_is_asked_for_again_when_another_engine_took_over(rig: Rig) -> None:
    made: list[OnePass] = []
    asked = []

    def make(width: int, height: int) -> OnePass | None:
        asked.append((width, height))
        return made.pop() if made else None

    image = crowd(3)
    with Stages(make) as stages:
        stages.usual[0].news = stages.usual[1].news = "building tensorrt 40 %"
        for _ in range(3):
            stages.classifier.classify(chips(image, stages.detector.detect(image)))
        assert asked == [(WIDTH, HEIGHT)]
        assert stages.detector.news == stages.classifier.news == "building tensorrt 40 %"
        made.append(rig.one_pass())
        stages.usual[0].about = "CenterFace, tensorrt Fake GPU fp32"
        for _ in range(3):
            stages.classifier.classify(chips(image, stages.detector.detect(image)))
        assert asked == 2 * [(WIDTH, HEIGHT)]
        assert stages.asked == (3, 9)
        assert stages.detector.news == stages.classifier.news == ""


@pytest.mark.parametrize("error", [EngineUnavailable("no NVRTC"), ModelRejected("another network"), OSError("no disk")])
def test_a_pass_that_cannot_be_opened(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with Stages(Failing(error)) as stages:
        for _ in range(3):
            assert len(stages.detector.detect(crowd(2))) == 2
    assert caplog.text.count(f"in two steps ({error})") == 1


def test_when_memory_ends_the_usual_parts_take_over_for_good(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    with Stages(by_rig(rig)) as stages:
        assert len(stages.detector.detect(crowd(2))) == 2
        rig.place.module.fails = {"execute": "CUDA out of memory"}
        image = crowd(3)
        cuts = chips(image, stages.detector.detect(image))
        rig.place.module.fails = {}
        same_emotions(stages.classifier.classify(cuts), by_cpu(cuts))
        stages.usual[0].about = "another engine"
        assert len(stages.detector.detect(crowd(4))) == 4
        assert stages.asked == (2, 3)
        rig.check()
    assert caplog.text.count("in two steps from now on") == 1


def test_when_memory_ends_while_other_squares_are_read(rig: Rig) -> None:
    image = crowd(2)
    with Stages(by_rig(rig)) as stages:
        known, other = chips(image, stages.detector.detect(image))
        moved = Chip(image, other.affine + 0.25, other.size, 4.0)
        rig.place.module.fails = {"execute": "CUDA out of memory"}
        same_emotions(stages.classifier.classify([moved, known]), by_cpu([moved, known]))
        assert stages.asked == (0, 1)


def test_in_the_background(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Until it is open the usual parts work."""
    pool = Watched(1)
    with caplog.at_level(logging.INFO), Stages(by_rig(rig), lambda: pool) as stages:
        stages.detector.detect(crowd(2))
        pool.last.result()
        stages.detector.detect(crowd(2))
        assert stages.asked == (1, 0)
    assert caplog.text.count("in one pass on the GPU") == 1


def test_a_pass_that_comes_too_late_is_closed_again(rig: Rig) -> None:
    wanted = threading.Event()

    def make(width: int, height: int) -> OnePass | None:
        wanted.wait(10)
        return by_rig(rig)(width, height)

    with Stages(make, lambda: ThreadPoolExecutor(1)) as stages:
        for count in range(3):
            assert len(stages.detector.detect(crowd(count))) == count
        assert stages.asked == (3, 0)
        wanted.set()


def test_a_lost_device_passes_on() -> None:
    rig = Rig()
    with Stages(by_rig(rig)) as stages:
        stages.detector.detect(crowd(2))
        rig.device.lose(5)
        with pytest.raises(DeviceLost, match="is lost"):
            stages.detector.detect(crowd(2))


def test_as_the_detector_for_rooms_of_auto(rig: Rig) -> None:
    stages = Stages(by_rig(rig))
    with AutoDetector(UsualDetector(), stages.detector) as auto, stages.classifier:
        image = crowd(3)
        stages.classifier.classify(chips(image, auto.detect(image)))
        assert auto.about == "CenterFace, tensorrt Fake GPU fp32, still looking by auto"
        assert stages.asked == (0, 0)


class Watched(ThreadPoolExecutor):
    last: Future[Any]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.last = super().submit(fn, *args, **kwargs)
        return self.last


def test_a_card_says_what_a_pass_has_to_do() -> None:
    task = task_of(CARD, Fit(1.0, 0.0))
    assert task == Task(TASK.maps, TASK.min_score, TASK.squares, TASK.look)
    with pytest.raises(ModelRejected, match="yunet is a model for detection, an emotion model is wanted"):
        task_of(load_card("yunet"), Fit())


@functools.cache
def real() -> tuple[bytes, bytes, bytes]:
    """CenterFace for any size and for that of the samples, and the emotion network."""
    any_size = dynamic(weights("centerface"))
    return any_size, fixed(any_size, "centerface", (1, 3, *samples.SHOWN)), weights("groupmood")


@pytest.mark.parametrize("size", [(640, 384), (1280, 768), (1000, 600)])
def test_real_faces_by_the_real_networks(size: tuple[int, int]) -> None:
    any_size, at_size, emotion = real()
    card = load_card("groupmood")
    rig = Rig(models=(at_size, emotion), task=task_of(card, Fit()), most=8)
    passes = Passes(lambda *_: rig.one_pass(), AtOnce)
    plain = (
        CenterFace(lambda: OnnxRuntimeEngine(any_size, name="centerface")),
        CardedClassifier(card, lambda: OnnxRuntimeEngine(emotion, name="groupmood")),
    )
    found = 0
    with PassDetector(plain[0], passes) as detector, PassClassifier(plain[1], card, passes) as classifier:
        for picture in samples.pictures()[2::2]:
            image = read_only(np.asarray(cv2.resize(picture, size), np.uint8))
            faces, wanted = detector.detect(image), plain[0].detect(image)
            same_faces(faces, wanted, off=0.01)
            mine, theirs = (
                [cut(image, face, Fit(), classifier.crop, 1.0) for face in some] for some in (faces, wanted)
            )
            same_emotions(classifier.classify(mine), plain[1].classify(theirs), off=0.02)
            found += len(faces)
        assert detector.about == "CenterFace, tensorrt Fake GPU fp32"
        assert classifier.about == "Groupmood, tensorrt fp32"
    assert found >= 3
    rig.check()


def test_the_analysis_cuts_what_the_pass_has_read(caplog: pytest.LogCaptureFixture) -> None:
    """The tracker gives faces of this frame as they were found, so nothing is cut and read a second time."""
    _, at_size, emotion = real()
    card = load_card("groupmood")
    rig = Rig(models=(at_size, emotion), task=task_of(card, Fit()), most=8)
    plain = CardedClassifier(card, lambda: OnnxRuntimeEngine(emotion, name="groupmood"))
    usual = UsualDetector(), UsualClassifier(plain)
    passes = Passes(lambda *_: rig.one_pass(), AtOnce)
    models = Models(PassDetector(usual[0], passes), PassClassifier(usual[1], card, passes))
    image = read_only(samples.pictures()[-1].copy())
    with Analyzer(models, NorfairTracker(), Labels(), FakeMood(), Schedule(Plan(detect_every=1))) as analyzer:
        results = []
        for index in range(3):
            rig.device.calls.clear()
            results.append(analyzer.process(frame(index, image=image.copy())))
            assert rig.device.calls["upload"] == 1 or index == 0, "then it is opened"
    people = results[-1].people
    assert len(people) >= 1
    assert all(person.emotion is not None and person.emotion.model == "groupmood" for person in people)
    assert (usual[0].asked, usual[1].asked) == (0, 0)
    assert caplog.records == []
    rig.check()


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["tensorrt", "tensorrt_rtx"])
def test_on_a_gpu(kind: Kind) -> None:
    place, card = RealPlace(kind), load_card("groupmood")
    any_size, at_size, emotion = real()
    found, read = (
        Network(name, build(place.library, model, name, settings).plan, "fp32")
        for name, model, settings in (
            ("centerface", at_size, BuildSettings(max_batch=1, best_batch=1)),
            ("groupmood", emotion, BuildSettings()),
        )
    )
    plain = (
        CenterFace(lambda: OnnxRuntimeEngine(any_size, name="centerface")),
        CardedClassifier(card, lambda: OnnxRuntimeEngine(emotion, name="groupmood")),
    )
    made = OnePass(found, read, task_of(card, Fit()), library=place.library, owner=place.owner)
    passes = Passes(lambda *_: made, AtOnce)
    with PassDetector(plain[0], passes) as detector, PassClassifier(plain[1], card, passes) as classifier:
        for picture in (*samples.pictures(), *samples.pictures()):
            image = read_only(picture.copy())
            faces, wanted = detector.detect(image), plain[0].detect(image)
            same_faces(faces, wanted, off=0.5)
            cuts = [cut(image, face, Fit(), classifier.crop, 1.0) for face in faces]
            moved = [Chip(image, one.affine + 0.5, one.size, 2.0) for one in cuts]
            same_emotions(classifier.classify([*cuts, *moved]), plain[1].classify([*cuts, *moved]), off=0.02)
        assert kind in detector.about
