"""Labelled media through the analysis of a live run: exact numbers with painted faces whose readings are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from streamer.analyzer import Models
from streamer.emotions import LABELS
from streamer.errors import ConfigError
from tests.labelled_portraits import saved
from tests.media import video
from tests.painted_faces import PaintedClassifier, PaintedDetector, Square, faces, medium, painted
from tools.evaluate.asked import Asked, configuration
from tools.evaluate.frames import pictures
from tools.evaluate.judging import material_of, stages, summed
from tools.evaluate.looking import Material, Watch, chosen, looks
from tools.evaluate.seen import Look
from tools.labelled.document import Medium
from tools.labelled.media import medium_of

RIGHT = Square(20, 20, 60, "happiness", "happiness")
WRONG = Square(120, 20, 60, "sadness", "neutral")
MISSED = Square(220, 20, 60, "anger", "anger", found=False)
NOBODY = Square(20, 140, 60, None, "surprise")


def models() -> Models:
    return Models(PaintedDetector(), PaintedClassifier())


def seen(material: Material, watch: Watch | None = None, with_: Models | None = None) -> list[Look]:
    return list(looks(material, configuration(Asked()), with_ or models(), watch or Watch()))


def material(folder: Path, media: Sequence[Medium], rate: float = 2.0) -> Material:
    return material_of(saved(folder / "labels.json", media), rate)


def clip(folder: Path, frames: int = 20, *, complete: bool = True) -> Medium:
    """At 10 frames a second, one happy face all through it."""
    path = video(folder / "clip.mkv", [painted([RIGHT])] * frames, pixel_format="bgr0")
    return medium_of(path, folder).model_copy(update={"faces": faces([RIGHT]), "complete": complete})


def test_a_picture_is_looked_at_with_the_products_own_analysis(tmp_path: Path) -> None:
    (look,) = seen(material(tmp_path, [medium(tmp_path, "a.png", [RIGHT, WRONG, MISSED, NOBODY])]))
    assert (look.medium, look.frame, look.size, look.complete) == ("a.png", 0, (320, 240), True)
    assert [face.box for face in look.faces] == [RIGHT.box, WRONG.box, NOBODY.box]
    assert [person.label for person in look.people] == ["happiness", "neutral", "surprise"]
    assert {"detect", "track", "classify", "mood"} <= set(look.seconds)


def test_a_labelled_face_is_read_whether_it_was_found_or_not(tmp_path: Path) -> None:
    (look,) = seen(material(tmp_path, [medium(tmp_path, "a.png", [RIGHT, WRONG, MISSED])]))
    likeliest = [LABELS[max(range(8), key=one.emotion.probabilities.__getitem__)] for one in look.readings if one]
    assert likeliest == ["happiness", "neutral", "anger"]
    assert [one.size for one in look.readings if one] == [60, 60, 60]
    assert all(one.sharpness == 1 and one.quality == 1 and math.isnan(one.pose) for one in look.readings if one)


def test_an_ignored_face_is_not_read(tmp_path: Path) -> None:
    made = medium(tmp_path, "a.png", [RIGHT, WRONG])
    first = made.faces[0].model_copy(update={"ignore": True})
    (look,) = seen(material(tmp_path, [made.model_copy(update={"faces": (first, made.faces[1])})]))
    assert look.readings[0] is None
    assert look.readings[1] is not None


def test_the_scores_are_those_of_what_was_painted(tmp_path: Path) -> None:
    labels = [medium(tmp_path, "a.png", [RIGHT, WRONG, MISSED, NOBODY]), medium(tmp_path, "b.png", [RIGHT])]
    with_ = models()
    given = material(tmp_path, labels)
    made = summed(tmp_path / "labels.json", Asked(), given.labels, with_, seen(given, with_=with_))
    assert (made.detection.found, made.detection.faces, made.detection.wrong) == (3, 4, 1)
    assert made.reading is not None
    assert made.told is not None
    assert made.reading.accuracy.value == 0.75
    assert made.told.accuracy.value == 0.5
    assert made.told.unsure == 0.25
    assert made.told.confusion[LABELS.index("anger")][len(LABELS)] == 1
    assert made.reading.confusion[LABELS.index("sadness")][LABELS.index("neutral")] == 1
    assert (made.detector, made.classifier) == ("painted detector", "painted classifier")
    assert (made.images, made.videos, made.annotators, made.agreement) == (2, 0, 2, None)
    assert [(one.truth, one.said) for one in made.mistakes] == [
        ("no face", "face"),
        ("sadness", "neutral"),
        ("anger", "missed"),
    ]


def test_every_frame_of_a_video_is_analysed_and_two_a_second_are_looked_at(tmp_path: Path) -> None:
    with_ = models()
    found = seen(material(tmp_path, [clip(tmp_path)]), with_=with_)
    assert [look.frame for look in found] == [0, 5, 10, 15]
    assert isinstance(with_.detector, PaintedDetector)
    assert with_.detector.calls == 20
    assert len({person.track.id for look in found[1:] for person in look.people}) == 1
    assert found[-1].people[0].track.age == pytest.approx(1.5)


def test_the_rate_is_of_looks_a_second(tmp_path: Path) -> None:
    made = clip(tmp_path)
    assert chosen(made, 5.0) == frozenset(range(0, 20, 2))
    assert chosen(made, 100.0) == frozenset(range(20))


def test_frames_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    made = clip(tmp_path)
    gone = made.faces[0].marks[0].model_copy(update={"frame": 10, "gone": True})
    leaves = made.faces[0].model_copy(update={"marks": (*made.faces[0].marks, gone)})
    left = made.model_copy(update={"faces": (leaves,)})
    assert chosen(left, 2.0) == {0, 5, 10, 15}
    assert chosen(left.model_copy(update={"complete": False}), 2.0) == {0, 5}


def test_what_cannot_be_read_is_left_out_with_its_reason(tmp_path: Path) -> None:
    good = medium(tmp_path, "good.png", [RIGHT])
    gone, changed = medium(tmp_path, "gone.png", [RIGHT]), medium(tmp_path, "changed.png", [RIGHT])
    (tmp_path / "gone.png").unlink()
    medium(tmp_path, "changed.png", [WRONG])
    watch = Watch()
    assert [look.medium for look in seen(material(tmp_path, [gone, good, changed]), watch)] == ["good.png"]
    assert set(watch.failed) == {"gone.png", "changed.png"}
    assert "was changed since" in watch.failed["changed.png"]


def test_somebody_can_follow_it(tmp_path: Path) -> None:
    begun, done = [], []
    watch = Watch(lambda name, frames: begun.append((name, frames)), lambda: done.append(1))
    seen(material(tmp_path, [medium(tmp_path, "a.png", [RIGHT]), clip(tmp_path)]), watch)
    assert begun == [("a.png", 1), ("clip.mkv", 20)]
    assert len(done) == 21


def test_labels_without_media_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"names no picture and no video: label some with python -m tools\.label"):
        material(tmp_path, [])


def test_pictures_are_read_again_once_for_all_their_frames(tmp_path: Path) -> None:
    given = material(tmp_path, [medium(tmp_path, "a.png", [RIGHT]), clip(tmp_path)])
    wanted = [("clip.mkv", 7), ("a.png", 0), ("clip.mkv", 2)]
    found = dict(pictures(given, wanted))
    assert list(found) == [("a.png", 0), ("clip.mkv", 2), ("clip.mkv", 7)]
    assert (found["a.png", 0] == painted([RIGHT])).all()


def test_the_first_look_at_a_size_does_not_count_as_its_time() -> None:
    def took(seconds: float, width: int = 320) -> Look:
        return Look("a", 0, (width, 240), True, (), (), (), (), {"detect": seconds})

    assert stages([took(9), took(1), took(3), took(8, 640), took(2, 640)]) == {"detect": 2}
    assert stages([took(9)]) == {"detect": 9}
