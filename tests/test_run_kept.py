"""What ``groupmood run`` keeps: a recording in its own time, a camera in that of the clock, and nothing unasked."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamer import build
from streamer.commands.setup import configured
from streamer.errors import SinkError
from streamer.kept.run import kept_run
from streamer.sources.synthetic import SyntheticSource
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import Second
from tests.command import Answer, Command
from tests.media import video
from tests.weights import weights

DAY = 86_400
SECONDS = 4


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of three people at five pictures a second; its last change was at a whole hour, yesterday."""
    for name in ("mediapipe", "groupmood"):
        weights(name)
    with SyntheticSource(f"seconds={SECONDS},size=640x360,fps=5", realtime=False) as source:
        pictures = [frame.image for frame in source.frames()]
    path = tmp_path_factory.mktemp("scene") / "meeting.mp4"
    video(path, pictures, codec="mpeg4", times=[number / 5 for number in range(len(pictures))])
    hour = (int(time.time()) // 3600 - 24) * 3600
    os.utime(path, (hour + SECONDS, hour + SECONDS))
    return path


class Runs:
    """The command on configurations that keep everything under one folder."""

    def __init__(self, folder: Path, command: Command) -> None:
        self.folder, self._command = folder, command
        self.timeline, self.events = folder / "state" / "timeline.sqlite", folder / "events.jsonl"

    def config(self, **parts: Any) -> Path:
        path = self.folder / "my.yaml"
        given = {"detector": {"name": "mediapipe"}, "state_dir": str(self.folder / "state"), **parts}
        path.write_text(yaml.safe_dump(given))
        return path

    def __call__(self, source: object = None, purpose: str | None = "self", **parts: Any) -> Answer:
        sources = () if source is None else (source,)
        named = () if purpose is None else ("--purpose", purpose)
        return self._command("run", *sources, "--config", self.config(**parts), "--no-window", "--offline", *named)

    def seconds(self, room: str = "meeting") -> tuple[Second, ...]:
        """None while the timeline is being made."""
        with suppress(SinkError), TimelineReader(self.timeline) as reader:
            return tuple(reader.seconds(room, 0, int(time.time()) + DAY))
        return ()


@pytest.fixture
def runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Runs:
    return Runs(tmp_path, Command(capsys))


def test_a_recording_is_kept_in_its_own_time_and_once(runs: Runs, scene: Path) -> None:
    begin = int(scene.stat().st_mtime) - SECONDS
    rules = {"fine": "valence > -0.9 for 1 s, n >= 1, cooldown 1 h"}
    parts: dict[str, Any] = {"timeline": {"people": True}, "events": {"file": str(runs.events)}, "alerts": rules}
    first = runs(scene, **parts)
    assert first.code == 0, first.error
    local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(begin))
    assert first.out.count(f"kept as of {local} (last change of the file) in {runs.timeline}") == 1
    assert "gives way" not in first.out
    assert "meeting, fine: valence with its whole 80 % interval has been above −0.90" in first.out
    told = runs.seconds()
    assert [one.utc for one in told] == list(range(begin, begin + SECONDS))
    assert all(one.mood is not None for one in told[1:])
    lines = [json.loads(line) for line in runs.events.read_text("utf-8").splitlines()]
    (alert,) = [line for line in lines if line["type"] == "alert"]
    assert alert["utc"].startswith(time.strftime("%Y-%m-%dT%H:%M:0", time.gmtime(begin)))
    people = counted(runs, begin)
    assert people
    assert max(people) <= 3

    second = runs(scene, **parts)  # as a user does who has changed a setting
    assert second.out.count("gives way to this one") == 1
    again = runs.seconds()
    assert [one.utc for one in again] == [one.utc for one in told]
    assert {one.run for one in again}.isdisjoint(one.run for one in told)
    assert counted(runs, begin) == people
    with TimelineReader(runs.timeline) as reader:
        (run,) = reader.runs(begin, begin + SECONDS)
        assert (run.utc, run.purpose) == (begin, "self")
        assert "MediaPipe" in run.models  # what ran in the end
        assert "A camera reads your apparent expression" in run.notice
        assert json.loads(run.settings)["sources"]["meeting"]["address"] == str(scene)
        assert [one.state for one in reader.cameras("meeting", begin, begin + 60)] == ["starting", "online", "stopped"]
        assert len(reader.occurrences("meeting", begin, begin + 60)) == 1
    assert "the same recording again" in (runs.folder / "state" / "audit.jsonl").read_text("utf-8")


def counted(runs: Runs, begin: int) -> list[int]:
    """People of each second that has any."""
    with TimelineReader(runs.timeline) as reader:
        utcs = [one.utc for one in reader.people("meeting", begin, begin + SECONDS)]
    return [utcs.count(utc) for utc in sorted(set(utcs))]


def test_of_others_only_what_is_published_is_kept(runs: Runs, scene: Path) -> None:
    answer = runs(scene, "audience", timeline={})
    assert answer.code == 0, answer.error
    assert "Numbers are shown of 5 people or more" in answer.out
    (told,) = runs.seconds()
    assert (told.mood, told.paused) == (None, False)


@pytest.mark.parametrize(
    ("parts", "purpose", "message"),
    [
        ({"timeline": {}}, None, "(by the timeline), so say what for"),
        ({"events": {"file": "events.jsonl"}}, None, "(by the events), so say what for"),
        ({"alerts": {"low": "valence < -0.4 for 60 s"}}, None, "(by the alerts), so say what for"),
        ({"timeline": {}}, "workplace", "purpose workplace is refused"),
        ({"timeline": {}}, "education", "purpose education is refused"),
        ({"timeline": {"people": True}}, "audience", "single people are kept for the purposes self and research alone"),
        ({"timeline": {}, "sources": {"a": "MEETING", "b": "MEETING"}}, "self", "must be the only source; got a, b"),
        ({"timeline": {}, "sources": {"a": "MEETING", "b": "synthetic:"}}, "self", "run a one by one, or leave out"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    runs: Runs, scene: Path, parts: dict[str, Any], purpose: str | None, message: str
) -> None:
    named = {name: str(scene) if at == "MEETING" else at for name, at in parts.get("sources", {}).items()}
    answer = runs(None if named else scene, purpose, **{**parts, **({"sources": named} if named else {})})
    assert answer.code == 2
    assert message in answer.error
    assert not runs.timeline.exists()


def test_a_recording_older_than_what_is_kept_is_refused(runs: Runs, scene: Path) -> None:
    old = runs.folder / "old.mp4"
    old.write_bytes(scene.read_bytes())
    os.utime(old, (int(time.time()) - 100 * DAY,) * 2)
    answer = runs(old, timeline={})
    assert answer.code == 2
    assert "101 days ago, and the timeline keeps 30 days" in answer.error
    assert "retention_days: 131" in answer.error
    assert runs(old, timeline={"retention_days": 131}).code == 0
    assert len(runs.seconds("old")) == SECONDS


def test_another_recording_of_that_time_is_not_mixed_with_it(runs: Runs, scene: Path) -> None:
    other = runs.folder / "other.mp4"
    other.write_bytes(scene.read_bytes())
    os.utime(other, (scene.stat().st_mtime, scene.stat().st_mtime))
    both: dict[str, Any] = {"timeline": {}, "sources": {"room": str(scene)}}
    assert runs(None, **both).code == 0
    answer = runs(other, **both)  # the only source at another address keeps its name
    assert answer.code == 2
    assert "room room has other rows of that time" in answer.error


def test_nothing_is_kept_unasked(runs: Runs, scene: Path) -> None:
    answer = runs(scene, None, timeline={"enabled": False})
    assert answer.code == 0, answer.error
    assert "kept" not in answer.out
    assert sorted(path.name for path in runs.folder.iterdir()) == ["my.yaml"]


def test_paused_by_a_key_no_number_follows(runs: Runs, scene: Path) -> None:  # noqa: ARG001  (fetches)
    sources = {"desk": "synthetic:size=640x360,fps=10,seconds=60"}
    config = configured(runs.config(sources=sources, purpose="self", timeline={}), {}, {})
    kept = kept_run(config, build.Extras())
    assert kept is not None
    made = build.pipeline(config, kept.extras)
    with kept.around(made, print):
        thread = threading.Thread(target=made.run)
        thread.start()
        try:
            until(lambda: any(one.mood for one in runs.seconds("desk")))
            made.ask("pause")  # what the key p asks
            until(lambda: runs.seconds("desk")[-1].paused)
            shown = made.metrics.snapshot().count("paused", "desk")
            until(lambda: made.metrics.snapshot().count("paused", "desk") >= shown + 25)  # more than two seconds on
            assert runs.seconds("desk")[-1].paused
            made.ask("pause")
            until(lambda: runs.seconds("desk")[-1].mood is not None)
        finally:
            made.stop()
            thread.join()
    course = runs.seconds("desk")
    off = [number for number, one in enumerate(course) if one.paused]
    assert len(off) == 1
    assert course[off[0]].mood is None
    assert course[off[0] + 1].utc - course[off[0]].utc >= 2
    newest, last = kept.hub.rooms()["desk"].mood, course[-1].mood  # what was published last is kept, too
    assert (newest and newest.valence) == pytest.approx(last and last.valence, abs=1e-4)
    log = [json.loads(line)["what"] for line in (runs.folder / "state" / "audit.jsonl").read_text().splitlines()]
    assert [what for what in log if what in ("off", "on")] == ["off", "on"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_ends_it_and_the_last_second_is_kept(runs: Runs, scene: Path, number: signal.Signals) -> None:  # noqa: ARG001
    asked: list[float] = []
    known: list[int] = []

    def stop() -> None:
        until(lambda: any(one.mood for one in runs.seconds("desk")))
        known.append(runs.seconds("desk")[-1].utc)
        asked.append(time.time())
        os.kill(os.getpid(), number)

    before = signal.signal(number, lambda *_: None)  # of the test's own process
    thread = threading.Thread(target=stop)
    try:
        thread.start()
        answer = runs(timeline={}, sources={"desk": "synthetic:size=640x360,fps=10,seconds=60"})
        thread.join()
    finally:
        signal.signal(number, before)
    assert answer.code == 0, answer.error
    assert "frames" in answer.out  # it sums up
    assert time.time() - asked[0] < 10
    assert runs.seconds("desk")[-1].utc >= known[0]
    with TimelineReader(runs.timeline) as reader:
        states = [one.state for one in reader.cameras("desk", 0, int(asked[0]) + DAY)]
    assert states == ["starting", "online", "stopped"]


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        threading.Event().wait(0.05)
