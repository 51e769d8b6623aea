"""The report of a sitting says what the rows say, reckoned here by other means, and nothing that it may not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from streamer.errors import ConfigError, SinkError
from streamer.paper.blocks import Bullets, Callout, Figures, Heading, Paper, Picture
from streamer.paper.html import html
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import Row, RunBegan, RunEnded, Second
from tests.session_timelines import (
    BEGAN,
    HOME,
    LENGTH,
    NOTICE,
    ROOM,
    meeting,
    meeting_seconds,
    mood,
    paper_of,
    rows_of,
    run,
    signs,
    steady,
    table_of,
    text_of,
)
from tests.test_paper import Seen
from tests.timeline_rows import write


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return meeting(tmp_path_factory.mktemp("kept") / "t.sqlite")


@pytest.fixture(scope="module")
def paper(kept: Path) -> Paper:
    return paper_of(kept)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """The rows that were written, with numbers alone."""
    found = [(one.utc - BEGAN, one.mood) for one in meeting_seconds()]
    return pd.DataFrame(
        [
            (at, one.valence, one.interval[0], one.interval[1], one.people, one.used, one.coverage)
            for at, one in found
            if one is not None and one.interval is not None
        ],
        columns=["at", "valence", "low", "high", "people", "used", "coverage"],
    )


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def test_the_first_page_says_the_averages(paper: Paper, frame: pd.DataFrame) -> None:
    text, mean = text_of(paper), frame.mean()
    between = f"{signed(mean['low'])} to {signed(mean['high'])}"
    assert f"valence {signed(mean['valence'])} on a scale from −1 (unpleasant) to +1 (pleasant)" in text
    assert f"80 % interval {between}." in text
    large = next(one for one in paper.blocks if isinstance(one, Figures)).items
    assert [value for value, _, _ in large] == [
        signed(mean["valence"]),
        "8",
        f"{100 * len(frame) / LENGTH:.0f} %",
        "90 %",
    ]
    assert "2740" not in text  # seconds are told as minutes
    assert dict(paper.facts)["Length"] == f"50 min, {round(len(frame) / 60)} min of it with numbers"


def test_the_limits_stand_right_beside_the_answer(paper: Paper) -> None:
    kinds = [type(one) for one in paper.blocks[:5]]
    assert kinds.index(Callout) < kinds.index(Bullets)
    callout = next(one for one in paper.blocks if isinstance(one, Callout)).text
    assert "apparent expressions" in callout
    assert "not what anybody feels" in callout
    assert "of 6 people or more, rounded" in callout
    assert "some noise" in callout


def test_it_never_says_why(paper: Paper) -> None:
    assert "because" not in text_of(paper).lower()


def test_every_minute_is_that_of_the_rows(paper: Paper, frame: pd.DataFrame) -> None:
    table = rows_of(paper, "The room by the minute")
    assert len(table) == 50
    for minute, part in frame.groupby(frame["at"] // 60):
        row = table[f"08:{minute:02.0f}"]
        mean = part.mean()
        assert (row[0], *row[3:5]) == (f"{100 * len(part) / 60:.0f} %", "8", "7")
        told = [float(word.replace("−", "-")) for word in f"{row[1]} {row[2]}".split() if word != "to"]
        assert told == pytest.approx(mean[["valence", "low", "high"]].tolist(), abs=0.00501)
    assert table["08:00"] == ("0 %", "–", "–", "–", "–", "–", "too few people")
    assert table["08:15"][0] == "0 %"
    assert table["08:15"][-1] == "paused"
    assert table["08:34"][-1] == "nothing recorded"


def test_every_second_is_in_one_state(paper: Paper, frame: pd.DataFrame) -> None:
    table = rows_of(paper, "The 50 min of this report")
    assert table["with numbers"][1] == f"{100 * len(frame) / LENGTH:.0f} %"
    assert [table[name][0] for name in ("too few people", "paused", "nothing recorded")] == ["60 s", "100 s", "100 s"]
    assert "not running" not in table
    assert len(frame) + 60 + 100 + 100 == LENGTH


def test_not_running_is_told_from_nothing_recorded(kept: Path) -> None:
    table = rows_of(paper_of(kept, -600, LENGTH + 600), "The 70 min of this report")
    # The run began 60 s before the room's first row, and ended 30 s after its last.
    assert table["not running"][0] == "18 min"
    assert table["nothing recorded"][0] == "3 min"


def test_a_pause_that_began_before_the_span_is_known(kept: Path) -> None:
    table = rows_of(paper_of(kept, 950, 1100), "The 2 min of this report")
    assert table["paused"][0] == "50 s"
    assert table["with numbers"][0] == "100 s"


def test_the_dip_is_found_and_what_happened_is_numbered(paper: Paper) -> None:
    changes = rows_of(paper, "When the valence changed")
    assert {"08:23", "08:30"} <= changes.keys()
    assert changes["08:23"][2].startswith("−0.")
    rows = table_of(paper, "What happened").rows
    assert [row[:3] for row in rows] == [
        ("1", "08:05", "moment"),
        ("2", "08:23", "mark"),
        ("3", "08:23", "moment"),
        ("4", "08:24", "alert"),
        ("5", "08:41", "mark"),
    ]
    assert rows[2][3] == "the room sank for 120 s, −0.48"
    assert rows[3][3] == "low: valence −0.30 for 60 s"


def test_what_followed_a_mark_is_the_difference_of_two_minutes(paper: Paper, frame: pd.DataFrame) -> None:
    rows = rows_of(paper, "The valence after the marks")
    before = frame[frame["at"].between(1335, 1394)]["valence"].mean()
    after = frame[frame["at"].between(1395, 1454)]["valence"].mean()
    assert rows["2"][:5] == ("08:23", "“slide 7”", signed(before), signed(after), signed(after - before))
    assert rows["2"][-1].startswith("lower after it")
    assert rows["5"][-1] == "no more than at other times"


def test_lost_cameras(paper: Paper) -> None:
    assert table_of(paper, "Cameras that were lost").rows == (
        ("front", "08:33:20", "08:35:00", "100 s", "no picture for 4 s"),
    )


def test_settings_models_and_notice(paper: Paper) -> None:
    text = text_of(paper)
    assert rows_of(paper, "Settings")["models (detector + expressions)"] == ("centerface + testcard",)
    assert rows_of(paper, "Test model")["accuracy"] == ("81.0 %", "80.0 to 82.0 %")
    assert "It knows nothing of hats." in text
    assert hashlib.sha256(NOTICE.encode()).hexdigest() in text
    assert "A camera reads the apparent expressions of the faces it sees." in text
    assert "Tuesday, 18 November 2025, 07:59:00" in rows_of(paper, "What those who")["shown since"][0]


def test_nothing_of_single_people_and_no_secrets(paper: Paper) -> None:
    text = html(paper)
    for secret in ("hunter2", "10.0.0.7", "tok-secret", "person-9f3a"):
        assert secret not in text


def test_the_html_needs_nothing_else_and_shows_what_is_written_as_text(paper: Paper) -> None:
    text = html(paper)
    seen = Seen(text)
    assert not re.search(r"https?://", text)
    assert not seen.all("script")
    assert not seen.all("b")[0].get("onclick")
    assert "“<b>questions</b>”" in " ".join(seen.text.split())
    assert all(str(one["src"]).startswith("data:image/png;base64,") for one in seen.all("img"))
    assert len(seen.all("img")) == 2


def test_it_comes_out_the_same_each_time(kept: Path, paper: Paper) -> None:
    assert html(paper_of(kept)) == html(paper)


def test_signs_are_told_in_place_of_a_mood(tmp_path: Path) -> None:
    made = paper_of(signs(tmp_path / "t.sqlite"), end=1500)
    text = text_of(made)
    for word in ("valence", "Valence", "happiness", "pleasant", "Expressions over time"):
        assert word not in text
    assert "No emotion is inferred" in text
    assert "10 % frowned, 5 % shook their heads and 90 % faced the camera" in text
    changes = rows_of(made, "When the share who smile changed")
    assert changes["08:11"][2].startswith("+3")
    assert rows_of(made, "The share of people who smile after the marks")["1"][-1].startswith("higher after it")
    head = table_of(made, "The room by the minute").head
    assert "smile" in head
    assert "nod" not in head  # never told


def test_two_runs_are_both_in_it(tmp_path: Path) -> None:
    again = run(BEGAN + 400, "r2", notice="Another text.")
    write(tmp_path / "t.sqlite", [run(BEGAN), RunEnded("r1", BEGAN + 300), again], BEGAN)
    made = paper_of(steady(tmp_path / "t.sqlite", range(700)), end=700)
    rows = table_of(made, "The program was started 2 times").rows
    assert [row[2] for row in rows] == ["08:05:00", "after this time"]
    text = text_of(made)
    for notice in (NOTICE, "Another text."):
        assert hashlib.sha256(notice.encode()).hexdigest() in text


def test_few_people_do_not_outlast_their_run(tmp_path: Path) -> None:
    rows: list[Row] = [
        run(BEGAN),
        Second(ROOM, BEGAN + 50, "r1", None),
        RunEnded("r1", BEGAN + 99),
        run(BEGAN + 200, "r2"),
    ]
    made = paper_of(steady(tmp_path / "t.sqlite", range(50), *rows), end=300)
    table = rows_of(made, "The 5 min of this report")
    assert [table[name][0] for name in ("with numbers", "too few people", "not running", "nothing recorded")] == [
        "50 s",
        "50 s",
        "100 s",
        "100 s",
    ]


@pytest.mark.parametrize(
    ("began", "said"),
    [
        (run(BEGAN, purpose="self", settings=HOME), "as they were: only the user's own place"),
        (run(BEGAN, purpose="self"), "of 6 people or more"),
        (run(BEGAN, purpose="audience", settings=HOME), "of 6 people or more"),
        (run(BEGAN, settings="no mapping"), "of 5 people or more"),
    ],
)
def test_how_the_numbers_were_published(tmp_path: Path, began: RunBegan, said: str) -> None:
    made = paper_of(steady(tmp_path / "t.sqlite", range(40), began), end=40)
    assert said in next(one for one in made.blocks if isinstance(one, Callout)).text


def test_a_short_one(tmp_path: Path) -> None:
    made = paper_of(steady(tmp_path / "t.sqlite", range(40), run(BEGAN)), end=40)
    assert "too short to tell a lasting change from chance" in text_of(made)
    assert list(rows_of(made, "The room by the ten seconds")) == ["08:00:00", "08:00:10", "08:00:20", "08:00:30"]
    assert "08:00:00 to 08:00:40, UTC" in made.subtitle


def test_a_long_one(tmp_path: Path) -> None:
    made = paper_of(steady(tmp_path / "t.sqlite", range(0, 8 * 3600, 5), run(BEGAN)), end=8 * 3600)
    rows = table_of(made, "The room by the quarter of an hour").rows
    assert len(rows) == 32
    assert {row[1] for row in rows} == {"20 %"}
    assert "Less than half of the time has numbers" in text_of(made)
    assert "stayed steady" in text_of(made)


def test_a_time_without_numbers_is_told_as_that(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write(path, [run(BEGAN), Second(ROOM, BEGAN + 1, "r1", None)], BEGAN)
    made = paper_of(path, end=300)
    assert "There are no numbers in this time" in text_of(made)
    assert not [one for one in made.blocks if isinstance(one, Picture)]
    assert next(one.text for one in made.blocks if isinstance(one, Heading)) == "In short"


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (100_000, 100_100, "nothing was recorded of 'Board room'"),
        (200, 100, "begins before it ends"),
        (2_000_000, 2_000_100, "not in the future"),
        (0, 26 * 3600, "25 hours at most, got 26.0"),
    ],
)
def test_spans_that_cannot_be(kept: Path, begin: int, end: int, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        paper_of(kept, begin, end)


def test_a_timeline_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.sqlite").write_text("hello" * 1000)
    with pytest.raises(SinkError):
        paper_of(tmp_path / "t.sqlite")


def test_a_part_of_another_purpose_is_named(tmp_path: Path) -> None:
    path = signs(tmp_path / "t.sqlite", 100)
    write(path, [Second(ROOM, BEGAN + 200 + at, "r1", mood(0.1)) for at in range(200)], BEGAN)
    assert "recorded as signs without emotions under another purpose" in text_of(paper_of(path, end=400))


@pytest.fixture
def many(tmp_path: Path) -> Iterator[TimelineReader]:
    rows: list[Row] = [run(BEGAN, "r1"), RunEnded("r1", BEGAN + 10), run(BEGAN + 20, "r2"), run(BEGAN + 50, "r3")]
    write(tmp_path / "t.sqlite", rows, BEGAN)
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        yield reader


def test_the_ends_of_runs(many: TimelineReader) -> None:
    assert many.ends(BEGAN, BEGAN + 100) == {"r1": BEGAN + 10, "r2": BEGAN + 50, "r3": BEGAN + 100}
    assert many.ends(BEGAN + 60, BEGAN + 70) == {"r3": BEGAN + 70}
