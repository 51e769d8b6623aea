"""What is drawn where no emotion is inferred, judged by its pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from streamer.overlay import Overlay
from streamer.overlay.colours import SIGNED
from streamer.overlay.sign_panel import Line, Shown, shown_of
from streamer.signs import label_of
from streamer.types import Box, Face, Frame, FrameResult, GroupMood, Image, Person, RoomSigns, Signs, Track, View
from tests.overlay_scene import BLUE, STATUS, VERMILLION, changed, mood, near, plain

SIZES = [(640, 360), (1280, 720), (1920, 1080), (720, 1280)]
STILL = Signs(False, False, False, False, True)
SMILING = Signs(True, False, False, False, True)


def person(number: int, box: Box, signs: Signs) -> Person:
    return Person(Track(number, Face(box, 0.9), 1.0, True), None, label_of(signs), 1.0, 0.9, signs)


def result(people: Sequence[Person] = (), signs: RoomSigns | None = None, pts: float = 0.0) -> FrameResult:
    return FrameResult("camera", 0, pts, pts, tuple(people), None, signs=signs)


def draw(overlay: Overlay, image: Image, given: FrameResult, view: View | None = None) -> Image:
    return overlay.draw(Frame("camera", 0, given.pts, given.pts, image), given, view or View(), STATUS).image


def people(width: int, height: int, *signs: Signs) -> list[Person]:
    side = height // 6
    place = [(width * (number + 1) // (len(signs) + 1), height // 3) for number in range(len(signs))]
    boxes = [Box(x - side / 2, y, x + side / 2, y + side) for x, y in place]
    return [person(number, box, of) for number, (box, of) in enumerate(zip(boxes, signs, strict=True))]


def test_the_people_are_counted() -> None:
    away = Signs(None, None, True, False, False)
    shown = shown_of(result(people(640, 360, SMILING, STILL, away)), paused=False)
    texts = {line.sign: line.text for line in shown.lines}
    assert shown.title == "3 people"
    assert texts == {"smile": "1 of 2", "frown": "0 of 2", "nod": "1 of 3", "shake": "0 of 3", "facing": "2 of 3"}


def test_a_room_without_its_people_shows_its_shares() -> None:
    shown = shown_of(result(signs=RoomSigns(5, 0.4, 0.05, None, 0.0, 1.0)), paused=False)
    assert shown.title == "5+ people"
    assert [line.text for line in shown.lines] == ["40%", "5%", "–", "0%", "100%"]


def test_nobody_one_and_paused() -> None:
    nothing = tuple(Line(sign, None, "–") for sign in SIGNED)
    assert shown_of(result(), paused=False) == Shown("no data", nothing)
    assert shown_of(result(people(640, 360, SMILING)), paused=True) == Shown("analysis paused", nothing)
    assert shown_of(result(people(640, 360, SMILING)), paused=False).title == "one person"


@pytest.mark.parametrize("size", SIZES)
def test_the_card_is_there_and_no_meter(size: tuple[int, int]) -> None:
    image = plain(*size, level=40)
    given = result(people(*size, SMILING, STILL))
    bare = draw(Overlay(signs=True), image, given, View(meter=False, labels=False))
    card = draw(Overlay(signs=True), image, given, View(labels=False))
    assert changed(bare, card).sum() > 2000
    assert near(card, SIGNED["smile"]).sum() > 20
    for valence in (VERMILLION, BLUE):
        assert not near(card, valence).any()


def test_no_mood_is_drawn_even_if_there_were_one() -> None:
    image, given = plain(1280, 720, level=40), result(people(1280, 720, SMILING))
    gloomy: GroupMood = mood(-0.9, 0.2, (-1.0, -0.8))
    with_mood = FrameResult("camera", 0, 0.0, 0.0, given.people, gloomy)
    one, other = (draw(Overlay(signs=True), image, shown) for shown in (given, with_mood))
    assert np.array_equal(one, other)


def test_the_bar_is_as_long_as_the_share() -> None:
    def length(share: float) -> int:
        signs = RoomSigns(10, share, 0.0, 0.0, 0.0, 0.0)
        image = draw(Overlay(signs=True), plain(1280, 720, level=40), result(signs=signs))
        return int(near(image, SIGNED["smile"], 30).any(axis=0).sum())

    whole = length(1.0)
    assert length(0.5) == pytest.approx(whole / 2, abs=2)
    assert length(0.0) == 0
    assert 0 < length(0.05) < 0.2 * whole


def test_a_bar_glides_and_its_number_waits() -> None:
    overlay, image = Overlay(signs=True), plain(1280, 720, level=40)
    draw(overlay, image, result(signs=RoomSigns(10, 0.0, 0.0, 0.0, 0.0, 0.0)))
    lengths = []
    for step in range(1, 20):
        now = result(signs=RoomSigns(10, 1.0, 0.0, 0.0, 0.0, 0.0), pts=step / 30)
        lengths.append(int(near(draw(overlay, image, now), SIGNED["smile"], 30).any(axis=0).sum()))
    assert lengths == sorted(lengths)
    assert 0 < lengths[0] < 0.6 * lengths[-1]


def test_the_card_never_says_two_things_at_once() -> None:
    """The number of people and those of the lines change together, and only once they have stayed."""
    overlay = Overlay(signs=True)
    few, more = people(1280, 720, STILL, STILL), people(1280, 720, STILL, SMILING, STILL)
    image = plain(1280, 720, level=40)

    def card(at: float, given: Sequence[Person]) -> Image:
        drawn = draw(overlay, image, result(given, pts=at), View(labels=False))
        return drawn[: drawn.shape[0], : drawn.shape[1] // 4]

    card(0.0, few)
    before = card(1.0, few)
    blinked = [card(1.0 + step / 30, more if step == 1 else few) for step in range(1, 30)]
    assert near(blinked[0], SIGNED["smile"], 30).any()  # the bar had begun to glide
    for picture in blinked[15:]:
        assert np.array_equal(picture, before)


@pytest.mark.parametrize(("signs", "colour"), [(SMILING, "smile"), (Signs(False, True, False, False, True), "frown")])
def test_a_sign_is_written_and_its_outline_coloured(signs: Signs, colour: str) -> None:
    image, view = plain(1280, 720, level=120), View(meter=False)
    one = people(1280, 720, signs)
    drawn = draw(Overlay(signs=True), image, result(one), view)
    box = one[0].track.face.box
    around = Box(box.x1 - 20, box.y1 - 60, box.x2 + 20, box.y2 + 20)
    assert near(drawn, SIGNED[colour]).sum() > 50
    assert changed(image, drawn, Box(around.x1, around.y1, around.x2, box.y1 - 8)).any()  # the plate above
    inside = Box(box.x1 + 12, box.y1 + 12, box.x2 - 12, box.y2 - 12)
    assert not changed(image, drawn, inside).any()


def test_an_unknown_face_is_unsure_and_grey() -> None:
    nothing = people(1280, 720, Signs(None, None, None, None, None))
    drawn = draw(Overlay(signs=True), plain(1280, 720, level=120), result(nothing), View(meter=False))
    assert not any(near(drawn, colour).any() for sign, colour in SIGNED.items() if sign != "facing")


def test_no_sign_has_the_colour_of_an_emotion_or_a_valence() -> None:
    happiness, anger = (0x42, 0xE4, 0xF0), (0x00, 0x5E, 0xD5)
    assert not {happiness, anger, VERMILLION, BLUE} & set(SIGNED.values())


@pytest.mark.parametrize("size", [(200, 150), (90, 60), (2, 2), (40, 900)])
def test_small_pictures_have_no_card_and_no_fault(size: tuple[int, int]) -> None:
    given = result(people(*size, SMILING))
    assert draw(Overlay(signs=True), plain(*size), given).shape == (size[1], size[0], 3)


def test_the_card_covers_no_face() -> None:
    image = plain(1280, 720, level=60)
    low = person(1, Box(60, 480, 200, 640), SMILING)
    overlay = Overlay(signs=True)
    for step in range(30):
        drawn = draw(overlay, image, result([low], pts=step / 10), View(labels=False))
    assert not changed(image, drawn, Box(60, 480, 200, 640)).any()
