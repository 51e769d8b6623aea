"""dlib's two detectors: pictures and margins as they go in and come out; that they find faces is in tests/contracts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data

from engines.errors import ModelRejected
from streamer.types import Image, read_only
from tests.weights import weights

dlib: Any = pytest.importorskip("dlib", reason="needs dlib: pip install 'groupmood[dlib]'")

from streamer.detectors.dlib_cnn import DlibCnn  # noqa: E402  (only where dlib is)
from streamer.detectors.dlib_hog import DlibHog  # noqa: E402
from streamer.detectors.dlib_picture import candidates, prepared  # noqa: E402
from streamer.detectors.margin import margin_of, share  # noqa: E402


def portrait() -> Image:
    picture = skimage.data.astronaut()[40:200, 140:300, ::-1]  # type: ignore[no-untyped-call]  # ships no types
    return read_only(picture.copy())


# --- scores


def test_a_share_rises_with_its_margin_and_back() -> None:
    # 1 / (1 + e^−1) and 1 / (1 + e^2).
    assert [share(margin) for margin in (0, 1, -2)] == pytest.approx([0.5, 0.7310586, 0.1192029])
    assert [margin_of(share(margin)) for margin in (-3.0, 0.0, 2.5)] == pytest.approx([-3.0, 0.0, 2.5])
    assert (share(1000), share(-1000)) == (1.0, 0.0)
    assert (margin_of(0.0), margin_of(1.0)) == (-np.inf, np.inf)


def test_rectangles_become_boxes_behind_their_last_pixel() -> None:
    found = candidates([(dlib.rectangle(10, 20, 49, 59), 1.0), (dlib.rectangle(100, 0, 109, 9), 0.0)])
    np.testing.assert_array_equal(found.boxes, [[10, 20, 50, 60], [100, 0, 110, 10]])
    assert found.scores == pytest.approx([0.7310586, 0.5])
    assert np.isnan(found.landmarks).all()
    assert len(candidates([]).scores) == 0


# --- pictures


def test_a_picture_is_rgb_and_doubled_at_most() -> None:
    rgb, scale = prepared(np.full((30, 40, 3), (0, 127, 255), np.uint8), 1280)
    assert rgb.shape == (60, 80, 3)
    assert tuple(rgb[30, 40]) == (255, 127, 0)
    assert scale == (2.0, 2.0)


def test_a_large_picture_is_shrunk() -> None:
    rgb, scale = prepared(np.zeros((1080, 1920, 3), np.uint8), 1280)
    assert rgb.shape == (720, 1280, 3)
    assert scale == pytest.approx((2 / 3, 2 / 3))


def test_a_small_one_gets_a_black_margin() -> None:
    rgb, scale = prepared(np.full((5, 700, 3), 200, np.uint8), 350, 40)
    assert rgb.shape == (40, 350, 3)
    assert scale == pytest.approx((0.5, 0.4))
    assert (rgb[:2] == 200).all()
    assert not rgb[2:].any()


# --- detectors


def test_hog_finds_what_dlib_finds() -> None:
    """The reference is dlib's own way, without sizing or scores."""
    picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]  # ships no types
    (rect,) = dlib.get_frontal_face_detector()(picture, 0)
    with DlibHog(long_side=512) as detector:
        (face,) = detector.detect(read_only(picture[:, :, ::-1].copy()))
    assert (face.box.x1, face.box.y1) == (rect.left(), rect.top())
    assert (face.box.x2, face.box.y2) == (rect.right() + 1, rect.bottom() + 1)


def test_hog_finds_more_where_less_is_asked() -> None:
    picture = read_only(skimage.data.astronaut()[:, :, ::-1].copy())  # type: ignore[no-untyped-call]  # ships no types
    with DlibHog(min_score=0.3) as easy, DlibHog(min_score=0.6) as strict, DlibHog(min_score=1.0) as never:
        counts = [len(detector.detect(picture)) for detector in (easy, strict, never)]
        assert all(face.score >= 0.3 for face in easy.detect(picture))
    assert counts[0] > counts[1] == 1
    assert counts[2] == 0


def test_the_network_sees_colours_in_their_order() -> None:
    """The reference is dlib's own call, with RGB and with BGR: only one of the two margins is ours."""
    model = weights("dlib_cnn")
    with DlibCnn(model, long_side=160) as detector:
        (face,) = detector.detect(portrait())
    with tempfile.NamedTemporaryFile(suffix=".dat") as file:
        file.write(model)
        file.flush()
        network = dlib.cnn_face_detection_model_v1(file.name)
    right, turned = (
        max((one.confidence for one in network(np.ascontiguousarray(picture), 0)), default=-9.0)
        for picture in (portrait()[:, :, ::-1], portrait())
    )
    assert face.score == pytest.approx(share(right), abs=1e-6)
    assert face.score != pytest.approx(share(turned), abs=1e-3)


def test_the_network_hides_what_is_less_sure_than_asked() -> None:
    with DlibCnn(weights("dlib_cnn"), min_score=0.9, long_side=160) as detector:
        assert detector.detect(portrait()) == ()


def test_the_network_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    model = weights("dlib_cnn")
    with DlibCnn(model, long_side=160):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", [b"", b"no model at all", bytes(1000)])
def test_what_is_no_network_is_refused(model: bytes) -> None:
    with pytest.raises(ModelRejected, match=rf"dlib cannot load its face model \({len(model)} bytes\)"), DlibCnn(model):
        pass


def test_of_takes_the_bytes_alone() -> None:
    def opening(_: bytes) -> Callable[[], Any]:
        raise AssertionError("dlib brings its own engine")

    assert isinstance(DlibCnn.of(b"", opening, 0.7), DlibCnn)


# --- without dlib


@pytest.mark.parametrize("name", ["dlib_hog", "dlib_cnn"])
def test_who_has_no_dlib_is_told_the_line(name: str) -> None:
    blocked = (
        "import sys; sys.modules['dlib'] = None\n"
        "from streamer.errors import ConfigError\n"
        "from streamer.registry import DETECTORS, find\n"
        f"try: find(DETECTORS, '{name}')\n"
        "except ConfigError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", blocked], capture_output=True, text=True, check=True, timeout=60, env=os.environ
    ).stdout
    assert said.strip() == f"'{name}' needs the package 'dlib', which is not installed: pip install 'groupmood[dlib]'"
