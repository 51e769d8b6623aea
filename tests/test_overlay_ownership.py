"""Whose label it is: a plate that could be read as a neighbour's is left out."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from streamer.overlay import Overlay
from streamer.overlay.placement import Ground, Placement, Wish
from streamer.types import Box, View
from tests.overlay_scene import YELLOW, draw, near, person, plain

WIDTH, HEIGHT, GAP = 118, 40, 6
GROUND = Ground(1280, 720, GAP, leash=3.0)
SIDES = (Box(0, 0, 590, 720), Box(710, 0, 1280, 720))
"""What is left and right of the man."""

MAN, BOY = Box(600, 10, 700, 130), Box(615, 182, 685, 260)
"""The man's plate fits between them, 6 pixels from his chin and from the boy's forehead, and not above him."""


def places(*boxes: Box, ground: Ground = GROUND) -> dict[int, Box]:
    return Placement().place([Wish(i, box, WIDTH, HEIGHT) for i, box in enumerate(boxes)], ground, 0.0)


def apart(one: Box, other: Box) -> float:
    """Distance of the nearest of a grid of points on the one from the other."""
    x, y = np.meshgrid(np.linspace(one.x1, one.x2, 60), np.linspace(one.y1, one.y2, 60))
    dx = np.maximum(0, np.maximum(other.x1 - x, x - other.x2))
    dy = np.maximum(0, np.maximum(other.y1 - y, y - other.y2))
    return float(np.hypot(dx, dy).min())


@pytest.mark.parametrize("seed", range(12))
def test_a_plate_is_nearer_to_its_own_box_than_to_any_other_and_to_other_plates(seed: int) -> None:
    dice, placement = random.Random(seed), Placement()
    corners = [(dice.uniform(0, 1100), dice.uniform(0, 560), dice.uniform(40, 150)) for _ in range(10)]
    placed = 0
    for step in range(8):
        shaken = [(x + dice.uniform(-9, 9), y + dice.uniform(-9, 9), size) for x, y, size in corners]
        boxes = [Box(x, y, x + size, y + size) for x, y, size in shaken]
        found = placement.place([Wish(i, box, WIDTH, HEIGHT) for i, box in enumerate(boxes)], GROUND, step / 10)
        for key, plate in found.items():
            others = [box for i, box in enumerate(boxes) if i != key] + [p for i, p in found.items() if i != key]
            assert apart(plate, boxes[key]) < min(apart(plate, other) for other in others)
        placed += len(found)
    assert placed >= 8 * 4


def test_no_plate_between_a_chin_and_the_face_below() -> None:
    assert places(MAN)[0].y1 == MAN.y2 + GAP
    both = places(MAN, BOY)
    assert both[0].x1 == MAN.x2 + GAP
    assert both[1].y1 == BOY.y2 + GAP


def test_where_every_place_could_be_a_neighbours_there_is_no_plate_and_a_grey_outline() -> None:
    found = places(MAN, BOY, ground=Ground(1280, 720, GAP, 3.0, taken=SIDES))
    assert 0 not in found
    squeezed = [Box(600, 6, 700, 330), Box(480, 6, 595, 330), Box(705, 6, 820, 330), Box(560, 360, 740, 700)]
    people = [person(i, box, "happiness" if i == 0 else "unsure") for i, box in enumerate(squeezed)]
    view = View(meter=False)
    assert near(draw(Overlay(), plain(1280, 720, 0), 0.0, people[:1], view=view), YELLOW).any()
    assert not near(draw(Overlay(), plain(1280, 720, 0), 0.0, people, view=view), YELLOW).any()


def test_a_plate_does_not_hang_over_a_neighbour_who_stands_a_little_lower() -> None:
    """Flush left it would hang over the right one, flush right over the left one."""
    middle, left, right = Box(600, 300, 650, 370), Box(530, 320, 590, 400), Box(660, 320, 720, 400)
    plate = places(middle, left, right).get(0)
    assert plate is None or not (plate.y2 <= 300 and (plate.x1 < left.x2 or plate.x2 > right.x1))


def test_a_plate_keeps_clear_of_people_who_have_none() -> None:
    ground = Ground(1280, 720, GAP, 3.0, faces=(BOY,))
    assert places(MAN, ground=ground)[0].x1 == MAN.x2 + GAP


def test_a_face_inside_or_behind_ones_own_box_takes_no_place_away() -> None:
    face = Box(600, 300, 700, 420)
    alone = places(face)[0]
    assert places(face, Box(640, 340, 670, 380))[0] == alone


def test_a_neighbour_who_sways_does_not_make_a_plate_come_and_go() -> None:
    """He sways by 3 pixels around the distance at which the plate may just settle; there is no other place."""
    placement, dice = Placement(), random.Random(2)
    ground = Ground(1280, 720, GAP, 3.0, taken=SIDES)
    there = []
    for step in range(120):
        down = MAN.y2 + GAP + HEIGHT + HEIGHT + 2 * GAP + dice.uniform(-3, 3)
        neighbour = Box(615, down, 685, down + 80)
        wishes = [Wish(i, box, WIDTH - 20, HEIGHT) for i, box in enumerate((MAN, neighbour))]
        there.append(0 in placement.place(wishes, ground, step / 30))
    changes = sum(a != b for a, b in itertools.pairwise(there))
    assert there[-1]
    assert changes <= 1
