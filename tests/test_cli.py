"""The command line as its user meets it: codes, one clear line, never a traceback, nothing half-written left."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import Command
from tests.data import ROOT
from tests.media import cut, sound, video
from tests.weights import weights


@pytest.fixture
def groupmood(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def fetched() -> None:
    """Weights that the defaults need, or the test is skipped."""
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)


def bad_inputs(folder: Path) -> dict[str, tuple[Path, str]]:
    """Sources that are no video, and a part of what is said of them."""
    os.mkfifo(folder / "fifo.mp4")
    (folder / "folder.mp4").mkdir()
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("hello\n" * 50)
    whole = video(folder / "whole.mp4", codec="mpeg4")
    return {
        "missing": (folder / "gone.mp4", "does not exist"),
        "fifo": (folder / "fifo.mp4", "pipe"),
        "folder": (folder / "folder.mp4", "folder"),
        "empty": (folder / "empty.mp4", "empty"),
        "text": (folder / "text.mp4", "not a video"),
        "truncated": (cut(folder / "cut.mp4", whole, 0.3), "damaged or cut off"),
        "audio only": (sound(folder / "sound.mp4"), "no video"),
    }


@pytest.mark.parametrize("kind", ["missing", "fifo", "folder", "empty", "text", "truncated", "audio only"])
@pytest.mark.usefixtures("fetched")
def test_what_is_no_video_is_said_in_one_line_and_leaves_no_file(groupmood: Command, tmp_path: Path, kind: str) -> None:
    path, message = bad_inputs(tmp_path)[kind]
    out, results = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    answer = groupmood("run", path, "--no-window", "--out", out, "--results", results)
    assert answer.code == 4
    assert message in answer.error
    assert answer.error.count("\n") == 1
    assert not out.exists()
    assert not results.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run"], 2, "no source: give a camera (0)"),
        (["run", "0", "--detector", "yonet"], 2, "unknown detector 'yonet' (did you mean 'yunet'?)"),
        (["run", "0", "--engine", "openvin"], 2, "unknown engine 'openvin' (did you mean 'openvino'?)"),
        (["run", "0", "--size", "big"], 2, "expected WIDTHxHEIGHT such as 1280x720, got 'big'"),
        (["run", "0", "--classifier", "mini_xeption"], 5, "did you mean 'mini_xception'?"),
        (["run", "synthetic:people=9", "--no-window"], 2, "people"),
        (["run", "rtsp://me:hunter2@host/1", "--no-window"], 2, "others than you may be seen (by the source camera)"),
        (["run", "ftp://me:hunter2@host/1", "--no-window", "--purpose", "audience"], 2, "ftp"),
        (["run", "webrtc:", "--no-window", "--purpose", "audience"], 2, "say 'groupmood serve'"),
        (["serve", "0", "--purpose", "workplace"], 2, "is refused"),
        (["serve", "0"], 2, "say what for"),
        (["run", "0", "--config", "gone.yaml"], 2, "gone.yaml: cannot be read"),
        (["run", "0", "--no-such-option"], 2, "No such option"),
        (["check", "gone.yaml"], 2, "gone.yaml: cannot be read"),
        (["models", "fetch", "nosuch"], 5, "there is no model card 'nosuch'"),
        (["models", "fetch", "a", "b", "--from", "x"], 2, "--from takes one model, got 2"),
        (["analyze", "gone.jpg", "--out", "OUT"], 3, ""),
        (["nonsense"], 2, "No such command"),
    ],
)
@pytest.mark.usefixtures("fetched")
def test_wrong_arguments(groupmood: Command, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    answer = groupmood(*(str(tmp_path / "out") if word == "OUT" else word for word in arguments))
    assert answer.code == code
    assert message in answer.error
    assert "hunter2" not in answer.error + answer.out


@pytest.mark.usefixtures("fetched")
def test_an_absent_camera_is_told_with_those_that_are_there(groupmood: Command) -> None:
    answer = groupmood("run", "97", "--no-window")
    assert answer.code == 4
    assert "camera 97 is not there; cameras found:" in answer.error


def test_without_a_display_a_window_is_refused_before_anything_opens(tmp_path: Path) -> None:
    # In a process of its own: the answer is remembered, and OpenCV would abort where it is wrong.
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ended = subprocess.run(
        [sys.executable, "-m", "streamer", "run", "synthetic:", "--window", "--offline"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 6
    assert "no window can be shown: no display" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_corrupt_weights_stop_the_run_with_both_digests(groupmood: Command, tmp_path: Path) -> None:
    bad = tmp_path / "centerface.onnx"
    bad.write_bytes(b"nothing of the kind")
    answer = groupmood("run", "synthetic:", "--no-window", "--detector", "centerface", "--detector-weights", bad)
    assert answer.code == 5
    for digest in (hashlib.sha256(weights("centerface")).hexdigest(), hashlib.sha256(bad.read_bytes()).hexdigest()):
        assert digest in answer.error
    assert answer.error.count("\n") == 1


def test_offline_says_what_is_missing(groupmood: Command, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(f"sources: {{scene: {{address: 'synthetic:'}}}}\ncache_dir: {tmp_path / 'none'}\n")
    answer = groupmood("run", "--config", config, "--no-window", "--offline")
    assert answer.code == 5
    assert "because offline" in answer.error


def test_check_lists_every_fault_at_once(groupmood: Command, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("sources: {w: {address: 0, miror: true}}\ndetektor: {}\n")
    answer = groupmood("check", config)
    assert answer.code == 2
    assert "sources.w.miror: unknown key (did you mean 'mirror'?)" in answer.error
    assert "detektor: unknown key (did you mean 'detector'?)" in answer.error


def test_check_shows_what_a_good_file_means_without_secrets(groupmood: Command, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("sources: {cam: {address: 'lavfi:movie=x?token=hunter2'}}\nrooms: {hall: {sources: [cam]}}\n")
    answer = groupmood("check", config)
    assert answer.code == 0
    assert "room hall" in answer.out
    assert "hunter2" not in answer.out


@pytest.mark.usefixtures("fetched")
def test_a_run_writes_video_and_results_and_sums_up(groupmood: Command, tmp_path: Path) -> None:
    out, results = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    answer = groupmood(
        "run", "lavfi:testsrc2=size=320x240:rate=10:duration=2", "--no-window", "--out", out, "--results", results
    )
    assert answer.code == 0
    assert "no data" in answer.out
    assert out.stat().st_size > 1000
    assert results.read_text().count("\n") >= 1


@pytest.mark.usefixtures("fetched")
def test_an_output_that_cannot_be_written_ends_with_its_own_code(groupmood: Command, tmp_path: Path) -> None:
    answer = groupmood(
        "run", "lavfi:testsrc2=size=320x240:rate=10:duration=1", "--no-window", "--results", tmp_path / "no" / "x.jsonl"
    )
    assert answer.code == 6
    assert "x.jsonl" in answer.error


def test_version(groupmood: Command) -> None:
    assert groupmood("version").out.startswith("groupmood 0.")


def test_models_list_and_check(groupmood: Command) -> None:
    weights("mini_xception")
    assert "mini_xception" in groupmood("models", "list").out
    assert "mini_xception: digest right, answer to the reference picture within" in groupmood("models", "check").out


@pytest.mark.usefixtures("fetched")
def test_probe_says_what_a_file_gives(groupmood: Command, tmp_path: Path) -> None:
    answer = groupmood("probe", video(tmp_path / "v.mp4", codec="mpeg4"))
    assert answer.code == 0
    assert "64×48" in answer.out
    assert "10.0 a second" in answer.out
    assert "none seen" in answer.out


def test_doctor_runs_to_its_end(groupmood: Command) -> None:
    answer = groupmood("doctor")
    assert answer.code in (0, 1)
    assert "onnxruntime" in answer.out
