"""Detector and emotion end to end, on equal frames: over the engines as a run has them, in one pass, and on the CPU."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines import one_pass
from engines.base import Array
from engines.cards import Card, load_card
from engines.cuda.compiling import compile_cubin
from engines.cuda.opening import open_cuda
from engines.cuda.owner import Owner
from engines.one_pass import Network
from engines.ort import OnnxRuntimeEngine
from engines.planned import Planner
from engines.trt_library import Kind
from streamer.chips import cut
from streamer.classifiers.carded import CardedClassifier
from streamer.commands.engines import model_of
from streamer.detectors.centerface import CenterFace
from streamer.emotions import LABELS, order_of
from streamer.errors import SourceError
from streamer.passes import task_of
from streamer.sources.synthetic import SyntheticSource
from streamer.types import Box, Crop, Face, Fit, Image
from tools.gpu_pass import MOST, OneGraph, Plans
from tools.gpu_plans import DETECTOR, factory, planner_of, usable
from tools.gpu_sections import Given, Row, attempt
from tools.gpu_timing import summary

SIZE = (1280, 720)
"""Width and height of the frames; others are fitted into it."""

SCENE, FRAMES = "people=4,size=1280x720,fps=3,seconds=20", 60
"""The whole story of the demo, a few frames of each second."""

PICTURES = (".jpg", ".jpeg", ".png")

MODEL = "groupmood"


@dataclass(frozen=True, slots=True)
class Reading:
    """``centers`` (N, 2) and ``sides`` (N,) of the boxes in pixels, ``probabilities`` (N, labels)."""

    centers: NDArray[np.float64]
    sides: NDArray[np.float64]
    probabilities: NDArray[np.float64]


Reader = Callable[[Image], Reading]


def frames(given: Given) -> Iterator[Row]:
    """For each kind of frames and backend: by the engines alone, in one pass, and in one recorded."""
    kinds, refused = usable()
    yield from refused
    for name, images in shown(given):
        wanted, taken = on_cpu(images)
        yield {"frames": name, "count": len(images), "way": "CPU", **_faces(wanted), **summary(taken)}
        for kind in kinds:
            about = {"frames": name, "count": len(images), "backend": kind}
            for way, job in WAYS.items():
                yield attempt({**about, "way": way}, partial(job, given, kind, images, wanted))


def shown(given: Given) -> Iterator[tuple[str, Sequence[Image]]]:
    """The synthetic scene, and the frames that were given."""
    yield "synthetic scene", [frame.image for frame in SyntheticSource(SCENE, realtime=False).frames()][:FRAMES]
    if given.frames is not None:
        yield given.frames.name, [fitted(image) for image in read(given.frames)]


def read(path: Path) -> Iterator[Image]:
    """The pictures of a folder, or a video's first frames.

    Raises:
        SourceError: there are none.
    """
    if path.is_dir():
        found = sorted(one for one in path.iterdir() if one.suffix.lower() in PICTURES)[:FRAMES]
        if not found:
            raise SourceError(f"{path} has no picture ({', '.join(PICTURES)}): name a folder that has some, or a video")
        yield from (_picture(one) for one in found)
        return
    from streamer.sources.file import FileSource  # av: not needed for pictures

    with FileSource(path) as source:
        yield from (frame.image for frame in itertools.islice(source.frames(), FRAMES))


def _picture(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SourceError(f"{path} cannot be read as a picture")
    return np.asarray(image, np.uint8)


def fitted(image: Image) -> Image:
    """Into ``SIZE``, black around it."""
    width, height = SIZE
    ratio = min(width / image.shape[1], height / image.shape[0])
    inner = round(image.shape[1] * ratio), round(image.shape[0] * ratio)
    small = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    below, right = height - inner[1], width - inner[0]
    return np.asarray(cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_CONSTANT), np.uint8)


def reader(detector: CenterFace, classifier: CardedClassifier) -> Reader:
    """As the analysis does it, over open stages."""

    def read_(image: Image) -> Reading:
        faces = detector.detect(image)[:MOST]
        emotions = classifier.classify([cut(image, face, detector.fit, classifier.crop, 0.0) for face in faces])
        boxes = [face.box for face in faces]
        return Reading(
            np.array([box.center for box in boxes]).reshape(-1, 2),
            np.array([max(box.width, box.height) for box in boxes]),
            np.array([emotion.probabilities for emotion in emotions]).reshape(-1, len(LABELS)),
        )

    return read_


def on_cpu(images: Sequence[Image]) -> tuple[list[Reading], list[float]]:
    """The reference: ONNX Runtime's float32."""
    card, model = model_of(MODEL)
    _, network = model_of(DETECTOR)
    detector = CenterFace(partial(OnnxRuntimeEngine, network, name=DETECTOR))
    with detector, CardedClassifier(card, partial(OnnxRuntimeEngine, model, name=MODEL)) as classifier:
        return _timed(reader(detector, classifier), images)


def _by_engines(given: Given, kind: Kind, images: Sequence[Image], wanted: Sequence[Reading]) -> Row:
    engines = factory(given, kind, "fp16")
    (card, emotion), (_, found) = planner_of(engines, kind, MODEL), planner_of(engines, kind, DETECTOR)
    for planner in (emotion, found):
        planner.prepare()
    detector = CenterFace(lambda: engines.planned(found))
    with detector, CardedClassifier(card, lambda: engines.planned(emotion)) as classifier:
        got, taken = _timed(reader(detector, classifier), images)
        ran = f"{detector.about}; {classifier.about}"
    return {"ran": ran, **_faces(got), **summary(taken), **apart(wanted, got)}


def _in_one_pass(given: Given, kind: Kind, images: Sequence[Image], wanted: Sequence[Reading]) -> Row:
    """By the pass that a run takes."""
    found, emotion = planners(given, kind)
    card, owner = load_card(MODEL), Owner(partial(open_cuda, given.gpu))
    detector, reader_ = _network(found), _network(emotion)
    task = task_of(card, Fit())
    with one_pass.OnePass(detector, reader_, task, library=found.library, owner=owner) as made:
        got, taken = _timed(lambda image: _seen(made, card, image), images)
    return {**_faces(got), **summary(taken), **apart(wanted, got)}


def _network(planner: Planner) -> Network:
    plan = planner.prepare()
    return Network(planner.wanted.name, plan.data, planner.precision_of(plan))


def _seen(made: one_pass.OnePass, card: Card, image: Image) -> Reading:
    """What of many faces is not read in the pass itself is read right after it."""
    seen = made.run(image)
    faces, rows = seen.faces[:MOST], seen.probabilities[:MOST]
    rest = [Face(Box(*map(float, one["box"])), float(one["score"])) for one in faces[len(rows) :]]
    if rest:
        crop = crop_of(card)
        squares = np.stack([cut(image, face, Fit(), crop, 0.0).affine for face in rest])
        rows = np.concatenate([rows, made.again(seen, squares)])
    return reading(faces, rows)


def _in_one_graph(given: Given, kind: Kind, images: Sequence[Image], wanted: Sequence[Reading]) -> Row:
    """As ``tools.gpu_pass``: what it would be worth to record the whole pass."""
    found, emotion = planners(given, kind)
    plans = Plans(found.library, found.prepare().data, emotion.prepare().data, load_card(MODEL))
    with Owner(partial(open_cuda, given.gpu)) as owner:
        made = owner.call(lambda one: OneGraph(one, plans, compile_cubin(one.device.capability)))
        try:
            if not owner.call(lambda _: made.record(images[0])):
                return {"left_out": "TensorRT makes its own graphs inside, and a graph cannot hold another"}
            got, taken = owner.call(lambda _: _timed(lambda image: _read(made, image), images))
        finally:
            owner.call(lambda _: made.close())
    return {**_faces(got), **summary(taken), **apart(wanted, got)}


def _read(made: OneGraph, image: Image) -> Reading:
    seen = made.read(image)
    return reading(seen.faces[:MOST], seen.probabilities)


def planners(given: Given, kind: Kind) -> tuple[Planner, Planner]:
    """Of the detector and of the emotion model."""
    engines = factory(given, kind, "fp16")
    return planner_of(engines, kind, DETECTOR)[1], planner_of(engines, kind, MODEL)[1]


def reading(faces: Array, probabilities: Array) -> Reading:
    """Of records of ``engines.cuda.boxes.FACE``, and a row for each in the order of the card's labels."""
    boxes = faces["box"].astype(np.float64)
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0)
    return Reading((boxes[:, :2] + boxes[:, 2:]) / 2, sides, probabilities[:, _order()].astype(np.float64))


def crop_of(card: Card) -> Crop:
    """Raises:
    ModelRejected: the card is not that of an emotion model.
    """
    return CardedClassifier(card, partial(OnnxRuntimeEngine, b"", name=card.name)).crop


def _order() -> list[int]:
    """The place of each of ``LABELS`` among the card's own labels, which are all of them."""
    places = list(order_of(load_card(MODEL).labels))
    return [places.index(label) for label in range(len(places))]


def _timed(read_: Reader, images: Sequence[Image]) -> tuple[list[Reading], list[float]]:
    """What is read of each, and the seconds; the first frame is read before, for what only a first run takes."""
    read_(images[0])
    readings, taken = [], []
    for image in images:
        start = time.perf_counter()
        readings.append(read_(image))
        taken.append(time.perf_counter() - start)
    return readings, taken


def _faces(readings: Sequence[Reading]) -> Row:
    return {"faces": sum(len(one.centers) for one in readings)}


def apart(wanted: Sequence[Reading], got: Sequence[Reading]) -> Row:
    """Faces of either that the other has not (within a tenth of the face), and the widest differences of the others:
    of a centre, as a share of the face's side, and of a probability."""
    lost = more = 0
    centers, probabilities = [0.0], [0.0]
    for one, other in zip(wanted, got, strict=True):
        pairs = matched(one, other)
        lost, more = lost + len(one.centers) - len(pairs), more + len(other.centers) - len(pairs)
        for a, b, distance in pairs:
            centers.append(distance)
            probabilities.append(float(np.abs(one.probabilities[a] - other.probabilities[b]).max()))
    return {
        "lost": lost,
        "more": more,
        "largest_center": round(max(centers), 4),
        "largest_probability": round(max(probabilities), 4),
    }


def matched(one: Reading, other: Reading, near: float = 0.1) -> list[tuple[int, int, float]]:
    """Faces of both that are the same, each once, and how far apart, in sides of the face."""
    pairs, free = [], set(range(len(other.centers)))
    for place, (center, side) in enumerate(zip(one.centers, one.sides, strict=True)):
        distances = {i: float(np.linalg.norm(other.centers[i] - center) / side) for i in free}
        best = min(distances, key=distances.__getitem__, default=None)
        if best is not None and distances[best] <= near:
            pairs.append((place, best, distances[best]))
            free.remove(best)
    return pairs


WAYS: Mapping[str, Callable[[Given, Kind, Sequence[Image], Sequence[Reading]], Row]] = {
    "engines": _by_engines,
    "one pass": _in_one_pass,
    "one pass, one graph": _in_one_graph,
}
