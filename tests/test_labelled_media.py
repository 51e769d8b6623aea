from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from streamer.errors import ConfigError, SourceError
from tests.data import data
from tests.media import cut, level, video
from tools.labelled.document import Medium
from tools.labelled.media import MediaFolder, medium_of
from tools.labelled.sampling import sampled

FRAME = 64 * 48 * 3


def picture(path: Path, size: tuple[int, int] = (40, 30), orientation: int = 1) -> Path:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    path.parent.mkdir(exist_ok=True)
    Pillow.new("RGB", size, (10, 200, 30)).save(path, exif=exif)
    return path


def grey(image: NDArray[np.uint8]) -> float:
    return float(image.mean())


def greys_of(folder: MediaFolder, medium: Medium) -> list[float]:
    return [grey(frame.image) for frame in folder.frames(medium)]


def test_a_picture_is_described(tmp_path: Path) -> None:
    path = picture(tmp_path / "photos" / "a.png")
    medium = medium_of(path, tmp_path)
    assert medium == Medium(
        file="photos/a.png",
        kind="image",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        width=40,
        height=30,
    )
    assert medium_of(path, tmp_path / "labels").file == "../photos/a.png"


def test_a_turned_picture_is_described_and_shown_upright(tmp_path: Path) -> None:
    medium = medium_of(picture(tmp_path / "a.jpg", orientation=6), tmp_path)
    assert (medium.width, medium.height) == (30, 40)
    with MediaFolder(tmp_path) as folder:
        assert folder.picture(medium).shape == (40, 30, 3)


def test_a_video_is_counted(tmp_path: Path) -> None:
    medium = medium_of(video(tmp_path / "a.mkv", 12), tmp_path)
    assert (medium.kind, medium.width, medium.height, medium.frames, medium.fps) == ("video", 64, 48, 12, 10.0)
    uneven = medium_of(video(tmp_path / "b.mkv", 3, times=[0, 0.1, 1.0]), tmp_path)
    assert (uneven.frames, uneven.fps) == (3, 2.0)
    assert medium_of(video(tmp_path / "c.mkv", 1), tmp_path).frames == 1


def test_a_real_video() -> None:
    path = data("videos/three-at-the-camera.mp4")
    medium = medium_of(path, path.parent)
    assert (medium.width, medium.height, medium.frames, medium.fps) == (480, 270, 41, 12.0)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    cut(tmp_path / "c.png", picture(tmp_path / "d.png", (300, 300)))
    for name, message in (("broken.jpg", "not a picture"), ("broken.mp4", "not a video"), ("c.png", "damaged")):
        with pytest.raises(SourceError, match=message):
            medium_of(tmp_path / name, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_names_that_cannot_stand_in_a_file(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png").rename(tmp_path / "a\\b.png")
    with pytest.raises(ConfigError, match=r"cannot be labelled: .*; rename it"):
        medium_of(path, tmp_path)
    with pytest.raises(SourceError, match="does not exist"):
        medium_of(tmp_path / "a.png", tmp_path)


def test_every_frame_of_a_video_and_each_by_its_number(tmp_path: Path) -> None:
    medium = medium_of(video(tmp_path / "a.mkv", 12), tmp_path)
    expected = [pytest.approx(level(number), abs=4) for number in range(12)]
    with MediaFolder(tmp_path, cache=3 * FRAME) as folder:
        assert greys_of(folder, medium) == expected
        for number in (0, 1, 5, 4, 2, 11, 11, 0, 10):
            frame = folder.frame(medium, number)
            assert frame.index == number
            assert grey(frame.image) == expected[number]
        with pytest.raises(ConfigError, match=r"a\.mkv has frames 0 to 11, got 12"):
            folder.frame(medium, 12)


def test_what_was_passed_is_kept_within_the_bound(tmp_path: Path) -> None:
    """Going back a frame decodes nothing: it is the very same picture; one further back than is kept is decoded."""
    medium = medium_of(video(tmp_path / "a.mkv", 12), tmp_path)
    with MediaFolder(tmp_path, cache=4 * FRAME) as folder:
        eight = folder.frame(medium, 8)
        five = folder.frame(medium, 5)
        assert folder.frame(medium, 8) is eight
        assert folder.frame(medium, 5) is five
        folder.frame(medium, 1)
        assert folder.frame(medium, 8) is not eight


def test_two_media_in_turn(tmp_path: Path) -> None:
    film = medium_of(video(tmp_path / "a.mkv", 4), tmp_path)
    still = medium_of(picture(tmp_path / "b.png"), tmp_path)
    with MediaFolder(tmp_path, cache=1) as folder:
        for number in range(4):
            assert grey(folder.frame(film, number).image) == pytest.approx(level(number), abs=4)
            assert folder.picture(still)[0, 0].tolist() == [30, 200, 10]


def test_a_missing_or_changed_file_is_named(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    medium = medium_of(path, tmp_path)
    with MediaFolder(tmp_path) as folder:
        assert folder.picture(medium).shape == (30, 40, 3)
        picture(path, (41, 30))
        with pytest.raises(ConfigError, match=r"a\.png is not the file that was labelled"):
            folder.picture(medium)
        path.unlink()
        with pytest.raises(ConfigError, match=r"a\.png of the label file cannot be opened: .*does not exist"):
            folder.picture(medium)
        with pytest.raises(ConfigError, match=r"a\.png of the label file"):
            next(folder.frames(medium))


def test_labels_of_other_measures_are_refused(tmp_path: Path) -> None:
    still = medium_of(picture(tmp_path / "a.png"), tmp_path)
    film = medium_of(video(tmp_path / "a.mkv", 4), tmp_path)
    with MediaFolder(tmp_path) as folder:
        with pytest.raises(ConfigError, match=r"for pictures of 30 × 40 pixels, it has 40 × 30"):
            folder.picture(still.model_copy(update={"width": 30, "height": 40}))
        with pytest.raises(ConfigError, match=r"has 5 frames by its labels, only 4 can be decoded"):
            list(folder.frames(film.model_copy(update={"frames": 5})))
        with pytest.raises(ConfigError, match=r"only 4 can be decoded"):
            folder.frame(film.model_copy(update={"frames": 5}), 4)
        assert grey(folder.frame(film, 3).image) == pytest.approx(level(3), abs=4)  # it goes on after a fault
        frames = folder.frames(film.model_copy(update={"frames": 3}))
        assert [next(frames).index for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ConfigError, match="has 3 frames by its labels, more can be decoded"):
            next(frames)


@pytest.mark.parametrize(
    ("fps", "frames", "expected"),
    [
        (10.0, 16, (0, 5, 10, 15)),
        (29.97, 46, (0, 15, 30, 45)),
        (5.0, 8, (0, 2, 5)),
        (1.0, 3, (0, 1, 2)),
        (0.0, 3, (0, 1, 2)),
    ],
)
def test_two_frames_a_second_are_sampled(fps: float, frames: int, expected: tuple[int, ...]) -> None:
    film = Medium(file="a.mp4", kind="video", sha256="0" * 64, width=9, height=9, frames=frames, fps=fps)
    assert sampled(film) == expected
