"""The label files of several annotators made into one, each person once and under it what everybody said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from streamer.errors import ConfigError
from streamer.types import Box
from tools.labelled.agreement import said_at
from tools.labelled.changing import changed
from tools.labelled.document import LabelFile, LabelledFace, Medium, Said
from tools.labelled.edits import new_id
from tools.labelled.media import name_of
from tools.labelled.sampling import sampled
from tools.labelled.truth import box_at

Way: TypeAlias = tuple[Box | None, ...]
"""Where a face is on each of some frames."""

SAME = 0.5
"""Overlap from which two outlines are of one person."""


@dataclass(frozen=True, slots=True)
class Part:
    """Labels and the file they are from."""

    path: Path
    labels: LabelFile


@dataclass(frozen=True, slots=True)
class Merged:
    """``notes``: where the files say different things of which one was taken."""

    labels: LabelFile
    notes: tuple[str, ...]


def merged(parts: Sequence[Part], folder: Path) -> Merged:
    """One file, to lie in ``folder``. Media are the same if their digests are. Faces are joined by overlap, the best
    pairs first; marks are those of the first file that has the face, ignored is what is so in one of them, complete
    too. Two different attributes: the first one's.

    Raises:
        ConfigError: an annotator says different things of a face in two files (all such places are listed), or a
            picture was changed between them.
    """
    conflicts, notes, media = list[str](), list[str](), dict[tuple[str, int], Medium]()
    for part in parts:
        for key, medium in _keyed(part, folder):
            if key in media:
                joining = _Joining(media[key], medium, part.path.name)
                media[key] = joining.done()
                conflicts += joining.conflicts
                notes += joining.notes
            else:
                media[key] = medium
    _check_files(media.values())
    if conflicts:
        raise ConfigError(
            "the files cannot be merged, take one of the words back:" + "".join(map("\n  {}".format, conflicts))
        )
    annotators = dict.fromkeys(name for part in parts for name in part.labels.annotators)
    title = next((part.labels.title for part in parts if part.labels.title), "")
    return Merged(LabelFile(title=title, annotators=tuple(annotators), media=tuple(media.values())), tuple(notes))


def overlap(ones: Way, others: Way) -> float:
    """Intersection over union of two outlines through time, 0…1: the areas of both summed over the frames."""
    both = union = 0.0
    for here, there in zip(ones, others, strict=True):
        shared = here.overlap(there) if here is not None and there is not None else 0.0
        both += shared
        union += sum(box.area for box in (here, there) if box is not None) - shared
    return both / union if union > 0 else 0.0


def pairs(medium: Medium, other: Medium) -> dict[int, int]:
    """For indices of ``other``'s faces the index of the one it is the same as, each at most once, the best overlaps
    first."""
    ends = {mark.frame for part in (medium, other) for face in part.faces for mark in (face.marks[0], face.marks[-1])}
    frames = sorted({*sampled(medium), *ends})
    ones, others = _ways(medium, frames), _ways(other, frames)
    found = [(overlap(a, b), here, there) for here, a in enumerate(ones) for there, b in enumerate(others)]
    same: dict[int, int] = {}
    for share, here, there in sorted(found, key=lambda pair: -pair[0]):
        if share >= SAME and there not in same and here not in same.values():
            same[there] = here
    return same


def _ways(medium: Medium, frames: Sequence[int]) -> list[Way]:
    return [tuple(box_at(face.marks, frame) for frame in frames) for face in medium.faces]


def _keyed(part: Part, folder: Path) -> Iterator[tuple[tuple[str, int], Medium]]:
    """Each medium, named from ``folder``, under its digest and a number: a file may have copies of one picture."""
    seen: Counter[str] = Counter()
    for medium in part.labels.media:
        name = name_of(part.path.parent / medium.file, folder)
        yield (medium.sha256, seen[medium.sha256]), changed(medium, file=name)
        seen[medium.sha256] += 1


def _check_files(media: Iterable[Medium]) -> None:
    """
    Raises:
        ConfigError: one name stands for two pictures.
    """
    counts = Counter(medium.file for medium in media)
    twice = [file for file, count in counts.items() if count > 1]
    if twice:
        raise ConfigError(
            f"{', '.join(twice)}: the files were made over different versions of it; label the same version"
        )


class _Joining:
    """One medium of two files made one."""

    def __init__(self, medium: Medium, other: Medium, source: str) -> None:
        """``source``: the file ``other`` is from, for messages."""
        self._medium, self._other, self._source = medium, other, source
        self.conflicts: list[str] = []
        self.notes: list[str] = []

    def done(self) -> Medium:
        medium, other = self._medium, self._other
        same = pairs(medium, other)
        faces = list(medium.faces)
        for there, here in same.items():
            faces[here] = self._joined(faces[here], other.faces[there])
        result = changed(medium, faces=tuple(faces), complete=medium.complete or other.complete)
        for there, face in enumerate(other.faces):
            if there not in same:
                taken = face.id in {one.id for one in result.faces}
                new = changed(face, id=new_id(result)) if taken else face
                result = changed(result, faces=(*result.faces, new))
        return result

    def _joined(self, face: LabelledFace, other: LabelledFace) -> LabelledFace:
        if face.ignore != other.ignore:
            self._note(face, "is ignored in one of the files only: ignored")
        for name, value in other.attributes.items():
            if face.attributes.get(name, value) != value:
                self._note(face, f"{name} is {face.attributes[name]!r} and {value!r}: {face.attributes[name]!r}")
        return changed(
            face,
            said=self._said(face, other),
            ignore=face.ignore or other.ignore,
            attributes={**other.attributes, **face.attributes},
        )

    def _said(self, face: LabelledFace, other: LabelledFace) -> tuple[Said, ...]:
        """What both have; of an annotator who speaks in both, every word must be the same."""
        times = sorted({one.frame for one in (*face.said, *other.said)})
        ours, theirs = ({one.annotator for one in part.said} for part in (face, other))
        for annotator in sorted(ours & theirs):
            for frame in times:
                here, there = said_at(face, frame).get(annotator), said_at(other, frame).get(annotator)
                if here is not None and there is not None and here != there:
                    self._conflict(face, frame, annotator, here, there)
                    break
        whole = {(one.frame, one.annotator): one for one in (*other.said, *face.said)}
        return tuple(whole[key] for key in sorted(whole))

    def _conflict(self, face: LabelledFace, frame: int, annotator: str, here: str, there: str) -> None:
        place = f"{self._medium.file}, face {face.id}, frame {frame}"
        self.conflicts.append(f"{place}: {annotator} says {here}, and {there} in {self._source}")

    def _note(self, face: LabelledFace, text: str) -> None:
        self.notes.append(f"{self._medium.file}, face {face.id}: {text} was taken ({self._source})")
