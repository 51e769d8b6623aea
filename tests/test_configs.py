"""Every file in configs/ is checked and run, with the cameras it names replaced by pictures made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamer import build
from streamer.config import check, read, shorthand
from streamer.sinks.record import FrameRecord
from tests.data import ROOT
from tests.media import video
from tests.weights import weights

FILES = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_runs(path: Path, tmp_path: Path) -> None:
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)
    clip = str(video(tmp_path / "clip.mp4", codec="mpeg4"))
    document = read(path)
    document["sources"] = {name: shorthand(source) for name, source in document["sources"].items()}
    for source in document["sources"].values():
        if source["address"] in (0, "webrtc:"):  # this machine need not have a camera; a graph has the size it has
            source.clear()
            source["address"] = "lavfi:testsrc2=size=320x240:rate=10:duration=1"
    document["output"] = {key: str(tmp_path / name) for key, name in document.get("output", {}).items()}
    document["output"].setdefault("results", str(tmp_path / "any.jsonl"))
    config = check(document, dict.fromkeys(("VIDEO", "HALL_LEFT", "HALL_RIGHT", "DESK"), clip))
    build.fetch_weights(config, offline=True)
    made = build.pipeline(config, build.Extras())
    made.run()
    assert made.failed == []
    written = [line for file in tmp_path.glob("*.jsonl") for line in file.read_text().splitlines()]
    records = [FrameRecord.model_validate(json.loads(line)) for line in written]
    assert {record.source for record in records} == set(config.sources)


def test_there_are_some() -> None:
    assert {"webcam", "file", "rooms", "rtsp", "meeting"} <= {path.stem for path in FILES}
