"""What a run says of itself at its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streamer.commands.terminal import clock, moments, mood, summary
from streamer.pipeline import Pipeline
from streamer.sinks.tally import Totals
from streamer.types import Moment
from tests.fakes import FakeSource
from tests.test_pipeline import Rig

TOTALS = Totals(900, 30.0, 4, 5, (("neutral", 0.75), ("happiness", 0.25)), 0.213, -0.104, 0.081)
LIFT, SINK = Moment(14.2, 39.7, 0.351, True), Moment(3725.0, 12.0, -0.2, False)


def lines(totals: Totals) -> list[tuple[str, str]]:
    return summary(totals, Pipeline(Rig().models, [Rig().camera(FakeSource(1, live=False))]), "cam", 30.0)


def test_the_mood_tells_how_sure_it_is() -> None:
    assert mood(TOTALS) == ("valence +0.21 (±0.08) on average, −0.10 at the end (−1 unpleasant … +1 pleasant)")
    assert mood(replace(TOTALS, half=None)).startswith("valence +0.21 on average, ")
    assert mood(replace(TOTALS, last_valence=None)).startswith("valence +0.21 (±0.08) on average, no data at the end")
    assert mood(replace(TOTALS, valence=None)) == "not enough evidence"
    assert mood(replace(TOTALS, valence=None, people=0)) == "no data"


def test_moments_stand_under_the_mood() -> None:
    told = lines(replace(TOTALS, moments=(LIFT, SINK)))
    assert told[1][0] == "mood"
    assert told[2:4] == [
        ("moments", "0:14 the room lifted for 40 s, +0.35"),
        ("", "1:02:05 the room sank for 12 s, −0.20"),
    ]
    assert told[4][0] == "shown"


def test_without_moments_there_is_no_line_for_them() -> None:
    assert [name for name, _ in lines(TOTALS)][:3] == ["people", "mood", "shown"]


def test_no_more_than_five_moments_are_told_the_largest_in_the_order_of_time() -> None:
    changes = (0.2, -0.5, 0.3, 0.9, -0.25, 0.4, -0.15, 0.6)
    found = [Moment(60.0 * number, 20.0, change, True) for number, change in enumerate(changes)]
    told = moments(found)
    assert [name for name, _ in told] == ["moments", "", "", "", ""]
    assert [line.split()[0] for _, line in told] == ["1:00", "2:00", "3:00", "5:00", "7:00"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (59.9, "0:59"), (75.0, "1:15"), (3599.9, "59:59"), (3600.0, "1:00:00")]
)
def test_times_are_those_of_a_player(seconds: float, text: str) -> None:
    assert clock(seconds) == text
