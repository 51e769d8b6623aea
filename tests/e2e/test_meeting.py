"""A meeting from its first click to its end: a real browser brings a picture of five people to ``groupmood serve``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import expect

from tests.chromium import context
from tests.data import ROOT
from tests.serving import answer, serving
from tests.weights import weights
from tools.webrtc_clip import PEOPLE, write_clip

PERSONAL = ('"box"', '"faces"', '"people":[', '"id"', '"track"', '"probabilities"')
"""What would be of single people."""


def test_five_people_are_a_mood_and_never_anybody_s_own(tmp_path: Path) -> None:
    for name in ("centerface", "groupmood"):
        weights(name)
    camera = tmp_path / "five.mjpeg"
    write_clip(camera)
    config = str(ROOT / "configs" / "meeting.yaml")
    with serving("--config", config, cwd=tmp_path) as url, context(camera) as browser:
        browser.grant_permissions(["camera"])
        page = browser.new_page()
        heard: list[str] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda data: heard.append(str(data))))
        page.goto(f"{url}/meeting")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="My camera").click()
        expect(page.locator("#verdict")).to_contain_text("looks", timeout=60_000)
        room = answer(f"{url}/api/v1/rooms/gallery")["now"]
        assert room["mood"]["people"] == PEOPLE
        assert room["mood"]["interval"] is not None
        heard.append(json.dumps(answer(f"{url}/api/v1/rooms/gallery/history"), separators=(",", ":")))
        assert heard
        assert [word for word in PERSONAL for text in heard if word in text.replace(" ", "")] == []
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator("#problem")).to_contain_text("Stopped")
