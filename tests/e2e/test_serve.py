"""``groupmood serve`` as its user starts it: a page, rooms, cameras, an end."""

from __future__ import annotations

import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.rtsp_server import rtsp_server
from tests.serving import answer, command, environment, serving, until
from tests.weights import weights

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")


@pytest.fixture(autouse=True)
def fetched() -> None:
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)


def test_one_person_alone_sees_his_own_mood(tmp_path: Path) -> None:
    with serving("synthetic:people=1", "--purpose", "self", cwd=tmp_path) as url:
        said = until(f"{url}/api/v1/rooms/synthetic", lambda room: (room["now"] or {}).get("mood"))
        assert said["now"]["mood"]["people"] == 1
        assert "people" not in {key for key in said["now"] if key != "mood"}
        (camera,) = answer(f"{url}/api/v1/cameras")["cameras"]
        assert camera["state"] == "online"


def test_of_three_people_others_learn_nothing(tmp_path: Path) -> None:
    with serving("synthetic:", "--purpose", "audience", cwd=tmp_path) as url:
        until(f"{url}/api/v1/cameras", lambda said: said["cameras"][0]["state"] == "online")
        said = until(f"{url}/api/v1/rooms/synthetic", lambda room: room["now"])
        assert said["now"]["mood"] is None
        assert said["least"] == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("synthetic:",), "say what for"),
        (("synthetic:", "--purpose", "workplace"), "is refused"),
        (("synthetic:", "--purpose", "self", "--host", "0.0.0.0"), "can be reached by other machines"),
    ],
)
def test_it_does_not_begin_without_a_purpose_or_open_to_all(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        command(*words), cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environment(), check=False
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_network_camera_that_goes_comes_back(tmp_path: Path) -> None:
    with (
        rtsp_server("live", size=(320, 240), fps=25) as camera,
        serving(camera.url_as("viewer:hunter2"), "--purpose", "audience", cwd=tmp_path) as url,
    ):
        states = f"{url}/api/v1/cameras"

        def is_now(*wanted: str) -> Any:
            return until(states, lambda said: said["cameras"][0]["state"] in wanted)

        is_now("online")
        camera.kill()
        is_now("reconnecting", "failed")
        camera.restart()
        said = is_now("online")
        assert said["cameras"][0]["reconnects"] == 1
        for path in ("cameras", "settings", "rooms"):
            with urllib.request.urlopen(f"{url}/api/v1/{path}", timeout=10) as reply:
                assert b"hunter2" not in reply.read()


def test_a_browser_brings_the_picture(tmp_path: Path) -> None:
    config = tmp_path / "meeting.yaml"
    config.write_text("purpose: self\nsources: {desk: 'webrtc:'}\n", "utf-8")
    with serving("--config", str(config), cwd=tmp_path) as url:
        (camera,) = answer(f"{url}/api/v1/cameras")["cameras"]
        assert camera["inlet"] is True
        assert camera["reason"] == "no browser brings a picture"
        with urllib.request.urlopen(f"{url}/meeting", timeout=10) as reply:
            assert b"<main" in reply.read()
