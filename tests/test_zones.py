"""What lies in a zone is seen by nobody: no detector, no picture that is shown, sent or written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import skimage.data

from engines.ort import OnnxRuntimeEngine
from streamer.analyzer import Analyzer, Models
from streamer.detectors.centerface import CenterFace, dynamic
from streamer.detectors.mediapipe_face import MediaPipeFace
from streamer.fanout import Fanout
from streamer.labels import Labels
from streamer.line import Camera
from streamer.overlay import Overlay
from streamer.pipeline import Pipeline
from streamer.schedule import Plan, Schedule
from streamer.sinks.h264 import H264Encoder
from streamer.sinks.mjpeg import Mjpeg
from streamer.sinks.png import write_png
from streamer.sinks.video_file import VideoFile
from streamer.stages import Detector
from streamer.types import Box, Face, Frame, Image, View
from streamer.zones import GREY, Zone, ZonedSource
from tests.fakes import FakeClassifier, FakeDetector, FakeMood, FakeSource, FakeTracker, Managed, PictureList
from tests.weights import weights

LEFT: Zone = (0.0, 0.0, 0.5, 1.0)
PORTRAIT: Image = skimage.data.astronaut()[:400, :, ::-1].copy()  # type: ignore[no-untyped-call]  # ships no types


class Pictures(Managed):
    """These pictures, converted when they are asked for; counts the conversions."""

    name, live, damaged = "pictures", False, 3

    def __init__(self, images: Sequence[Image]) -> None:
        self.images, self.converted = images, 0

    def frames(self) -> Iterator[Frame]:
        for index, image in enumerate(self.images):
            yield Frame(self.name, index, index / 30, time.monotonic(), partial(self._convert, image))

    def _convert(self, image: Image) -> Image:
        self.converted += 1
        return image.copy()


class Looking(FakeDetector):
    """Keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Image] = []

    def detect(self, image: Image) -> tuple[Face, ...]:
        self.shown.append(image)
        return super().detect(image)


def centerface() -> Detector:
    model = dynamic(weights("centerface"))
    return CenterFace(lambda: OnnxRuntimeEngine(model, name="centerface", threads=1))


def mediapipe() -> Detector:
    return MediaPipeFace(weights("mediapipe"))


def found(detector: Detector, *zones: Zone) -> list[Box]:
    """The faces in a picture with the same portrait left and right."""
    both = np.hstack([PORTRAIT, PORTRAIT])
    (frame,) = ZonedSource(Pictures([both]), zones).frames()
    with detector:
        return sorted((face.box for face in detector.detect(frame.image)), key=lambda box: box.x1)


@pytest.mark.parametrize("make", [centerface, mediapipe])
def test_a_face_in_a_zone_is_never_found_and_one_outside_as_before(make: Callable[[], Detector]) -> None:
    left, right = found(make())
    assert (left.x2 < 512, right.x1 > 512) == (True, True)
    (alone,) = found(make(), LEFT)
    assert alone.iou(right) > 0.8
    assert found(make(), LEFT, (0.5, 0.0, 1.0, 1.0)) == []


@pytest.mark.parametrize("size", [(64, 48), (101, 67), (1, 1), (1920, 1080)])
def test_every_pixel_that_a_zone_touches_is_grey_and_no_other(size: tuple[int, int]) -> None:
    width, height = size
    image = np.full((height, width, 3), 200, np.uint8)
    zone = (0.1, 0.25, 0.333, 0.9)
    (frame,) = ZonedSource(Pictures([image]), [zone]).frames()
    x, y = np.arange(width), np.arange(height)
    inside_x = (x + 1 > zone[0] * width) & (x < zone[2] * width)
    inside_y = (y + 1 > zone[1] * height) & (y < zone[3] * height)
    inside = inside_y[:, None] & inside_x
    assert (frame.image[inside] == GREY).all()
    assert (frame.image[~inside] == 200).all()
    assert (image == 200).all()


def test_the_size_may_change_and_nothing_is_converted_before_it_is_asked_for() -> None:
    pictures = Pictures([np.full((h, w, 3), 9, np.uint8) for w, h in ((64, 48), (32, 100), (640, 360))])
    frames = list(ZonedSource(pictures, [LEFT]).frames())
    assert pictures.converted == 0
    for frame in frames:
        width, _ = frame.size
        assert (frame.image[:, : width // 2] == GREY).all()
        assert (frame.image[:, width // 2 :] == 9).all()
        assert not frame.image.flags.writeable
        _ = frame.image
    assert pictures.converted == 3
    assert [(frame.source, frame.index, frame.pts) for frame in frames] == [("pictures", n, n / 30) for n in range(3)]


def test_all_else_of_the_source_is_passed_on() -> None:
    inner = FakeSource(3, live=True, name="door")
    source = ZonedSource(inner, [LEFT])
    assert (source.name, source.live, source.damaged) == ("door", True, 0)
    assert ZonedSource(Pictures([]), []).damaged == 3
    with source as entered:
        assert entered is source
        assert inner.opened == 1
    assert inner.closed == 1


@pytest.mark.parametrize(
    "zone",
    [(0.5, 0.0, 0.5, 1.0), (0.0, 0.6, 1.0, 0.5), (-0.1, 0.0, 1.0, 1.0), (0.0, 0.0, 1.1, 1.0), (0, 0, float("nan"), 1)],
)
def test_a_zone_that_is_none_is_refused(zone: Zone) -> None:
    with pytest.raises(ValueError, match="a zone is x1, y1, x2, y2 with"):
        ZonedSource(Pictures([]), [zone])


def test_no_pixel_of_a_zone_reaches_anything_that_is_made_of_the_picture(tmp_path: Path) -> None:
    """What is forbidden is bright magenta, in the lower left, where nothing is drawn."""
    image = np.full((240, 320, 3), 60, np.uint8)
    image[120:, :192] = (255, 0, 255)
    shown = everything_shown(Pictures([image] * 12), (0.0, 0.5, 0.6, 1.0), tmp_path)
    assert len(shown) >= 12 + 12 + 1 + 1 + 12
    assert all(colour(one[120:, :192]) < 8 for one in shown)
    assert colour(image[120:, :192]) == 255
    forbidden = everything_shown(Pictures([image] * 2), (0.9, 0.9, 1.0, 1.0), tmp_path)
    assert all(colour(one[120:, :192]) > 100 for one in forbidden)


def everything_shown(source: Pictures, zone: Zone, folder: Path) -> list[Image]:
    """What the detector, the window, a snapshot, MJPEG and the video get of it."""
    detector, window, fanout = Looking(), PictureList(), Fanout[bytes](100)
    models = Models(detector, FakeClassifier())
    camera = Camera(
        ZonedSource(source, [zone]),
        Analyzer(models, FakeTracker(), Labels(), FakeMood(), Schedule(Plan())),
        Overlay(),
        (),
        (Mjpeg(fanout), window),
        H264Encoder(rate_hint=Fraction(30)),
        (VideoFile(folder / "out.mp4"),),
    )

    async def run() -> list[bytes]:
        reader = fanout.join()
        await asyncio.to_thread(Pipeline(models, [camera], view=View(labels=False, meter=False)).run)
        return [one async for one in reader]

    jpegs = asyncio.run(run())
    write_png(folder / "shot.png", window.pictures[-1].image)
    (folder / "shot.png").replace(folder / "last.png")
    with av.open(str(folder / "out.mp4")) as video:
        films = [np.asarray(one.to_ndarray(format="bgr24"), np.uint8) for one in video.decode(video=0)]
    (folder / "out.mp4").unlink()
    pictures = [decoded((folder / "last.png").read_bytes()), *map(decoded, jpegs)]
    return [*detector.shown, *(one.image for one in window.pictures), *pictures, *films]


def colour(part: Image) -> int:
    """How far the channels of its most colourful pixel lie apart."""
    return int(np.ptp(part.astype(int), axis=2).max())


def decoded(data: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)
