from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from streamer.errors import SinkError
from streamer.sinks.picture_file import StillPicture
from streamer.sinks.png import write_png
from streamer.types import UNSURE, Box, Face, FrameResult, Person, Track
from tests.clips import picture, plain


def people(*labels: str, seen: bool = True) -> tuple[Person, ...]:
    face = Face(Box(0, 0, 10, 10), 0.9)
    return tuple(Person(Track(n, face, 1.0, seen), None, label) for n, label in enumerate(labels))


def kept(path: Path, shown: list[tuple[Person, ...]]) -> int:
    """The index of the picture that was written, told by its grey."""
    with StillPicture(path) as sink:
        for index, persons in enumerate(shown):
            sink.write(picture(index, index / 30), FrameResult("cam", index, index / 30, 0.0, persons, None))
    return int(cv2.imread(str(path))[0, -1, 0]) - 40


def test_most_people_with_a_label_win_and_the_earliest_of_those(tmp_path: Path) -> None:
    one, two, three = people("anger"), people("happiness", "neutral"), people(UNSURE, UNSURE, "fear")
    assert kept(tmp_path / "a.png", [one, two, three, two, one]) == 1
    assert kept(tmp_path / "b.png", [one, three, two, two]) == 2


def test_of_those_with_as_many_labels_the_one_with_more_people(tmp_path: Path) -> None:
    assert kept(tmp_path / "a.png", [people("anger"), people("anger", UNSURE), people("anger", UNSURE)]) == 1


def test_people_who_are_only_predicted_do_not_count(tmp_path: Path) -> None:
    assert kept(tmp_path / "a.png", [people("anger"), people("anger", "fear", seen=False)]) == 0


def test_a_run_without_people_still_gives_a_picture(tmp_path: Path) -> None:
    assert kept(tmp_path / "a.png", [(), ()]) == 0


def test_nothing_but_the_picture_is_left(tmp_path: Path) -> None:
    kept(tmp_path / "a.png", [()])
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_the_still_is_a_png(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"end the name in \.png"), StillPicture(tmp_path / "a.jpg"):
        pass


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    (tmp_path / "a.png" / "full").touch()
    with pytest.raises(SinkError, match="cannot write"):
        write_png(tmp_path / "a.png", plain(80))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(SinkError, match="cannot write"):
        write_png(tmp_path / "gone" / "a.png", plain(80))


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 251}.png"
    write_png(path, plain(80))
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    with pytest.raises(SinkError, match="too long"):
        write_png(tmp_path / f"{'x' * 252}.png", plain(80))
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(SinkError, match="cannot write"):
        write_png(tmp_path / "folder" / "a.png", plain(80))


def test_a_picture_may_be_read_by_whoever_may_read_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "any").touch()
    write_png(tmp_path / "a.png", plain(80))
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_of_equals_the_one_nearest_to_the_best_moment(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with StillPicture(path, near=0.1) as sink:
        for index in range(10):
            sink.write(picture(index, index / 30), FrameResult("cam", index, index / 30, 0.0, people("fear"), None))
    assert int(cv2.imread(str(path))[0, -1, 0]) - 40 == 3
