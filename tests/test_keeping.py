"""What a run keeps: nothing unless asked for, else rooms, marks and the log, in files of the user's own."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streamer import audit
from streamer.config import Config, check
from streamer.errors import ConfigError
from streamer.hub import Hub
from streamer.keeping import Keeping, Told
from streamer.metrics import Metrics
from streamer.publish.lasting import NAME as NOISE
from streamer.service import service
from streamer.timeline.places import NAME as TIMELINE
from streamer.timeline.reader import TimelineReader
from tests.timeline_rows import second, until, write
from tests.web_site import result

TOLD = Told("audience", "0.1.0", "centerface + groupmood", "A camera reads apparent expressions.", {"server": "x"})


def config(folder: Path, **parts: Any) -> Config:
    return check({"sources": {"hall": {"address": "synthetic:"}}, "state_dir": str(folder / "state"), **parts}, {})


def keeping(folder: Path, hub: Hub, **parts: Any) -> Keeping:
    return Keeping(config(folder, **parts), ("hall",), hub, Metrics())


def test_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path) -> None:
    hub = Hub()
    with keeping(tmp_path, hub) as kept:
        hub.publish(result())
    assert kept.timeline is None
    assert list(tmp_path.iterdir()) == []


def test_rooms_marks_and_the_log_are_kept_for_the_user_alone(tmp_path: Path) -> None:
    hub = Hub()
    kept = keeping(tmp_path, hub, timeline={})
    kept.tell(TOLD)
    with kept:
        for second in range(3):
            hub.publish(result(pts=float(second)))
        made = kept.mark("hall", "slide 7", None)
    assert kept.timeline is not None
    with TimelineReader(kept.timeline) as reader:
        assert reader.rooms() == ("hall",)
        span = reader.span("hall")
        assert span is not None
        assert made in reader.occurrences("hall", span[0] - 10, span[1] + 10)
        (run,) = reader.runs(0, span[1] + 10)
    assert (run.purpose, run.notice) == (TOLD.purpose, TOLD.notice)
    log = tmp_path / "state" / audit.NAME
    assert audit.verify(log).fault is None or not audit.verify(log).fault
    text = log.read_text("utf-8")
    assert all(what in text for what in ("started", "notice shown", "models", "marked", "ended"))
    assert "slide 7" not in text
    for path in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_an_alert_for_a_room_that_is_not_there_is_refused(tmp_path: Path) -> None:
    rules = {"low": {"when": "valence < -0.4", "room": "hal"}}
    with pytest.raises(ConfigError, match=r"alerts\.low\.room: there is no room 'hal' \(did you mean 'hall'\?\)"):
        keeping(tmp_path, Hub(), alerts=rules)


def test_single_people_are_kept_for_some_purposes_only(tmp_path: Path) -> None:
    wanted = config(tmp_path, purpose="audience", timeline={"people": True})
    with pytest.raises(ConfigError, match="single people are kept for the purposes"):
        service(wanted)


def test_off_and_on_stand_in_the_log_once_each(tmp_path: Path) -> None:
    with keeping(tmp_path, Hub(), timeline={}) as kept:
        for off in (False, True, True, False, False):
            kept.switched(off=off)
    kept.note("marked", id="too late")
    entries = [json.loads(line)["what"] for line in (tmp_path / "state" / audit.NAME).read_text("utf-8").splitlines()]
    assert entries == ["begun", "off", "on", "ended"]


def test_what_is_deleted_because_of_its_age_stands_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    write(tmp_path / "state" / TIMELINE, [second(at) for at in range(20)])
    with keeping(tmp_path, Hub(), timeline={"retention_days": 3}) as kept:
        assert kept.timeline is not None
        with TimelineReader(kept.timeline) as reader:
            assert until(lambda: reader.span("hall") is None)
    log = tmp_path / "state" / audit.NAME
    assert audit.verify(log).fault == ""
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    (facts,) = [entry["facts"] for entry in entries if entry["what"] == "deleted"]
    assert (facts["rows"], facts["reason"]) == (20, "retention")
    assert datetime.now(UTC) - datetime.fromisoformat(facts["before"]) == pytest.approx(
        timedelta(days=3), abs=timedelta(minutes=5)
    )


@pytest.mark.parametrize(("purpose", "there"), [("research", True), ("self", False), ("expressions_only", False)])
def test_the_key_of_the_noise_stays_where_there_is_noise(tmp_path: Path, purpose: str, *, there: bool) -> None:
    wanted = config(tmp_path, purpose=purpose)
    first = service(wanted)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ([NOISE] if there else [])
    if there:
        key = (tmp_path / "state" / NOISE).read_bytes()
        service(wanted)
        assert (tmp_path / "state" / NOISE).read_bytes() == key
    assert not any("noise" in text for text in first.warnings)


def test_a_key_that_cannot_be_kept_is_said_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    made = service(config(tmp_path, purpose="research"))
    (warning,) = [text for text in made.warnings if "noise" in text]
    assert warning.startswith("the noise of the rooms is new in this run: ")


def test_the_models_of_a_run_are_those_that_ran(tmp_path: Path) -> None:
    kept = keeping(tmp_path, Hub(), timeline={})
    kept.tell(TOLD)
    with kept:
        for about in ("", "centerface, onnxruntime + groupmood", "centerface, openvino + groupmood", TOLD.models[:0]):
            kept.runs_on(about)
    assert kept.timeline is not None
    with TimelineReader(kept.timeline) as reader:
        (run,) = reader.runs(0, 1 << 40)
    assert run.models == f"{TOLD.models}: centerface, openvino + groupmood"
    log = (tmp_path / "state" / audit.NAME).read_text("utf-8").splitlines()
    said = [json.loads(line)["facts"]["models"] for line in log if json.loads(line)["what"] == "models"]
    assert said == [TOLD.models, "centerface, onnxruntime + groupmood", "centerface, openvino + groupmood"]
