"""One pass over small made-up frames on a strict stand-in of the device, beside the path on the CPU.

The detector's heat is a pixel's red, the emotion network's answer the share of red, green and blue in a chip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from engines.base import Array
from engines.cuda.boxes import Squares
from engines.cuda.crops import Look
from engines.face_chain import Task
from engines.one_pass import Network, OnePass
from engines.ort import OnnxRuntimeEngine
from streamer.chips import cut
from streamer.classifiers.carded import CardedClassifier
from streamer.detectors.centerface import HEATMAP, LANDMARKS, OFFSET, SCALE, CenterFace
from streamer.types import Chip, Crop, Face, Fit, Image, read_only
from tests.cuda_fake import FakeRuntime, FakeStream
from tests.host_kernels import host_kernels
from tests.tiny_models import colours, emotion_card, onnx_model
from tests.trt_fake import Variant, plan
from tests.trt_places import FakePlace, profile

LONG, WIDTH, HEIGHT = 256, 256, 192
"""The longer side that the detector sees, and the frame's size; all fit without a border."""

SIDE, TILE, FACE = 8, 24, 20
"""Pixels of a chip, of the square that is painted for a face, and of the box that is found in it."""

CARD = emotion_card(crop={"scale": 1.2, "margin": 1.0})
"""26 frame pixels for 8: with a whole number of them for each, rounding alone decides how finely a chip is cut."""

CROP = Crop(SIDE, 1.2, 1.0)
TASK = Task((HEATMAP, SCALE, OFFSET, LANDMARKS), 0.35, Squares(SIDE, 1, 0, 1.2, 1.0), Look(SIDE, "rgb"), long_side=LONG)


def detector(height: int | str = HEIGHT, width: int | str = WIDTH) -> bytes:
    """The mean red of four by four pixels as heat, a box of FACE pixels around it."""
    names, channels = (HEATMAP, SCALE, OFFSET, LANDMARKS), (1, 2, 2, 10)
    biases = (0.0, np.log(FACE / 4), 0.0, 0.5)
    nodes = [helper.make_node("AveragePool", ["x"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4])]
    weights = []
    for name, count, bias in zip(names, channels, biases, strict=True):
        kernel = np.zeros((count, 3, 1, 1), np.float32)
        kernel[0, 0] = 1 / 255 if name == HEATMAP else 0
        weights += [numpy_helper.from_array(kernel, f"kernel {name}")]
        weights += [numpy_helper.from_array(np.full(count, bias, np.float32), f"bias {name}")]
        nodes.append(helper.make_node("Conv", ["pooled", f"kernel {name}", f"bias {name}"], [name]))
    small = [one // 4 if isinstance(one, int) else f"small {one}" for one in (height, width)]
    outputs = {name: [1, count, *small] for name, count in zip(names, channels, strict=True)}
    return onnx_model(nodes, {"x": [1, 3, height, width]}, outputs, weights)


def crowd(faces: int, seed: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image:
    """A frame with so many faces, each brighter than the next, in tiles of other colours."""
    rng, (width, height) = np.random.default_rng(seed), size
    image = np.full((height, width, 3), 20, np.uint8)
    places = [(x, y) for y in range(0, height - TILE + 1, TILE) for x in range(0, width - TILE + 1, TILE)]
    for number, index in enumerate(rng.permutation(len(places))[:faces]):
        x, y = places[index]
        light = rng.uniform(0.2, 1, (TILE, TILE, 2)) * rng.uniform(40, 255, 2)
        image[y : y + TILE, x : x + TILE, :2] = light * np.linspace(0, 1, TILE)[:, None]
        image[y + 8 : y + 12, x + 8 : x + 12, 2] = 254 - number
    return read_only(image)


def usual_detector() -> CenterFace:
    model = detector("height", "width")
    return CenterFace(lambda: OnnxRuntimeEngine(model, name="faces"), min_score=TASK.min_score, long_side=LONG)


def usual_classifier() -> CardedClassifier:
    return CardedClassifier(CARD, lambda: OnnxRuntimeEngine(colours(side=SIDE), name="colours"))


def chips(image: Image, faces: Sequence[Face], pts: float = 0.0) -> list[Chip]:
    return [cut(image, face, Fit(), CROP, pts) for face in faces]


def expected(image: Image) -> tuple[tuple[Face, ...], NDArray[np.float64], Array]:
    """By the path on the CPU: faces, their squares, and what the network says of them."""
    with usual_detector() as first, usual_classifier() as second:
        faces = first.detect(image)
        cuts = chips(image, faces)
        rows = np.array([emotion.probabilities for emotion in second.classify(cuts)]).reshape(len(cuts), 8)
    order = [1, 3, 4]  # happiness, sadness, anger in LABELS
    return faces, np.array([chip.affine for chip in cuts]).reshape(-1, 2, 3), rows[:, order]


class CountingStream(FakeStream):
    """Counts, as "blocked", the waits that have to wait for something."""

    def wait(self) -> None:
        self.runtime.calls["blocked"] += bool(self._actions)
        super().wait()


class CountingRuntime(FakeRuntime):
    def stream(self) -> FakeStream:
        made = super().stream()
        self._streams[made.handle] = CountingStream(self, made.handle)
        return self._streams[made.handle]


@dataclass
class Rig:
    """``task`` and the two networks on a stand-in of a device with so much memory."""

    variant: Variant = "10"
    memory: int | None = None
    task: Task = TASK
    models: tuple[bytes, bytes] = field(default_factory=lambda: (detector(), colours(side=SIDE)))
    most: int = 32
    scratch: int = 0

    def __post_init__(self) -> None:
        self.device = CountingRuntime(memory=self.memory)
        host_kernels().register(self.device)
        self.place = FakePlace(self.variant, self.device)

    def one_pass(self) -> OnePass:
        found, read = self.models
        plans = (
            plan(found, {}, variant=self.variant),
            plan(read, profile(read, self.most), variant=self.variant, scratch=self.scratch),
        )
        first, second = (Network(name, data, "fp32") for name, data in zip(("faces", "colours"), plans, strict=True))
        library, owner = self.place.library, self.place.owner
        return OnePass(first, second, self.task, library=library, owner=owner, cubin=lambda _: b"the host's")

    def check(self) -> None:
        """Nothing was misused, everything was given back, and the device was left."""
        assert self.device._thread is None
        self.place.check()
