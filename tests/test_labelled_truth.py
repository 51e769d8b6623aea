from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from streamer.emotions import LABELS
from streamer.types import Box
from tools.labelled.document import LabelledFace, Mark, Medium, Said
from tools.labelled.truth import box_at, truth_of, truths


def mark(frame: int, x: float, *, gone: bool = False) -> Mark:
    return Mark(frame=frame, x1=x, y1=x, x2=x + 10, y2=x + 20, gone=gone)


def left(marks: tuple[Mark, ...], frame: int) -> float | None:
    box = box_at(marks, frame)
    return None if box is None else box.x1


def said(*words: tuple[str, int, str]) -> tuple[Said, ...]:
    return tuple(Said(annotator=name, frame=frame, label=label) for name, frame, label in words)


def test_a_box_moves_evenly_between_marks_and_stays_after_the_last() -> None:
    marks = (mark(2, 0), mark(6, 8), mark(8, 8))
    assert [left(marks, frame) for frame in range(10)] == [None, None, 0, 2, 4, 6, 8, 8, 8, 8]
    assert box_at(marks, 3) == Box(2, 2, 12, 22)


def test_a_face_that_is_gone_does_not_move_towards_it() -> None:
    marks = (mark(0, 0), mark(4, 90, gone=True), mark(6, 50), mark(8, 54))
    assert [left(marks, frame) for frame in range(9)] == [0, 0, 0, 0, None, None, 50, 52, 54]


@pytest.mark.parametrize(
    ("words", "label", "unsure"),
    [
        ((), None, 0),
        ((("ann", 0, "anger"),), "anger", 0),
        ((("ann", 0, "anger"), ("bob", 0, "fear")), None, 0),
        ((("ann", 0, "anger"), ("bob", 0, "fear"), ("cy", 0, "anger")), "anger", 0),
        ((("ann", 0, "anger"), ("bob", 0, "unsure")), "anger", 1),
        ((("ann", 0, "unsure"), ("bob", 0, "unsure")), None, 2),
        ((("ann", 0, "anger"), ("ann", 5, "fear")), "anger", 0),
        ((("ann", 0, "anger"), ("ann", 4, "fear")), "fear", 0),
        ((("ann", 5, "fear"),), None, 0),
    ],
)
def test_more_than_half_of_those_who_can_tell_decide(
    words: tuple[tuple[str, int, str], ...], label: str | None, unsure: int
) -> None:
    face = LabelledFace(id="f1", marks=(mark(0, 0),), said=said(*words))
    truth = truth_of(face, Box(0, 0, 1, 1), 4)
    assert truth.label == (None if label is None else LABELS.index(label))
    assert truth.unsure == unsure


def test_a_frame_has_the_faces_to_be_seen_on_it() -> None:
    faces = (
        LabelledFace(id="f1", marks=(mark(0, 0), mark(3, 0, gone=True))),
        LabelledFace(id="f2", marks=(mark(2, 5),)),
    )
    film = Medium(
        file="a.mp4", kind="video", sha256="0" * 64, width=90, height=90, frames=5, fps=10, complete=True, faces=faces
    )
    assert [[one.face for one in truths(film, frame)] for frame in range(5)] == [
        ["f1"], ["f1"], ["f1", "f2"], ["f2"], ["f2"]
    ]  # fmt: skip
    for frame in (-1, 5):
        with pytest.raises(ValueError, match="has frames 0 to 4"):
            truths(film, frame)


@pytest.mark.parametrize(
    "changes",
    [
        {"marks": (mark(3, 0), mark(3, 1))},
        {"marks": (mark(3, 0), mark(1, 1))},
        {"said": said(("ann", 3, "fear"), ("ann", 1, "fear"))},
        {"id": "../f"},
        {"attributes": {"a/b": "yes"}},
    ],
)
def test_what_no_face_may_be(changes: dict[str, Any]) -> None:
    start: dict[str, Any] = {"id": "f1", "marks": (mark(0, 0),)}
    assert LabelledFace(**start).said == ()
    with pytest.raises(ValidationError):
        LabelledFace(**{**start, **changes})
