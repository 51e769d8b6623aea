"""The meter, judged by its pixels."""

from __future__ import annotations

import numpy as np
import pytest

from streamer.overlay import Overlay
from streamer.overlay.history import History
from streamer.overlay.shares import parts_of
from streamer.types import Box, GroupMood, Image, View
from tests.overlay_scene import BLUE, SHARES, VERMILLION, changed, draw, mood, near, plain


def dot_x(image: Image) -> float:
    """Where the white dot lies on the valence bar: the bar's rows are found by its two ends."""
    rows = np.flatnonzero((near(image, VERMILLION, 30) | near(image, BLUE, 30)).any(axis=1))
    row = image[int(np.median(rows))]
    white = np.flatnonzero(np.all(row > 250, axis=1))
    assert white.size, "no dot on the bar"
    return float(white.mean())


def room_picture(valence: float, size: tuple[int, int] = (1280, 720)) -> Image:
    return draw(Overlay(trend=False), plain(*size, level=40), room=mood(valence), view=View(labels=False))


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080), (720, 1280)])
def test_the_dot_lies_where_the_valence_says(size: tuple[int, int]) -> None:
    left, middle, right = (dot_x(room_picture(valence, size)) for valence in (-1.0, 0.0, 1.0))
    assert left < middle < right
    assert middle == pytest.approx((left + right) / 2, abs=1)
    ends = np.flatnonzero(
        (near(at_zero := room_picture(0.0, size), VERMILLION, 30) | near(at_zero, BLUE, 30)).any(axis=0)
    )
    assert middle == pytest.approx((ends[0] + ends[-1]) / 2, abs=1.5)
    assert right - left > 0.9 * (ends[-1] - ends[0])
    assert dot_x(room_picture(0.5, size)) == pytest.approx((middle + right) / 2, abs=1)
    assert dot_x(room_picture(-0.25, size)) == pytest.approx(middle - (middle - left) / 4, abs=1)
    assert dot_x(room_picture(-7.0, size)) == left


def test_a_jump_of_valence_glides_and_arrives() -> None:
    overlay, image, view = Overlay(trend=False), plain(1280, 720, 40), View(labels=False)
    start = dot_x(draw(overlay, image, 1.0, room=mood(-0.8), view=view))
    places = [dot_x(draw(overlay, image, 1.0 + i / 30, room=mood(0.8), view=view)) for i in range(1, 16)]
    end = dot_x(room_picture(0.8))
    assert all(a <= b for a, b in zip([start, *places], [*places, end], strict=True))
    assert places[0] < start + 0.6 * (end - start)
    assert places[10] == pytest.approx(end, abs=1)  # 0.37 s later


def test_the_band_is_as_wide_as_the_interval() -> None:
    def widened(interval: tuple[float, float]) -> int:
        view = View(labels=False)
        with_band = draw(Overlay(trend=False), plain(1280, 720, 40), room=mood(0.0, None, interval), view=view)
        return int(changed(room_picture(0.0), with_band).any(axis=0).sum())

    span = dot_x(room_picture(1.0)) - dot_x(room_picture(-1.0))
    assert widened((-0.5, 0.5)) == pytest.approx(span / 2, abs=2)
    assert widened((-0.9, 0.9)) == pytest.approx(0.9 * span, abs=2)


@pytest.mark.parametrize("room", [None, mood(None, people=4)], ids=["no data", "not enough evidence"])
def test_without_a_valence_there_is_no_dot(room: GroupMood | None) -> None:
    drawn = draw(Overlay(trend=False), plain(1280, 720, 40), room=room, view=View(labels=False))
    assert not near(drawn, VERMILLION, 30).any()
    assert changed(plain(1280, 720, 40), drawn, Box(0, 360, 640, 720)).any()
    other = room_picture(0.0)
    assert changed(drawn, other).any()


def test_no_data_not_enough_evidence_one_person_and_paused_look_different() -> None:
    view = View(labels=False)
    pictures = [
        draw(Overlay(), plain(1280, 720), room=None, view=view),
        draw(Overlay(), plain(1280, 720), room=mood(None), view=view),
        draw(Overlay(), plain(1280, 720), room=mood(0.0), view=view),
        draw(Overlay(), plain(1280, 720), room=mood(0.0, people=1), view=view),
        draw(Overlay(), plain(1280, 720), room=mood(0.0), view=View(labels=False, paused=True)),
    ]
    assert all(changed(a, b).any() for i, a in enumerate(pictures) for b in pictures[:i])


def test_a_paused_analysis_shows_no_old_mood() -> None:
    view, image = View(labels=False, paused=True), plain(1280, 720)
    rooms = (mood(0.5, 0.2, (0.3, 0.7), shares=SHARES), None)
    old, none = (draw(Overlay(), image, room=room, view=view) for room in rooms)
    assert np.array_equal(old, none)


def test_the_history_is_bounded_and_forgets() -> None:
    history = History()
    for step in range(4000):
        shown = history.update(mood(0.1, 0.2, (0, 0.2)), step / 30)
    assert len(shown.trend) <= 122
    assert shown.trend[-1].pts - shown.trend[0].pts == pytest.approx(60, abs=1)
    assert len(shown.tail) <= 41
    later = history.update(None, 4000 / 30 + 61)
    assert later.tail == ()
    assert [moment.valence for moment in later.trend] == [None]


def test_hidden_expressions_are_summed_into_other() -> None:
    view = View(labels=False)

    def shares(disgust: float, contempt: float, hidden: tuple[str, ...]) -> Image:
        room = mood(0.0, shares=(0.4, 0, 0, 0, 0, disgust, 0, contempt))
        return draw(Overlay(hidden=hidden), plain(1280, 720), room=room, view=view)

    both = ("disgust", "contempt")
    assert np.array_equal(shares(0.5, 0.1, both), shares(0.1, 0.5, both))
    assert changed(shares(0.5, 0.1, ()), shares(0.1, 0.5, ())).any()
    assert {part.word for part in parts_of(SHARES, both)}.isdisjoint(both)
    assert parts_of(SHARES, both)[-1].share == pytest.approx(0.04)
    assert sum(part.share for part in parts_of(SHARES, both)) == pytest.approx(1)
