"""Boxes and expressions from COCO detection JSON: our own exports, or what another tool wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, Field, ValidationError

from streamer.emotions import LABELS, SYNONYMS
from streamer.errors import ConfigError
from streamer.sources.regular import printable
from streamer.types import UNSURE, Box
from tools.labelled.changing import faults
from tools.labelled.coco import UPRIGHT
from tools.labelled.document import LabelFile
from tools.labelled.importing import Outline, Outlined, imported, word_of
from tools.labelled.reading import bytes_of, json_of

BY = "coco"
ANNOTATOR = "imported"

Side: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=-1e5, le=1e5)]
Number: TypeAlias = int | str


class Image(BaseModel):
    """COCO's own keys, and ours: ``complete``. Other keys are left out, here and below: every tool adds some."""

    id: Number
    file_name: Annotated[str, Field(min_length=1)]
    width: int | None = None
    height: int | None = None
    complete: bool | None = None


class Annotation(BaseModel):
    image_id: Number
    category_id: Number
    bbox: tuple[Side, Side, Side, Side]
    iscrowd: bool = False
    attributes: dict[str, Any] = Field(default_factory=dict)
    said: dict[str, str] = Field(default_factory=dict)


class Category(BaseModel):
    id: Number
    name: str


class Coco(BaseModel):
    info: dict[str, Any] = Field(default_factory=dict)
    images: tuple[Image, ...]
    annotations: tuple[Annotation, ...]
    categories: tuple[Category, ...]


def from_coco(path: Path, folder: Path, annotator: str = ANNOTATOR, *, complete: bool = False) -> LabelFile:
    """Labels for a file in ``folder``; pictures are looked for beside the JSON. Crowds are ignored. The expression is
    what ``said`` has by annotator, or else the attribute "expression" or the category's name, said by ``annotator``.
    ``complete``: all pictures are, where they do not say it themselves.

    Raises:
        ConfigError: it is no such JSON, names an unknown expression or a frame of a video, has no category of faces,
            or a picture is missing, unreadable or not the one in which they were drawn.
    """
    name = printable(path)
    try:
        read = Coco.model_validate(json_of(bytes_of(path), name))
    except ValidationError as error:
        raise ConfigError(f"{name} is no COCO detection JSON: {faults(error)}") from None
    return imported(_pictures(read, path, annotator, complete), folder, BY)


def _pictures(read: Coco, path: Path, annotator: str, complete: bool) -> Iterator[Outlined]:
    words, upright = _words(read, printable(path)), read.info.get("coordinates") == UPRIGHT
    known = {image.id for image in read.images}
    faces: dict[Number, list[Outline]] = {}
    for number, made in enumerate(read.annotations):
        if made.image_id not in known:
            raise ConfigError(f"{printable(path)}: annotation {number} is of image {made.image_id}, which is not there")
        if made.category_id in words:
            try:
                outline = _outline(made, words[made.category_id], annotator)
            except ConfigError as error:
                raise ConfigError(f"{printable(path)}: annotation {number}: {error}") from None
            faces.setdefault(made.image_id, []).append(outline)
    for image in read.images:
        whole = complete if image.complete is None else image.complete
        size = (image.width, image.height) if image.width is not None and image.height is not None else None
        yield Outlined(_file(image, path), size, tuple(faces.get(image.id, ())), whole, upright)


def _file(image: Image, path: Path) -> Path:
    file = path.parent / image.file_name
    if "#" in file.name and not file.exists():
        raise ConfigError(
            f"{printable(path)}: {image.file_name} is a frame of a video, and only pictures are imported; tracks of "
            "people are in the label file itself"
        )
    return file


def _words(read: Coco, name: str) -> dict[Number, str]:
    """The categories that are faces, each with the expression it stands for, "" for none.

    Raises:
        ConfigError: there is none.
    """
    known = {"face": "", **{label: label for label in (*LABELS, UNSURE)}, **SYNONYMS}
    words = {one.id: known[one.name.strip().lower()] for one in read.categories if one.name.strip().lower() in known}
    if not words:
        names = ", ".join(repr(one.name) for one in read.categories) or "none"
        raise ConfigError(f"{name} has no category 'face' or of an expression; it has {names}")
    return words


def _outline(made: Annotation, word: str, annotator: str) -> Outline:
    x, y, width, height = made.bbox
    attributes = {key: _text(value) for key, value in made.attributes.items()}
    expression = attributes.pop("expression", "") or word
    said: Mapping[str, str] = made.said or ({annotator: expression} if expression else {})
    words = {name: word_of(text) for name, text in said.items()}
    return Outline(Box(x, y, x + width, y + height), made.iscrowd, words, {k: v for k, v in attributes.items() if v})


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
