"""How many people are on each side, and what the room is doing: on the meter, without flicker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from streamer.moments import sentence
from streamer.overlay import Overlay
from streamer.overlay.canvas import Canvas
from streamer.overlay.ends import Ends
from streamer.overlay.held import HOLD, Held
from streamer.overlay.history import History
from streamer.overlay.layout import Card, card_of
from streamer.overlay.meter import verb_of
from streamer.overlay.scale import Scale, scale_of
from streamer.overlay.text import Typeface
from streamer.types import Box, GroupMood, Image, Moment, View
from tests.overlay_scene import SHARES, changed, draw, mood, plain

SIZES = [(640, 360), (854, 480), (1280, 720), (1920, 1080), (720, 1280)]
ROOM = mood(0.3, 0.1, (0.2, 0.4), people=11, shares=SHARES)
LIFT, SINK = Moment(10.0, 12.0, 0.3, False), Moment(10.0, 12.0, -0.3, False)
STILL = View(labels=False)


def split(negative: int, positive: int, room: GroupMood = ROOM) -> GroupMood:
    return replace(room, negative=negative, positive=positive)


def picture(room: GroupMood | None, size: tuple[int, int] = (1280, 720), view: View = STILL) -> Image:
    return draw(Overlay(trend=False), plain(*size, 40), room=room, view=view)


def laid_out(size: tuple[int, int], trend: bool = True) -> tuple[Card, Scale]:
    scale = scale_of(*size)
    card = card_of(scale, Typeface(), trend)
    assert card is not None
    return card, scale


def said(camps: tuple[int, int] | None, size: tuple[int, int]) -> tuple[str, str]:
    left, right = Ends(Typeface()).words(*laid_out(size), camps)
    return " ".join(left).strip(), " ".join(right).strip()


@pytest.mark.parametrize(
    ("camps", "size", "words"),
    [
        ((3, 8), (1280, 720), ("3 negative", "8 positive")),
        ((3, 8), (1920, 1080), ("3 negative", "8 positive")),
        ((0, 8), (1280, 720), ("0 negative", "8 positive")),
        ((0, 0), (1280, 720), ("negative", "positive")),
        (None, (1280, 720), ("negative", "positive")),
        ((12, 10), (1280, 720), ("12 neg", "10 pos")),
        ((3, 8), (640, 360), ("3 neg", "8 pos")),
        (None, (640, 360), ("neg", "pos")),
        ((12, 10), (640, 360), ("12 −", "10 +")),
    ],
)
def test_the_ends_tell_how_many_are_on_each_side(
    camps: tuple[int, int] | None, size: tuple[int, int], words: tuple[str, str]
) -> None:
    assert said(camps, size) == words


def test_the_negative_stand_on_the_left_and_the_positive_on_the_right() -> None:
    assert History().update(split(3, 8), 0.0).camps == (3, 8)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("camps", [None, (0, 1), (8, 8), (19, 20), (99, 99)])
def test_the_words_lie_under_the_bar_and_leave_space_between_them(
    camps: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    card, scale = laid_out(size)
    before = plain(card.width, card.height, 0)
    after = before.copy()
    Ends(Typeface()).draw(Canvas(after), card, scale, camps)
    columns = np.flatnonzero(changed(before, after).any(axis=0))
    assert columns[0] >= card.bar.x1 - 1
    assert columns[-1] <= card.bar.x2
    assert np.diff(columns).max() >= 0.7 * scale.tiny  # more than any space between two letters
    rows = np.flatnonzero(changed(before, after).any(axis=1))
    assert rows[0] > card.bar.y2
    assert rows[-1] < (card.trend.y1 if card.trend else card.height)


@pytest.mark.parametrize("size", SIZES)
def test_the_numbers_are_seen(size: tuple[int, int]) -> None:
    pictures = [picture(split(*camps), size) for camps in ((0, 0), (3, 8), (8, 3), (0, 8))]
    assert all(changed(a, b).any() for i, a in enumerate(pictures) for b in pictures[:i])
    for other in pictures[1:]:
        card, scale = laid_out(size)
        assert not changed(pictures[0], other)[:, scale.margin + round(card.bar.x2) + 1 :].any()


@pytest.mark.parametrize(
    "room",
    [
        replace(ROOM, people=1, used=1),
        replace(ROOM, people=3, used=1),
        replace(ROOM, people=0, used=0),
        replace(ROOM, valence=None, arousal=None, interval=None, shares=None),
    ],
    ids=["one person", "one is used", "all have gone", "not enough evidence"],
)
def test_without_two_people_or_a_valence_no_camp_is_told(room: GroupMood) -> None:
    assert np.array_equal(picture(split(0, 1, room)), picture(room))
    overlay = Overlay(trend=False)
    draw(overlay, plain(1280, 720, 40), 0.0, room=split(3, 8), view=STILL)
    for step in range(1, 20):  # at once, but for what glides
        drawn = draw(overlay, plain(1280, 720, 40), step / 20, room=split(3, 8, room), view=STILL)
    assert np.array_equal(drawn, picture(room))


def test_a_paused_analysis_tells_neither_camps_nor_moments() -> None:
    paused = View(labels=False, paused=True)
    assert np.array_equal(picture(replace(split(3, 8), moment=LIFT), view=paused), picture(None, view=paused))


def run(rooms: list[GroupMood]) -> list[Image]:
    """Frames of a thirtieth of a second."""
    overlay, image = Overlay(trend=False), plain(1280, 720, 40)
    return [draw(overlay, image, step / 30, room=room, view=STILL) for step, room in enumerate(rooms)]


def test_numbers_that_do_not_hold_for_half_a_second_are_not_shown() -> None:
    steady = run([split(3, 6)])[0]
    flicker = run([split(3, 6) if step % 10 < 4 else split(4, 5 + step % 10 // 9) for step in range(90)])
    assert all(np.array_equal(steady, drawn) for drawn in flicker)


def test_numbers_that_hold_are_shown_once_half_a_second_has_gone() -> None:
    drawn = run([split(3, 6)] + [split(4, 5)] * 30)
    same = [bool(np.array_equal(drawn[0], later)) for later in drawn[1:]]
    assert same == [True] * 15 + [False] * 15
    assert np.array_equal(drawn[-1], picture(split(4, 5)))


def test_what_is_held_begins_and_ends_at_once() -> None:
    held = Held[int]()
    assert [held.step(value, pts) for value, pts in ((None, 0.0), (3, 0.1), (4, 0.2), (None, 0.3))] == [
        None,
        3,
        3,
        None,
    ]
    assert held.step(4, 1.0) is None  # it was there and went: no flicker when it comes back
    assert held.step(4, 1.0 + 0.9 * HOLD) is None
    assert held.step(4, 1.0 + HOLD) == 4


# The moment


def title(room: GroupMood | None, size: tuple[int, int] = (1280, 720), view: View = STILL) -> Image:
    """What is written in the card's first line."""
    card, scale = laid_out(size)
    drawn = draw(Overlay(), plain(*size, 40), room=room, view=view)
    top = size[1] - scale.margin - card.height
    return drawn[top : top + card.title + round(0.4 * scale.small)]


def test_the_title_tells_a_moment_while_it_lasts() -> None:
    calm, lifted, sank = (title(replace(ROOM, moment=moment)) for moment in (None, LIFT, SINK))
    assert changed(calm, lifted).any()
    assert changed(calm, sank).any()
    assert changed(lifted, sank).any()
    assert np.array_equal(calm, title(replace(ROOM, moment=replace(LIFT, over=True))))
    assert np.flatnonzero(changed(calm, lifted).any(axis=0))[0] > 100  # behind the number of people


@pytest.mark.parametrize("moment", [LIFT, SINK])
def test_the_title_says_it_as_the_summary_does(moment: Moment) -> None:
    assert f" {verb_of(moment.change)} " in sentence(moment)


def test_a_moment_is_left_out_where_it_does_not_fit_in_full() -> None:
    small, room = (640, 360), replace(ROOM, people=24, used=22)
    assert np.array_equal(title(replace(room, moment=LIFT), small), title(room, small))
    assert changed(title(replace(ROOM, people=3, used=3, moment=SINK), small), title(mood(0.3, people=3), small)).any()


@pytest.mark.parametrize(
    "room",
    [replace(ROOM, valence=None, arousal=None, interval=None, shares=None), replace(ROOM, people=0, used=0)],
    ids=["not enough evidence", "all have gone"],
)
def test_no_moment_is_told_of_a_room_of_which_nothing_is_known(room: GroupMood) -> None:
    assert np.array_equal(title(replace(room, moment=LIFT)), title(room))


def test_moving_together_leaves_the_picture_as_it_is() -> None:
    assert np.array_equal(picture(replace(ROOM, together=True, cohesion=0.8)), picture(ROOM))


# The interval


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("half", [0.05, 0.1, 0.2, 0.3])
def test_a_narrow_interval_is_as_wide_as_it_is_and_stands_out_beside_the_dot(
    size: tuple[int, int], half: float
) -> None:
    card, scale = laid_out(size, trend=False)
    bare, banded = (picture(mood(0.1, None, interval), size) for interval in (None, (0.1 - half, 0.1 + half)))
    columns = changed(bare, banded).any(axis=0).sum()
    assert columns == pytest.approx(half * (card.bar.width - card.bar.height), abs=2)
    rows = np.flatnonzero(changed(bare, banded).any(axis=1))
    assert rows[-1] - rows[0] + 1 >= 3 * card.bar.height  # the dot hides what is between
    words = size[1] - scale.margin - card.height + card.ends - scale.tiny  # the top of the numbers under the bar
    assert not changed(bare, banded)[round(words) :].any()


def test_the_last_minute_shows_its_band() -> None:
    def minute(half: float) -> Image:
        overlay, image = Overlay(), plain(1280, 720, 40)
        for step in range(60):
            room = mood(0.1, None, (0.1 - half, 0.1 + half))
            drawn = draw(overlay, image, float(step), room=room, view=STILL)
        return drawn

    card, scale = laid_out((1280, 720))
    assert card.trend is not None
    top = 720 - scale.margin - card.height
    place = Box(card.trend.x1, top + card.trend.y1, card.trend.x2, top + card.trend.y2)
    wide = changed(minute(0.001), minute(0.4), place)
    assert wide.any(axis=1).sum() == pytest.approx(0.4 * card.trend.height, abs=5)
    assert wide.any(axis=0).sum() > 0.9 * card.trend.width
