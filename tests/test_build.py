"""What a configuration is made into, before anything is opened."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from streamer import analysing, build
from streamer.config import Config, check
from streamer.errors import ConfigError, SinkError
from streamer.sources.paced import Limited, Paced
from streamer.sources.reconnect import Reconnecting
from tests.fakes import ListSink
from tests.media import video
from tests.weights import weights


@pytest.fixture(autouse=True)
def fetched() -> None:
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)


def config(address: object, **parts: Any) -> Config:
    return check({"sources": {"one": {"address": address}}, **parts}, {})


def source(address: object, **extras: Any) -> object:
    (settings,) = config(address).sources.values()
    return build.source("one", settings, threading.Event(), build.Extras(**extras))


def test_a_camera_is_brought_back_and_a_graph_may_end() -> None:
    assert isinstance(source(0), Reconnecting)
    assert not isinstance(source("lavfi:testsrc2"), Reconnecting)


def test_a_file_is_played_at_its_own_speed_for_somebody_who_watches(tmp_path: Path) -> None:
    clip = str(video(tmp_path / "a.mp4", codec="mpeg4"))
    assert isinstance(source(clip, window=True), Paced)
    assert not isinstance(source(clip), Paced)
    assert not isinstance(source("synthetic:", window=True), Paced)
    assert isinstance(source(clip, seconds=1.0), Limited)


@pytest.mark.parametrize("output", ["video", "results"])
def test_an_output_never_overwrites_its_source(tmp_path: Path, output: str) -> None:
    clip = video(tmp_path / "a.mp4", codec="mpeg4")
    before = clip.read_bytes()
    with pytest.raises(ConfigError, match=r"is a source already and would be overwritten; name another file"):
        build.pipeline(config(str(clip), output={output: str(tmp_path / "." / "a.mp4")}), build.Extras())
    assert clip.read_bytes() == before


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    both = str(tmp_path / "b.mp4")
    with pytest.raises(ConfigError, match="is another output already"):
        build.pipeline(config("synthetic:", output={"video": both, "results": both}), build.Extras())


def test_an_output_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="its directory does not exist; make it"):
        build.pipeline(config("synthetic:", output={"video": str(tmp_path / "no" / "b.mp4")}), build.Extras())


def test_a_video_of_another_kind_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"recordings are MP4; end the name in \.mp4"):
        build.pipeline(config("synthetic:", output={"video": str(tmp_path / "b.avi")}), build.Extras())


def test_several_sources_have_files_of_their_own_names(tmp_path: Path) -> None:
    made = check(
        {
            "sources": {"left": {"address": "synthetic:"}, "the right": {"address": "synthetic:"}},
            "output": {"video": str(tmp_path / "out.mp4"), "results": str(tmp_path / "out.jsonl")},
        },
        {},
    )
    assert build.outputs(made, "left") == (tmp_path / "out-left.mp4", tmp_path / "out-left.jsonl")
    assert build.outputs(made, "the right")[0] == tmp_path / "out-the_right.mp4"


def test_each_source_has_sinks_of_its_own() -> None:
    two = check({"sources": {"a": {"address": "synthetic:"}, "b": {"address": "synthetic:"}}}, {})
    made = build.pipeline(two, build.Extras(each=lambda _: (ListSink(),)))
    left, right = (sink for line in made.lines for sink, _ in line.results)
    assert left is not right


def test_every_unknown_name_is_said_at_once() -> None:
    wrong = config(0, detector={"name": "yonet"}, engine={"order": ["openvin", "onnxruntime"]})
    with pytest.raises(ConfigError) as error:
        build.cards(wrong)
    assert str(error.value).splitlines() == [
        "unknown detector 'yonet' (did you mean 'yunet'?); "
        "known: auto, centerface, dlib_cnn, dlib_hog, haar, mediapipe, ssd, yolo_face, yunet",
        "unknown engine 'openvin' (did you mean 'openvino'?); known: onnxruntime, openvino, tensorrt, tensorrt_rtx",
    ]


def test_a_live_source_follows_the_load_and_a_file_is_detected_on_frame_by_frame() -> None:
    assert analysing.plan(config(0), live=True).detect_every is None
    assert analysing.plan(config(0), live=False).detect_every == 1
    assert analysing.plan(config(0, detector={"every": 4}), live=True).detect_every == 4
