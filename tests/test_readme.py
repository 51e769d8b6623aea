"""What the README says is true: its commands and its example run, its figures are those that were measured."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.cli import EXIT_CODES
from tests.data import ROOT
from tests.media import video
from tests.weights import weights
from tools.readme import filled, tables

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line]


@pytest.fixture
def fetched() -> None:
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, timeout=110, check=False)


def test_the_two_commands_are_those_of_the_bootstrap() -> None:
    assert commands()[:2] == ["python3 tools/bootstrap.py demo", "python3 tools/bootstrap.py test"]
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    assert commands()[1] in ci


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("groupmood")])
@pytest.mark.usefixtures("fetched")
def test_a_command_runs(line: str, tmp_path: Path) -> None:
    """Exactly as it stands; where it names a camera this machine may lack, a graph of the same kind takes its place."""
    video(tmp_path / "talk.mp4", codec="mpeg4")
    (tmp_path / "photos").mkdir()
    video(tmp_path / "photos" / "clip.mp4", codec="mpeg4")
    words = shlex.split(line)[1:]
    if "--config" in words:
        words[words.index("--config") + 1] = str(ROOT / words[words.index("--config") + 1])
        words = ["check", words[words.index("--config") + 1]] if words[0] in ("run", "serve") else words
    words = ["lavfi:testsrc2=size=320x240:rate=10:duration=1" if word == "0" else word for word in words]
    words += ["--no-window"] if words[0] == "run" else []
    environment = ["HALL_LEFT=a", "HALL_RIGHT=b", "DESK=c"]
    ended = run("env", *environment, sys.executable, "-m", "streamer", *words, cwd=tmp_path)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 0 or words == ["doctor"], ended.stderr


@pytest.mark.usefixtures("fetched")
def test_the_example_runs(tmp_path: Path) -> None:
    (example,) = blocks("python")
    ended = run(sys.executable, "-c", example, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^1 \['neutral'\]$", ended.stdout, re.MULTILINE)


def test_the_figures_are_those_that_were_measured() -> None:
    assert filled(README, tables()) == README


def test_a_figure_typed_by_hand_is_found() -> None:
    wrong = README.replace("<!-- accuracy -->\n", "<!-- accuracy -->\n0.99\n")
    assert filled(wrong, tables()) == README


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_exit_codes_are_those_of_the_command() -> None:
    said = " ".join(EXIT_CODES.split()).removeprefix("Exit codes: ")
    assert said.replace("(analyze)", "(`analyze`)") in " ".join(README.split())


def test_the_example_of_the_engines_runs() -> None:
    """From the checkout's folder, as its path says."""
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "engines" / "README.md").read_text("utf-8"), re.DOTALL)
    ended = run(sys.executable, "-c", example, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("EngineInfo(backend=")


def test_the_files_of_the_engines_are_there() -> None:
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "engines" / "README.md").read_text("utf-8"), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row) if "pip" not in name]
    assert len(named) > 12
    assert [name for name in named if not (ROOT / "engines" / name).exists()] == []


def test_each_module_of_the_engines_stands_in_their_table() -> None:
    folder = ROOT / "engines"
    named = set(re.findall(r"`([a-z0-9_]+\.py)`", (folder / "README.md").read_text("utf-8")))
    there = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    assert named == there
