from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import pytest

from streamer.errors import SinkError
from streamer.sinks.video_file import VideoFile
from tests.clips import packets, play

STEADY = [n / 30 for n in range(75)]


def record(path: Path, times: list[float]) -> None:
    with VideoFile(path) as sink:
        for packet in packets(times):
            sink.write(packet)


def test_every_picture_at_its_true_time_counted_from_the_first(tmp_path: Path) -> None:
    times = [12.0, 12.02, 12.1, 12.5, 12.55, 13.3, 13.31, 15.0, 15.04, 15.4]  # variable rate
    record(tmp_path / "a.mp4", times)
    played = play(tmp_path / "a.mp4")
    assert played.times == pytest.approx([pts - 12.0 for pts in times], abs=1e-5)
    assert played.greys == pytest.approx([40 + n for n in range(10)], abs=3)
    assert (played.width, played.height) == (64, 48)


def test_players_see_a_plain_seekable_mp4(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", STEADY)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 30
        assert stream.duration is not None
        assert stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(2.5, abs=1e-3)
        container.seek(round(1.7 / stream.time_base), stream=stream)
        frame = next(container.decode(stream))
        assert frame.time == pytest.approx(1.0)
        assert frame.key_frame


def test_a_single_picture_is_a_file(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", [3.0])
    assert play(tmp_path / "a.mp4").times == [0.0]


def test_nothing_written_leaves_nothing_and_touches_nothing(tmp_path: Path) -> None:
    record(tmp_path / "new.mp4", [])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old.mp4").write_bytes(b"of yesterday")
    record(tmp_path / "old.mp4", [])
    assert (tmp_path / "old.mp4").read_bytes() == b"of yesterday"
    record(tmp_path / "old.mp4", STEADY[:5])
    assert len(play(tmp_path / "old.mp4").times) == 5


def test_after_a_loss_it_waits_for_a_keyframe(tmp_path: Path) -> None:
    coded = packets(STEADY)  # keyframes are 0, 30, 60
    came = [*coded[:10], *coded[13:40], *coded[41:]]
    with VideoFile(tmp_path / "a.mp4") as sink:
        for packet in came:
            sink.write(packet)
        assert sink.dropped == 20 + 20
    kept = [*range(10), *range(30, 40), *range(60, 75)]
    played = play(tmp_path / "a.mp4")
    assert played.times == pytest.approx([n / 30 for n in kept], abs=1e-5)
    assert played.greys == pytest.approx([40 + n for n in kept], abs=3)


def test_a_recording_that_begins_in_mid_stream_begins_with_a_keyframe(tmp_path: Path) -> None:
    with VideoFile(tmp_path / "a.mp4") as sink:
        for packet in packets(STEADY)[20:]:
            sink.write(packet)
        assert sink.dropped == 10
    played = play(tmp_path / "a.mp4")
    assert played.times[0] == 0.0
    assert len(played.times) == 45


def test_another_format_goes_on_in_a_second_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a-2.mp4").write_bytes(b"somebody else's")
    small = packets(STEADY[:20])
    large = [
        replace(packet, sequence=20 + n, pts=packet.pts + 60_000) for n, packet in enumerate(packets(STEADY, 96, 80))
    ]
    with caplog.at_level(logging.WARNING), VideoFile(tmp_path / "a.mp4") as sink:
        for packet in [*small, *large]:
            sink.write(packet)
        assert sink.files == (tmp_path / "a.mp4", tmp_path / "a-3.mp4")
        assert sink.dropped == 0
    assert (tmp_path / "a-2.mp4").read_bytes() == b"somebody else's"
    first, second = play(tmp_path / "a.mp4"), play(tmp_path / "a-3.mp4")
    assert (first.width, len(first.times)) == (64, 20)
    assert (second.width, len(second.times), second.times[0]) == (96, 75, 0.0)
    assert "96×80" in caplog.text
    assert "a-3.mp4" in caplog.text


@pytest.mark.parametrize(("name", "said"), [("a.avi", "end the name in .mp4"), ("a", "end the name in .mp4")])
def test_only_mp4(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SinkError, match=said), VideoFile(tmp_path / name):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a Linux device that is always full")
def test_a_full_disk_is_an_error_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.symlink_to("/dev/full")
    with pytest.raises(SinkError, match=r"a\.mp4: No space left on device"):
        record(path, STEADY)
    with pytest.raises(SinkError, match="No space left on device"):  # all of it is written at the end
        record(path, STEADY[:3])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where nobody can make a file")
def test_a_place_that_cannot_be_opened_is_an_error() -> None:
    with pytest.raises(SinkError, match=r"cannot write /proc/self/a\.mp4"):
        record(Path("/proc/self/a.mp4"), STEADY[:2])


LIMITED = """
import resource, sys
from pathlib import Path
from streamer.errors import SinkError
from streamer.sinks.video_file import VideoFile
from tests.clips import packets
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with VideoFile(Path(sys.argv[1])) as sink:
        for packet in packets([n / 10 for n in range(3000)]):
            sink.write(packet)
except SinkError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a process's files")
def test_what_was_written_before_the_disk_was_full_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"cannot write {path}: File too large")
    assert "Traceback" not in done.stderr
    played = play(path)
    assert len(played.times) > 20
    assert played.times == pytest.approx([n / 10 for n in range(len(played.times))], abs=1e-5)


ENDLESS = """
import sys
from pathlib import Path
from streamer.sinks.video_file import VideoFile
from tests.clips import packets
with VideoFile(Path(sys.argv[1])) as sink:
    for number, packet in enumerate(packets([n / 30 for n in range(100)])):
        sink.write(packet)
    print(number + 1, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_recording_lacks_the_last_group_of_pictures_at_most(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "100\n"
        os.kill(writer.pid, signal.SIGKILL)
    played = play(path)
    assert len(played.times) >= 90  # the fourth group began with picture 90
    assert played.times == pytest.approx([n / 30 for n in range(len(played.times))], abs=1e-5)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        container.seek(round(2.4 / stream.time_base), stream=stream)
        assert next(container.decode(stream)).time == pytest.approx(2.0)
