from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from streamer.errors import SourceError
from streamer.sources.images import ImageSource, find_media, read_image
from tests.data import data
from tests.users import open_folder, unprivileged

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)


def corners() -> NDArray[np.uint8]:
    """40 × 60, BGR: red top left, green top right, blue bottom left, black bottom right."""
    image = np.zeros((40, 60, 3), np.uint8)
    image[:20, :30], image[:20, 30:], image[20:, :30] = RED, GREEN, BLUE
    return image


def saved(path: Path, *, mode: str = "RGB", orientation: int = 1) -> Path:
    """The corners as Pillow writes them."""
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(corners()[:, :, ::-1]).convert(mode).save(path, exif=exif)
    return path


def at_corners(image: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    """Top left, top right, bottom left, bottom right."""
    return [tuple(int(value) for value in image[y, x]) for y in (5, -6) for x in (5, -6)]


def near(found: list[tuple[int, ...]], expected: list[tuple[int, ...]]) -> bool:
    return bool(np.abs(np.array(found) - np.array(expected)).max() <= 12)


def refused(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read_image(path)
    assert "\n" not in str(caught.value)
    assert str(path.name) in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.tif", "a.gif", "a.ppm"])
def test_formats(tmp_path: Path, name: str) -> None:
    image = read_image(saved(tmp_path / name))
    assert image.shape == (40, 60, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert near(at_corners(image), [RED, GREEN, BLUE, (0, 0, 0)])


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize(
    ("orientation", "size", "expected"),
    [  # EXIF 2.3, tag 0x0112: where row 0 and column 0 of what is stored are to be seen
        (1, (40, 60), "RGB-"),
        (2, (40, 60), "GR-B"),  # mirrored
        (3, (40, 60), "-BGR"),  # half a turn
        (6, (60, 40), "BR-G"),  # shown after a quarter turn clockwise
        (8, (60, 40), "G-RB"),  # anticlockwise
    ],
)
def test_exif_orientation(tmp_path: Path, name: str, orientation: int, size: tuple[int, int], expected: str) -> None:
    image = read_image(saved(tmp_path / name, orientation=orientation))
    colours = {"R": RED, "G": GREEN, "B": BLUE, "-": (0, 0, 0)}
    assert image.shape == (*size, 3)
    assert near(at_corners(image), [colours[letter] for letter in expected])


@pytest.mark.parametrize(("mode", "name"), [("P", "a.png"), ("CMYK", "a.jpg"), ("RGBA", "a.png"), ("CMYK", "a.tif")])
def test_modes_with_colour(tmp_path: Path, mode: str, name: str) -> None:
    assert near(at_corners(read_image(saved(tmp_path / name, mode=mode))), [RED, GREEN, BLUE, (0, 0, 0)])


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.full((9, 7), 100, np.uint8), 100),
        (np.full((9, 7), 40000, np.uint16), 156),  # 40000 / 256
        (np.full((9, 7, 3), 40000, np.uint16), 156),
        (np.full((9, 7, 4), 100, np.uint8), 100),
        (np.full((1, 1, 3), 100, np.uint8), 100),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_depths_as_opencv_writes_them(
    tmp_path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16], expected: int, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, pixels)[1].tobytes())
    image = read_image(path)
    assert image.shape == (*pixels.shape[:2], 3)
    assert (image == expected).all()


def test_grey_with_alpha_and_palette_with_transparency(tmp_path: Path) -> None:
    Pillow.new("LA", (8, 8), (90, 10)).save(tmp_path / "la.png")
    assert (read_image(tmp_path / "la.png") == 90).all()
    palette = Pillow.fromarray(corners()[:, :, ::-1]).convert("P")
    palette.save(tmp_path / "p.png", transparency=bytes(256))
    assert near(at_corners(read_image(tmp_path / "p.png")), [RED, GREEN, BLUE, (0, 0, 0)])


def test_agrees_with_opencv_on_real_pictures() -> None:
    path = data("faces/bald_guys.jpg")
    reference = cv2.imread(str(path))
    assert np.abs(read_image(path).astype(int) - reference.astype(int)).max() <= 2


def test_what_is_no_picture(tmp_path: Path) -> None:
    for name, content in (("text.jpg", b"hello\n" * 99), ("zeros.png", bytes(999)), ("tiny.jpg", b"\xff\xd8\xff")):
        (tmp_path / name).write_bytes(content)
        assert "picture" in refused(tmp_path / name)
    (tmp_path / "empty.jpg").touch()
    assert "is empty" in refused(tmp_path / "empty.jpg")
    assert "does not exist" in refused(tmp_path / "none.jpg")
    (tmp_path / "folder.jpg").mkdir()
    assert "is a folder" in refused(tmp_path / "folder.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "is a named pipe" in refused(tmp_path / "pipe.jpg")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_cut_off(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    content = cv2.imencode(suffix, noise)[1].tobytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(content[: len(content) // 2])
    assert "picture" in refused(path)


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    assert "3600 megapixels, at most 178 are read" in refused(tmp_path / "bomb.png")


def test_a_picture_of_90_megapixels_is_read_without_a_warning(tmp_path: Path) -> None:
    Pillow.new("1", (9600, 9400)).save(tmp_path / "large.png")
    assert read_image(tmp_path / "large.png").shape == (9400, 9600, 3)


# The source


def test_frames_of_pictures_go_on_after_a_bad_one(tmp_path: Path) -> None:
    paths = [saved(tmp_path / "a.png"), tmp_path / "bad.jpg", saved(tmp_path / "b.png")]
    paths[1].write_bytes(b"no picture")
    with ImageSource(paths, name="album") as source:
        frames = list(source.frames())
    assert [(frame.source, frame.index, frame.pts) for frame in frames] == [("album", 0, 0.0), ("album", 1, 1.0)]
    assert [one.path for one in source.unreadable] == [paths[1]]
    assert "is not a picture" in source.unreadable[0].reason


def test_no_picture_at_all(tmp_path: Path) -> None:
    with ImageSource([tmp_path / "none.png"]) as source, pytest.raises(SourceError, match=r"none of 1 .*not exist"):
        next(source.frames())


# Finding


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    for name in ("b/2.PNG", "b/1.jpg", "b/notes.txt", "b/.hidden.jpg", "a/film.MP4", "a/deep/0.webp", ".git/x.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    media = find_media([tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in media.images] == ["a/deep/0.webp", "b/1.jpg", "b/2.PNG"]
    assert [path.relative_to(tmp_path).as_posix() for path in media.videos] == ["a/film.MP4"]
    assert media.unreadable == ()


def test_many_names_are_sorted(tmp_path: Path) -> None:
    names = [f"{number * 7 % 20:02}.jpg" for number in range(20)]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in find_media([tmp_path]).images] == sorted(names)


def test_what_is_named_and_cannot_be_used_is_listed(tmp_path: Path) -> None:
    good = saved(tmp_path / "good.png")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "empty.mp4").touch()
    names = ["none.jpg", "notes.txt", "nothing", "empty.mp4", "good.png"]
    media = find_media([tmp_path / name for name in names])
    assert media.images == (good,)
    assert media.videos == ()
    reasons = {one.path.name: one.reason for one in media.unreadable}
    assert list(reasons) == names[:4]
    assert "does not exist" in reasons["none.jpg"]
    assert "neither a picture nor a video by its name (.txt)" in reasons["notes.txt"]
    assert "no pictures or videos in this folder" in reasons["nothing"]
    assert "is empty" in reasons["empty.mp4"]


def test_named_twice_is_found_once(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png")
    assert find_media([path, tmp_path, path]).images == (path,)


def test_a_file_with_two_names_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path = saved(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(path)
    (tmp_path / "link").symlink_to(tmp_path)
    assert find_media([path, tmp_path / "link", tmp_path / "a" / ".." / "a.png"]).images == (path,)
    assert find_media([tmp_path]).images == (path,)


def test_what_an_earlier_analysis_made_is_no_input(tmp_path: Path) -> None:
    own = [saved(made(tmp_path / "trip") / "a.png"), saved(made(tmp_path / "trip" / "annotated") / "own.png")]
    report = made(tmp_path / "trip" / "report")
    (report / "results.jsonl").touch()
    drawn = saved(made(report / "annotated") / "a.png")
    beside = saved(report / "b.png")
    assert find_media([tmp_path]).images == (*own, beside)
    assert find_media([report]).images == (beside,)
    assert find_media([report / "annotated"]).images == (drawn,)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_a_folder_that_may_not_be_read() -> None:
    with open_folder() as folder:
        (folder / "closed").mkdir(mode=0)
        with unprivileged():
            assert "cannot be read" in find_media([folder]).unreadable[0].reason
