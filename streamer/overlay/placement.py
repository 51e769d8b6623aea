"""Where the plates of the people lie: near their box and nobody else's, over no face and no other plate, and steady.

A label that could be read as a neighbour's is worse than none. So a plate must be nearer to its own box than to any
other one and to any other plate, and where it lies straight above, below or beside somebody, there must be room for
that one's own plate between them. To stay it needs less than to settle, so that it does not come and go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from streamer.types import Box

PATIENCE = 1.0
"""Seconds a better place must have been free before a plate moves there."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A plate of ``width`` × ``height`` pixels for the face in ``box``, of which only what is in the picture counts."""

    id: int
    box: Box
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Ground:
    """The picture's size, the gap between box and plate, and how far a face may shake before its plate follows;
    pixels. ``faces`` of people without a plate; ``taken``: what no plate may cover besides faces."""

    width: int
    height: int
    gap: int
    leash: float
    taken: tuple[Box, ...] = ()
    faces: tuple[Box, ...] = ()


@dataclass(slots=True)
class Memory:
    """``place``: index among the candidates; ``corner``: top left of the plate."""

    place: int
    corner: tuple[float, float]
    better_since: float | None = None


class Placement:
    """Remembers, for each track, where its plate lies; forgets tracks it is no longer asked for."""

    def __init__(self) -> None:
        self._memory: dict[int, Memory] = {}

    def __len__(self) -> int:
        return len(self._memory)

    def place(self, wishes: Sequence[Wish], ground: Ground, pts: float) -> dict[int, Box]:
        """A place for each id; no entry where there is none without covering something."""
        ids = {wish.id for wish in wishes}
        self._memory = {key: value for key, value in self._memory.items() if key in ids}
        scene = Scene(ground, tuple(wishes), {})
        known = [wish for wish in wishes if wish.id in self._memory]
        homeless = [wish for wish in known if not self._stay(wish, scene)]
        fresh = sorted((wish for wish in wishes if wish not in known), key=lambda wish: wish.id)
        for wish in (*homeless, *fresh):
            self._settle(wish, scene)
        for wish in known:
            self._improve(wish, scene, pts)
        return scene.placed

    def _stay(self, wish: Wish, scene: Scene) -> bool:
        memory = self._memory[wish.id]
        box = scene.free(wish, memory.place, memory.corner)
        if box is None:
            return False
        scene.placed[wish.id], memory.corner = box, (box.x1, box.y1)
        return True

    def _settle(self, wish: Wish, scene: Scene) -> None:
        self._memory.pop(wish.id, None)
        for place in range(len(CANDIDATES)):
            box = scene.free(wish, place)
            if box:
                scene.placed[wish.id] = box
                self._memory[wish.id] = Memory(place, (box.x1, box.y1))
                return

    def _improve(self, wish: Wish, scene: Scene, pts: float) -> None:
        memory = self._memory.get(wish.id)
        if memory is None:
            return
        better = next(((i, box) for i in range(memory.place) if (box := scene.free(wish, i))), None)
        if better is None:
            memory.better_since = None
            return
        memory.better_since = pts if memory.better_since is None else memory.better_since
        if pts - memory.better_since >= PATIENCE:
            place, box = better
            scene.placed[wish.id] = box
            self._memory[wish.id] = Memory(place, (box.x1, box.y1))


@dataclass(frozen=True, slots=True)
class Scene:
    """One frame: whose plates are wanted, and those placed so far."""

    ground: Ground
    wishes: tuple[Wish, ...]
    placed: dict[int, Box]

    def free(self, wish: Wish, place: int, before: tuple[float, float] | None = None) -> Box | None:
        """The plate at a candidate place, if it covers no face (its own neither) and nothing taken, and is nobody
        else's; ``before``: where it was, if it is to stay."""
        box = candidate(wish, place, self.ground, before)
        if box is None or any(box.overlap(part) > 0 for part in (wish.box, *self.ground.taken)):
            return None
        room = self._room(wish, box, stays=before is not None)
        faces = (*(other.box for other in self.wishes if other.id != wish.id), *self.ground.faces)
        plates = (plate for key, plate in self.placed.items() if key != wish.id)
        if all(room.between(box, face) for face in faces) and all(
            distance(box, plate) > room.plates for plate in plates
        ):
            return box
        return None

    def _room(self, wish: Wish, plate: Box, stays: bool) -> Room:
        gap = self.ground.gap
        if stays:
            # No plate is further from its own box than the gap, the leash and what rounding adds.
            return Room(
                wish.box, distance(plate, wish.box), 0.5 * wish.height + gap, gap, gap + self.ground.leash + 1.0
            )
        return Room(wish.box, 2.0 * gap, wish.height + 2.0 * gap, 0.0, 2.0 * gap)


@dataclass(frozen=True, slots=True)
class Room:
    """How many pixels must lie between the plate of the face ``own`` and what is not its own: more than ``any`` in any
    direction, more than ``straight`` to a face of which it has more than ``aside`` pixels straight before it, and more
    than ``plates`` to another plate."""

    own: Box
    any: float
    straight: float
    aside: float
    plates: float

    def between(self, plate: Box, face: Box) -> bool:
        away = distance(plate, face)
        if self.any < away <= self.straight:
            sides = (plate, face, self.own), (turned(plate), turned(face), turned(self.own))
            return max(faced(*boxes) for boxes in sides) <= self.aside
        return away > self.any


def faced(plate: Box, face: Box, own: Box) -> float:
    """Pixels of the plate's width that have the face straight above or below them and the plate's own not between."""
    left, right = max(plate.x1, face.x1), min(plate.x2, face.x2)
    there, here = face.center[1] - plate.center[1], own.center[1] - plate.center[1]
    hidden = min(right, own.x2) - max(left, own.x1) if there * here > 0 else 0.0
    return right - left - max(0.0, hidden)


def turned(box: Box) -> Box:
    """With x and y exchanged."""
    return Box(box.y1, box.x1, box.y2, box.x2)


def distance(one: Box, other: Box) -> float:
    """Between their edges in pixels; 0 where they touch or overlap."""
    x = max(one.x1, other.x1) - min(one.x2, other.x2)
    y = max(one.y1, other.y1) - min(one.y2, other.y2)
    return math.hypot(max(0.0, x), max(0.0, y))


CANDIDATES = (
    ("above", 0.0),
    ("above", 1.0),
    ("above", 0.5),
    ("below", 0.0),
    ("below", 1.0),
    ("below", 0.5),
    ("right", 0.0),
    ("right", 1.0),
    ("left", 0.0),
    ("left", 1.0),
)
"""Side of the box, and where along it: 0 flush with its left or upper edge, 1 with its right or lower one."""


def candidate(wish: Wish, index: int, ground: Ground, before: tuple[float, float] | None = None) -> Box | None:
    """The plate at one of CANDIDATES, in whole pixels; within the leash it stays where it was before. None where it
    does not fit into the picture."""
    side, along = CANDIDATES[index]
    box, gap = wish.box, ground.gap
    x = box.x1 + along * (box.width - wish.width)
    y = box.y1 + along * (box.height - wish.height)
    if side in ("above", "below"):
        x = min(max(x, 0.0), float(ground.width - wish.width))
        y = box.y1 - gap - wish.height if side == "above" else box.y2 + gap
    else:
        y = min(max(y, 0.0), float(ground.height - wish.height))
        x = box.x2 + gap if side == "right" else box.x1 - gap - wish.width
    if before:
        x = min(max(before[0], x - ground.leash), x + ground.leash)
        y = min(max(before[1], y - ground.leash), y + ground.leash)
    x, y = round(x), round(y)
    if x < 0 or y < 0 or x + wish.width > ground.width or y + wish.height > ground.height:
        return None
    return Box(x, y, x + wish.width, y + wish.height)
