"""Boxes from dlib's imglab, an XML file beside its pictures (https://github.com/davisking/dlib, tools/imglab)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from streamer.errors import ConfigError
from streamer.sources.regular import printable
from streamer.types import Box
from tools.labelled.document import LabelFile
from tools.labelled.importing import Outline, Outlined, imported
from tools.labelled.reading import bytes_of

BY = "imglab"


def from_dlib(path: Path, folder: Path) -> LabelFile:
    """Labels for a file in ``folder``. Boxes with ignore="1" are ignored, the pictures complete: dlib trains on them
    as such. Texts of boxes ("label") and their parts are left out.

    Raises:
        ConfigError: it is no such XML, or a picture is missing, unreadable or not the one in which they were drawn.
    """
    name = printable(path)
    try:
        root = ElementTree.fromstring(bytes_of(path))
    except (ElementTree.ParseError, ValueError) as error:  # ValueError: an encoding that is not known
        raise ConfigError(f"{name} is not XML: {error}") from None
    if root.tag != "dataset" or root.find("images") is None:
        raise ConfigError(f"{name} is no file of imglab: <dataset> with <images> was expected, got <{root.tag}>")
    return imported(_pictures(root, path), folder, BY)


def _pictures(root: ElementTree.Element, path: Path) -> Iterator[Outlined]:
    for image in root.iterfind("images/image"):
        file = image.get("file")
        if not file:
            raise ConfigError(f"{printable(path)}: an <image> has no 'file'")
        where = f"{printable(path)}: {file}"
        size = (_number(image, "width", where), _number(image, "height", where)) if image.get("width") else None
        faces = tuple(_outline(box, where) for box in image.iterfind("box"))
        yield Outlined(path.parent / file, size, faces, complete=True)


def _outline(box: ElementTree.Element, where: str) -> Outline:
    left, top, width, height = (_number(box, key, where) for key in ("left", "top", "width", "height"))
    ignore = box.get("ignore", "0")
    if ignore not in ("0", "1"):
        raise ConfigError(f"{where}: ignore must be 0 or 1, got {ignore!r}")
    return Outline(Box(left, top, left + width, top + height), ignore == "1")


def _number(element: ElementTree.Element, key: str, where: str) -> int:
    text = element.get(key, "")
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{where}: <{element.tag}> needs a whole number as {key}, got {text!r}") from None
