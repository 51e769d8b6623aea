"""The same against a server that others wrote: GStreamer's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

import pytest

from streamer.errors import SourceError, SourceLost
from streamer.sources.rtsp import RtspSource
from tests.camera_course import Course
from tests.gst_server import GstServer, gst_server

LOGIN = "adm.in:s3cr3t"


def given(server: GstServer | None) -> GstServer:
    if server is None:
        pytest.skip("needs GStreamer's RTSP server under /usr/bin/python3, which is not on this machine")
    return server


@pytest.fixture
def server() -> Iterator[GstServer]:
    with gst_server() as server:
        yield given(server)


def test_pictures(server: GstServer) -> None:
    with RtspSource(server.url, name="hall") as source:
        frames = list(islice(source.frames(), 30))
    assert [frame.index for frame in frames] == list(range(30))
    assert frames[-1].pts == pytest.approx(29 / 25, abs=0.2)
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))
    assert frames[-1].image.shape == (240, 320, 3)
    assert frames[-1].image.std() > 5


def test_an_unknown_path_is_refused(server: GstServer) -> None:
    with pytest.raises(SourceError, match="no such stream"):
        RtspSource(server.url.replace("/cam", "/none"), name="hall").__enter__()


def test_digest_authentication() -> None:
    with gst_server(login=LOGIN) as made:
        server = given(made)
        with RtspSource(server.url_as(LOGIN), name="hall") as source:
            assert len(list(islice(source.frames(), 3))) == 3
        for login in ("adm.in:wr0ng", "nobody:s3cr3t"):
            with pytest.raises(SourceError, match="refused the user name or the password") as caught:
                RtspSource(server.url_as(login), name="hall").__enter__()
            assert not isinstance(caught.value, SourceLost)


def test_killed_and_back_frozen_and_back(server: GstServer) -> None:
    """The whole course of states, as a page sees it."""
    with Course(lambda: server.url, stall=3.0) as course:
        assert course.reached("online")
        server.kill()
        assert course.reached("reconnecting")
        assert server.start()
        assert course.reached("online")
        assert course.seen(10)
        server.freeze()
        assert course.reached("stalled")
        assert course.reached("reconnecting")
        server.thaw()
        assert course.reached("online")
    assert course.ended
    assert course.states == [
        "starting", "online", "reconnecting", "online", "stalled", "reconnecting", "online", "stopped"
    ]  # fmt: skip
    assert course.source.reconnects == 2
