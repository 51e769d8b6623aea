"""The file of labels: one JSON for any number of pictures and videos, without a pixel of them.

Media are named by their path from the file's own folder and known by their digest, so that file and media can be moved
together and a changed picture is noticed. Coordinates are pixels of the upright picture, (0, 0) its outer top left
corner, x2 and y2 exclusive, as everywhere in the program.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from streamer.emotions import LABELS
from streamer.types import UNSURE

FORMAT, VERSION = "groupmood-labels", 1

Pixel: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=-1e5, le=1e5)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[\w][\w .-]{0,59}$")]
Index: TypeAlias = Annotated[int, Field(ge=0)]


class LabelPart(BaseModel):
    """Base of all parts: frozen, unknown keys forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mark(LabelPart):
    """Where a face is on ``frame`` (0 for a picture); ``gone``: from this frame on it is not to be seen, until the next
    mark. Between two marks of a video the box moves evenly. ``by``: the annotator, or the detector that proposed it."""

    frame: Index = 0
    x1: Pixel
    y1: Pixel
    x2: Pixel
    y2: Pixel
    gone: bool = False
    by: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise ValueError(f"a box needs x1 < x2 and y1 < y2, got {self.x1}, {self.y1}, {self.x2}, {self.y2}")
        return self


class Said(LabelPart):
    """What an annotator calls the apparent expression, from ``frame`` on until the same annotator says another;
    "unsure" where it cannot be told."""

    annotator: Name
    frame: Index = 0
    label: str

    @field_validator("label")
    @classmethod
    def _known(cls, label: str) -> str:
        if label not in (*LABELS, UNSURE):
            raise ValueError(f"unknown expression {label!r}; known: {', '.join(LABELS)}, {UNSURE}")
        return label


class LabelledFace(LabelPart):
    """One person in a picture, or on its whole way through a video. ``id`` is its own within the medium; ``marks``
    rise by frame, ``said`` too for each annotator. ``ignore``: neither to be found nor wrongly found (a drawing, a
    blur, the back of a head). ``attributes``: groups to score apart, such as {"glasses": "yes"}."""

    id: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]
    marks: Annotated[tuple[Mark, ...], Field(min_length=1)]
    said: tuple[Said, ...] = ()
    ignore: bool = False
    attributes: dict[Name, Name] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        frames = [mark.frame for mark in self.marks]
        if frames != sorted(set(frames)):
            raise ValueError(f"face {self.id}: the marks' frames must rise, got {frames}")
        for annotator in {one.annotator for one in self.said}:
            times = [one.frame for one in self.said if one.annotator == annotator]
            if times != sorted(set(times)):
                raise ValueError(f"face {self.id}: what {annotator} said must rise by frame, got {times}")
        return self


class Medium(LabelPart):
    """A picture (``frames`` is 1, ``fps`` 0) or a video. ``file``: its path from the folder of the label file, parts
    joined by "/". ``complete``: every face in it is marked, so that whatever else a detector finds is wrong."""

    file: str
    kind: Literal["image", "video"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    frames: Annotated[int, Field(gt=0)] = 1
    fps: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    complete: bool = False
    faces: tuple[LabelledFace, ...] = ()

    @field_validator("file")
    @classmethod
    def _relative(cls, file: str) -> str:
        path = PurePosixPath(file)
        if not file or path.is_absolute() or "\\" in file or ":" in path.parts[0]:
            raise ValueError(f"a medium is named by its path from the label file's folder, with '/', got {file!r}")
        return file

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.kind == "image" and self.frames != 1:
            raise ValueError(f"{self.file}: a picture has one frame, got {self.frames}")
        names = [face.id for face in self.faces]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.file}: two faces have the same id")
        for face in self.faces:
            last = max([mark.frame for mark in face.marks] + [one.frame for one in face.said])
            if last >= self.frames:
                raise ValueError(f"{self.file}: face {face.id} has frame {last}, the last one is {self.frames - 1}")
        return self


class LabelFile(LabelPart):
    """Everything that was labelled. ``annotators``: everybody who looked, also who said nothing yet."""

    format: Literal["groupmood-labels"] = "groupmood-labels"
    version: Literal[1] = 1
    title: str = ""
    annotators: tuple[Name, ...] = ()
    media: tuple[Medium, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        files = [medium.file for medium in self.media]
        if len(set(files)) != len(files):
            raise ValueError("two media have the same file")
        said = {one.annotator for medium in self.media for face in medium.faces for one in face.said}
        if not said <= set(self.annotators):
            raise ValueError(f"annotators lacks {', '.join(sorted(said - set(self.annotators)))}, who said something")
        return self
