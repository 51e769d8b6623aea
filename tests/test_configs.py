"""Every file in configs/ is checked and run, with the cameras it names replaced by pictures made on the spot; what is
commented out in them is checked as well."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from streamer import build
from streamer.config import Config, check, read, shorthand
from streamer.sinks.record import FrameRecord
from streamer.timeline.reader import TimelineReader
from tests.certificates import certificate
from tests.data import ROOT
from tests.media import video
from tests.weights import weights

FILES = sorted((ROOT / "configs").glob("*.yaml"))


CAMERAS = ("VIDEO", "HALL_LEFT", "HALL_RIGHT", "DESK", "CAMERA")
OTHERS = {
    "HOOK_SECRET": "sixteen or more characters",
    "MQTT_HOST": "127.0.0.1",
    "MQTT_USER": "me",
    "MQTT_PASSWORD": "CANARY",
}

SERVED = [path for path in FILES if "groupmood serve" in path.read_text()]


def made_of(path: Path, folder: Path) -> Config:
    """That configuration with its cameras replaced, and its outputs in ``folder``."""
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)
    clip = str(video(folder / "clip.mp4", codec="mpeg4"))
    document = read(path)
    document["sources"] = {name: shorthand(source) for name, source in document["sources"].items()}
    for source in document["sources"].values():
        if source["address"] in (0, "webrtc:"):  # this machine need not have a camera; a graph has the size it has
            source.clear()
            source["address"] = "lavfi:testsrc2=size=320x240:rate=10:duration=1"
    document["output"] = {key: str(folder / name) for key, name in document.get("output", {}).items()}
    document["output"].setdefault("results", str(folder / "any.jsonl"))
    if "--purpose self" in path.read_text():
        document.setdefault("purpose", "self")
    if "events" in document:
        document["events"]["mqtt"]["port"] = 9  # nobody is there
    config = check(document, {**OTHERS, **dict.fromkeys(CAMERAS, clip)})
    build.fetch_weights(config, offline=True)
    return config


def sources_in(folder: Path) -> set[str]:
    written = [line for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
    return {FrameRecord.model_validate(json.loads(line)).source for line in written}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_runs(path: Path, tmp_path: Path) -> None:
    config = made_of(path, tmp_path)
    made = build.pipeline(config, build.Extras())
    made.run()
    assert made.failed == []
    assert sources_in(tmp_path) == set(config.sources)


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_it_serves(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")
    from streamer.service import service

    if "mqtt" in path.read_text():
        pytest.importorskip("paho.mqtt", reason="needs paho-mqtt (the extra mqtt)")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    config = made_of(path, tmp_path)
    made = service(config)
    made.run()
    assert made.pipeline.failed == []
    assert sources_in(tmp_path) == set(config.sources)
    assert set(made.site.hub.rooms()) == set(made.site.rooms)
    assert {status.state for status in made.site.hub.cameras().values()} == {"stopped"}
    assert (config.timeline is None) == (made.site.timeline is None) == (path.stem == "webcam")
    if made.site.timeline is not None:
        assert tmp_path in made.site.timeline.parents
        with TimelineReader(made.site.timeline) as reader:
            assert set(reader.rooms()) == set(made.site.rooms)
    assert {rule.name for rule in made.keeping.rules} == set(config.alerts)


def uncommented(text: str) -> str:
    """With what is commented out: # and a key, or # and the two spaces and more that it is indented by."""
    head = re.match(r"(#.*\n)*", text)
    assert head
    return head[0] + re.sub(r"^#(?=\S|  )", "", text[head.end() :], flags=re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_commented_out_could_stand_there(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")
    pytest.importorskip("paho.mqtt", reason="needs paho-mqtt (the extra mqtt)")
    from streamer.service import service

    for name in ("broker-ca.pem", "camera-ca.pem"):
        certificate(tmp_path)[0].rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    text = uncommented(path.read_text())
    document = yaml.safe_load(text)
    config = check(
        {"purpose": "self", "state_dir": "state"} | document,
        {**OTHERS, **dict.fromkeys(CAMERAS, "rtsps://127.0.0.1/x")},
    )
    build.fetch_weights(config, offline=True)
    assert {rule.name for rule in service(config).keeping.rules} == set(document.get("alerts", ()))
    assert sorted(set(EXAMPLES[path.stem]) & set(re.findall(r"^ *(\w+):", text, re.MULTILINE))) == EXAMPLES[path.stem]
    assert len(text) <= len(path.read_text()) - len(EXAMPLES[path.stem])


EXAMPLES = {
    "file": ["zones"],
    "home-assistant": ["ca", "discovery", "port", "tls"],
    "meeting": ["alerts"],
    "rooms": [],
    "rtsp": ["audit", "ca", "events", "webhooks", "zones"],
    "webcam": ["alerts", "timeline", "zones"],
}
"""What is commented out in each of them."""


def test_there_are_some() -> None:
    assert {path.stem for path in FILES} == set(EXAMPLES)
    assert {"rtsp", "meeting", "home-assistant", "webcam"} == {path.stem for path in SERVED}
