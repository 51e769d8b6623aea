"""How an engine on the GPU reads real faces, against ONNX Runtime's float32 on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engines.cards import Card
from engines.ort import OnnxRuntimeEngine
from engines.trt_library import Kind
from streamer.classifiers.carded import CardedClassifier
from streamer.commands.engines import model_of
from tools import ferplus
from tools.gpu_plans import EMOTION, PRECISIONS, factory, planner_of, usable
from tools.gpu_sections import Given, Row, Skipped, attempt

Readings = NDArray[np.float64]


def accuracy(given: Given) -> Iterator[Row]:
    """A row for each emotion model, backend and precision, over all of FER+'s validation faces.

    Raises:
        Skipped: no TensorRT, or no FER+ is here.
    """
    kinds, refused = usable()
    yield from refused
    path = given.data / "ferplus" / "valid.npz"
    if not path.is_file():
        raise Skipped("FER+ is not on this machine: GROUPMOOD_DATA names the folder that has ferplus/valid.npz")
    faces = ferplus.faces(path)
    for name in EMOTION:
        for kind in kinds:
            for precision in PRECISIONS:
                about = {"backend": kind, "model": name, "precision": precision, "faces": len(faces.labels)}
                yield attempt(about, partial(_compared, given, kind, (name, precision), faces))


def _compared(given: Given, kind: Kind, which: tuple[str, str], faces: ferplus.Faces) -> Row:
    name, precision = which
    engines = factory(given, kind, precision)
    card, planner = planner_of(engines, kind, name)
    planner.prepare()
    with CardedClassifier(card, lambda: engines.planned(planner)) as classifier:
        got = ferplus.probabilities(classifier, faces.images)
        ran = classifier.about
    return {"ran": ran, **apart(reference(card, faces), got, faces.labels)}


def reference(card: Card, faces: ferplus.Faces) -> Readings:
    """ONNX Runtime's float32."""
    _, model = model_of(card.name)
    with CardedClassifier(card, partial(OnnxRuntimeEngine, model, name=card.name)) as classifier:
        return ferplus.probabilities(classifier, faces.images)


def apart(wanted: Readings, got: Readings, labels: NDArray[np.int64]) -> Row:
    """Both accuracies, the differences of probabilities, and the share of faces that keep their likeliest label."""
    differences = np.abs(wanted - got)
    return {
        "reference_accuracy": float((wanted.argmax(axis=1) == labels).mean()),
        "accuracy": float((got.argmax(axis=1) == labels).mean()),
        "largest": float(differences.max()),
        "mean": float(differences.mean()),
        "agreement": float((wanted.argmax(axis=1) == got.argmax(axis=1)).mean()),
    }
