"""Reading a cascade, and what its votes say; that it finds faces is in tests/contracts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import skimage.data

from engines.errors import EngineUnavailable, ModelRejected
from streamer.detectors.haar import MIN_SCORE, Haar, cascade_of, decode
from streamer.detectors.margin import share
from streamer.types import read_only
from tests.weights import weights

NOTHING_BUT = '<?xml version="1.0"?>\n<opencv_storage>{}</opencv_storage>\n'


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no model at all", id="text"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(NOTHING_BUT.format("").encode(), id="empty"),
        pytest.param(NOTHING_BUT.format("<a>1</a>").encode(), id="something else"),
        pytest.param(NOTHING_BUT.format("<cascade><stageType>BOOST</stageType></cascade>").encode(), id="half of one"),
    ],
)
def test_what_is_no_cascade_is_refused(model: bytes) -> None:
    with pytest.raises(ModelRejected, match=rf"Haar cannot read its cascade \({len(model)} bytes\)"), Haar(model):
        pass


def test_an_opencv_without_cascades_says_what_to_install() -> None:
    with pytest.raises(EngineUnavailable, match=r"OpenCV 5\.0\.0 has no Haar cascades any more: install .* below 5"):
        cascade_of(b"", SimpleNamespace(__version__="5.0.0"))


def test_no_windows_are_no_faces() -> None:
    assert decode((), (), MIN_SCORE).faces((1.0, 1.0)) == ()


def test_boxes_are_given_back_in_pixels_of_the_frame_surest_first() -> None:
    # Found in a picture half as wide and a quarter as high as the frame.
    found = decode(np.array([[10, 20, 24, 24], [100, 20, 30, 30]]), np.array([0.0, 6.0]), MIN_SCORE)
    best, other = found.faces((0.5, 0.25))
    assert (best.box.x1, best.box.y1, best.box.x2, best.box.y2) == (200, 80, 260, 200)
    assert (other.box.x1, other.box.y1, other.box.x2, other.box.y2) == (20, 80, 68, 176)
    assert best.score == pytest.approx(share(2.0))
    assert other.score == 0.5


def test_a_faint_face_goes_where_more_is_asked() -> None:
    boxes, votes = np.array([[10, 20, 24, 24], [100, 20, 30, 30]]), np.array([-1.0, 2.0])
    assert [len(decode(boxes, votes, least).scores) for least in (MIN_SCORE, 0.5, 0.7)] == [2, 1, 0]


def test_all_that_the_last_stage_lets_pass_is_a_face() -> None:
    lowest = -2.9928279  # the file's last stageThreshold
    assert share(lowest / 3) > MIN_SCORE


def test_it_finds_what_opencv_finds_from_the_file() -> None:
    """The reference is OpenCV's own way: the cascade by its path, and no scores asked for."""
    picture = read_only(skimage.data.astronaut()[:, :, ::-1].copy())  # type: ignore[no-untyped-call]  # ships no types
    path = str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml")
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    ((x, y, width, height),) = cv2.CascadeClassifier(path).detectMultiScale(gray, 1.1, 5)
    with Haar(weights("haar")) as detector:
        (face,) = detector.detect(picture)
    assert (face.box.x1, face.box.y1, face.box.x2, face.box.y2) == (x, y, x + width, y + height)


def test_a_large_picture_is_looked_at_smaller() -> None:
    picture = skimage.data.astronaut()[:, :, ::-1]  # type: ignore[no-untyped-call]  # ships no types
    large = read_only(picture.repeat(4, 0).repeat(4, 1).copy())
    with Haar(weights("haar"), long_side=512) as detector:
        (face,) = detector.detect(large)
    assert face.box.center == pytest.approx((4 * 225, 4 * 114), abs=16)


def test_a_read_only_picture_stays_as_it_was() -> None:
    picture = read_only(skimage.data.astronaut()[:, :, ::-1].copy())  # type: ignore[no-untyped-call]  # ships no types
    before = picture.copy()
    with Haar(weights("haar")) as detector:
        detector.detect(picture)
    np.testing.assert_array_equal(picture, before)
