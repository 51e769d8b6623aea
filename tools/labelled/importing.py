"""From boxes that another tool has drawn in pictures to labels."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import ExifTags
from PIL import Image as Pillow
from pydantic import ValidationError

from streamer.emotions import canonical
from streamer.errors import ConfigError, SourceError
from streamer.types import UNSURE, Box
from tools.labelled.changing import changed, faults
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium, Said
from tools.labelled.media import medium_of


@dataclass(frozen=True, slots=True)
class Outline:
    """A face as another tool has it; ``said``: by each annotator the label."""

    box: Box
    ignore: bool = False
    said: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outlined:
    """A picture as another tool has it. ``size``: width and height that the tool says, None where it does not;
    ``upright``: its boxes are known to be of the picture turned by its EXIF orientation."""

    path: Path
    size: tuple[int, int] | None
    faces: tuple[Outline, ...]
    complete: bool
    upright: bool = False


def imported(pictures: Iterable[Outlined], folder: Path, by: str) -> LabelFile:
    """Labels for a file in ``folder``; ``by``: the tool, said of each mark.

    Raises:
        ConfigError: a picture is missing or unreadable, or its boxes cannot be those of this picture.
    """
    media = tuple(_medium(picture, folder, by) for picture in pictures)
    said = {one.annotator for medium in media for face in medium.faces for one in face.said}
    try:
        return LabelFile(annotators=tuple(sorted(said)), media=media)
    except ValidationError as error:
        raise ConfigError(f"this cannot be made a label file: {faults(error)}") from None


def word_of(text: str) -> str:
    """The label that another tool's word stands for, or "unsure".

    Raises:
        ConfigError: none is known for it.
    """
    return UNSURE if text.strip().lower() == UNSURE else canonical(text)


def _medium(picture: Outlined, folder: Path, by: str) -> Medium:
    try:
        medium = medium_of(picture.path, folder)
    except SourceError as error:
        raise ConfigError(f"a picture that has boxes cannot be read: {error}") from None
    if medium.kind != "image":
        raise ConfigError(f"{medium.file} is a video; boxes are imported for pictures only")
    _check_upright(picture, medium)
    try:
        faces = tuple(_face(f"f{at}", outline, medium, by) for at, outline in enumerate(picture.faces, start=1))
        return changed(medium, complete=picture.complete, faces=faces)
    except ValidationError as error:
        raise ConfigError(f"{medium.file}: {faults(error)}") from None


def _check_upright(picture: Outlined, medium: Medium) -> None:
    """
    Raises:
        ConfigError: the tool has seen another picture, or the same not turned upright, or that cannot be told.
    """
    size = (medium.width, medium.height)
    turned, stored = _stored(picture.path)
    if turned and not picture.upright and (picture.size != size or size == stored):
        raise ConfigError(
            f"{medium.file} is stored turned, by its EXIF orientation, and its boxes may be those of the picture "
            "as it is stored; turn the picture itself (its pixels, without that orientation) and draw them anew"
        )
    if picture.size not in (None, size):
        raise ConfigError(
            f"{medium.file}: the boxes are for {picture.size[0]} × {picture.size[1]} pixels, the picture has "
            f"{size[0]} × {size[1]}; put the picture there in which they were drawn"
        )


def _stored(path: Path) -> tuple[bool, tuple[int, int]]:
    """Whether its EXIF orientation turns or mirrors the picture, and its width and height before that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of many pixels, of odd EXIF: read_image() has taken it already
        with Pillow.open(path) as opened:
            return opened.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1), opened.size


def _face(name: str, outline: Outline, medium: Medium, by: str) -> LabelledFace:
    box = outline.box
    if box.overlap(Box(0, 0, medium.width, medium.height)) <= 0:
        raise ConfigError(
            f"{medium.file}: the box {box.x1:g}, {box.y1:g}, {box.x2:g}, {box.y2:g} is empty or lies outside the "
            f"picture of {medium.width} × {medium.height} pixels"
        )
    return LabelledFace(
        id=name,
        marks=(Mark(x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2, by=by),),
        said=tuple(Said(annotator=annotator, label=label) for annotator, label in sorted(outline.said.items())),
        ignore=outline.ignore,
        attributes=dict(outline.attributes),
    )
