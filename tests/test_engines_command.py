"""``groupmood engines``: what its user sees. Building needs tensorrt_rtx, which builds without a GPU."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from tests.command import Command

needs_rtx = pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None,
    reason="tensorrt_rtx is not installed: pip install 'groupmood[rtx]'",
)


@pytest.fixture
def groupmood(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """With a cache of its own that has the emotion model."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = Command(capsys)
    assert command("models", "fetch", "groupmood").code == 0
    return command


def plans(folder: Path) -> list[Path]:
    return sorted((folder / "cache" / "groupmood" / "engines").glob("*.plan"))


def test_without_any_engine_the_way_to_one_is_told(groupmood: Command) -> None:
    answer = groupmood("engines", "check")
    assert answer.code == 0
    assert "no engine is built yet; 'groupmood engines build' builds those that a run needs" in answer.out
    assert groupmood("engines", "list").code == 0
    assert "0 engines deleted" in groupmood("engines", "clear").out


@needs_rtx
def test_an_engine_is_built_once_listed_checked_and_cleared(groupmood: Command, tmp_path: Path) -> None:
    build = ("engines", "build", "--model", "groupmood", "--backend", "tensorrt_rtx")
    first = groupmood(*build)
    assert first.code == 0
    assert "groupmood: fp16 for tensorrt_rtx " in first.out
    assert "accuracy gate passed on 96 samples" in first.out
    assert "was built before" in groupmood(*build).out
    (plan,) = plans(tmp_path)
    assert plan.stat().st_mode & 0o777 == 0o600
    row = groupmood("engines", "list").out.splitlines()[1].split()
    assert (row[0], row[1], row[3], row[-1]) == ("groupmood", "tensorrt_rtx", "fp16", "passed")
    assert ": ready" in groupmood("engines", "check").out
    assert "1 engine deleted" in groupmood("engines", "clear").out
    assert plans(tmp_path) == []


@needs_rtx
def test_an_altered_engine_is_told_and_built_anew(groupmood: Command, tmp_path: Path) -> None:
    build = ("engines", "build", "--model", "groupmood", "--backend", "tensorrt_rtx", "--precision", "fp32")
    assert groupmood(*build).code == 0
    (plan,) = plans(tmp_path)
    with plan.open("r+b") as file:
        file.seek(1000)
        file.write(b"altered")
    checked = groupmood("engines", "check")
    assert checked.code == 5
    assert "built anew when it is needed, because it was altered" in checked.out
    again = groupmood(*build)
    assert again.code == 0
    assert "fp32 for tensorrt_rtx" in again.out
    assert "built in " in again.out
    assert groupmood("engines", "check").code == 0


@needs_rtx
@pytest.mark.skipif(os.name != "posix", reason="file modes are of POSIX")
def test_a_folder_that_others_can_write_to_is_refused(groupmood: Command, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "groupmood" / "engines"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    answer = groupmood("engines", "build", "--model", "groupmood", "--backend", "tensorrt_rtx")
    assert answer.code == 5
    assert "engines built by others are refused" in answer.error


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--precision", "int8"), 2, "--precision must be fp16 or fp32, got 'int8'"),
        (("--size", "wide"), 2, "--size must be WIDTHxHEIGHT of 16 to 16384 pixels, such as 1280x720, got 'wide'"),
        (("--size", "8x8"), 2, "--size must be WIDTHxHEIGHT"),
        (("--backend", "tensorrt_rtz"), 2, "unknown backend 'tensorrt_rtz' (did you mean 'tensorrt_rtx'?)"),
    ],
)
def test_wrong_words_are_named(groupmood: Command, options: tuple[str, ...], code: int, message: str) -> None:
    answer = groupmood("engines", "build", *options)
    assert answer.code == code
    assert message in answer.error


@needs_rtx
@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("mediapipe", 2, "mediapipe brings an engine of its own; build one of groupmood, centerface or yunet"),
        ("grupmood", 5, "grupmood"),
    ],
)
def test_a_model_that_no_engine_runs_is_refused(groupmood: Command, model: str, code: int, message: str) -> None:
    answer = groupmood("engines", "build", "--backend", "tensorrt_rtx", "--model", model)
    assert answer.code == code
    assert message in answer.error
