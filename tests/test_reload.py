"""Signals: the configuration read again while it runs, and an end with everything written."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")

from streamer.audit import NAME, verify
from streamer.commands.credentials import with_credentials
from streamer.commands.turn import Progress, beside, check_place
from streamer.config import Config, check
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.reload import Signals, Turns
from streamer.timeline.reader import TimelineReader
from tests.serving import answer, command, environment, until
from tests.web_site import ask, site
from tests.web_site import serving as web
from tests.weights import weights

unix = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP and AF_UNIX: Linux or macOS")

TEXT = """
purpose: audience
sources: {desk: "synthetic:seconds=600"}
rooms: {%s: {sources: [desk]}}
detector: {name: mediapipe}
output: {results: out/lines.jsonl, video: out/video.mp4}
timeline: {file: state/timeline.sqlite}
state_dir: state
"""


@dataclass
class Running:
    """``groupmood serve`` with the manager that started it; ``said``: what it wrote to its standard error."""

    process: subprocess.Popen[str]
    manager: socket.socket
    file: Path
    terminal: int
    said: list[str] = field(default_factory=list)

    def told(self, key: str) -> str:
        """The status that comes with the next datagram that has this line."""
        end = time.monotonic() + 60
        while time.monotonic() < end:  # signs of life come all the time
            lines = self.manager.recv(8192).decode().split("\n")
            if f"{key}=1" in lines:
                return next((line.removeprefix("STATUS=") for line in lines if line.startswith("STATUS=")), "")
        raise AssertionError(f"{key} is not told; said: {''.join(self.said)}")

    def reload(self, text: str) -> str:
        """The status after reading ``text``."""
        self.file.write_text(text)
        self.process.send_signal(signal.SIGHUP)
        self.told("RELOADING")
        return self.told("READY")

    def close_terminal(self) -> None:
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1


@contextmanager
def running(folder: Path, text: str) -> Iterator[Running]:
    for name in ("mediapipe", "groupmood"):
        weights(name)
    file = folder / "groupmood.yaml"
    file.write_text(text)
    (folder / "out").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(60)
        told = {**environment(), "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "500000"}
        terminal, inside = os.openpty()
        process = subprocess.Popen(
            command("--config", str(file)),
            cwd=folder,
            env=told,
            stdin=inside,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(inside)
        it = Running(process, manager, file, terminal)
        listening = threading.Thread(target=lambda: it.said.extend(process.stderr or ()))
        listening.start()
        try:
            yield it
        finally:
            process.kill()
            process.wait(10)
            it.close_terminal()
            listening.join(10)
            if process.stderr is not None:
                process.stderr.close()


def url_of(status: str) -> str:
    return status.rsplit(" ", 1)[-1]


def written(path: Path, lines: int) -> list[str]:
    """The lines of a file, once it has so many."""
    end, waiting = time.monotonic() + 60, threading.Event()
    while not path.exists() or path.read_text().count("\n") < lines:
        assert time.monotonic() < end, f"{path} has not got {lines} lines"
        waiting.wait(0.05)
    return path.read_text().splitlines()


@unix
def test_a_wrong_file_changes_nothing_and_a_right_one_all(tmp_path: Path) -> None:
    with running(tmp_path, TEXT % "hall") as it:
        url = url_of(it.told("READY"))
        assert "hall" in [room["room"] for room in until(f"{url}/api/v1/rooms", lambda said: said["rooms"])["rooms"]]
        written(tmp_path / "out" / "lines.jsonl", 3)
        assert it.reload(TEXT % "hall") == f"serves hall at {url}"
        status = it.reload("purpose: audience\nsources: {desk: 'synthetic:'}\nroms: {}\ndetector: {every: 99}\n")
        assert "goes on as it was" in status
        assert "roms: unknown key (did you mean 'rooms'?)" in status
        assert "detector.every" in status
        assert [room["room"] for room in answer(f"{url}/api/v1/rooms")["rooms"]] == ["hall"]
        so_far = (tmp_path / "out" / "lines.jsonl").read_text().count("\n")
        written(tmp_path / "out" / "lines.jsonl", so_far + 3)
        begun = time.monotonic()
        assert it.reload(TEXT % "attic") == f"serves attic at {url}"
        assert time.monotonic() - begun < 30  # 5 where the machine has nothing else to do
        assert [room["room"] for room in answer(f"{url}/api/v1/rooms")["rooms"]] == ["attic"]
        first = (tmp_path / "out" / "lines.jsonl").read_text().splitlines()
        assert all(json.loads(line) for line in first)
        written(tmp_path / "out" / "lines-2.jsonl", 3)
        assert (tmp_path / "out" / "lines.jsonl").read_text().splitlines() == first
        it.close_terminal()
        it.process.send_signal(signal.SIGHUP)
        it.told("STOPPING")
        assert it.process.wait(20) == 0
    with TimelineReader(tmp_path / "state" / "timeline.sqlite") as reader:
        assert len(reader.runs(0, 2**40)) == 2
        assert set(reader.rooms()) == {"hall", "attic"}
    assert verify(tmp_path / "state" / NAME).fault == ""
    errors = "".join(it.said)
    assert "Traceback" not in errors
    assert "the configuration is as it was" in errors
    assert "not taken" in errors
    assert "roms: unknown key" in errors


@unix
def test_an_end_in_the_middle_of_a_recording_leaves_it_whole(tmp_path: Path) -> None:
    with running(tmp_path, TEXT % "hall") as it:
        it.told("READY")
        written(tmp_path / "out" / "lines.jsonl", 15)
        it.told("WATCHDOG")
        begun = time.monotonic()
        it.process.send_signal(signal.SIGTERM)
        it.told("STOPPING")
        assert it.process.wait(30) == 0
        assert time.monotonic() - begun < 10
    lines = (tmp_path / "out" / "lines.jsonl").read_text()
    assert lines.endswith("\n")
    assert [json.loads(line)["index"] for line in lines.splitlines()][-1] >= 14
    with av.open(str(tmp_path / "out" / "video.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) > 0
    log = tmp_path / "state" / NAME
    assert '"ended"' in log.read_text().splitlines()[-1]
    assert (verify(log).fault, verify(log).interrupted) == ("", 0)
    with TimelineReader(tmp_path / "state" / "timeline.sqlite") as reader:
        assert reader.rooms() == ("hall",)
        assert len(reader.runs(0, 2**40)) == 1
        assert reader.cameras("hall", 0, 2**40)[-1].state == "stopped"


def config(**server: object) -> Config:
    return check({"sources": {"a": "synthetic:", "b": "synthetic:"}, "server": server}, {})


def test_a_later_turn_writes_beside_what_is_there(tmp_path: Path) -> None:
    both = check({"sources": {"a": "synthetic:", "b": "synthetic:"}, "output": {"video": str(tmp_path / "v.mp4")}}, {})
    assert beside(both, 1) == both
    assert beside(both, 2).output.video == tmp_path / "v-2.mp4"
    (tmp_path / "v-2-b.mp4").touch()
    assert beside(both, 2).output.video == tmp_path / "v-3.mp4"


def test_another_host_at_the_same_port_needs_a_restart() -> None:
    check_place(config(port=8470), config(port=8470))
    check_place(config(port=8471, host="localhost"), config(port=8470))
    with pytest.raises(
        ConfigError, match=r"host localhost in place of 127\.0\.0\.1 at the same port 8470 needs a restart"
    ):
        check_place(config(host="localhost"), config())


def test_credentials_are_as_the_environment(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_bytes(b"a-token-of-a-viewer\n")
    (tmp_path / "not a name").write_text("x")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "OTHER": "1"}
    assert with_credentials(environ) == {**environ, "TOKEN": "a-token-of-a-viewer"}
    assert with_credentials({"OTHER": "1"}) == {"OTHER": "1"}
    (tmp_path / "TOKEN").write_bytes(b"\xff secret")
    with pytest.raises(ConfigError, match="TOKEN is not text") as error:
        with_credentials(environ)
    assert "secret" not in str(error.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        with_credentials({"CREDENTIALS_DIRECTORY": str(tmp_path / "gone")})


def test_pictures_that_are_not_analysed_are_no_sign_of_life() -> None:
    progress, metrics = Progress(), Metrics()
    assert progress.goes_on(metrics, lambda _: True)  # nothing comes yet
    metrics.count("captured", "desk", 3)
    assert not progress.goes_on(metrics, lambda _: True)
    assert progress.goes_on(metrics, lambda _: True)  # nothing more came
    for done in ("processed", "skipped"):
        metrics.count("captured", "desk")
        metrics.count(done, "desk")
        assert progress.goes_on(metrics, lambda _: True)
    assert not progress.goes_on(metrics, lambda _: False)
    metrics.count("captured", "desk")
    after = Metrics()
    after.count("captured", "desk", 9)
    assert progress.goes_on(after, lambda _: True)  # another turn's


def test_a_web_that_hangs_does_not_answer() -> None:
    asked, free = threading.Event(), threading.Event()

    def explain(_: str) -> None:
        asked.set()
        free.wait(20)

    with web(site(explain=explain)) as server:
        assert server.answers(10)
        thread = threading.Thread(target=ask, args=(server, "/api/v1/rooms/hall/explain"))
        thread.start()
        assert asked.wait(10)
        assert not server.answers(0.1)
        free.set()
        thread.join(10)
        assert server.answers(10)
    assert server.answers(0.1)


class Runner:
    """Runs until it is stopped."""

    def __init__(self) -> None:
        self.stopped, self.discarded = threading.Event(), False

    def stop(self) -> None:
        self.stopped.set()

    def discard(self) -> None:
        self.discarded = True


def turned(first: Runner) -> tuple[Turns[Runner], list[Runner], threading.Thread]:
    turns, ran = Turns(first), list[Runner]()

    def run() -> None:
        for one in turns:
            ran.append(one)
            assert one.stopped.wait(10)

    thread = threading.Thread(target=run)
    thread.start()
    return turns, ran, thread


def test_one_follows_the_other_until_it_is_stopped() -> None:
    first, second, third = Runner(), Runner(), Runner()
    turns, ran, thread = turned(first)
    assert turns.follow(second)
    assert turns.now is second
    assert first.stopped.is_set()
    turns.stop()
    thread.join(10)
    assert ran == [first, second]
    assert not turns.follow(third)
    assert third.discarded


def test_who_is_stopped_first_is_followed_by_nobody() -> None:
    first, second = Runner(), Runner()
    turns = Turns(first)
    turns.stop()
    assert not turns.follow(second)
    assert list(turns) == [first]
    assert second.discarded


@unix
def test_a_slow_answer_delays_no_other_and_signals_are_answered_together() -> None:
    busy, free, ended, slow = threading.Event(), threading.Event(), threading.Event(), list[int]()

    def slowly() -> None:
        slow.append(1)
        busy.set()
        assert free.wait(10)

    calls: dict[signal.Signals, Callable[[], None]] = {signal.SIGHUP: slowly, signal.SIGTERM: ended.set}
    before = signal.getsignal(signal.SIGHUP)
    with Signals(calls):
        os.kill(os.getpid(), signal.SIGHUP)
        assert busy.wait(10)
        for _ in range(5):
            os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended.wait(10)
        busy.clear()
        free.set()
        assert busy.wait(10)
    assert signal.getsignal(signal.SIGHUP) is before
    assert len(slow) == 2
