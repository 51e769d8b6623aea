"""Cut-outs of public-domain portraits that come with packages this one depends on anyway.

The packages are not imported (that costs up to a second), only the picture inside them is read. The outlines were
traced once on the pictures, in their pixels, so that the same cut-out results everywhere, without a network.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import UnidentifiedImageError

from streamer.errors import SourceError
from streamer.types import Box, Image

Points = tuple[tuple[int, int], ...]
Shade = NDArray[np.float32]

FEATHER = 0.9
"""Softness of the cut in source pixels (sigma); the outline lies one pixel further in, to leave no fringe."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture in an installed package. ``face`` as YuNet sees it, in its pixels; ``expression`` as people call it.
    ``outline`` of the person; ``light`` are factors on blue, green and red that bring all portraits into one light."""

    package: str
    install: str
    file: str
    face: Box
    expression: str
    credit: str
    outline: Points
    light: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Bust:
    """A cut-out person: ``image`` BGR, ``alpha`` height × width of float32, 0…1; ``face`` in its pixels."""

    key: str
    expression: str
    image: Image
    alpha: Shade
    face: Box


# fmt: off
COLLINS = Portrait(
    package="skimage",
    install="pip install scikit-image",
    file="data/astronaut.png",
    face=Box(178, 65, 269, 176),
    expression="happiness",
    light=(0.99, 0.98, 1.03),
    credit="Eileen Collins, astronaut: portrait by NASA, public domain (carried by scikit-image as data/astronaut.png)",
    outline=(
        (22, 385), (19, 405), (20, 440), (22, 511), (500, 511), (497, 438), (490, 405), (475, 380), (456, 361),
        (427, 347), (407, 343), (367, 347), (364, 344), (360, 334), (360, 329), (357, 322), (356, 302), (353, 295),
        (352, 288), (346, 278), (345, 272), (341, 264), (331, 253), (308, 237), (303, 232), (299, 219), (289, 203),
        (276, 189), (260, 177), (255, 171), (256, 163), (264, 149), (266, 139), (269, 136), (273, 135), (290, 117),
        (295, 109), (300, 92), (299, 72), (296, 65), (295, 56), (288, 43), (282, 36), (274, 30), (248, 18), (227, 16),
        (214, 21), (206, 21), (201, 23), (186, 37), (176, 42), (162, 52), (157, 57), (153, 68), (154, 92), (156, 101),
        (163, 111), (168, 115), (172, 125), (181, 133), (183, 145), (180, 148), (157, 150), (139, 159), (131, 167),
        (124, 177), (121, 184), (120, 191), (114, 199), (114, 202), (91, 226), (78, 234), (65, 246), (45, 280),
        (40, 294), (39, 305), (35, 313), (26, 342), (26, 366),
    ),
)

HOPPER = Portrait(
    package="matplotlib",
    install="pip install matplotlib",
    file="mpl-data/sample_data/grace_hopper.jpg",
    face=Box(177, 123, 356, 336),
    expression="neutral",
    light=(1.1, 1.02, 0.94),
    credit="Grace Hopper, rear admiral and computer scientist: portrait by the United States Navy, public domain "
    "(carried by matplotlib as sample_data/grace_hopper.jpg)",
    outline=(
        (25, 559), (507, 559), (508, 480), (505, 445), (499, 418), (491, 400), (487, 392), (482, 388),
        (466, 378), (449, 372), (445, 372), (420, 365), (376, 345), (368, 343), (353, 334), (344, 325), (337, 321),
        (332, 315), (332, 311), (337, 305), (346, 304), (352, 300), (359, 287), (361, 278), (362, 259), (367, 242),
        (374, 207), (375, 191), (367, 182), (367, 178), (369, 174), (371, 134), (369, 129), (369, 100), (365, 90),
        (362, 87), (355, 87), (352, 84), (350, 75), (346, 68), (335, 56), (315, 45), (300, 41), (290, 32), (281, 27),
        (270, 24), (249, 23), (238, 25), (226, 30), (219, 38), (212, 43), (205, 45), (196, 50), (180, 65), (176, 74),
        (175, 82), (172, 86), (163, 89), (156, 95), (151, 105), (149, 120), (150, 146), (156, 153), (161, 158),
        (160, 179), (152, 193), (152, 207), (157, 224), (160, 252), (164, 272), (167, 277), (181, 289), (195, 297),
        (199, 301), (201, 319), (198, 322), (195, 321), (193, 322), (183, 333), (167, 343), (132, 354), (121, 360),
        (97, 363), (85, 368), (81, 368), (70, 373), (60, 380), (56, 380), (52, 382), (50, 386), (41, 397), (35, 415),
        (30, 450), (27, 510),
    ),
)

COLLINS_HAIR: Points = (
    (140, 10), (310, 10), (310, 140), (276, 132), (270, 112), (266, 97), (258, 88), (240, 84), (222, 80), (205, 80),
    (190, 86), (186, 98), (183, 112), (179, 122), (170, 128), (140, 120),
)
# fmt: on


def portrait_credits() -> tuple[str, ...]:
    """One line for each portrait, and one for what is made of them: who, by whom, by what right."""
    return (
        COLLINS.credit,
        HOPPER.credit,
        "A third and a fourth person are mirrored, recoloured prints of the same two portraits",
    )


def busts(count: int) -> tuple[Bust, ...]:
    """The first ``count`` (1…4) of the cast: Hopper, Collins, and a mirrored, recoloured double of each.

    Raises:
        SourceError: a package or the picture in it is missing.
    """
    hopper, collins = cut_out("hopper", HOPPER), cut_out("collins", COLLINS)
    doubles = (mirrored("collins-double", collins, in_blue), mirrored("hopper-double", hopper, in_brown))
    return (hopper, collins, *doubles)[:count]


def cut_out(key: str, portrait: Portrait) -> Bust:
    """The portrait to just above where its outline ends, with a soft mask that is open below."""
    image = shaded(read(portrait)[: max(y for _, y in portrait.outline) - 2], portrait.light)
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(portrait.outline, np.int32)], (255,), cv2.LINE_AA)
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    soft = np.asarray(cv2.GaussianBlur(inner, (0, 0), FEATHER, borderType=cv2.BORDER_REPLICATE))
    return Bust(key, portrait.expression, image, soft.astype(np.float32) / 255, portrait.face)


def read(portrait: Portrait) -> Image:
    """The portrait in BGR. Pillow reads it, because OpenCV complains aloud about its colour profile."""
    path = located(portrait)
    try:
        with Pictures.open(path) as picture:
            return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])
    except (OSError, UnidentifiedImageError) as error:
        raise SourceError(f"the portrait {path.name} cannot be read ({error}): {portrait.install}") from error


def located(portrait: Portrait) -> Path:
    spec = importlib.util.find_spec(portrait.package)
    if spec is None or spec.origin is None:
        raise SourceError(f"the scene needs a portrait from {portrait.package!r}, not installed: {portrait.install}")
    return Path(spec.origin).parent / portrait.file


def mirrored(key: str, bust: Bust, repaint: Callable[[Image], Image]) -> Bust:
    """The same person seen in a mirror and in other colours."""
    width = bust.image.shape[1]
    face = Box(width - bust.face.x2, bust.face.y1, width - bust.face.x1, bust.face.y2)
    image = np.ascontiguousarray(repaint(bust.image)[:, ::-1])
    return Bust(key, bust.expression, image, np.ascontiguousarray(bust.alpha[:, ::-1]), face)


def in_blue(image: Image) -> Image:
    """Collins with dark hair and her orange suit in blue; the face stays as it is."""
    hue, saturation, value = np.moveaxis(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2HSV)), 2, 0)
    below_chin = np.arange(image.shape[0])[:, None] > 190
    suit = (((hue < 16) | (hue > 172)) & (saturation > 90) & below_chin).astype(np.float32)
    blue = np.dstack([np.full_like(hue, 106), saturation * 0.62, value * 0.62]).astype(np.uint8)
    painted = mixed(image, np.asarray(cv2.cvtColor(blue, cv2.COLOR_HSV2BGR), np.uint8), softened(suit, 0.8))
    return mixed(painted, shaded(painted, (0.42, 0.44, 0.5)), area(image, COLLINS_HAIR, 2.0))


def in_brown(image: Image) -> Image:
    """Hopper with her dark blue uniform in brown; the face stays as it is."""
    below_chin = np.zeros(image.shape[:2], np.float32)
    below_chin[335:] = 1.0
    dark = (np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)) < 70) * below_chin
    return mixed(image, shaded(image, (0.8, 1.0, 1.35), (14, 24, 40)), softened(dark, 1.5))


def area(image: Image, outline: Points, softness: float) -> Shade:
    mask = np.zeros(image.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.array(outline, np.int32)], (1.0,))
    return softened(mask, softness)


def softened(mask: Shade, sigma: float) -> Shade:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.float32)


def shaded(image: Image, factors: Sequence[float], added: Sequence[float] = (0, 0, 0)) -> Image:
    """Blue, green and red times its factor and more by what is added."""
    light = image * np.array(factors, np.float32) + np.array(added, np.float32)
    return np.asarray(np.clip(light + 0.5, 0, 255)).astype(np.uint8)


def mixed(first: Image, second: Image, weight: Shade) -> Image:
    """The first where the weight is 0, the second where it is 1."""
    return np.asarray(cv2.blendLinear(first, second, 1 - weight, weight), np.uint8)
