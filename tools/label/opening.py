"""What is to be labelled: the media that were named, and the file of labels that they belong to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streamer.errors import ConfigError, SourceError
from streamer.sinks.target import check_target
from streamer.sources.images import find_media
from streamer.sources.regular import printable
from tools.labelled.changing import changed
from tools.labelled.document import LabelFile, Medium
from tools.labelled.edits import with_annotator
from tools.labelled.media import MediaFolder, medium_of, name_of
from tools.labelled.saving import Saved

NAME = "labels.json"

Told = Callable[[int, int], None]
"""Called with how many files of how many were looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """``labels``: those of the file, and what is new. ``faults``: by index, of media that are missing or not what was
    labelled; ``left_out``: why files that were named cannot be labelled."""

    saved: Saved
    media: MediaFolder
    labels: LabelFile
    faults: Mapping[int, str]
    left_out: tuple[str, ...]


def file_of(paths: Sequence[Path], named: Path | None) -> Path:
    """Where the labels of these media are kept.

    Raises:
        ConfigError: nothing was named, or it lies on several drives.
    """
    if named is not None:
        return named
    if not paths:
        raise ConfigError("name pictures, videos or folders, or the label file to go on with by --labels")
    folders = [os.path.abspath(path if path.is_dir() else path.parent) for path in paths]
    try:
        return Path(os.path.commonpath(folders)) / NAME
    except ValueError:
        raise ConfigError("these media lie on several drives; say by --labels where the labels are to be") from None


def opened(file: Path, paths: Sequence[Path], annotator: str, told: Told = lambda *_: None) -> Opened:
    """Nothing is written.

    Raises:
        ConfigError: the file cannot be used, the annotator has no name, or there is nothing that can be labelled.
        SinkError: the file could not be written.
    """
    folder = Path(os.path.abspath(file)).parent
    check_target(file)
    saved, media = Saved(file, LabelFile() if paths else None), MediaFolder(folder)
    labels = with_annotator(saved.labels, annotator)
    faults = faults_of(labels, media)
    new, left_out = found(paths, folder, {medium.file for medium in labels.media}, told)
    if not labels.media and not new:
        raise ConfigError(left_out[0] if left_out else f"{printable(file)} has no media yet; name pictures or videos")
    return Opened(saved, media, changed(labels, media=(*labels.media, *new)), faults, left_out)


def faults_of(labels: LabelFile, media: MediaFolder) -> dict[int, str]:
    faults = {}
    for index, medium in enumerate(labels.media):
        try:
            media.path(medium)
        except ConfigError as error:
            faults[index] = str(error)
    return faults


def found(
    paths: Sequence[Path], folder: Path, known: set[str], told: Told
) -> tuple[tuple[Medium, ...], tuple[str, ...]]:
    """The media that are not known yet, by name, and why files that were named are none."""
    seen = find_media(paths)
    files = sorted((*seen.images, *seen.videos))
    media: list[Medium] = []
    faults = [said(one.path, one.reason) for one in seen.unreadable]
    for done, path in enumerate(files):
        told(done, len(files))
        try:
            if name_of(path, folder) not in known:
                media.append(medium_of(path, folder))
        except (SourceError, ConfigError) as error:
            faults.append(str(error))
    told(len(files), len(files))
    return tuple(media), tuple(faults)


def said(path: Path, reason: str) -> str:
    name = printable(path)
    return reason if name in reason else f"{name}: {reason}"
