"""A group of people made of portraits: its pixels at any moment, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.sources import story
from streamer.sources.backdrop import backdrop, passer_by
from streamer.sources.portraits import Bust, busts
from streamer.sources.sprites import Affine, Sprite, paste, placed, sprite
from streamer.types import Box, Image

HEIGHTS = (172, 146, 138, 160)
LEVELS = (318, 262, 272, 300)
"""Of each person's face in 1/720 of the picture's height: how tall, and how far below the upper edge its centre is."""

BACK_TO_FRONT = (2, 3, 1, 0)
PIVOT = 430
BELOW = 480
"""In 1/720, below the face: the point that a standing person sways about, and how far a bust goes on at least."""

DUSK = 0.5
"""How much of the light is lost at a bust's lower end."""

CLOTH = 28
"""Rows at a portrait's lower end that show nothing but cloth: the bust goes on with them, there and back."""

MARGIN = 24
"""Empty pixels of a portrait beside and above a bust, for its blur."""

SOFTEST = 0.062
BLURS = 8
"""Strongest blur (sigma) as a share of the face's height, and the steps that lead there."""

NEAR = 1.27
"""How much larger somebody looks who walks past close to the camera; hides each face for about 0.7 s."""

CLEAR = 0.35
"""A face is out of focus from this share of the strongest blur on."""

TELLING = 0.6
"""The share of a face that must be seen to say anything of it."""


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """What to make: pixels, frames a second, ``people`` 1…4; ``seed`` changes the wall and how the people sway."""

    people: int = 3
    width: int = 1280
    height: int = 720
    fps: float = 30.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class TruthPerson:
    """``key`` of the person and ``box`` of the face, also where it is hidden; ``visible`` share of the face, 0…1;
    ``expression`` a label of streamer.emotions, None where the face is too hidden or blurred to say."""

    key: str
    box: Box
    visible: float
    blurred: bool
    expression: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A sprite where it belongs in one frame; ``actor`` None for somebody without a face. ``blur`` 0…1."""

    sprite: Sprite
    affine: Affine
    actor: Actor | None = None
    blur: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A person of the cast in the size of the scene; ``sprites`` from sharp to blurred, ``face`` width and height."""

    person: int
    key: str
    expression: str
    sprites: tuple[Sprite, ...]
    face: tuple[float, float]


class Scene:
    """The same spec gives the same pixels on the same machine. Any frame may be asked for, in any order."""

    def __init__(self, spec: SceneSpec) -> None:
        """
        Raises:
            SourceError: a portrait is missing.
        """
        self.spec = spec
        self._unit = min(spec.height / 720, spec.width / 1280)
        phases = np.random.default_rng(spec.seed).uniform(0, 1, spec.people)
        self._story = story.Story(spec.people, tuple(float(phase) for phase in phases))
        cast = busts(spec.people)
        self._actors = tuple(
            actor(cast[person], person, self._unit, blurs=person == self._story.out_of_focus)
            for person in BACK_TO_FRONT
            if person < spec.people
        )
        self._wall = backdrop(spec.width, spec.height, spec.seed)
        image, alpha = passer_by(NEAR * self._unit)
        self._passer = sprite(image, alpha, 1.0, (image.shape[1] / 2, 0))

    @property
    def best_moment(self) -> float:
        """Seconds into the scene: everyone is in view, sharp and still."""
        return story.BEST

    def render(self, index: int) -> Image:
        """The frame, BGR; a new array each time."""
        canvas = self._wall.copy()
        for layer in self._layers(index):
            paste(canvas, layer.sprite, layer.affine)
        return canvas

    def truth(self, index: int) -> tuple[TruthPerson, ...]:
        """Everyone whose face is at least partly within the frame, from left to right."""
        layers = self._layers(index)
        people = [
            self._seen(layer.actor, layer, layers[place + 1 :])
            for place, layer in enumerate(layers)
            if layer.actor is not None
        ]
        within = Box(0, 0, self.spec.width, self.spec.height)
        return tuple(sorted((p for p in people if p.box.overlap(within) > 0), key=lambda p: p.box.x1))

    def expected_people(self, index: int) -> int:
        """How many faces are in focus and can be seen well enough."""
        return sum(person.visible >= TELLING and not person.blurred for person in self.truth(index))

    def _layers(self, index: int) -> list[Layer]:
        """From back to front."""
        moment = index / self.spec.fps
        layers = [self._standing(one, pose) for one in self._actors if (pose := self._story.pose(one.person, moment))]
        share = story.passing(moment)
        if share is None:
            return layers
        x, y = (1.6 * share - 0.3) * self.spec.width, self.spec.height - 705 * self._unit
        return [*layers, Layer(self._passer, placed(self._passer, x, y, 1.0, 0.0, 0.0))]

    def _standing(self, one: Actor, pose: story.Pose) -> Layer:
        picture = one.sprites[round(pose.blur * (len(one.sprites) - 1))]
        x = pose.x * self.spec.width
        y = self.spec.height - (720 - LEVELS[one.person] - pose.lift) * self._unit
        affine = placed(picture, x, y, pose.scale, pose.angle, PIVOT * self._unit)
        return Layer(picture, affine, one, pose.blur)

    def _seen(self, one: Actor, layer: Layer, before: list[Layer]) -> TruthPerson:
        box = face_box(one, layer)
        points = face_points(box)
        left = ((points >= 0) & (points < (self.spec.width, self.spec.height))).all(axis=1).astype(float)
        for other in before:
            left *= 1 - other.sprite.covers(points, other.affine)
        visible = float(left.mean())
        blurred = layer.blur >= CLEAR
        return TruthPerson(
            one.key, box, visible, blurred, one.expression if visible >= TELLING and not blurred else None
        )


def actor(bust: Bust, person: int, unit: float, *, blurs: bool) -> Actor:
    scale = HEIGHTS[person] * unit / bust.face.height
    image, alpha = continued(bust, BELOW * unit / scale)
    anchor = (bust.face.center[0] + MARGIN, bust.face.center[1] + MARGIN)
    sharp = sprite(image, alpha, scale, anchor)
    softest = SOFTEST * HEIGHTS[person] * unit
    softer = (sharp.blurred(softest * step / BLURS) for step in range(1, BLURS + 1 if blurs else 1))
    return Actor(
        person, bust.key, bust.expression, (sharp, *softer), (bust.face.width * scale, bust.face.height * scale)
    )


def continued(bust: Bust, below: float) -> tuple[Image, NDArray[np.float32]]:
    """Image and alpha with a margin, going on for ``below`` pixels under the face's centre, darker towards the end."""
    missing = max(0, round(bust.face.center[1] + below) - bust.image.shape[0])
    rows = cv2.medianBlur(bust.image[-CLOTH:], 5)
    cloth = np.vstack([rows[::-1], rows])
    image = np.vstack([bust.image, np.tile(cloth, (1 + missing // len(cloth), 1, 1))[:missing]])
    alpha = np.vstack([bust.alpha, np.repeat(bust.alpha[-1:], missing, axis=0)])
    light = 1 - DUSK * np.clip((np.arange(image.shape[0]) - bust.face.y2) / below, 0, 1) ** 1.2
    image = (image * light[:, None, None]).astype(np.uint8)
    edges = ((MARGIN, 0), (MARGIN, MARGIN))
    return np.pad(image, (*edges, (0, 0))), np.pad(alpha, edges)


def face_box(one: Actor, layer: Layer) -> Box:
    x, y = layer.affine[:, :2] @ np.array(layer.sprite.anchor) + layer.affine[:, 2]
    scale = float(np.hypot(layer.affine[0, 0], layer.affine[1, 0]))
    width, height = one.face[0] * scale / 2, one.face[1] * scale / 2
    return Box(float(x) - width, float(y) - height, float(x) + width, float(y) + height)


def face_points(box: Box) -> NDArray[np.float64]:
    """(n, 2) points evenly over the ellipse in a box."""
    across, down = (values.ravel() for values in np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21)))
    within = across**2 + down**2 <= 1
    (x, y), half = box.center, (box.width / 2, box.height / 2)
    return np.stack([x + half[0] * across[within], y + half[1] * down[within]], axis=1)
