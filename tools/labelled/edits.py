"""What comes of what a person who labels asks for.

``edited`` never changes what it is given: every state stays whole, so that undo is a matter of keeping the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from streamer.errors import ConfigError
from streamer.types import Box
from tools.labelled import marks as ways
from tools.labelled.asked import Add as Add
from tools.labelled.asked import Attribute as Attribute
from tools.labelled.asked import Complete as Complete
from tools.labelled.asked import Drawn as Drawn
from tools.labelled.asked import Edit as Edit
from tools.labelled.asked import Gone as Gone
from tools.labelled.asked import Ignore as Ignore
from tools.labelled.asked import Join as Join
from tools.labelled.asked import Move as Move
from tools.labelled.asked import Remove as Remove
from tools.labelled.asked import Say as Say
from tools.labelled.asked import Split as Split
from tools.labelled.asked import Unmark as Unmark
from tools.labelled.asked import edit_of as edit_of
from tools.labelled.changing import changed, faults
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium, Said
from tools.labelled.truth import box_at


def edited(labels: LabelFile, medium: int, edit: Edit, annotator: str) -> LabelFile:
    """The labels after ``annotator`` has done ``edit`` to the medium of that index.

    Raises:
        ConfigError: it cannot be done; the message says what is wrong.
    """
    before = medium_at(labels, medium)
    try:
        after = _Editing(before, annotator).done(edit)
        known = with_annotator(labels, annotator) if isinstance(edit, Say) else labels
        return with_medium(known, medium, after)
    except ValidationError as error:
        raise ConfigError(f"{before.file}: {faults(error)}") from None


def added(labels: LabelFile, medium: int, tracks: Sequence[tuple[Mark, ...]]) -> LabelFile:
    """With a new face for each of ``tracks``, its marks, behind those that are there.

    Raises:
        ConfigError: there is no such medium, or a mark is not within it.
    """
    before = medium_at(labels, medium)
    try:
        after = before
        for marks in tracks:
            after = changed(after, faces=(*after.faces, LabelledFace(id=new_id(after), marks=marks)))
        return with_medium(labels, medium, after)
    except ValidationError as error:
        raise ConfigError(f"{before.file}: {faults(error)}") from None


def with_annotator(labels: LabelFile, annotator: str) -> LabelFile:
    """With somebody who looks, and may have said nothing yet.

    Raises:
        ConfigError: that is no name.
    """
    try:
        return changed(labels, annotators=_also(labels.annotators, annotator))
    except ValidationError:
        raise ConfigError(
            f"{annotator!r} is no name for an annotator; a letter or digit, then up to 59 letters, digits, spaces, "
            "dots, hyphens or underscores"
        ) from None


def medium_at(labels: LabelFile, index: int) -> Medium:
    """
    Raises:
        ConfigError: there is no such medium.
    """
    if not 0 <= index < len(labels.media):
        raise ConfigError(f"there is no medium {index}; there are {len(labels.media)}, counted from 0")
    return labels.media[index]


def with_medium(labels: LabelFile, index: int, medium: Medium) -> LabelFile:
    """With ``medium`` in place of the one of that index."""
    return changed(labels, media=(*labels.media[:index], medium, *labels.media[index + 1 :]))


def new_id(medium: Medium) -> str:
    """An id that no face of the medium has: "f" and a number above all such."""
    used = [int(face.id[1:]) for face in medium.faces if face.id[:1] == "f" and face.id[1:].isdecimal()]
    return f"f{max(used, default=0) + 1}"


@dataclass(frozen=True, slots=True)
class _Editing:
    medium: Medium
    annotator: str

    def done(self, edit: Edit) -> Medium:
        match edit:
            case Add(mark=mark):
                return self._and(LabelledFace(id=new_id(self.medium), marks=(self._mark(mark),)))
            case Complete(on=on):
                return changed(self.medium, complete=on)
            case Remove(face=name):
                gone = self._face(name)
                return changed(self.medium, faces=tuple(face for face in self.medium.faces if face is not gone))
            case Join():
                return self._joined(edit)
            case Split():
                return self._split(edit)
            case _:
                face = self._face(edit.face)
                return self._instead(face, self._of_face(face, edit))

    def _of_face(self, face: LabelledFace, edit: Move | Unmark | Gone | Say | Ignore | Attribute) -> LabelledFace:
        match edit:
            case Move(mark=mark):
                return changed(face, marks=ways.marked(face.marks, self._mark(mark)))
            case Unmark(frame=frame):
                return changed(face, marks=ways.unmarked(face.marks, frame))
            case Gone(frame=frame):
                self._video("be gone")
                return changed(face, marks=ways.gone(face.marks, self._frame(frame), self.annotator))
            case Say():
                return changed(face, said=self._said(face, edit))
            case Ignore(on=on):
                return changed(face, ignore=on)
            case Attribute(name=name, value=value):
                rest = {key: kept for key, kept in face.attributes.items() if key != name}
                return changed(face, attributes=rest if value is None else rest | {name: value})

    def _said(self, face: LabelledFace, edit: Say) -> tuple[Said, ...]:
        frame, mine = self._frame(edit.frame), (self.annotator, edit.frame)
        rest = tuple(one for one in face.said if (one.annotator, one.frame) != mine)
        if edit.label is None:
            if len(rest) == len(face.said):
                raise ConfigError(f"face {face.id}: {self.annotator} said nothing at frame {frame} to take back")
            return rest
        if box_at(face.marks, frame) is None:
            raise ConfigError(f"face {face.id} is not to be seen on frame {frame}; mark it there first")
        said = Said(annotator=self.annotator, frame=frame, label=edit.label)
        return tuple(sorted((*rest, said), key=lambda one: one.frame))

    def _joined(self, edit: Join) -> Medium:
        self._video("be joined")
        face, other = self._face(edit.face), self._face(edit.other)
        if face is other:
            raise ConfigError(f"face {face.id} cannot be joined with itself; name another one")
        whole = changed(
            face,
            marks=ways.joined(face.marks, other.marks),
            said=_both_said(face, other),
            attributes=other.attributes | face.attributes,
        )
        rest = changed(self.medium, faces=tuple(one for one in self.medium.faces if one is not other))
        return _Editing(rest, self.annotator)._instead(face, whole)

    def _split(self, edit: Split) -> Medium:
        self._video("be split")
        face, frame = self._face(edit.face), self._frame(edit.frame)
        before, later = ways.split(face.marks, frame)
        first = changed(face, marks=before, said=tuple(one for one in face.said if one.frame < frame))
        said = tuple(one for one in face.said if one.frame >= frame)
        second = LabelledFace(id=new_id(self.medium), marks=later, said=said)
        return _Editing(self._instead(face, first), self.annotator)._and(second)

    def _mark(self, drawn: Drawn) -> Mark:
        """
        Raises:
            ConfigError: nothing of it is within the picture, or there is no such frame.
        """
        self._frame(drawn.frame)
        whole = Box(0, 0, self.medium.width, self.medium.height)
        if Box(drawn.x1, drawn.y1, drawn.x2, drawn.y2).overlap(whole) <= 0:
            raise ConfigError(
                f"the box {drawn.x1:g}, {drawn.y1:g}, {drawn.x2:g}, {drawn.y2:g} lies outside the picture of "
                f"{self.medium.width} × {self.medium.height} pixels"
            )
        return Mark(**drawn.model_dump(), by=self.annotator)

    def _frame(self, frame: int) -> int:
        if frame >= self.medium.frames:
            raise ConfigError(f"{self.medium.file} has frames 0 to {self.medium.frames - 1}, got {frame}")
        return frame

    def _video(self, what: str) -> None:
        if self.medium.kind != "video":
            raise ConfigError(f"a face can {what} in a video only, and {self.medium.file} is a picture")

    def _face(self, name: str) -> LabelledFace:
        faces = {face.id: face for face in self.medium.faces}
        if name not in faces:
            raise ConfigError(f"{self.medium.file} has no face {name!r}; it has {', '.join(faces) or 'none'}")
        return faces[name]

    def _instead(self, face: LabelledFace, new: LabelledFace) -> Medium:
        return changed(self.medium, faces=tuple(new if one is face else one for one in self.medium.faces))

    def _and(self, face: LabelledFace) -> Medium:
        return changed(self.medium, faces=(*self.medium.faces, face))


def _both_said(face: LabelledFace, other: LabelledFace) -> tuple[Said, ...]:
    said = {(one.annotator, one.frame): one for one in face.said}
    for one in other.said:
        if said.setdefault((one.annotator, one.frame), one) != one:
            raise ConfigError(
                f"{one.annotator} said {said[one.annotator, one.frame].label} of face {face.id} and {one.label} of "
                f"{other.id} at frame {one.frame}; take one of them back first"
            )
    return tuple(sorted(said.values(), key=lambda one: one.frame))


def _also(annotators: tuple[str, ...], annotator: str) -> tuple[str, ...]:
    return annotators if annotator in annotators else (*annotators, annotator)
