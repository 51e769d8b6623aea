"""What the labelling page is told, and what it sends."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import JsonValue

from streamer.emotions import HIDDEN, LABELS
from streamer.schema import Model
from streamer.types import UNSURE
from tools.label.desk import Desk
from tools.label.proposals import NAMES, Proposing
from tools.labelled.document import Medium


class MediumNow(Model):
    """A medium in the list. ``unsaid``: faces, none that is ignored, of which this annotator has said nothing;
    ``fault``: why it cannot be shown, or ''."""

    index: int
    file: str
    kind: Literal["image", "video"]
    width: int
    height: int
    frames: int
    fps: float
    complete: bool
    faces: int
    unsaid: int
    fault: str


class ProposingNow(Model):
    state: Literal["idle", "running", "failed"]
    index: int
    done: int
    total: int
    reason: str


class Labelling(Model):
    """All that the page shows but the faces. ``file``: where the labels are saved; ``hidden``: labels that the program
    does not show; ``detector``: the one to propose with unless another is chosen."""

    revision: int
    title: str
    file: str
    annotator: str
    annotators: tuple[str, ...]
    labels: tuple[str, ...]
    hidden: tuple[str, ...]
    detectors: tuple[str, ...]
    detector: str
    undo: bool
    redo: bool
    media: tuple[MediumNow, ...]
    proposing: ProposingNow


class Changed(Model):
    """A medium and its faces, at a revision."""

    revision: int
    medium: Medium


class Stepped(Changed):
    """``index``: of the medium that the step changed."""

    index: int


class EditSent(Model):
    """``revision``: of what the page shows. ``edit``: see tools.labelled.edits."""

    revision: int
    edit: dict[str, JsonValue]


class StepSent(Model):
    revision: int


class ProposalSent(Model):
    """``frame``: null for a picture, or for the tracks of a whole video."""

    detector: str
    frame: int | None = None


def labelling(desk: Desk, file: str, detector: str, proposing: Proposing) -> Labelling:
    labels = desk.labels
    return Labelling(
        revision=desk.revision,
        title=labels.title,
        file=file,
        annotator=desk.annotator,
        annotators=labels.annotators,
        labels=(*LABELS, UNSURE),
        hidden=HIDDEN,
        detectors=NAMES,
        detector=detector,
        undo=desk.can_undo,
        redo=desk.can_redo,
        media=tuple(medium_now(desk, index) for index in range(len(labels.media))),
        proposing=proposing_now(proposing),
    )


def medium_now(desk: Desk, index: int) -> MediumNow:
    medium = desk.labels.media[index]
    told: dict[str, Any] = medium.model_dump(include=set(MediumNow.model_fields) - {"faces"})
    unsaid = sum(not face.ignore and all(one.annotator != desk.annotator for one in face.said) for face in medium.faces)
    return MediumNow(index=index, faces=len(medium.faces), unsaid=unsaid, fault=desk.faults.get(index, ""), **told)


def proposing_now(now: Proposing) -> ProposingNow:
    return ProposingNow(state=now.state, index=now.index, done=now.done, total=now.total, reason=now.reason)
