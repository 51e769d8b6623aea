"""``groupmood explain`` as its user meets it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.cards import SHIPPED, load_card
from streamer import analysing
from streamer.correction import Answers
from streamer.mood import MoodRules, RoomMood
from streamer.sinks.jsonl import JsonLines
from streamer.types import FrameResult, GroupMood, Person
from tests.command import Command
from tests.rooms import every, person

PLAIN = ("--card", "mini_xception")
"""A card that does not say how its model answers."""


@pytest.fixture
def groupmood(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def people(pts: float) -> list[Person]:
    """Two who stay, one who leaves after 2 s, one who is turned away, and nobody from 4 s on."""
    if pts >= 4:
        return []
    here = [person(1, pts, happiness=0.9), person(2, pts, sadness=0.5)]
    return [*here, *([person(3, pts, happiness=1.0)] if pts < 2 else []), person(0, pts, quality=0.1, anger=1.0)]


def recorded(path: Path, room: RoomMood, source: str = "cam", seconds: float = 6.0) -> list[GroupMood | None]:
    """A run written down, with its moods."""
    moods = []
    with JsonLines(path) as sink:
        for index, pts in enumerate(every(0.1, seconds)):
            moods.append(room.update(source, people(pts), pts))
            sink.write(FrameResult(source, index, pts, 9.0 + pts, tuple(people(pts)), moods[-1]))
    return moods


def explained(groupmood: Command, *arguments: object) -> dict[str, Any]:
    answer = groupmood("explain", *arguments, "--json")
    assert (answer.code, answer.error) == (0, "")
    told = json.loads(answer.out)
    assert isinstance(told, dict)
    return told


def test_the_end_and_a_time_are_explained_in_a_table(groupmood: Command, tmp_path: Path) -> None:
    """Of the third, who was there until 1.9 s, a weight of e^−0.12 is left at 2.5 s: 0.89 of 2.89 are 31 %."""
    recorded(tmp_path / "run.jsonl", RoomMood(), seconds=4)
    answer = groupmood("explain", tmp_path / "run.jsonl", "--at", "2.55", *PLAIN)
    assert (answer.code, answer.error) == (0, "")
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[0] == "time 2.5 s of cam, frame 25"
    assert lines[1].startswith("valence +0.")
    assert "80 % interval +0." in lines[1]
    assert lines[2:4] == ["people 2 used of 3 seen", "camps 1 pleasant, 1 unpleasant, polarisation 1.00"]
    assert lines[4].startswith("assumed smoothing 5 s, equal weights, not corrected, as the card mini_xception does")
    assert lines[5] == "id weight valence age quality left out"
    assert lines[6].startswith("1 35% +0.73 0.0 s 0.90")
    assert lines[8] == "3 31% +0.81 0.6 s 0.90 has left; fading"
    assert lines[9] == "0 0% 0.0 s 0.10 too small, blurred or turned away"
    assert groupmood("explain", tmp_path / "run.jsonl", *PLAIN).out.startswith("time      3.9 s of cam, frame 39\n")


def test_the_same_as_json(groupmood: Command, tmp_path: Path) -> None:
    moods = recorded(tmp_path / "run.jsonl", RoomMood())
    told = explained(groupmood, tmp_path / "run.jsonl", "--at", 2.5, *PLAIN)
    mood = moods[25]
    assert mood is not None
    assert told["schema"] == "groupmood.explanation/1"
    assert (told["source"], told["index"], told["pts"]) == ("cam", 25, 2.5)
    assert told["valence"] == told["uncorrected"] == pytest.approx(mood.valence, abs=5e-4)
    assert told["interval"] == pytest.approx(mood.interval, abs=5e-4)
    assert told["recorded"] == pytest.approx(mood.valence, abs=5e-5)
    assert (told["people"], told["used"], told["positive"], told["negative"]) == (3, 2, 1, 1)
    assert [share["id"] for share in told["shares"]] == [1, 2, 3, 0]
    assert sum(share["weight"] for share in told["shares"]) == pytest.approx(1.0, abs=1e-3)
    assert told["settings"] == {
        "smoothing": 5.0,
        "weighting": "equal",
        "correction": "unknown",
        "card": "mini_xception",
    }
    assert told["notes"] == []


def answering(path: Path) -> Path:
    """A card whose model gives a third of every face to sadness."""
    card = yaml.safe_load((SHIPPED / "mini_xception.yaml").read_text("utf-8"))
    count, sad = len(card["labels"]), card["labels"].index("sad")
    rows = [[0.67 * (row == column) + 0.33 * (column == sad) for column in range(count)] for row in range(count)]
    card |= {"answers": rows, "confusion": [[10] * count] * count}
    path.write_text(yaml.safe_dump(card))
    return path


def known(card: Path) -> Answers:
    answers = analysing.answers_of(load_card(card))
    assert answers is not None
    return answers


def test_with_a_card_that_knows_its_mistakes_both_values_are_told(groupmood: Command, tmp_path: Path) -> None:
    card, path = answering(tmp_path / "mine.yaml"), tmp_path / "run.jsonl"
    mood, plain = recorded(path, RoomMood(answers=known(card)))[25], recorded(tmp_path / "p.jsonl", RoomMood())[25]
    assert mood is not None
    assert plain is not None
    told = explained(groupmood, path, "--at", 2.5, "--card", card)
    assert told["valence"] == pytest.approx(mood.valence, abs=2e-3)
    assert told["uncorrected"] == pytest.approx(plain.valence, abs=5e-4)
    assert told["uncorrected_interval"] == pytest.approx(plain.interval, abs=5e-4)
    assert told["valence"] > told["uncorrected"] + 0.05
    assert (told["settings"]["correction"], told["notes"]) == ("on", [])
    answer = groupmood("explain", path, "--at", 2.5, "--card", card)
    assert f"uncorrected   {told['uncorrected']:+.2f}, 80 % interval" in answer.out
    assert f"corrected by the answers of {card}" in answer.out
    second = next(share for share in told["shares"] if share["id"] == 2)
    assert f"{second['uncorrected']:+.2f} → {second['valence']:+.2f}".replace("-", "−") in answer.out


def test_other_settings_than_those_of_the_run_are_noticed(groupmood: Command, tmp_path: Path) -> None:
    """Of the third a weight of e^−3 = 0.05 is left: (0.9 · 0.81 − 0.5 · 0.63 + 0.05 · 0.81) / 2.05 = 0.22."""
    recorded(tmp_path / "run.jsonl", RoomMood(MoodRules(tau=0.2)))
    notes = explained(groupmood, tmp_path / "run.jsonl", "--at", 2.5, *PLAIN)["notes"]
    assert notes == ["the recorded value was +0.22: other settings?"]
    config = configuration(tmp_path, {"cam": 0}, {"hall": {"sources": ["cam"], "smoothing": 0.2}})
    assert explained(groupmood, tmp_path / "run.jsonl", "--at", 2.5, "--config", config)["notes"] == []


def configuration(folder: Path, sources: Mapping[str, int], rooms: Mapping[str, Any]) -> Path:
    path = folder / "c.yaml"
    classifier = {"card": "mini_xception"}
    path.write_text(yaml.safe_dump({"sources": dict(sources), "rooms": dict(rooms), "classifier": classifier}))
    return path


def test_sources_of_one_room_are_explained_together_and_others_apart(groupmood: Command, tmp_path: Path) -> None:
    paths = []
    for name in ("left", "right", "desk"):
        paths.append(tmp_path / f"{name}.jsonl")
        recorded(paths[-1], RoomMood(), name, seconds=3)
    config = configuration(tmp_path, {"left": 0, "right": 1, "desk": 2}, {"hall": {"sources": ["left", "right"]}})
    told = explained(groupmood, *paths, "--config", config, "--source", "left", "--at", 1.0)
    assert [(share["source"], share["id"]) for share in told["shares"] if share["weight"]] == [
        (name, number) for name in ("left", "right") for number in (1, 2, 3)
    ]
    assert "left    1" in groupmood("explain", *paths, "--config", config, "--source", "left").out
    for others in (("--config", config), PLAIN):
        assert {share["source"] for share in explained(groupmood, *paths, *others)["shares"]} == {"desk"}


def test_where_perceptual_weights_cannot_be_known_it_is_said(groupmood: Command, tmp_path: Path) -> None:
    recorded(tmp_path / "run.jsonl", RoomMood(), seconds=3)
    config = configuration(tmp_path, {"cam": 0}, {"hall": {"sources": ["cam"], "weighting": "perceptual"}})
    told = explained(groupmood, tmp_path / "run.jsonl", "--config", config)
    assert told["settings"]["weighting"] == "perceptual"
    assert told["notes"] == [
        "records without the picture's size: nobody weighs more there for a larger or more central face"
    ]


def pictures(path: Path, made: Sequence[tuple[str, Sequence[Person]]]) -> Path:
    """What ``analyze`` writes: each picture a group of its own."""
    with JsonLines(path) as sink:
        for number, (name, seen) in enumerate(made):
            mood = RoomMood(MoodRules(tau=7.0)).update(name, seen, 0.0)
            sink.write(FrameResult(name, 0, 0.0, 5.0 + number, tuple(seen), mood))
    return path


def test_each_picture_is_a_group_of_its_own(groupmood: Command, tmp_path: Path) -> None:
    happy, sad = person(1, happiness=1.0), replace(person(2, sadness=1.0), quality=0.7)
    path = pictures(tmp_path / "results.jsonl", [("in/a [b].jpg", [happy]), ("in/b.jpg", [happy, sad]), ("c", [sad])])
    assert explained(groupmood, path, *PLAIN)["valence"] == pytest.approx(-0.63)
    both = explained(groupmood, path, "--source", "in/b.jpg", *PLAIN)
    assert [(share["id"], share["weight"]) for share in both["shares"]] == [(1, 0.5), (2, 0.5)]
    config = configuration(tmp_path, {"cam": 0}, {"hall": {"sources": ["cam"], "smoothing": 7.0}})
    first = explained(groupmood, path, "--source", "in/a [b].jpg", "--config", config)
    assert (first["people"], first["settings"]["smoothing"]) == (1, 7.0)
    assert "of in/a [b].jpg, frame 0" in groupmood("explain", path, "--source", "in/a [b].jpg", *PLAIN).out


def test_a_second_after_all_have_left_there_is_nothing_to_explain(groupmood: Command, tmp_path: Path) -> None:
    recorded(tmp_path / "run.jsonl", RoomMood())
    assert "all have left within the last second" in groupmood("explain", tmp_path / "run.jsonl", "--at", 4.4).out
    answer = groupmood("explain", tmp_path / "run.jsonl", "--at", 5.5)
    assert answer.code == 2
    assert "nobody was seen at 5.5 s, nor in the second before; name another time with --at" in answer.error


def test_an_unfinished_last_line_is_left_out_with_a_note(groupmood: Command, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    recorded(path, RoomMood(), seconds=2)
    path.write_bytes(path.read_bytes()[:-30])
    told = explained(groupmood, path, *PLAIN)
    assert told["pts"] == 1.8
    assert told["notes"] == [f"the last line of {path} is not complete (was the run killed?) and was left out"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.jsonl"], 4, "gone.jsonl does not exist"),
        (["FOLDER"], 4, "is a folder"),
        (["BAD"], 4, "bad.jsonl, line 1: is no record of groupmood.frame/1: Invalid JSON: "),
        (["GOOD", "--at", "3"], 2, "nothing at 3.0 s; the file covers 0.0…1.9 s"),
        (["GOOD", "--source", "can"], 2, "no source 'can' (did you mean 'cam'?); recorded: cam"),
        (["GOOD", "GOOD"], 2, "two of the files are of the source 'cam'"),
        (["GOOD", "--card", "mini_xeption"], 5, "did you mean 'mini_xception'?"),
        (["GOOD", "--config", "gone.yaml"], 2, "gone.yaml: cannot be read"),
        (["GOOD", "--at", "soon"], 2, "Invalid value for '--at'"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_explained(
    groupmood: Command, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    recorded(tmp_path / "run.jsonl", RoomMood(), seconds=2)
    (tmp_path / "bad.jsonl").write_text("hello\n")
    words = {"GOOD": tmp_path / "run.jsonl", "BAD": tmp_path / "bad.jsonl", "FOLDER": tmp_path}
    answer = groupmood("explain", *(words.get(word, word) for word in arguments))
    assert answer.code == code
    assert message in answer.error
    assert answer.out == ""
    assert answer.error.startswith("Usage:") or answer.error.count("\n") == 1
