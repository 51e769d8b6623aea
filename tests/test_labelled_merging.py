from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium, Said
from tools.labelled.merging import Merged, Part, merged

HERE = Path("/labels")


def face(
    name: str, x: float, *words: tuple[str, int, str], ignore: bool = False, end: int = 0, **attributes: str
) -> LabelledFace:
    """20 × 20 pixels; in a video it moves on by 10 until frame ``end`` and is gone then."""
    marks: tuple[Mark, ...] = (Mark(x1=x, y1=0, x2=x + 20, y2=20),)
    if end:
        marks += (Mark(frame=end - 1, x1=x + 10, y1=0, x2=x + 30, y2=20),)
        marks += (Mark(frame=end, x1=x + 10, y1=0, x2=x + 30, y2=20, gone=True),)
    said = tuple(Said(annotator=who, frame=frame, label=label) for who, frame, label in words)
    return LabelledFace(id=name, marks=marks, said=said, ignore=ignore, attributes=attributes)


def picture(*faces: LabelledFace, file: str = "a.png", digest: str = "0", complete: bool = False) -> Medium:
    return Medium(
        file=file, kind="image", sha256=digest * 64, width=200, height=90, complete=complete, faces=faces
    )  # fmt: skip


def film(*faces: LabelledFace) -> Medium:
    return Medium(file="b.mp4", kind="video", sha256="f" * 64, width=200, height=90, frames=30, fps=10, faces=faces)


def part(name: str, *media: Medium, path: Path = HERE) -> Part:
    said = {one.annotator for medium in media for face in medium.faces for one in face.said}
    return Part(path / f"{name}.json", LabelFile(title=name, annotators=tuple(sorted(said | {name})), media=media))


def of(*parts: Part) -> Merged:
    return merged(parts, HERE)


def words(made: Merged, medium: int = 0) -> dict[str, list[tuple[str, int, str]]]:
    faces = made.labels.media[medium].faces
    return {face.id: [(one.annotator, one.frame, one.label) for one in face.said] for face in faces}


def test_two_over_the_same_picture() -> None:
    ann = part("ann", picture(face("f1", 0, ("ann", 0, "fear")), face("f2", 50, ("ann", 0, "anger"))))
    bob = part(
        "bob", picture(face("f1", 54, ("bob", 0, "neutral")), face("f2", 100, ("bob", 0, "sadness")), complete=True)
    )
    made = of(ann, bob)
    assert words(made) == {
        "f1": [("ann", 0, "fear")],
        "f2": [("ann", 0, "anger"), ("bob", 0, "neutral")],
        "f3": [("bob", 0, "sadness")],
    }
    assert made.labels.media[0].faces[1].marks[0].x1 == 50  # of the first file
    assert made.labels.annotators == ("ann", "bob")
    assert made.labels.title == "ann"
    assert made.labels.media[0].complete
    assert made.notes == ()


def test_one_file_alone_stays_as_it_is() -> None:
    alone = part("ann", picture(face("f1", 0, ("ann", 0, "fear"))), film(face("f1", 0, end=9)))
    assert of(alone).labels == alone.labels


def test_the_best_overlaps_are_joined_first() -> None:
    """y overlaps a by 12/28 only, b by 14/26 and x by 13/27 · which takes the better one decides."""
    ann = part("ann", picture(face("a", 0), face("b", 5)))
    bob = part("bob", picture(face("y", 4, ("bob", 0, "fear")), face("x", 1, ("bob", 0, "anger"))))
    assert words(of(ann, bob)) == {"a": [("bob", 0, "anger")], "b": [("bob", 0, "fear")]}


def test_half_an_overlap_is_needed() -> None:
    """By 7 pixels: 13 / 27 = 0.48; by 6: 14 / 26 = 0.54."""
    ann = part("ann", picture(face("f1", 0)))
    assert len(of(ann, part("bob", picture(face("f1", 7)))).labels.media[0].faces) == 2
    assert len(of(ann, part("bob", picture(face("f1", 6)))).labels.media[0].faces) == 1


def test_tracks_are_joined_through_time() -> None:
    """The same place at first, but another time on the whole."""
    ann = part("ann", film(face("f1", 0, ("ann", 0, "fear"), end=28), face("f2", 100, end=3)))
    near = part("bob", film(face("p", 2, ("bob", 3, "anger"), end=26), face("q", 101, ("bob", 0, "fear"), end=3)))
    brief = part("cy", film(face("r", 0, ("cy", 0, "anger"), end=5)))
    made = of(ann, near, brief)
    assert words(made) == {
        "f1": [("ann", 0, "fear"), ("bob", 3, "anger")],
        "f2": [("bob", 0, "fear")],
        "r": [("cy", 0, "anger")],
    }


def test_all_conflicts_are_listed() -> None:
    ann = part(
        "ann", picture(face("f1", 0, ("ann", 0, "fear"))), film(face("f1", 0, ("ann", 0, "fear"), ("ann", 9, "anger")))
    )
    again = part("again", picture(face("f1", 0, ("ann", 0, "anger"))), film(face("f1", 0, ("ann", 0, "fear"))))
    with pytest.raises(ConfigError) as caught:
        of(ann, again)
    lines = str(caught.value).splitlines()[1:]
    assert lines == [
        "  a.png, face f1, frame 0: ann says fear, and anger in again.json",
        "  b.mp4, face f1, frame 9: ann says anger, and fear in again.json",
    ]


def test_the_same_word_twice_is_one() -> None:
    ann = part("ann", picture(face("f1", 0, ("ann", 0, "fear"))))
    assert words(of(ann, ann)) == {"f1": [("ann", 0, "fear")]}


def test_what_was_decided_between_two_is_noted() -> None:
    ann = part("ann", picture(face("f1", 0, glasses="yes")))
    bob = part("bob", picture(face("f1", 0, ignore=True, glasses="no", beard="no")))
    made = of(ann, bob)
    result = made.labels.media[0].faces[0]
    assert result.ignore
    assert result.attributes == {"glasses": "yes", "beard": "no"}
    assert len(made.notes) == 2
    assert made.notes[0] == "a.png, face f1: is ignored in one of the files only: ignored was taken (bob.json)"


def test_files_in_other_folders_name_the_same_pictures() -> None:
    ann = part("ann", picture(face("f1", 0), file="photos/a.png"))
    bob = part("bob", picture(face("f1", 0), file="../photos/a.png"), path=HERE / "bob")
    made = of(ann, bob)
    assert [medium.file for medium in made.labels.media] == ["photos/a.png"]
    copied = part("bob", picture(face("f1", 0), file="elsewhere.png"), path=HERE / "bob")
    assert [medium.file for medium in of(ann, copied).labels.media] == ["photos/a.png"]


def test_copies_of_a_picture_in_one_file_stay_apart() -> None:
    ann = part("ann", picture(face("f1", 0)), picture(face("f1", 0, ("ann", 0, "fear")), file="copy.png"))
    assert [len(medium.faces) for medium in of(ann, ann).labels.media] == [1, 1]


def test_a_picture_that_was_changed_in_between() -> None:
    with pytest.raises(ConfigError, match=r"a\.png: the files were made over different versions"):
        of(part("ann", picture()), part("bob", picture(digest="1")))
