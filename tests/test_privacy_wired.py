"""From a configuration to what is kept of a camera: blurred by default, without what lies in zones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import skimage.data

from engines.ort import OnnxRuntimeEngine
from streamer import build, sending
from streamer.config import Config, check
from streamer.detectors.centerface import CenterFace, dynamic
from streamer.errors import ConfigError
from streamer.overlay.faceless import faceless
from streamer.sinks.window import as_shown
from streamer.types import Image
from tests.weights import weights

LIVE = ("0", "/dev/video7", "rtsp://host/live", "http://host/cam", "webrtc:", "screen:", "lavfi:testsrc")
OUTPUTS: tuple[dict[str, Any], ...] = (
    {"video": "out.mp4"},
    {"hls": "live"},
    {"push": "rtsp://host/room"},
    {"virtual_camera": True},
)


def config(address: str, **parts: Any) -> Config:
    return check({"sources": {"one": {"address": address}}, "purpose": "self", **parts}, {})


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("address", LIVE)
def test_what_is_kept_of_a_live_source_is_blurred_unless_somebody_says_what_is(
    address: str, output: dict[str, Any]
) -> None:
    assert sending.veil(config(address, output=output), "one") == "always"
    assert sending.veil(config(address), "one") == "recording"
    assert sending.veil(config(address, output={"results": "out.jsonl"}), "one") == "recording"
    assert sending.snapshot(config(address)) is faceless
    for blur in (True, False):
        said = config(address, output=output, overlay={"blur": blur})
        assert sending.veil(said, "one") == "never"
        assert build.view(said).blur is blur
        assert sending.snapshot(said) is as_shown


@pytest.mark.parametrize("address", ["film.mp4", "synthetic:"])
def test_what_the_user_has_already_stays_as_it_is(address: str) -> None:
    plain = config(address, output={"video": "out.mp4"})
    assert sending.veil(plain, "one") == "never"
    assert sending.snapshot(plain) is as_shown


def test_of_several_sources_each_is_veiled_by_its_own_kind() -> None:
    both = check(
        {"sources": {"a": "film.mp4", "b": "rtsp://host/live"}, "purpose": "research", "output": {"hls": "live"}}, {}
    )
    assert [sending.veil(both, name) for name in ("a", "b")] == ["never", "always"]


@pytest.mark.parametrize(
    ("zones", "fault"),
    [
        ([[0, 0, 1]], "sources.one.zones.0.3"),
        ([[0.5, 0, 0.5, 1]], "expected x1, y1, x2, y2 with x1 < x2 and y1 < y2, got [0.5, 0.0, 0.5, 1.0]"),
        ([[0, 0, 1.5, 1]], "less than or equal to 1"),
    ],
)
def test_a_wrong_zone_is_named(zones: object, fault: str) -> None:
    with pytest.raises(ConfigError) as error:
        check({"sources": {"one": {"address": 0, "zones": zones}}}, {})
    assert fault in str(error.value)


def faces_in_film(folder: Path, zones: object = (), **parts: Any) -> int:
    """Faces that a detector finds in the recording of a camera which sees a portrait."""
    portrait = skimage.data.astronaut()[:400, :, ::-1]  # type: ignore[no-untyped-call]  # ships no types
    cv2.imwrite(str(folder / "seen.png"), portrait)
    address = f"lavfi:movie={folder}/seen.png,loop=loop=20:size=1,setpts=N/25/TB"
    document = {"sources": {"desk": {"address": address, "zones": zones}}, "detector": {"name": "centerface"}}
    build.pipeline(check({**document, "output": {"video": str(folder / "out.mp4")}, **parts}, {}), build.Extras()).run()
    with av.open(str(folder / "out.mp4")) as film:
        pictures: list[Image] = [np.asarray(one.to_ndarray(format="bgr24"), np.uint8) for one in film.decode(video=0)]
    assert pictures
    model = dynamic(weights("centerface"))
    with CenterFace(lambda: OnnxRuntimeEngine(model, name="centerface", threads=1)) as detector:
        return sum(len(detector.detect(picture)) for picture in (pictures[0], pictures[-1]))


def test_a_detector_finds_no_face_in_a_recording_and_one_where_faces_may_be_seen(tmp_path: Path) -> None:
    weights("centerface"), weights("groupmood")
    assert faces_in_film(tmp_path) == 0
    (tmp_path / "out.mp4").unlink()
    assert faces_in_film(tmp_path, overlay={"blur": False}) == 2
    (tmp_path / "out.mp4").unlink()
    assert faces_in_film(tmp_path, [[0.1, 0.0, 0.8, 0.9]], overlay={"blur": False}) == 0
