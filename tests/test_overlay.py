"""What is drawn, judged by its pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from streamer import stages
from streamer.overlay import Overlay
from streamer.types import Box, Face, Frame, FrameResult, Status, View
from tests.overlay_scene import (
    AMBER,
    BARE,
    SHARES,
    STATUS,
    VERMILLION,
    YELLOW,
    changed,
    draw,
    inform,
    mood,
    near,
    noise,
    person,
    plain,
)

FACE = Box(560, 260, 720, 440)
FACE_SMALL = Box(280, 130, 360, 230)


def test_implements_the_stage_and_keeps_what_belongs_to_the_frame() -> None:
    overlay: stages.Overlay = Overlay()
    frame = Frame("door", 7, 1.5, 2.5, plain(640, 360))
    drawn = overlay.draw(frame, FrameResult("door", 7, 1.5, 2.5, (), None), View(), STATUS)
    assert (drawn.source, drawn.index, drawn.pts, drawn.captured) == ("door", 7, 1.5, 2.5)
    assert drawn is not frame
    assert not drawn.image.flags.writeable


def test_leaves_the_input_as_it_was() -> None:
    image = noise(640, 360)
    before = image.copy()
    everything = View(blur=True, help=True, recording=True, badge=True)
    after = draw(Overlay(), image, 0.0, [person(1, Box(200, 100, 300, 220))], mood(0.3, 0.2, (0.1, 0.5)), everything)
    assert np.array_equal(image, before)
    assert changed(image, after).any()


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (1, 1),
        (2, 3),
        (16, 9),
        (64, 48),
        (161, 121),
        (333, 187),
        (640, 360),
        (405, 720),
        (720, 720),
        (2000, 90),
        (60, 900),
    ],
)
def test_draws_on_any_size(width: int, height: int) -> None:
    image, overlay = noise(width, height), Overlay()
    faces = tuple(
        person(i, Box(x * width, 0.3 * height, (x + 0.2) * width, 0.7 * height), label)
        for i, (x, label) in enumerate([(-0.1, "anger"), (0.2, "happiness"), (0.5, "unsure"), (0.95, None)])
    )
    view = View(blur=True, help=True, recording=True, badge=True)
    status = Status(29.97, 0.4, 12345, "an engine with a long name " * 9, "a note\nof two lines " * 20)
    for step in range(4):
        result = FrameResult("camera", step, step / 10, 0.0, faces, mood(0.4, 0.1, (0.2, 0.6), shares=SHARES))
        drawn = overlay.draw(Frame("camera", step, step / 10, 0.0, image), result, view, status)
        assert drawn.image.shape == (height, width, 3)


def test_draws_on_4k() -> None:
    drawn = draw(
        Overlay(), plain(3840, 2160), 0.0, [person(1, Box(1500, 700, 2300, 1700))], mood(0.4), View(badge=True)
    )
    assert changed(plain(3840, 2160), drawn).any()


def test_a_face_outside_the_picture_or_without_a_place_is_left_out() -> None:
    outside = [Box(-300, 10, -200, 90), Box(10, 900, 90, 990), Box(float("nan"), 0, 10, 10), Box(50, 50, 50, 50)]
    people = [person(i, box) for i, box in enumerate(outside)]
    view = View(meter=False, blur=True)
    assert np.array_equal(
        draw(Overlay(), plain(640, 360), 0.0, people, view=view), draw(Overlay(), plain(640, 360), view=view)
    )


def test_drawing_twice_gives_the_same_pixels() -> None:
    overlay, image = Overlay(), noise(1280, 720)
    people = [person(1, FACE, pts=9.9), person(2, Box(100, 500, 180, 600), "anger", seen=False)]
    for step in range(40):
        draw(overlay, image, step / 4, people, mood(step / 50, -0.2, (0, 0.5), shares=SHARES), View(badge=True))
    scene = (image, 10.0, people, mood(-0.5, 0.3, (-0.7, -0.3), shares=SHARES), View(badge=True))
    assert np.array_equal(draw(overlay, *scene), draw(overlay, *scene))


@pytest.mark.parametrize("back", [True, False], ids=["pts falls", "another source"])
def test_forgets_when_time_falls_or_the_source_changes(back: bool) -> None:
    used, image = Overlay(), plain(1280, 720)
    people = [person(1, FACE)]
    for step in range(20):
        draw(used, image, 100 + step, people, mood(-0.9, 0.5, (-1, -0.8), shares=SHARES))
    pts = 50.0 if back else 200.0
    name = "camera" if back else "other"
    result = FrameResult(name, 0, pts, pts, (person(1, FACE, pts=pts),), mood(0.5, 0.1, shares=SHARES))
    frame = Frame(name, 0, pts, pts, image)
    fresh = Overlay().draw(frame, result, View(), STATUS).image
    assert np.array_equal(used.draw(frame, result, View(), STATUS).image, fresh)


def test_a_hidden_expression_is_never_written_on_a_plate() -> None:
    hidden, unsure = (
        draw(Overlay(), plain(640, 360), 0.0, [person(1, FACE_SMALL, label)]) for label in ("disgust", "unsure")
    )
    assert np.array_equal(hidden, unsure)
    shown = draw(Overlay(hidden=()), plain(640, 360), 0.0, [person(1, FACE_SMALL, "disgust")])
    assert changed(shown, unsure).any()


def test_the_outline_has_the_colour_of_the_expression_and_fades_with_age() -> None:
    fresh, due, stale = (
        draw(Overlay(interval=0.2), plain(1280, 720, 0), 5.0, [person(1, FACE, pts=5.0 - age)], view=View(meter=False))
        for age in (0.0, 0.2, 0.4)
    )
    assert near(fresh, YELLOW).sum() > 200
    assert np.array_equal(fresh, due)
    assert near(stale, YELLOW).sum() == 0
    faded = tuple(round(0.4 * channel) for channel in YELLOW)
    assert near(stale, (faded[0], faded[1], faded[2])).sum() > 200
    white = [int(np.all(picture == 255, axis=2).sum()) for picture in (fresh, stale)]
    assert white[0] == white[1] > 50  # the word stays legible


def test_a_predicted_face_is_dashed() -> None:
    def yellow(seen: bool) -> int:
        drawn = draw(
            Overlay(), plain(1280, 720, 0), 0.0, [person(1, FACE, seen=seen, confidence=0)], view=View(meter=False)
        )
        return int(near(drawn, YELLOW).sum())

    assert 0.35 * yellow(True) < yellow(False) < 0.85 * yellow(True)


def test_a_colour_never_stands_without_its_word() -> None:
    everywhere = Box(0, 0, 1280, 720)  # no room for a plate
    drawn = draw(Overlay(), plain(1280, 720, 0), 0.0, [person(1, everywhere), person(2, FACE)], view=View(meter=False))
    assert drawn.any()
    assert not near(drawn, YELLOW).any()


def test_before_the_first_reading_there_is_only_an_outline() -> None:
    drawn = draw(Overlay(), plain(1280, 720), 0.0, [person(1, FACE, None)], view=View(meter=False))
    bare = draw(Overlay(), plain(1280, 720), view=View(meter=False))
    ring = Box(FACE.x1 - 6, FACE.y1 - 6, FACE.x2 + 6, FACE.y2 + 6)
    assert changed(bare, drawn, ring).any()
    assert changed(bare, drawn).sum() == changed(bare, drawn, ring).sum()


def test_the_confidence_bar_grows_with_the_confidence_and_unsure_has_none() -> None:
    def bar(confidence: float, label: str = "happiness") -> int:
        people = [person(1, FACE, label, confidence=confidence)]
        drawn = draw(Overlay(), plain(1280, 720, 0), 0.0, people, view=View(meter=False))
        return int(near(drawn[: int(FACE.y1) - 6], YELLOW).any(axis=0).sum())

    assert bar(0.5) == pytest.approx(bar(1.0) / 2, abs=3)
    assert bar(1.0) >= 0.12 * 720 - 3
    assert bar(1.0, "unsure") == 0


def test_without_labels_and_meter_the_faces_and_the_room_stay_plain() -> None:
    image = noise(1280, 720)
    drawn = draw(Overlay(), image, 0.0, [person(1, FACE)], mood(0.3), BARE)
    assert not changed(image, drawn)[60:].any()
    assert changed(image, drawn)[:60, 640:].any()


def test_blur_leaves_nothing_of_a_face_but_a_few_means() -> None:
    image = noise(1280, 720)
    drawn = draw(Overlay(), image, 0.0, [person(1, FACE)], view=View(blur=True, labels=False, meter=False))
    inside = drawn[260:440, 560:720].astype(float)
    assert inside.std() < 0.1 * image[260:440, 560:720].std()
    assert np.abs(np.diff(inside, axis=1)).max() <= 3
    outside = changed(image, drawn)
    outside[200:500, 500:780] = False
    assert not outside[60:].any()


def test_blur_covers_a_face_at_the_edge_up_to_the_corner() -> None:
    image = noise(640, 360)
    drawn = draw(
        Overlay(), image, 0.0, [person(1, Box(-20, 300, 60, 390))], view=View(blur=True, labels=False, meter=False)
    )
    assert np.abs(np.diff(drawn[300:, :60].astype(int), axis=1)).max() <= 12


@pytest.mark.parametrize("moved", [0, 60, 300], ids=["the person's own", "where the person was", "nobody's yet"])
def test_blur_covers_a_found_face_that_is_no_person(moved: int) -> None:
    image, found = noise(1280, 720), Box(FACE.x1 + moved, FACE.y1, FACE.x2 + moved, FACE.y2)
    result = FrameResult("camera", 0, 0.0, 0.0, (person(1, FACE),), None, faces=(Face(found, 0.6),))
    view = View(blur=True, labels=False, meter=False)
    drawn = Overlay().draw(Frame("camera", 0, 0.0, 0.0, image), result, view, None).image
    for box in (FACE, found):
        inside = slice(int(box.y1), int(box.y2)), slice(int(box.x1), int(box.x2))
        assert drawn[inside].std() < 0.15 * image[inside].std()
        assert np.percentile(np.abs(np.diff(drawn[inside].astype(int), axis=1)), 95) <= 3
    bare = View(labels=False, meter=False)
    assert np.array_equal(Overlay().draw(Frame("camera", 0, 0.0, 0.0, image), result, bare, None).image, image)


def test_blur_on_a_paused_analysis_covers_the_whole_picture_but_not_what_is_written_on_it() -> None:
    """Nobody looks for faces then, so every part of the picture may be one."""
    image, paused = noise(1280, 720), View(labels=False, meter=False, paused=True)
    drawn = draw(Overlay(), image, view=replace(paused, blur=True))
    below = drawn[60:].astype(float)
    assert np.abs(np.diff(below, axis=0)).max() <= 2
    assert np.abs(np.diff(below, axis=1)).max() <= 2
    assert below.std() < 0.05 * image.std()
    empty = drawn[:8, :].astype(int), drawn[:60, 560:700].astype(int)
    assert all(np.abs(np.diff(part, axis=1)).max() <= 2 for part in empty)
    assert drawn[16:44, 16:200].max() > 240  # "analysis paused" lies on it, sharp
    assert not changed(image, draw(Overlay(), image, view=paused))[60:].any()


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (2000, 90)])
def test_the_veil_over_everything_fits_any_picture(size: tuple[int, int]) -> None:
    view = View(blur=True, paused=True)
    assert draw(Overlay(), noise(*size), view=view).shape == (size[1], size[0], 3)


def test_a_late_result_is_amber() -> None:
    def amber(age: float) -> int:
        return int(near(inform(Overlay(), plain(1280, 720), Status(30, age, 0, "ort")), AMBER).sum())

    assert amber(0.150) == 0
    assert amber(0.151) > 200
    assert amber(float("nan")) == 0


def test_the_numbers_of_the_info_line_hold_still_for_half_a_second() -> None:
    overlay, image = Overlay(), plain(1280, 720)
    first = inform(overlay, image, Status(30, 0.04, 0, "ort"), 1.0)
    soon = inform(overlay, image, Status(29, 0.05, 3, "ort"), 1.2)
    later = inform(overlay, image, Status(29, 0.05, 3, "ort"), 1.6)
    assert np.array_equal(first, soon)
    assert changed(first, later).any()


@pytest.mark.parametrize(
    "view",
    [
        View(labels=False, meter=False, badge=True),
        View(labels=False, meter=False, paused=True),
        View(labels=False, meter=False, recording=True),
        View(labels=False, meter=False, help=True),
    ],
    ids=["badge", "paused", "recording", "help"],
)
def test_what_the_view_asks_for_is_seen(view: View) -> None:
    image = plain(1280, 720)
    where = Box(400, 200, 880, 520) if view.help else Box(0, 0, 400, 60)
    assert not changed(image, draw(Overlay(), image, view=BARE), where).any()
    drawn = draw(Overlay(), image, view=view)
    assert changed(image, drawn, where).any()
    assert bool(near(drawn[:60, :400], VERMILLION).any()) == view.recording


def test_a_note_makes_a_second_line() -> None:
    image = plain(1280, 720)
    short, long = (
        changed(image, inform(Overlay(), image, Status(30, 0.04, 0, "ort", note))).any(axis=1).sum()
        for note in ("", "camera 2 is lost, trying again")
    )
    assert long > 1.5 * short


def test_a_senseless_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="interval must be more than 0"):
        Overlay(interval=0)


def test_a_still_picture_has_no_info_line() -> None:
    frame = Frame("still", 0, 0.0, 0.0, noise(640, 360))
    result, view = FrameResult("still", 0, 0.0, 0.0, (), None), View(meter=False)
    assert np.array_equal(Overlay(trend=False).draw(frame, result, view, None).image, frame.image)
    assert not np.array_equal(Overlay(trend=False).draw(frame, result, view, STATUS).image, frame.image)
