from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from streamer.occurrences import mark
from streamer.trends.certainty import Estimate
from streamer.trends.changes import Change
from streamer.trends.comparing import Comparison
from streamer.trends.contagion import Following
from streamer.trends.marks import Aftermath
from streamer.trends.words import (
    lasted,
    of_aftermath,
    of_bucket,
    of_change,
    of_comparison,
    of_following,
    percent,
    signed,
)
from tests.slow_rooms import bucket

AT = 1_699_972_320
"""14 November 2023, 14:32 UTC."""

SLIDE = mark("room", AT + 0.4, "slide 7")


def test_a_change() -> None:
    assert of_change(Change(AT, 40, 0.05, 0.4, 0.965)) == "14:32: the room lifted, +0.35 for 40 s, confidence 96 %"
    sank = Change(AT, 725, 0.1, -0.1, 0.995)
    there = timezone(timedelta(hours=5, minutes=30))
    assert of_change(sank, there) == "20:02: the room sank, −0.20 for 12 min, confidence 99 %"


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (Estimate(0.12, 0.03, 0.21, 3000), "The second was higher than the first by 0.12 (90 %: +0.03 to +0.21)."),
        (Estimate(-0.12, -0.21, -0.03, 3000), "The second was lower than the first by 0.12 (90 %: −0.21 to −0.03)."),
        (
            Estimate(0.02, -0.1, 0.14, 3000),
            "No difference between the two can be told from chance: +0.02 (90 %: −0.10 to +0.14).",
        ),
        (
            Estimate(0.3, None, None, 90),
            "The second differs from the first by +0.30, too short to tell that from chance.",
        ),
        (None, "There is not enough evidence to compare the two."),
    ],
)
def test_a_comparison(whole: Estimate | None, said: str) -> None:
    assert of_comparison(Comparison(whole, whole, (), None, 1500, 1500, False)) == said


def test_a_comparison_with_one_that_is_much_shorter() -> None:
    whole = Estimate(0.12, 0.03, 0.21, 4200)
    found = Comparison(whole, Estimate(0.04, -0.1, 0.18, 1200), (), None, 600, 3600, True)
    lengths = " They are known for 10 min and 60 min, so one is a part of a sitting beside a whole one; "
    begin = "The second was higher than the first by 0.12 (90 %: +0.03 to +0.21)." + lengths
    assert of_comparison(found) == begin + "in the minutes known of both it is +0.04 (90 %: −0.10 to +0.18)."
    assert of_comparison(replace(found, common=None)) == begin + "no minute is known of both."


def test_a_following_is_always_named_exploratory() -> None:
    found = Following("A", "B", 2, 0.6, 0.001, True, True, 600, 3)
    assert of_following(found) == "Exploratory: A before B by 2 s, more than chance (one of 3 pairs)"
    together = "Exploratory: A and B moved together more than chance, neither surely first (the only pair)"
    assert of_following(replace(found, leads=False, pairs=1)) == together
    chance = "Exploratory: A and B moved together no more than chance (one of 3 pairs)"
    assert of_following(replace(found, leads=False, above_chance=False)) == chance


def test_what_came_after_a_mark() -> None:
    change = Estimate(0.2, 0.08, 0.32, 120)
    found = Aftermath(SLIDE, 0.1, 0.3, change, 0.01, True, 12, ())
    said = '14:32, "slide 7": after it the room lifted, +0.20 (90 %: +0.08 to +0.32)'
    assert of_aftermath(found) == f"{said}, half of it within 12 s"
    near = f'{said}; "8", "9" was marked near it, so it may as well have come after that'
    assert of_aftermath(replace(found, half=None, overlaps=("8", "9"))) == near
    small = replace(found, change=Estimate(0.02, -0.1, 0.14, 120), p=0.6, changed=False, half=None)
    same = '14:32, "slide 7": after it no more changed than at other times, +0.02 (90 %: −0.10 to +0.14)'
    assert of_aftermath(small) == same
    unknown = '14:32, "slide 7": not enough evidence of what came after it'
    assert of_aftermath(replace(found, change=None)) == of_aftermath(replace(found, p=None)) == unknown


def test_nothing_is_said_to_be_because_of_anything() -> None:
    found = Aftermath(SLIDE, 0.1, 0.3, Estimate(0.2, 0.08, 0.32, 120), 0.01, True, 12, ("slide 8",))
    for cause in ("because", "due to", "caused", "made the"):
        assert cause not in of_aftermath(found)


def test_a_minute_and_a_day() -> None:
    hour = replace(bucket(AT - 1920, 0.12, 3600, 3300), least=-0.2, most=0.4)
    assert of_bucket(hour) == "14:00–15:00: valence +0.12, between −0.20 and +0.40, known for 55 min"
    assert of_bucket(bucket(AT, None, 60)) == "14:32–14:33: nothing is known"
    assert of_bucket(replace(hour, width=86_400, least=None)) == "2023-11-14: valence +0.12, known for 55 min"


def test_numbers() -> None:
    assert [signed(value) for value in (0.345, -0.345, 0.004, -0.004)] == ["+0.34", "−0.34", "0.00", "0.00"]
    assert [percent(share) for share in (0.9, 0.97, 0.999, 1 - 0.03)] == ["90 %", "97 %", "99 %", "97 %"]
    assert [lasted(seconds) for seconds in (40, 119, 120, 725, 7199, 7200, 7500)] == [
        "40 s", "119 s", "2 min", "12 min", "2 h", "2 h", "2 h 5 min",
    ]  # fmt: skip
