"""Single pictures of labelled media, read again to be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeAlias

from streamer.types import Image
from tools.evaluate.looking import Material

Where: TypeAlias = tuple[str, int]
"""A medium's file, and the number of a frame."""


def pictures(material: Material, wanted: Collection[Where]) -> Iterator[tuple[Where, Image]]:
    """The pictures at these places, in the order of the media; each medium is decoded once, and no further than need
    be.

    Raises:
        ConfigError: one cannot be read any more.
    """
    for medium in material.labels.media:
        numbers = {frame for file, frame in wanted if file == medium.file}
        for frame in material.media.frames(medium) if numbers else ():
            if frame.index in numbers:
                numbers.remove(frame.index)
                yield (medium.file, frame.index), frame.image
            if not numbers:
                break
