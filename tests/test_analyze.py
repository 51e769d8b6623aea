"""``groupmood analyze`` as its user meets it: it goes on after what is bad, and spoils nothing that is there."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamer.commands.analyze import Book, BookError, Outcome, alone, folder, with_detector, work_through
from streamer.commands.setup import configured
from streamer.config import check
from streamer.errors import SinkError
from streamer.sinks.tables import FACES, GROUPS, Table
from streamer.sources.images import find_media
from tests.clips import play, result
from tests.command import Command
from tests.data import ROOT
from tests.media import video
from tests.weights import weights

NOISE = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@pytest.fixture
def groupmood(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def fetched() -> None:
    """Weights that the defaults need, or the test is skipped."""
    for name in ("centerface", "groupmood"):
        weights(name)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that starts the tests in the background has Ctrl-C ignored, and so would whatever they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pictures(where: Path, *names: str) -> Path:
    """A folder with pictures of noise under these names."""
    for name in names:
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_bytes(cv2.imencode(Path(name).suffix, NOISE)[1].tobytes())
    return where


def names(where: Path) -> list[str]:
    return sorted(path.name for path in where.iterdir())


@pytest.mark.usefixtures("fetched")
def test_it_goes_on_after_bad_files_and_lists_them(groupmood: Command, tmp_path: Path) -> None:
    for name, image in {
        "good.png": NOISE,
        "grey.png": NOISE[:, :, 0],
        "deep.png": NOISE.astype(np.uint16) * 257,
        "alpha.png": np.dstack([NOISE, NOISE[:, :, :1]]),
        "odd.png": NOISE[:119, :159],
        "dot.png": NOISE[:1, :1],
    }.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        assert cv2.imwrite(str(tmp_path / "in" / name), image)
    (tmp_path / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (tmp_path / "in" / "empty.png").touch()
    video(tmp_path / "in" / "clip.mp4", codec="mpeg4")
    out = tmp_path / "out"
    answer = groupmood("analyze", tmp_path / "in", "--out", out)
    assert answer.code == 3
    assert "7 done, 2 failed" in answer.out
    assert "broken.jpg" in answer.out
    assert "empty.png is empty" in answer.out
    expected = ["alpha.png", "clip.mp4", "deep.png", "dot.png", "good.png", "grey.png", "odd.png"]
    assert names(out / "annotated") == expected
    assert (out / "results.jsonl").read_text().count("\n") == 6 + 10
    assert (out / "groups.csv").read_text().count("\n") == 1 + 6 + 10
    assert (out / "faces.csv").read_text() == ",".join(FACES) + "\n"  # nobody is on them, and the table says so
    again = groupmood("analyze", tmp_path / "in", "--out", out)
    assert again.code == 6
    assert "results.jsonl already, which is not overwritten" in again.error


def test_nothing_to_analyze_is_said(groupmood: Command, tmp_path: Path) -> None:
    answer = groupmood("analyze", tmp_path, "--out", tmp_path / "out")
    assert answer.code == 3
    assert "there are no pictures or videos in this folder" in answer.out
    assert not (tmp_path / "out").exists()


# Nothing of the user's is overwritten, nothing half-done is left


@pytest.mark.usefixtures("fetched")
def test_a_picture_that_has_the_name_already_stays(groupmood: Command, tmp_path: Path) -> None:
    own = pictures(tmp_path, "annotated/a.png") / "annotated" / "a.png"
    before = own.read_bytes()
    assert groupmood("analyze", own.parent, "--out", tmp_path).code == 0
    assert own.read_bytes() == before
    assert names(own.parent) == ["a-2.png", "a.png"]


@pytest.mark.usefixtures("fetched")
def test_pictures_and_videos_of_one_name_do_not_get_in_each_others_way(groupmood: Command, tmp_path: Path) -> None:
    where = pictures(tmp_path / "in", "a.png", "a.jpg", "b/a.png")
    video(where / "a.mp4", codec="mpeg4")
    video(where / "b" / "a.avi", codec="mpeg4")
    assert groupmood("analyze", where, "--out", tmp_path / "out").code == 0
    assert names(tmp_path / "out" / "annotated") == ["a-2.mp4", "a-2.png", "a-3.png", "a.mp4", "a.png"]


@pytest.mark.usefixtures("fetched")
def test_files_that_a_configuration_names_for_a_run_are_left_alone(groupmood: Command, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        f"sources: {{w: {{address: 0}}}}\noutput: {{video: {tmp_path / 'v.mp4'}, results: {tmp_path / 'r.jsonl'}}}\n"
    )
    for name in ("v.mp4", "r.jsonl"):
        (tmp_path / name).write_text("the user's")
    clip = video(tmp_path / "clip.mp4", codec="mpeg4")
    assert groupmood("analyze", clip, "--config", config, "--out", tmp_path / "out").code == 0
    assert [(tmp_path / name).read_text() for name in ("v.mp4", "r.jsonl")] == ["the user's"] * 2
    assert len(play(tmp_path / "out" / "annotated" / "clip.mp4").times) == 10


@pytest.mark.usefixtures("fetched")
def test_after_nothing_but_bad_pictures_all_is_as_before(groupmood: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (tmp_path / "there").mkdir()
    for _ in range(2):  # the second time it is not refused
        for out in ("there", "new/deep"):
            answer = groupmood("analyze", tmp_path / "bad.jpg", "--out", tmp_path / out)
            assert answer.code == 3
            assert "0 done, 1 failed" in answer.out
            assert re.search(r"written +nothing$", answer.out, re.MULTILINE)
    assert names(tmp_path) == ["bad.jpg", "there"]
    assert names(tmp_path / "there") == []


def test_weights_that_are_refused_leave_no_folder(groupmood: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"nothing of the kind")
    where = pictures(tmp_path / "in", "a.png")
    answer = groupmood("analyze", where, "--out", tmp_path / "out", "--detector-weights", tmp_path / "bad.onnx")
    assert answer.code == 5
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("fetched")
def test_an_output_that_is_no_folder_ends_the_run_at_once(groupmood: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = groupmood("analyze", pictures(tmp_path / "in", "a.png"), "--out", tmp_path / "file")
    assert answer.code == 6
    assert "cannot make the folder" in answer.error


def test_a_folder_that_fills_stays(tmp_path: Path) -> None:
    with folder(tmp_path / "a" / "b") as made:
        (made.parent / "x").touch()
    assert names(tmp_path / "a") == ["x"]


# What fails for one file, and what for all


@pytest.mark.usefixtures("fetched")
def test_a_name_that_no_output_can_have_fails_alone(groupmood: Command, tmp_path: Path) -> None:
    where = pictures(tmp_path / "in", "a.png", f"{'x' * 251}.png")
    video(where / "clip.mp4", codec="mpeg4").rename(where / f"{'x' * 252}.ts")  # would be .mp4, a letter too long
    video(where / "y.mp4", codec="mpeg4")
    answer = groupmood("analyze", where, "--out", tmp_path / "out")
    assert answer.code == 3
    assert "3 done, 1 failed" in answer.out
    assert "too long" in answer.out
    assert names(tmp_path / "out" / "annotated") == ["a.png", f"{'x' * 251}.png", "y.mp4"]


@needs_full
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("kind", ["picture", "video"])
def test_a_disk_too_full_for_the_results_ends_the_run(tmp_path: Path, kind: str) -> None:
    where = pictures(tmp_path / "in", "a.png", "b.png") if kind == "picture" else tmp_path / "in"
    if kind == "video":
        where.mkdir()
        for name in ("a.mp4", "b.mp4"):
            video(where / name, codec="mpeg4")
    (tmp_path / "groups.csv").symlink_to(FULL)
    config = with_detector(configured(None, {"source": "pictures"}, {}))
    media = find_media([where])
    outcome = Outcome(media)
    with (
        folder(tmp_path / "annotated") as drawn,
        Book(tmp_path) as book,
        pytest.raises(BookError, match="No space left on device"),
    ):
        work_through(media, config, drawn, book, outcome)
    assert (outcome.done, outcome.failed) == (0, {})


@pytest.mark.usefixtures("fetched")
def test_a_name_that_is_not_utf_8(groupmood: Command, tmp_path: Path) -> None:
    where = pictures(tmp_path / "in", "a.png")
    odd = where / os.fsdecode(b"caf\xe9.png")
    try:
        odd.write_bytes((where / "a.png").read_bytes())
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    (where / os.fsdecode(b"b\xe4d.png")).touch()
    answer = groupmood("analyze", where, "--out", tmp_path / "out")
    assert answer.code == 3
    assert "2 done, 1 failed" in answer.out
    assert r"b\udce4d.png is empty" in answer.out
    with (tmp_path / "out" / "groups.csv").open(encoding="utf-8", newline="") as table:
        assert [row["source"] for row in csv.DictReader(table)] == [f"{where}/a.png", rf"{where}/caf\udce9.png"]
    assert (tmp_path / "out" / "results.jsonl").read_bytes().count(b"\n") == 2


# Options


@pytest.mark.usefixtures("fetched")
def test_the_detector_is_that_of_the_option_of_the_file_or_centerface(groupmood: Command, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("sources: {w: {address: 0}}\ndetector: {name: yonet}\n")
    said = groupmood("analyze", pictures(tmp_path / "in", "a.png"), "--config", config, "--out", tmp_path / "out")
    assert said.code == 2
    assert "unknown detector 'yonet'" in said.error
    arguments = ("--config", config, "--detector", "yunnet")
    assert "'yunnet'" in groupmood("analyze", tmp_path / "in", *arguments, "--out", tmp_path / "out").error
    assert with_detector(configured(None, {"source": "x", "detector.every": 2}, {})).detector.name == "centerface"
    assert with_detector(configured(None, {"source": "x", "detector.name": "auto"}, {})).detector.name == "auto"


# Tables


def test_a_table_begins_with_the_first_result(tmp_path: Path) -> None:
    with Table(tmp_path / "t.csv", ("a", "b")) as table:
        assert names(tmp_path) == []
        table.write_rows([])
        assert (tmp_path / "t.csv").read_bytes() == b"a,b\r\n"
        table.write_rows([{"a": 1, "other": 5}, {"a": 'x,"y"\udce9', "b": 2}])
        assert (tmp_path / "t.csv").read_bytes() == b'a,b\r\n1,\r\n"x,""y""\\udce9",2\r\n'
    with pytest.raises(SinkError, match="not open"):
        table.write_rows([])


@needs_full
def test_a_table_on_a_full_disk() -> None:
    with pytest.raises(SinkError, match="No space left on device"), Table(FULL, ("a",)) as table:
        table.write_rows([{"a": 1}])


def test_a_book_without_results_touches_nothing(tmp_path: Path) -> None:
    with Book(tmp_path):
        pass
    assert names(tmp_path) == []
    with Book(tmp_path) as book:
        book.add(result(0, 0.0))
    assert names(tmp_path) == ["faces.csv", "groups.csv", "results.jsonl"]
    assert (tmp_path / "groups.csv").read_text().splitlines()[1].startswith("cam,0,0.0,0,0,")
    assert (tmp_path / "groups.csv").read_text().splitlines()[0] == ",".join(GROUPS)


# The terminal


@pytest.mark.usefixtures("fetched")
def test_lines_that_nobody_sees_in_a_terminal_are_not_broken(groupmood: Command, tmp_path: Path) -> None:
    out = tmp_path / ("long" * 30) / ("name" * 30)
    answer = groupmood("analyze", pictures(tmp_path / "in", "a.png"), "--out", out)
    assert answer.out.splitlines() == [
        "files     1 done, 0 failed",
        "people    0 at most in one frame",
        "shown     no faces",
        f"written   {out}: results.jsonl, faces.csv, groups.csv, annotated/",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.usefixtures("fetched", "interruptible")
def test_ctrl_c_ends_the_run_and_keeps_what_was_written(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png")
    for name in ("long.mp4", "other.mp4"):
        video(tmp_path / name, 1500, codec="mpeg4")
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamer", "analyze", tmp_path, "--out", tmp_path / "out"],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    before = said(ours, "frames/s")
    process.send_signal(signal.SIGINT)
    after = said(ours, "")
    os.close(ours)
    assert process.wait(timeout=30) == 130
    assert re.search(r"^files .* 1/3 ", before, re.MULTILINE)
    assert re.search(r"^long\.mp4 .* \d+/1500 [\d.]+ frames/s", before, re.MULTILINE)
    assert "interrupted, 1 of 3 files done, 0 failed" in after
    assert "other.mp4" not in after
    assert "Traceback" not in after
    assert names(tmp_path / "out" / "annotated") == ["a.png", "long.mp4"]
    assert 1 <= len(play(tmp_path / "out" / "annotated" / "long.mp4").times) < 1500
    for name, head in (("results.jsonl", 0), ("groups.csv", 1)):
        lines = (tmp_path / "out" / name).read_text()
        assert lines.endswith("\n")
        assert 2 <= lines.count("\n") - head < 1501


def said(terminal: int, until: str) -> str:
    """What a program writes into a terminal, without its control sequences, up to a text or ('') to its end."""
    text = ""
    while not until or until not in text:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux's word for the end
            break
        if not data:
            break
        text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", "replace")).replace("\r", "\n")
    return text


def test_a_video_has_the_mood_of_the_configured_room(tmp_path: Path) -> None:
    rooms = {"hall": {"sources": ["any"], "smoothing": 8, "correction": False}}
    config = alone(check({"sources": {"any": 0}, "rooms": rooms}, {}), tmp_path / "a.mp4", tmp_path / "b.mp4")
    (name,) = config.sources
    assert name == str(tmp_path / "a.mp4")
    room = config.room_of(name)[1]
    assert (room.smoothing, room.correction) == (8, False)
