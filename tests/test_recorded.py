"""When a video was recorded: by its container, or else by its file."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

from streamer.errors import SourceError
from streamer.sources.recorded import creation_time, recorded
from tests.media import video

AFTERNOON = datetime(2026, 3, 20, 14, 3, 10, tzinfo=UTC).timestamp()


def dated(path: Path, when: str) -> Path:
    """A second of grey whose container has that creation time."""
    with av.open(str(path), "w") as container:
        container.metadata["creation_time"] = when
        stream = container.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        assert isinstance(stream, VideoStream)
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv"])
def test_the_container_tells(tmp_path: Path, ending: str) -> None:
    found = recorded(dated(tmp_path / f"meeting.{ending}", "2026-03-20T14:03:10.000000Z"))
    assert (found.begin, found.source) == (AFTERNOON, "creation time")
    assert found.seconds == pytest.approx(1.0, abs=0.11)


def test_without_a_creation_time_the_last_change_is_the_end(tmp_path: Path) -> None:
    path = video(tmp_path / "meeting.mp4", 40, codec="mpeg4")
    os.utime(path, (AFTERNOON, AFTERNOON))
    found = recorded(path)
    assert found.source == "last change"
    assert found.begin == pytest.approx(AFTERNOON - 4.0, abs=0.11)


@pytest.mark.parametrize("when", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:10Z", "2999-01-01T00:00:00Z", "yesterday"])
def test_what_cannot_be_true_is_not_believed(when: str) -> None:
    assert creation_time({"creation_time": when}) is None
    assert creation_time({}) is None


def test_a_phone_tells_its_zone_and_others_mean_utc() -> None:
    phone = {"com.apple.quicktime.creationdate": "2026-03-20T15:03:10+0100", "creation_time": "2026-03-21T00:00:00Z"}
    assert creation_time(phone) == AFTERNOON
    assert creation_time({"creation_time": "2026-03-20 14:03:10"}) == AFTERNOON
    assert time.time() > AFTERNOON


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello\n" * 50)
    with pytest.raises(SourceError, match="not a video"):
        recorded(tmp_path / "text.mp4")
