"""Tables that other programs read."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import streamer.timeline
from streamer.errors import ConfigError, SinkError
from streamer.occurrences import Alert, mark, past_moment
from streamer.timeline.exporting import Kind, Part, export, export_table
from streamer.timeline.rows import PersonSecond, Row, Second
from streamer.timeline.tables import TABLES
from tests.timeline_rows import BEGAN, RUN, second, signs, write

COLUMNS = [
    "room", "time", "utc", "run", "paused", "people", "used", "valence", "low", "high", "arousal", "dispersion",
    "cohesion", "together", "coverage", "positive", "negative", "polarisation", "trend", "window", "neutral",
    "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "smile", "frown", "nod",
    "shake", "facing",
]  # fmt: skip
"""Promised: only added to, at the end."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "t.sqlite"
    rows: list[Row] = [RUN, second(0), second(1, None), Second("hall", BEGAN + 2, RUN.run, None, paused=True), signs(3)]
    rows += [second(at, -0.5, room="Übungsraum, “2”") for at in range(4_000)]
    rows += [PersonSecond("hall", BEGAN, "p1", "happiness", 0.75, None, 1.0)]
    rows += [mark("hall", BEGAN + 1.5, 'slide "7",\nnext'), past_moment("hall", BEGAN + 2, 40.0, -0.35)]
    rows += [Alert("a" * 32, "hall", BEGAN + 3.25, "low", "why", -0.5, (-0.6, -0.4), 7)]
    write(path, rows)
    return path


def test_csv(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert export(path, out, "csv") == 4_004
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS == [one.name for one in TABLES["seconds"].columns]
    assert rows[0] == dict(
        zip(
            COLUMNS,
            f"hall 2023-11-14T22:20:00Z {BEGAN} run-1 false 5 4 0.25 0.15 0.35 0.1 0.2 -0.3 true 0.8 3 1 0.6 0.1 10.0 "
            "0.3 0.3 0.1 0.1 0.1 0.05 0.03 0.02".split()
            + [""] * 5,
            strict=True,
        )
    )
    assert (rows[1]["valence"], rows[1]["people"], rows[2]["people"], rows[2]["paused"]) == ("", "5", "", "true")
    assert [rows[3][name] for name in ("people", "valence", *COLUMNS[-5:])] == [
        "6",
        "",
        "0.4",
        "0.1",
        "",
        "0.05",
        "0.9",
    ]
    assert {row["room"] for row in rows[4:]} == {"Übungsraum, “2”"}


def test_a_span_of_a_room(path: Path, tmp_path: Path) -> None:
    assert export(path, tmp_path / "out.csv", "csv", "Übungsraum, “2”", BEGAN + 10, BEGAN + 3_990) == 3_980
    assert export(path, tmp_path / "none.csv", "csv", "hall", BEGAN + 100) == 0
    assert (tmp_path / "none.csv").read_bytes() == ",".join(COLUMNS).encode() + b"\r\n"
    with pytest.raises(ConfigError, match="no room 'hal'"):
        export(path, tmp_path / "no.csv", "csv", "hal")
    assert not (tmp_path / "no.csv").exists()


def test_lines_of_json(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert export(path, out, "jsonl", "hall") == 4
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert list(lines[0]) == COLUMNS
    assert (lines[0]["paused"], lines[0]["valence"], lines[1]["valence"], lines[0]["smile"]) == (
        False,
        0.25,
        None,
        None,
    )


def test_occurrences_and_people(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "occurrences.jsonl"
    assert export_table(path, out, "jsonl", Part("occurrences")) == 3
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(line["kind"], line["time"], line["text"]) for line in lines] == [
        ("mark", "2023-11-14T22:20:01.500Z", 'slide "7",\nnext'),
        ("moment", "2023-11-14T22:20:02.000Z", None),
        ("alert", "2023-11-14T22:20:03.250Z", "why"),
    ]
    assert [lines[1][name] for name in ("seconds", "change")] == [40.0, -0.35]
    assert [lines[2][name] for name in ("rule", "value", "low", "high", "people")] == ["low", -0.5, -0.6, -0.4, 7]
    out = tmp_path / "people.jsonl"
    assert export_table(path, out, "jsonl", Part("people")) == 1
    person = {"person": "p1", "label": "happiness", "confidence": 0.75, "valence": None, "quality": 1.0}
    where = {"room": "hall", "time": "2023-11-14T22:20:00Z", "utc": BEGAN}
    assert json.loads(out.read_text()) == where | person


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_nothing_is_overwritten(path: Path, tmp_path: Path, kind: Kind) -> None:
    out = tmp_path / f"out.{kind}"
    out.write_text("mine")
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    with pytest.raises(SinkError, match="exists already and is not overwritten"):
        export(path, out, kind)
    assert out.read_text() == "mine"
    with pytest.raises(SinkError, match="No such file or directory"):
        export(path, tmp_path / "none" / f"out.{kind}", kind)


def test_what_cannot_be_written_whole_is_not_left_behind(path: Path, tmp_path: Path) -> None:
    limit = "import resource, signal; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    run = f"""
{limit}
from pathlib import Path
from streamer.errors import SinkError
from streamer.timeline.exporting import export
try:
    export(Path({str(path)!r}), Path({str(tmp_path / "out.csv")!r}), "csv")
except SinkError as error:
    raise SystemExit(str(error))
"""
    done = subprocess.run([sys.executable, "-c", run], cwd=Path(__file__).parent.parent, capture_output=True, text=True)
    assert "cannot write" in done.stderr
    assert "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_it_says_what_to_install(path: Path, tmp_path: Path) -> None:
    run = f"""
import sys
sys.modules["pyarrow"] = None
from pathlib import Path
from streamer.errors import ConfigError
from streamer.timeline.exporting import export
try:
    export(Path({str(path)!r}), Path({str(tmp_path / "out.parquet")!r}), "parquet")
except ConfigError as error:
    raise SystemExit(str(error))
"""
    done = subprocess.run([sys.executable, "-c", run], cwd=Path(__file__).parent.parent, capture_output=True, text=True)
    assert done.stderr.strip() == "Parquet needs pyarrow; install it: pip install 'groupmood[parquet]'"
    assert list(tmp_path.iterdir()) == []


def test_parquet(path: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    out = tmp_path / "out.parquet"
    assert export(path, out, "parquet") == 4_004
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    table = parquet.read_table(out)
    assert table.column_names == COLUMNS
    kinds = {
        name: str(table.schema.field(name).type) for name in ("room", "time", "utc", "paused", "people", "valence")
    }
    assert list(kinds.values()) == ["string", "timestamp[us, tz=UTC]", "int64", "bool", "int64", "double"]
    assert table["time"].cast("int64")[0].as_py() == BEGAN * 1_000_000
    assert table["valence"].to_pylist()[:4] == [0.25, None, None, None]
    assert export_table(path, tmp_path / "none.parquet", "parquet", Part("people", "hall", BEGAN + 9)) == 0
    assert parquet.read_table(tmp_path / "none.parquet").num_rows == 0


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_duckdb_reads_it(path: Path, tmp_path: Path, kind: Kind) -> None:
    duckdb: Any = pytest.importorskip("duckdb", reason="needs duckdb")
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    out = tmp_path / f"out.{kind}"
    export(path, out, kind)
    query = (
        f"SELECT room, count(*), avg(valence), count(*) FILTER (WHERE paused) FROM '{out}' GROUP BY room ORDER BY room"
    )
    assert duckdb.sql(query).fetchall() == [("hall", 4, 0.25, 1), ("Übungsraum, “2”", 4_000, -0.5, 0)]
    hours = f"SELECT count(DISTINCT date_trunc('hour', time)), max(epoch(time)) FROM '{out}'"
    assert duckdb.sql(hours).fetchall() == [(2, BEGAN + 3_999)]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_pandas_reads_it(path: Path, tmp_path: Path, kind: Kind) -> None:
    pandas: Any = pytest.importorskip("pandas", reason="needs pandas")
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    out = tmp_path / f"out.{kind}"
    export(path, out, kind)
    frame = pandas.read_csv(out, parse_dates=["time"]) if kind == "csv" else pandas.read_parquet(out)
    assert (len(frame), str(frame["time"].dt.tz), str(frame["paused"].dtype)) == (4_004, "UTC", "bool")
    minutes = frame[frame["room"] != "hall"].set_index("time")["valence"].resample("1min").mean()
    assert (len(minutes), minutes.iloc[0]) == (67, -0.5)


GUIDE = Path(streamer.timeline.__file__).with_name("README.md").read_text("utf-8")


def example(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def test_the_columns_that_are_documented_are_those_that_are_written() -> None:
    for name, table in TABLES.items():
        told = GUIDE.partition(f"## {name}\n")[2].partition("\n## ")[0]
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", told, re.MULTILINE)
        assert rows == [(one.name, one.kind, one.says) for one in table.columns]


def test_both_examples_tell_the_same(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("pyarrow", "duckdb", "pandas"):
        pytest.importorskip(package, reason=f"needs {package}")
    import duckdb  # type: ignore[import-not-found,unused-ignore]  # not everywhere installed

    monkeypatch.chdir(tmp_path)
    export_table(path, tmp_path / "seminar.parquet", "parquet", Part("seconds", "hall"))
    found: dict[str, Any] = {}
    exec(example("py"), found)
    rows = duckdb.sql(example("sql")).fetchall()
    assert [(valence, people) for _, valence, people in rows] == [(0.25, found["hours"]["people"].iloc[0])]
    assert found["hours"]["valence"].tolist() == [0.25]
    assert found["off"] == 1


@pytest.mark.parametrize("line", [line for line in example("sh").splitlines() if line])
def test_the_commands_of_the_guide_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    if "parquet" in line:
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    words = shlex.split(line.replace("--room seminar", "--room hall"))[1:]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ended = subprocess.run(
        [sys.executable, "-m", "streamer", *words, "--timeline", str(path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / words[2]).exists()
