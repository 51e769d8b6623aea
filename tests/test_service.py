"""What a configuration with pages becomes before anything is opened: who sees what, what is shown of its secrets."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")

from streamer import sending
from streamer.config import Config, check
from streamer.doors import doors
from streamer.errors import ConfigError, SinkError
from streamer.overlay.public import PublicOverlay
from streamer.service import Service, service
from streamer.shown import settings_view
from streamer.sinks.personal import Personal
from streamer.sourcing import Opening, source
from tests.weights import weights

LONG = "a-token-that-is-long-enough"


def config(**parts: Any) -> Config:
    return check({"sources": {"one": "webrtc:", "two": "synthetic:"}, "purpose": "audience", **parts}, {})


def served(**parts: Any) -> Service:
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)
    return service(config(**parts))


def kinds(made: Service, source: str) -> set[str]:
    """The classes of what takes the results and pictures of one source."""
    (line,) = [line for line in made.pipeline.lines if line.name == source]
    camera = line.camera
    return {type(one).__name__ for one in (*camera.result_sinks, *camera.picture_sinks, *camera.packet_sinks)}


def test_others_get_a_public_picture_and_no_browser_its_people() -> None:
    made = served()
    assert kinds(made, "one") == kinds(made, "two") == {"Mjpeg", "PacketsOut"}
    assert all(isinstance(line.camera.overlay, PublicOverlay) for line in made.pipeline.lines)
    assert {room.least for room in made.site.rooms.values()} == {5}


def test_who_is_alone_gets_the_own_people_and_picture() -> None:
    made = served(purpose="self")
    assert kinds(made, "one") == {"Personal", "Mjpeg", "PacketsOut"}
    assert "Personal" not in kinds(made, "two")
    assert not any(isinstance(line.camera.overlay, PublicOverlay) for line in made.pipeline.lines)
    assert {room.least for room in made.site.rooms.values()} == {1}


def test_who_is_alone_but_can_be_looked_at_is_hidden_like_others(tmp_path: Path) -> None:
    tls = {"certificate": str(tmp_path / "c.pem"), "key": str(tmp_path / "k.pem")}
    tokens = {"token": LONG, "admin_token": LONG[::-1]}
    made = served(purpose="self", server={"host": "0.0.0.0", **tokens, **tls})
    assert all(isinstance(line.camera.overlay, PublicOverlay) for line in made.pipeline.lines)
    assert {room.least for room in made.site.rooms.values()} == {5}


def test_where_no_picture_is_shown_there_is_none() -> None:
    made = served(server={"picture": "none"})
    assert kinds(made, "one") == set()
    assert (made.site.pictures, made.site.packets) == ({}, {})


def test_a_place_without_a_browser_says_so_and_is_taken_by_one() -> None:
    made = served()
    place = made.site.inlets["one"]
    assert made.site.hub.cameras()["one"].reason == "no browser brings a picture"
    session = place.take()
    assert session is not None
    assert made.site.hub.cameras()["one"].reason == ""
    place.leave(session)
    assert made.site.hub.cameras()["one"].reason == "no browser brings a picture"


def test_without_a_purpose_or_locks_nothing_is_made() -> None:
    with pytest.raises(ConfigError, match="say what for"):
        service(config(purpose=None))
    with pytest.raises(ConfigError, match="can be reached by other machines"):
        service(config(server={"host": "0.0.0.0", "token": LONG, "admin_token": LONG[::-1]}))


def test_switched_off_nothing_stays() -> None:
    made = served(sources={"two": "synthetic:"})
    made.site.ask("off")
    assert made.pipeline.paused
    assert made.site.hub.rooms()["two"].paused


def test_settings_are_shown_without_their_secrets() -> None:
    secret = "hunter2-hunter2-hunter2"
    view = settings_view(
        config(
            sources={"door": f"rtsp://watcher:{secret}@10.0.0.2/live?token={secret}"},
            output={"push": f"rtsp://pusher:{secret}@10.0.0.3/live"},
            server={"token": secret, "admin_token": secret},
            webrtc={"ice_servers": [f"turn:caller:{secret}@turn.example.org:3478", "stun:stun.example.org"]},
        )
    )
    text = json.dumps(view)
    assert secret not in text
    assert "watcher" not in text
    assert "caller" not in text
    assert "10.0.0.2" in text
    assert view["webrtc"]["ice_servers"] == ["***@turn.example.org:3478", "stun:stun.example.org"]
    assert view["server"]["token"] == "***"
    assert settings_view(config())["server"]["token"] is None


@pytest.mark.parametrize("url", ["http://turn.example.org", "turn:turn.example.org", "stun:user@host", "turn:a@b:1"])
def test_a_wrong_ice_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        config(webrtc={"ice_servers": [url]})
    assert "expected stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT" in str(error.value)
    assert url not in str(error.value)


def test_without_a_server_no_browser_can_bring_a_picture() -> None:
    settings = config().sources["one"]
    with pytest.raises(ConfigError, match="say 'groupmood serve'"):
        source("one", settings, Opening(threading.Event()))


def test_a_screen_has_the_size_it_has() -> None:
    settings = config(sources={"screen": {"address": "screen:", "size": "640x480"}}).sources["screen"]
    with pytest.raises(ConfigError, match="a screen has the size it has"):
        source("screen", settings, Opening(threading.Event()))


def test_of_several_sources_each_has_outputs_of_its_own(tmp_path: Path) -> None:
    both = config(output={"hls": str(tmp_path / "live"), "push": "rtsp://user:secret@host:8554/room?x=1"})
    assert sending.folder_of(both, "one") == tmp_path / "live-one"
    assert sending.push_of(both, "one") == "rtsp://user:secret@host:8554/room/one?x=1"
    alone = config(sources={"two": "synthetic:"}, output={"hls": str(tmp_path / "live"), "push": "rtsp://host/room"})
    assert sending.folder_of(alone, "two") == tmp_path / "live"
    assert sending.push_of(alone, "two") == "rtsp://host/room"


def test_outputs_that_cannot_be_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("a file")
    with pytest.raises(SinkError, match="it is a file"):
        sending.check_sending(config(sources={"two": "synthetic:"}, output={"hls": str(tmp_path / "live")}))
    with pytest.raises(SinkError) as error:
        sending.check_sending(config(output={"push": "rtsp://user:hunter2@[::1"}))
    assert "hunter2" not in str(error.value)


def test_a_viewer_who_joins_asks_for_a_keyframe() -> None:
    asked: list[str] = []
    made = doors(config(), "audience", lambda *_: None)
    made.wishes["two"]()  # there is no encoder yet
    made.wishes["two"].ask = lambda: asked.append("two")
    made.wishes["two"]()
    assert asked == ["two"]
    assert made.results("one") == ()
    assert isinstance(doors(config(), "self", lambda *_: None).results("one")[0], Personal)
