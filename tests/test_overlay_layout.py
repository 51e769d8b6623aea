"""Where things lie: over no face, inside the picture, and steady."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from streamer.overlay import Overlay
from streamer.overlay.berth import FAINT, Berth
from streamer.overlay.placement import PATIENCE, Ground, Placement, Wish
from streamer.types import Box, Image, View
from tests.overlay_scene import changed, draw, mood, noise, person, plain

GROUND = Ground(1280, 720, gap=6, leash=3.0)


def wishes(*boxes: Box) -> list[Wish]:
    return [Wish(i, box, 118, 40) for i, box in enumerate(boxes)]


def random_faces(seed: int, count: int, apart: bool) -> list[Box]:
    """``count`` faces of 40–170 px; ``apart``: none nearer than 12 px to another."""
    dice, boxes = random.Random(seed), list[Box]()
    while len(boxes) < count:
        size, x, y = dice.uniform(40, 170), dice.uniform(-30, 1200), dice.uniform(-30, 660)
        box, grown = Box(x, y, x + size, y + 1.25 * size), Box(x - 12, y - 12, x + size + 12, y + 1.25 * size + 12)
        if not apart or not any(grown.overlap(other) > 0 for other in boxes):
            boxes.append(box)
    return boxes


@pytest.mark.parametrize("seed", range(60))
def test_no_plate_covers_a_face_another_plate_or_what_is_taken(seed: int) -> None:
    faces = random_faces(seed, 9, apart=False)
    taken = (Box(16, 500, 260, 704), Box(900, 16, 1264, 40))
    ground = Ground(1280, 720, 6, 3.0, taken)
    placement, dice = Placement(), random.Random(seed)
    for step in range(12):
        faces = [shifted(box, dice.uniform(-9, 9), dice.uniform(-9, 9)) for box in faces]
        inside = [Box(max(0, b.x1), max(0, b.y1), min(1280, b.x2), min(720, b.y2)) for b in faces]
        places = placement.place(wishes(*inside), ground, step / 10)
        for place in places.values():
            assert all(place.overlap(other) == 0 for other in (*inside, *taken))
            assert place.x1 >= 0
            assert place.y1 >= 0
            assert place.x2 <= 1280
            assert place.y2 <= 720
        assert all(a.overlap(b) == 0 for a, b in itertools.combinations(places.values(), 2))


@pytest.mark.parametrize("seed", range(8))
def test_the_pixels_inside_nine_faces_stay_as_they_are(seed: int) -> None:
    image, faces = noise(1280, 720), random_faces(seed, 9, apart=True)
    people = [
        person(i, box, label)
        for i, (box, label) in enumerate(zip(faces, ("anger", "unsure", "happiness") * 3, strict=True))
    ]
    drawn = draw(Overlay(), image, 0.0, people, view=View(meter=False))
    band = 46 if any(box.y1 < 46 and box.x2 > 880 for box in faces) else 0  # the info line, fainter, if all is taken
    for box in faces:
        left, top, right, bottom = max(0, box.x1), max(band, box.y1), box.x2, box.y2
        for inner in (Box(left + 3, top + 10, right - 3, bottom - 10), Box(left + 10, top + 3, right - 10, bottom - 3)):
            assert not changed(image, drawn, inner).any()  # the outline's round corners reach a little further in


def shifted(box: Box, x: float, y: float) -> Box:
    return Box(box.x1 + x, box.y1 + y, box.x2 + x, box.y2 + y)


def test_the_order_of_places_is_above_below_right_left() -> None:
    middle = Box(600, 300, 700, 420)
    assert only(middle).y2 == 300 - 6
    assert only(Box(600, 30, 700, 150)).y1 == 150 + 6
    assert only(Box(600, 20, 700, 700)).x1 == 700 + 6
    assert only(Box(1100, 20, 1250, 700)).x2 == 1100 - 6


def only(face: Box) -> Box:
    return Placement().place(wishes(face), GROUND, 0.0)[0]


def test_a_plate_above_goes_below_when_another_face_is_above() -> None:
    lower, upper = Box(600, 300, 700, 420), Box(560, 240, 760, 296)
    place = Placement().place(wishes(lower, upper), GROUND, 0.0)[0]
    assert place.y1 == 420 + 6


def test_where_everything_is_taken_there_is_no_plate() -> None:
    ground = Ground(1280, 720, 6, 3.0, taken=(Box(0, 0, 1280, 720),))
    assert Placement().place(wishes(Box(600, 300, 700, 420)), ground, 0.0) == {}


def test_plates_stay_put_while_faces_shake_a_little() -> None:
    faces, placement, dice = random_faces(3, 9, apart=True), Placement(), random.Random(4)
    first = placement.place(wishes(*faces), GROUND, 0.0)
    seen: dict[int, set[tuple[float, float]]] = {key: set() for key in first}
    for step in range(100):
        shaken = [shifted(box, dice.uniform(-1.4, 1.4), dice.uniform(-1.4, 1.4)) for box in faces]
        for key, place in placement.place(wishes(*shaken), GROUND, step / 30).items():
            seen[key].add((place.x1, place.y1))
    assert len(seen) >= 7
    for key, places in seen.items():
        # In one place; the anchor may settle once by a pixel or two, it must not swing.
        assert len(places) <= 3, f"plate {key} lay in {sorted(places)}"


def test_a_plate_follows_a_moving_face_without_lag_beyond_the_leash() -> None:
    placement = Placement()
    for step in range(60):
        face = Box(100 + 10 * step, 300, 200 + 10 * step, 420)
        place = placement.place(wishes(face), GROUND, step / 30)[0]
        assert abs(place.x1 - face.x1) <= GROUND.leash + 0.5


def test_a_plate_returns_to_the_better_place_only_after_a_while() -> None:
    placement, face, visitor = Placement(), Box(600, 300, 700, 420), Box(560, 240, 760, 296)
    below = placement.place(wishes(face, visitor), GROUND, 0.0)[0]
    assert placement.place(wishes(face), GROUND, 1.0)[0] == below
    assert placement.place(wishes(face), GROUND, 1.0 + PATIENCE / 2)[0] == below
    assert placement.place(wishes(face), GROUND, 1.0 + PATIENCE)[0].y2 == 300 - 6


def test_a_track_that_ended_is_forgotten() -> None:
    placement = Placement()
    for number in range(50):
        placement.place([Wish(number, Box(600, 300, 700, 420), 118, 40)], GROUND, number / 30)
        assert len(placement) == 1
    placement.place([], GROUND, 9.0)
    assert len(placement) == 0


PLACES = [Box(0, 50, 10, 60), Box(90, 50, 100, 60), Box(0, 0, 10, 10), Box(90, 0, 100, 10)]


def test_a_berth_leaves_at_once_and_comes_home_late() -> None:
    berth, face = Berth(), Box(5, 45, 20, 60)
    assert berth.choose(PLACES, [], 0.0) == (PLACES[0], 1.0)
    place, opacity = berth.choose(PLACES, [face], 0.1)
    assert place == PLACES[1]
    assert opacity < 1
    assert berth.choose(PLACES, [], 0.5) == (PLACES[1], 1.0)
    assert berth.choose(PLACES, [], 3.4)[0] == PLACES[1]
    assert berth.choose(PLACES, [], 3.6)[0] == PLACES[0]


def test_a_berth_whose_places_are_all_covered_turns_faint_and_stays() -> None:
    berth = Berth()
    faces = [Box(0, 0, 100, 100)]
    assert berth.choose(PLACES, faces, 0.0) == (PLACES[0], FAINT)
    assert berth.choose(PLACES, faces, 1.0)[0] == PLACES[0]
    assert berth.choose(PLACES, [], 2.0)[1] == pytest.approx(1.0, abs=0.01)


def meter_only(overlay: Overlay, pts: float, *faces: Box) -> Image:
    people = [person(i, box) for i, box in enumerate(faces)]
    return draw(overlay, plain(1280, 720), pts, people, mood(0.3, 0.2), View(labels=False))


def strength(image: Image) -> float:
    """How far the lower part is from the even ground."""
    return float(np.abs(image.astype(int) - 128)[400:].max())


def quarters(image: Image) -> list[bool]:
    """Whether something is drawn bottom left, bottom right, top left (under the badges)."""
    where = (Box(0, 400, 400, 720), Box(880, 400, 1280, 720), Box(0, 60, 400, 340))
    return [bool(changed(plain(1280, 720), image, box).any()) for box in where]


def test_the_meter_moves_away_from_a_face_and_does_not_hurry_back() -> None:
    overlay, face = Overlay(), Box(100, 560, 200, 700)
    assert quarters(meter_only(overlay, 0.0)) == [True, False, False]
    moved, settled = meter_only(overlay, 0.04, face), meter_only(overlay, 0.5, face)
    assert quarters(moved) == [False, True, False]
    assert quarters(settled) == [False, True, False]
    assert strength(moved) < 0.6 * strength(settled)  # it appears gently
    assert quarters(meter_only(overlay, 1.5)) == [False, True, False]
    meter_only(overlay, 4.9)
    assert quarters(meter_only(overlay, 5.5)) == [True, False, False]


def test_the_first_picture_shows_the_meter_beside_the_face_at_once() -> None:
    assert quarters(meter_only(Overlay(), 0.0, Box(100, 560, 200, 700))) == [False, True, False]


def test_over_faces_everywhere_the_meter_is_faint() -> None:
    faces = [Box(x, y, x + 120, y + 150) for x in (80, 1080) for y in (60, 250, 550)]
    free, covered = meter_only(Overlay(), 0.0), meter_only(Overlay(), 0.0, *faces)
    assert 0 < strength(covered) < 0.3 * strength(free)


def test_the_meter_meets_neither_the_chips_nor_the_info_line() -> None:
    faces = [Box(100, 560, 200, 700), Box(1100, 560, 1200, 700)]
    people = [person(i, box) for i, box in enumerate(faces)]
    view = View(labels=False, badge=True)
    with_meter = draw(Overlay(), plain(1280, 720), 0.0, people, mood(0.2), view)
    without = draw(Overlay(), plain(1280, 720), 0.0, people, mood(0.2), View(labels=False, meter=False, badge=True))
    meter = np.argwhere(changed(with_meter, without))
    badges = np.argwhere(changed(plain(1280, 720), without))
    assert meter.size
    assert meter[:, 0].min() > badges[:, 0].max()


def test_the_info_line_moves_away_from_a_face() -> None:
    view = View(labels=False, meter=False)
    drawn = draw(Overlay(), plain(1280, 720), 0.0, [person(1, Box(1150, 0, 1250, 120))], view=view)
    assert not changed(plain(1280, 720), drawn)[:120].any()
    assert changed(plain(1280, 720), drawn)[640:, 800:].any()
