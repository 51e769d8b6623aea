from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from streamer.emotions import LABELS
from streamer.errors import SinkError
from streamer.sinks import record
from streamer.sinks.jsonl import JsonLines
from streamer.sinks.record import FrameRecord, iso, schema_text, to_record
from streamer.types import SIGNS, Box, Emotion, Face, FrameResult, GroupMood, Moment, Person, Signs, Track

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_400, UTC)

SMILE = Emotion((0.1, 0.80004, 0.05, 0.02, 0.01, 0.005, 0.01496, 0.0), "net", 4.0)

ANN = Person(Track(7, Face(Box(10.04, 20.06, 50.5, 80.0), 0.9), 1.23456, True), SMILE, "happiness", 0.800049, 0.87654)
BOB = Person(Track(8, Face(Box(-5.0, 3.0, 30.25, 40.0), 0.5), 0.0, False), None)

MOOD = GroupMood(
    people=2,
    used=1,
    valence=0.60123456,
    arousal=-0.0000001,
    interval=(0.5, 0.7),
    shares=(0.2, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    dispersion=0.0,
    cohesion=None,
    coverage=0.5,
    window=5.0,
    positive=1,
    negative=0,
    polarisation=0.0,
    together=True,
    trend=0.123456,
    moment=Moment(12.3456, 40.0, 0.35, True),
)

FULL = FrameResult(
    "cam",
    42,
    4.2,
    1000.1234567,
    (ANN, BOB),
    MOOD,
    {"detect": 0.0031234567, "classify": 0.002},
    dropped=3,
    size=(1280, 720),
)

GOLDEN = (
    '{"schema":"groupmood.frame/1","source":"cam","index":42,"pts":4.2,"captured":1000.123457,'
    '"utc":"2026-03-01T12:00:00.250Z","people":['
    '{"id":7,"box":[10.0,20.1,50.5,80.0],"seen":true,"age":1.235,"label":"happiness","confidence":0.8,'
    '"probabilities":{"neutral":0.1,"happiness":0.8,"surprise":0.05,"sadness":0.02,"anger":0.01,"disgust":0.005,'
    '"fear":0.015,"contempt":0.0},"emotion_age":0.2,"quality":0.877},'
    '{"id":8,"box":[-5.0,3.0,30.2,40.0],"seen":false,"age":0.0,"label":"unsure","confidence":0.0,'
    '"probabilities":null,"emotion_age":null,"quality":0.0}],'
    '"mood":{"people":2,"used":1,"valence":0.6012,"arousal":0.0,"interval":[0.5,0.7],'
    '"shares":{"neutral":0.2,"happiness":0.8,"surprise":0.0,"sadness":0.0,"anger":0.0,"disgust":0.0,"fear":0.0,'
    '"contempt":0.0},"dispersion":0.0,"cohesion":null,"coverage":0.5,"window":5.0,"positive":1,"negative":0,'
    '"polarisation":0.0,"together":true,"trend":0.1235,'
    '"moment":{"start":12.346,"seconds":40.0,"change":0.35,"over":true}},'
    '"seconds":{"detect":0.003123,"classify":0.002},"dropped":3,"size":[1280,720]}'
)
"""Typed by hand from the values above."""


def noon() -> datetime:
    return NOON


def written(path: Path, *results: FrameResult) -> list[str]:
    with JsonLines(path, clock=noon) as sink:
        for result in results:
            sink.write(result)
    return path.read_text("utf-8").splitlines()


def test_the_golden_line(tmp_path: Path) -> None:
    assert written(tmp_path / "a.jsonl", FULL) == [GOLDEN]


def test_the_golden_line_fits_the_schema() -> None:
    FrameRecord.model_validate_json(GOLDEN, strict=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"dropped":3', '"dropped":3,"picture":"…"'),
        ('"label":"happiness"', '"label":"happy"'),
        ('"fear":0.015,', ""),
        ("groupmood.frame/1", "groupmood.frame/2"),
        ('"dropped":3', '"dropped":-1'),
        ("[10.0,20.1,50.5,80.0]", "[10.0,20.1,50.5]"),
    ],
)
def test_the_schema_refuses_what_is_no_record(before: str, after: str) -> None:
    assert before in GOLDEN
    with pytest.raises(ValidationError):
        FrameRecord.model_validate_json(GOLDEN.replace(before, after, 1))


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = Path(record.__file__).with_name("frame-1.schema.json").read_text("utf-8")
    assert committed == schema_text(), (
        "write it anew: python -c \"from streamer.sinks.record import schema_text; print(schema_text(), end='')\" "
        "> streamer/sinks/frame-1.schema.json"
    )
    schema = json.loads(committed)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["schema"]["const"] == "groupmood.frame/1"
    assert schema["$defs"]["PersonRecord"]["properties"]["label"]["enum"] == [*LABELS, *SIGNS, "unsure"]


def test_signs_are_written_and_no_probabilities() -> None:
    signs = Signs(True, False, None, False, True)
    person = Person(Track(7, Face(Box(0, 0, 10, 10), 0.9), 1.0, True), None, "smile", 1.0, 0.9, signs)
    made = to_record(FrameResult("cam", 0, 0.0, 0.0, (person,), None), NOON)
    FrameRecord.model_validate(made)
    written = made["people"][0]
    assert written["signs"] == {"smile": True, "frown": False, "nod": None, "shake": False, "facing": True}
    assert (written["label"], written["probabilities"], made["mood"]) == ("smile", None, None)


def test_a_frame_with_nobody() -> None:
    made = to_record(FrameResult("cam", 0, 0.0, 0.0, (), None), NOON)
    assert (made["people"], made["mood"], made["seconds"], made["dropped"]) == ([], None, {}, 0)
    FrameRecord.model_validate(made)


def test_a_number_that_is_not_finite_is_null() -> None:
    box = Face(Box(math.nan, 0.0, 1.0, 1.0), 0.5)
    person = replace(ANN, track=Track(1, box, math.inf, True), confidence=math.nan, quality=-math.inf)
    mood = replace(MOOD, valence=math.nan, interval=(0.0, math.inf), shares=(math.nan,) * 8)
    made = to_record(FrameResult("cam", 0, 1.0, 2.0, (person,), mood, {"detect": math.nan}), NOON)
    json.dumps(made, allow_nan=False)
    FrameRecord.model_validate(made)
    first = made["people"][0]
    assert [first[name] for name in ("box", "age", "confidence", "quality")] == [None] * 4
    assert (made["mood"]["valence"], made["mood"]["interval"], made["seconds"]) == (None, None, {"detect": None})
    assert set(made["mood"]["shares"].values()) == {None}


def test_numbers_of_numpy_are_written_as_numbers() -> None:
    corners, times = np.array([1.26, 2, 3, 4], np.float32), np.array([2.5, 3.0])
    track = Track(3, Face(Box(*corners), 0.5), corners[0], True)
    made = to_record(FrameResult("cam", 1, times[0], times[1], (replace(ANN, track=track),), None), NOON)
    assert json.loads(json.dumps(made, allow_nan=False))["people"][0]["box"] == [1.3, 2.0, 3.0, 4.0]


def test_no_pixel_can_be_in_a_record() -> None:
    names = set(schema_names(json.loads(schema_text())))
    assert not names & {"image", "pixels", "picture", "chip", "landmarks"}
    assert {"people", "mood", "box", "probabilities", "emotion_age"} <= names


def schema_names(schema: object) -> list[str]:
    if not isinstance(schema, dict):
        return []
    own = [str(name) for name in schema.get("properties", {})]
    return own + [name for value in schema.values() for name in schema_names(value)]


def test_utc_is_said_in_utc_whatever_the_zone_of_the_clock() -> None:
    assert iso(datetime(2026, 3, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))) == "2026-03-01T12:00:00.000Z"
    with pytest.raises(ValueError, match="time with its zone"):
        iso(datetime(2026, 3, 1))


def test_every_line_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with JsonLines(path) as sink:
        for index in range(3):
            sink.write(replace(FULL, index=index))
            assert [json.loads(line)["index"] for line in path.read_text("utf-8").splitlines()] == [*range(index + 1)]


def test_the_wall_clock_is_only_a_label(tmp_path: Path) -> None:
    with JsonLines(tmp_path / "a.jsonl") as sink:
        sink.write(FULL)
    (line,) = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    assert abs(datetime.fromisoformat(json.loads(line)["utc"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_source_with_any_name(tmp_path: Path) -> None:
    name = 'Saal "Süd"\n\udc80'
    (line,) = written(tmp_path / "a.jsonl", replace(FULL, source=name))
    assert json.loads(line)["source"] == 'Saal "Süd"\n?'


def test_an_old_file_is_replaced_with_the_first_result_only(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("of yesterday\n")
    assert written(path) == ["of yesterday"]
    assert written(path, FULL) == [GOLDEN]


LIMITED = """
import resource, sys
from pathlib import Path
from streamer.errors import SinkError
from streamer.sinks.jsonl import JsonLines
from streamer.types import FrameResult
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    with JsonLines(Path(sys.argv[1])) as sink:
        for index in range(1000):
            sink.write(FrameResult("cam", index, index / 30, 0.0, (), None))
except SinkError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a process's files")
def test_a_full_disk_ends_the_file_with_a_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=False)
    assert done.stderr.startswith(f"cannot write {path}: File too large")
    text = path.read_text("utf-8")
    assert text.endswith("}\n")
    assert [json.loads(line)["index"] for line in text.splitlines()] == list(range(len(text.splitlines())))
    assert 1_500 < len(text) <= 2_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a Linux device that is always full")
def test_after_a_failure_it_stays_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.symlink_to("/dev/full")
    with JsonLines(path) as sink:
        with pytest.raises(SinkError, match="No space left on device"):
            sink.write(FULL)
        with pytest.raises(SinkError, match="is not open"):
            sink.write(FULL)
