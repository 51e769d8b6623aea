"""``groupmood report`` as its user meets it: the file it writes, and one clear line where it cannot."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.cards import load_card
from streamer import audit
from tests.command import Answer, Command
from tests.data import ROOT
from tests.pdf_text import information, pages
from tests.session_timelines import BEGAN, meeting, run, steady
from tests.test_paper import Seen
from tests.timeline_rows import write


@pytest.fixture
def groupmood(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return meeting(tmp_path_factory.mktemp("kept") / "t.sqlite")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two rooms; of the first, two sittings."""
    path = steady(tmp_path / "two.sqlite", range(40), run(BEGAN))
    steady(path, range(2000, 2030))
    return steady(path, range(20), room="[red]lab")


def reported(groupmood: Command, path: Path, out: Path, *more: object) -> Answer:
    return groupmood("report", "--timeline", path, "--out", out, *more)


def read(path: Path) -> str:
    return " ".join(Seen(path.read_text("utf-8")).text.split())


def test_the_last_sitting_of_the_only_room_as_a_page(groupmood: Command, kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    answer = reported(groupmood, kept, out)
    assert (answer.code, answer.error) == (0, "")
    assert answer.out == f"Board room, 2025-11-18 09:01 to 2025-11-18 09:50: {out}\n"
    assert "Tuesday, 18 November 2025, 09:01 to 09:50, CET (UTC+01:00)" in read(out)


def test_as_a_pdf(groupmood: Command, kept: Path, tmp_path: Path) -> None:
    pytest.importorskip("reportlab")
    out = tmp_path / "r.PDF"
    assert reported(groupmood, kept, out).code == 0
    found = pages(out.read_bytes())
    assert information(out.read_bytes())["Title"] == "Board room: the mood of the room"
    assert f"page 1 of {len(found)}" in found[0]
    first = " ".join(found[0].split())
    for said in ("In short", "valence", "How to read this.", "not what anybody feels", "Lasting change at 09:23"):
        assert said in first
    whole = " ".join(" ".join(found).split())
    for said in ("After the marks", "By the minute", "Coverage and data quality", "Purpose, notice and consent"):
        assert said in whole


def test_the_model_of_the_run_is_told_by_its_card(groupmood: Command, tmp_path: Path) -> None:
    began = run(BEGAN)
    began = type(began)(began.run, began.utc, "audience", "1", "auto + groupmood", "{}", "told")
    out = tmp_path / "r.html"
    assert reported(groupmood, steady(tmp_path / "t.sqlite", range(40), began), out).code == 0
    scores = load_card("groupmood").scores
    assert scores is not None
    assert "Limits of Groupmood." in read(out)
    assert f"{100 * scores.accuracy:.1f} %" in read(out)


def test_a_sitting_by_its_number_and_a_span(groupmood: Command, two: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    first = reported(groupmood, two, out, "--room", "Board room", "--sitting", 1)
    assert "2025-11-18 09:00" in first.out
    assert "09:00:00 to 09:00:40" in read(out)
    assert reported(groupmood, two, out, "--room", "Board room").code == 0
    assert "09:33:20 to 09:33:50" in read(out)
    span = ("--from", "2025-11-18T09:00:10", "--to", "2025-11-18T08:00:30Z")
    assert reported(groupmood, two, out, "--room", "[red]lab", *span).code == 0
    assert "09:00:10 to 09:00:30" in read(out)


def test_by_the_configuration(groupmood: Command, kept: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(f"sources: {{scene: {{address: 'synthetic:'}}}}\ntimeline: {{file: {kept}}}\n")
    assert groupmood("report", "--config", config, "--out", tmp_path / "r.html").code == 0


def test_that_it_was_made_is_in_the_log(groupmood: Command, two: Path, tmp_path: Path) -> None:
    log = two.parent / audit.NAME
    audit.Audit(log).write("started")
    before = audit.verify(log).lines
    assert reported(groupmood, two, tmp_path / "r.html", "--room", "[red]lab").code == 0
    assert audit.verify(log).lines == before + 1
    assert "report html" in log.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--out", "r.docx"], 2, "a name that ends in .html or .pdf says what is written, got 'r.docx'"),
        (["--out", "r"], 2, "a name that ends in .html or .pdf"),
        (["--out", "r.html"], 2, "several rooms, say which with --room: 'Board room', '[red]lab'"),
        (["--out", "r.html", "--room", "Bord room"], 2, "no room 'Bord room' (did you mean 'Board room'?)"),
        (["--out", "r.html", "--room", "Board room", "--sitting", "3"], 2, "has the sittings 1 to 2 (the last), got 3"),
        (["--out", "r.html", "--room", "Board room", "--sitting", "0"], 2, "got 0"),
        (["--out", "r.html", "--room", "Board room", "--sitting", "1", "--to", "2025-11-18"], 2, "leave it out"),
        (["--out", "r.html", "--room", "Board room", "--from", "noon"], 2, "expected a date like 2026-01-31"),
        (["--out", "r.html", "--room", "Board room", "--from", "1990-01-01"], 2, "25 hours at most"),
        (["--out", "r.html", "--room", "Board room", "--from", "2025-11-18T10:00"], 2, "begins before it ends"),
        (["--out", "r.html", "--room", "Board room", "--to", "2025-11-18T09:00:00"], 2, "begins before it ends"),
        (["--out", "gone/r.html", "--room", "Board room"], 6, "cannot be written: No such file or directory"),
        (["--out", "r.html", "--config", "gone.yaml"], 2, "gone.yaml: cannot be read"),
        ([], 2, "Missing option '--out'"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    groupmood: Command, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int,
    said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    more = [] if "--config" in arguments else ["--timeline", two]
    answer = groupmood("report", *more, *arguments)
    assert answer.code == code
    assert said in answer.error
    assert not list(tmp_path.glob("r*"))


def test_no_timeline(groupmood: Command, tmp_path: Path) -> None:
    for name, said in (("gone.sqlite", "there is no timeline"), ("text.sqlite", "text.sqlite")):
        (tmp_path / "text.sqlite").write_text("no timeline" * 500)
        answer = reported(groupmood, tmp_path / name, tmp_path / "r.html")
        assert answer.code == 6
        assert said in answer.error
    write(tmp_path / "empty.sqlite", [])
    answer = reported(groupmood, tmp_path / "empty.sqlite", tmp_path / "r.html")
    assert (answer.code, answer.error) == (2, "groupmood: nothing is kept in this timeline yet\n")


def test_without_reportlab_it_is_said_what_to_install(two: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    words = ["report", "--timeline", str(two), "--room", "Board room", "--out", str(out)]
    code = f"import sys; sys.modules['reportlab'] = None; from streamer.cli import main; main({words})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "groupmood: a PDF needs the package 'reportlab', which is not installed: pip install 'groupmood[report]'\n"
    )
    assert not out.exists()
