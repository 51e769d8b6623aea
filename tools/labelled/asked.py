"""What a person who labels may ask to be done to one picture or video, as it is sent: JSON, told apart by "do"."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from streamer.emotions import LABELS
from streamer.errors import ConfigError, did_you_mean
from streamer.types import UNSURE
from tools.labelled.changing import faults
from tools.labelled.document import Index, LabelPart, Name, Pixel

FaceId: TypeAlias = Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]


class Drawn(LabelPart):
    """A box drawn on ``frame``, 0 for a picture; pixels as in Mark."""

    frame: Index = 0
    x1: Pixel
    y1: Pixel
    x2: Pixel
    y2: Pixel

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise ValueError(f"a box needs x1 < x2 and y1 < y2, got {self.x1}, {self.y1}, {self.x2}, {self.y2}")
        return self


class Add(LabelPart):
    """A face that was not there; it becomes the last one of the medium, with an id of its own."""

    do: Literal["add"] = "add"
    mark: Drawn


class Move(LabelPart):
    """Where a face is on the mark's frame, in place of a mark that was there."""

    do: Literal["move"] = "move"
    face: FaceId
    mark: Drawn


class Unmark(LabelPart):
    do: Literal["unmark"] = "unmark"
    face: FaceId
    frame: Index = 0


class Gone(LabelPart):
    """From ``frame`` on not to be seen, until the next mark. In videos."""

    do: Literal["gone"] = "gone"
    face: FaceId
    frame: Index


class Remove(LabelPart):
    do: Literal["remove"] = "remove"
    face: FaceId


class Say(LabelPart):
    """What the annotator calls the expression from ``frame`` on; None takes back what was said at that frame."""

    do: Literal["say"] = "say"
    face: FaceId
    frame: Index = 0
    label: str | None

    @field_validator("label")
    @classmethod
    def _known(cls, label: str | None) -> str | None:
        known = (*LABELS, UNSURE)
        if label is not None and label not in known:
            raise ValueError(f"unknown expression {label!r}{did_you_mean(label, known)}; known: {', '.join(known)}")
        return label


class Ignore(LabelPart):
    do: Literal["ignore"] = "ignore"
    face: FaceId
    on: bool


class Attribute(LabelPart):
    """A group to score apart; None takes it away."""

    do: Literal["attribute"] = "attribute"
    face: FaceId
    name: Name
    value: Name | None


class Complete(LabelPart):
    """Whether every face of the medium is marked."""

    do: Literal["complete"] = "complete"
    on: bool


class Join(LabelPart):
    """``other`` is the same person as ``face``, which stays. In videos."""

    do: Literal["join"] = "join"
    face: FaceId
    other: FaceId


class Split(LabelPart):
    """From ``frame`` on it is somebody else, who becomes the last face of the medium. In videos."""

    do: Literal["split"] = "split"
    face: FaceId
    frame: Index


Edit: TypeAlias = Annotated[
    Add | Move | Unmark | Gone | Remove | Say | Ignore | Attribute | Complete | Join | Split, Field(discriminator="do")
]

_EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)


def edit_of(data: object) -> Edit:
    """The edit that was sent as ``data``, which JSON was read into.

    Raises:
        ConfigError: it is none; every fault in it is named.
    """
    try:
        return _EDIT.validate_python(data)
    except ValidationError as error:
        raise ConfigError(f"this is no edit: {faults(error)}") from None
