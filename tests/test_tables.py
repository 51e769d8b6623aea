from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from streamer.emotions import LABELS
from streamer.sinks.tables import GROUPS, Table, group_row
from streamer.types import FrameResult, GroupMood

MOOD = GroupMood(11, 9, 0.2, 0.1, (0.08, 0.3), (0.125,) * 8, 0.3, None, 9 / 11, 10.0, positive=6, negative=3)
NEW = ("interval_low", "interval_high", "positive", "negative")


def cells(path: Path, mood: GroupMood | None) -> list[str]:
    """The row of a result with this mood, as a spreadsheet reads it."""
    with Table(path, GROUPS) as table:
        table.write_rows([group_row(FrameResult("cam", 0, 0.0, 0.0, (), mood))])
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))[1]


def test_new_columns_stand_behind_the_old_ones() -> None:
    old = ("source", "index", "pts", "people", "used", "coverage", "valence", "arousal", "dispersion", *LABELS)
    assert (*old, *NEW) == GROUPS


def test_a_group_tells_its_interval_and_its_camps(tmp_path: Path) -> None:
    row = cells(tmp_path / "groups.csv", MOOD)
    assert row[:9] == ["cam", "0", "0.0", "11", "9", "0.8182", "0.2", "0.1", "0.3"]
    assert row[-4:] == ["0.08", "0.3", "6", "3"]


def test_what_is_not_known_is_an_empty_cell_and_no_zero(tmp_path: Path) -> None:
    nothing = replace(MOOD, valence=None, arousal=None, interval=None, shares=None, positive=None, negative=None)
    for number, mood in enumerate((nothing, None)):
        assert cells(tmp_path / f"{number}.csv", mood)[-4:] == [""] * 4
    assert cells(tmp_path / "none.csv", replace(MOOD, positive=0, negative=0))[-2:] == ["0", "0"]
