"""What is kept of a camera shows no face unless somebody says that it may: the line, the window, the snapshot."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from streamer.analyzer import Analyzer, Models
from streamer.labels import Labels
from streamer.line import Camera, veiled
from streamer.overlay.faceless import faceless
from streamer.pipeline import Ask, Pipeline
from streamer.schedule import Plan, Schedule
from streamer.stages import Veil
from streamer.types import Box, Command, Face, Frame, FrameResult, View
from tests.fakes import (
    FakeClassifier,
    FakeDetector,
    FakeEncoder,
    FakeMood,
    FakeOverlay,
    FakeSource,
    FakeTracker,
    FakeWindow,
    PacketList,
)
from tests.overlay_scene import noise, person


def drawn(veil: Veil, keys: dict[int, Command] | None = None, view: View | None = None) -> list[View]:
    """The views in which a film's 30 pictures were drawn, while a viewer pressed ``keys`` after so many pictures."""
    models, overlay = Models(FakeDetector(), FakeClassifier()), FakeOverlay()
    analyzer = Analyzer(models, FakeTracker(), Labels(), FakeMood(), Schedule(Plan()))
    recorder: Callable[[], PacketList] = PacketList
    camera = Camera(FakeSource(30, live=False), analyzer, overlay, encoder=FakeEncoder(), recorder=recorder, veil=veil)

    def window(ask: Ask) -> FakeWindow:
        return FakeWindow({count: partial(ask, command) for count, command in (keys or {}).items()})

    Pipeline(models, [camera], view=view, window=window).run()
    assert len(overlay.views) == 30
    return overlay.views


@pytest.mark.parametrize("view", [View(), View(recording=True), View(blur=True)])
def test_a_view_is_veiled_where_it_must_be(view: View) -> None:
    assert veiled(view, "always").blur
    assert veiled(view, "recording").blur == (view.recording or view.blur)
    assert veiled(view, "never") == view


def test_what_is_written_down_all_the_time_is_blurred_whatever_key_is_pressed() -> None:
    assert all(view.blur for view in drawn("always", {5: "blur", 10: "blur", 15: "record"}))


def test_exactly_what_is_recorded_is_blurred_and_the_window_shows_it_so() -> None:
    views = drawn("recording", {8: "record", 16: "blur", 17: "blur", 22: "record"})
    assert {view.recording for view in views} == {True, False}
    assert all(view.blur for view in views if view.recording)
    assert not any(view.blur for view in views if not view.recording)


def test_who_says_that_faces_may_be_seen_records_them() -> None:
    views = drawn("never", {8: "record"})
    assert any(view.recording for view in views)
    assert not any(view.blur for view in views)


def result(size: tuple[int, int] | None, *faces: Box, people: tuple[Box, ...] = ()) -> FrameResult:
    known = tuple(person(number, box) for number, box in enumerate(people))
    found = tuple(Face(box, 0.9) for box in faces)
    return FrameResult("desk", 0, 1.0, 2.0, known, None, faces=found, size=size)


def test_a_snapshot_has_neither_people_nor_faces_that_were_found() -> None:
    one, other = Box(100, 60, 200, 160), Box(400, 200, 460, 280)
    picture = Frame("desk", 7, 1.0, 2.0, noise(640, 360))
    kept = faceless(picture, result((640, 360), other, people=(one,)))
    assert (kept.source, kept.index, kept.pts, kept.captured) == ("desk", 7, 1.0, 2.0)
    for box in (one, other):
        inside = slice(int(box.y1), int(box.y2)), slice(int(box.x1), int(box.x2))
        assert kept.image[inside].std() < 0.15 * picture.image[inside].std()
    assert np.array_equal(kept.image[300:], picture.image[300:])
    assert not np.array_equal(picture.image, kept.image)  # the one in the window stays


def test_of_a_picture_in_which_nobody_looked_for_faces_nothing_is_kept_sharp() -> None:
    picture = Frame("desk", 0, 1.0, 2.0, noise(640, 360))
    kept = faceless(picture, result(None)).image
    assert kept.std() < 0.1 * picture.image.std()
