"""The report: every number of what it is given is in it, and none that is not."""

from __future__ import annotations

import ast
import html as entities
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.paper.blocks import Block, Paper, Picture, Table
from streamer.paper.html import html
from tests.made_results import MACHINE, NOTES, evaluation, league
from tests.test_paper import Seen, picture
from tests.weights import weights
from tools.evaluate import sheet, written
from tools.evaluate.result import Evaluation, ExpressionScores
from tools.report import __main__ as command
from tools.report.challenges import correction, flicker
from tools.report.ending import origins
from tools.report.given import Given, evaluation_in, league_in, measured, pictures_in
from tools.report.observed import observed
from tools.report.scored import expressions, mistakes, scored
from tools.report.summary import summary
from tools.report.words import counted, listed, sentence, signed, spread
from tools.report.writing import facts, paper_of
from tools.scores import Estimate

ROOT = Path(__file__).parent.parent
DRAWING = ("drawn", "observed")
"""Colours, sizes of letters, the spec of the scene: no text for readers."""

CHAPTERS = [path for path in sorted((ROOT / "tools" / "report").glob("*.py")) if path.stem not in DRAWING]
FAULT = "the weights are not on this machine"


def given(made: Evaluation | None = None, **more: Any) -> Given:
    """Without a scene, which takes its time."""
    more = {"results": measured(), **more}
    return Given("A report", "python -m tools.report", MACHINE, evaluation=made, scene_fault=FAULT, **more)


def text_of(made: Given) -> str:
    """Everything that can be read in the HTML, in one line."""
    return read(*paper_of(made).blocks)


def read(*blocks: Block) -> str:
    """The same of some blocks alone."""
    return " ".join(Seen(html(Paper("A report", "", (), blocks))).text.split())


@pytest.fixture(scope="module")
def text() -> str:
    return text_of(given(evaluation(), league=league()))


def test_every_score_is_there_with_its_interval(text: str) -> None:
    made = evaluation()
    wanted = [made.detection.recall, made.detection.precision, made.detection.average_precision]
    for scores in (made.reading, made.told):
        assert scores is not None
        wanted += [value for name in ExpressionScores.__slots__ if isinstance(value := getattr(scores, name), Estimate)]
    wanted += [value for one in made.slices for value in (one.accuracy, one.macro_recall, one.cross_entropy)]
    assert len(wanted) == 3 + 2 * 6 + 2 * 3
    assert [one for one in wanted if spread(one) not in text] == []


def test_every_class_size_count_and_mistake_is_there(text: str) -> None:
    rows = list(lines(evaluation()))
    assert len(rows) > 30
    assert [row for row in rows if row not in text] == []


def lines(made: Evaluation) -> Iterator[str]:
    """The rows of its tables, cells beside each other."""
    for scores in (made.reading, made.told):
        assert scores is not None
        for one in scores.classes:
            shares = [f"{value:.3f}" if value is not None else "–" for value in (one.precision, one.recall, one.f1)]
            yield f"{one.label}{one.faces}{''.join(shares)}"
        for one, counts in zip(scores.classes, scores.confusion, strict=True):
            if one.faces:
                yield f"{one.label}{''.join(map(str, counts))}"
        yield f"{scores.faces}, {scores.people}"
        yield f"{scores.unsure:.0%}"
    for size in made.detection.sizes[1:]:
        yield f"{size.faces}{size.recall:.3f}{size.average_precision:.3f}"
    for part in made.slices:
        yield f"{part.by}{part.value}{part.faces}, {part.people}"
    yield from (f"{one.frame}{' '.join(f'{side:.0f}' for side in one.box)}{one.truth}" for one in made.mistakes)
    yield f"{made.detection.found} of {made.detection.faces} faces were found, and {made.detection.wrong} boxes"
    yield f"{made.detection.iou:g} or more. In {made.detection.frames} frames"
    yield from (f"{stage}{1000 * seconds:.1f}" for stage, seconds in made.seconds.items())
    yield f"{made.images} pictures"


def test_limits_stand_before_the_first_chapter(text: str) -> None:
    places = [text.index(sentence(note)) for note in NOTES]
    assert max(places) < text.index("A picture goes from step to step")
    assert text.rindex("Future work") > text.rindex(sentence(NOTES[0])) > text.index("Expressions are not feelings")


def test_another_accuracy_is_told_wherever_it_was() -> None:
    both = [(made, given(made, results={})) for made in (evaluation(0.784), evaluation(0.615))]
    first, second = (read(*summary(whole), *expressions(whole, made)) for made, whole in both)
    for scores in (evaluation(0.784).told, evaluation(0.615).told):
        assert scores is not None
        here, there = (first, second) if scores.accuracy.value == 0.784 else (second, first)
        assert here.count(f"{scores.accuracy.value:.3f}") >= 2  # as a large number, and in the table
        assert spread(scores.accuracy) not in there
        assert f"said the expression of {scores.accuracy.value:.0%} of those" in here
        assert f"said the expression of {scores.accuracy.value:.0%} of those" not in there


def test_another_measurement_is_told_wherever_it_was() -> None:
    results = measured()
    room = results["rooms"]["rooms"][-1]
    changed = [*results["rooms"]["rooms"][:-1], {**room, "misassigned": 0.4321, "switches": 7.77}]
    made = replace(given(), results={**results, "rooms": {**results["rooms"], "rooms": changed}})
    told = read(*summary(made), *flicker(made.results["rooms"]), *correction(made.results["rooms"]))
    assert f"{room['misassigned']:.0%} of the people are counted" in read(*correction(results["rooms"]))
    assert "43% of the people are counted" in told
    assert "of people counted wrongly43%" in told
    assert "changes 7.8 times a minute" in told


TYPED = re.compile(r"\d")
NAMES = re.compile(r"\bF1\b|macro_f1|H\.264|^utf-8$|^0\.00$")
"""What is no figure: of scores, of formats, and what -0.001 is when it is said."""


def typed(source: str) -> Iterator[str]:
    """Texts with a digit in them that are neither docstrings, nor formats, nor keys of what was read."""
    tree = ast.parse(source)
    passed = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))  # a docstring
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            passed |= {id(part) for part in ast.walk(node.format_spec)}
        if isinstance(node, ast.Subscript):
            passed.add(id(node.slice))
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in passed)
    yield from (text.value for text in texts if isinstance(text.value, str) and TYPED.search(NAMES.sub("", text.value)))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_number_is_typed_into_a_chapter(path: Path) -> None:
    assert list(typed(path.read_text("utf-8"))) == []


def test_a_typed_number_is_found() -> None:
    assert list(typed('x = f"accuracy is 0.88 of {faces:.0f}"')) == ["accuracy is 0.88 of "]
    assert list(typed('"""A docstring of 1977."""\nx = f"{row["p95"]:.3f} F1"'.replace('"p95"', "'p95'"))) == []


def test_what_was_not_given_is_left_out_with_the_line_that_makes_it() -> None:
    text = text_of(given())
    assert (
        "Left out: scores on labelled pictures. python -m tools.evaluate --labels FILE --out FOLDER makes it." in text
    )
    assert "Left out: detectors and classifiers side by side. python -m tools.compare" in text
    assert f"Left out: the figures, because {FAULT}." in text
    assert "Results on labelled pictures" not in text


def test_without_anything_it_is_still_a_report() -> None:
    made = replace(given(), results={})
    text = text_of(made)
    for name in ("accuracy", "rooms", "overload", "webrtc", "cameras", "engine_speed", "attack", "signs", "train"):
        assert f"python -m tools.{name}" in text
    assert not [block for block in paper_of(made).blocks if isinstance(block, Picture) and "`" in block.says]


def test_the_worst_mistakes_are_shown_unless_asked_not_to() -> None:
    pictures = {sheet.NAME: picture("JPEG", 61, 47)}
    shown = list(mistakes(given(pictures=pictures), evaluation()))
    kept = list(mistakes(given(pictures=pictures, people=False), evaluation()))
    assert [block.data for block in shown if isinstance(block, Picture)] == [pictures[sheet.NAME]]
    assert [block for block in kept if isinstance(block, Picture)] == []
    assert "left out, as asked for by --no-pictures" in read(*kept)


def test_names_of_files_stay_names(text: str) -> None:
    assert "album/a <b>&amp; c.jpg" in text
    made = given(evaluation(labels="<script>alert(1)</script>.json"), results={})
    page = html(Paper("A report", "", tuple(facts(made)), tuple(origins(made))))
    assert "<script>" not in page
    assert page.count(entities.escape("<script>alert(1)</script>.json")) == 2


def test_the_league_is_there_with_who_was_not_run(text: str) -> None:
    assert "centerface0.889 (0.858–0.916)" in text
    assert "groupmood0.795" in text
    assert "ssd (not verified here)its weights are not on this machine" in text
    assert "album/broken.jpg: not a picture" in text


def test_every_command_stands_at_the_end_with_its_date() -> None:
    (table,) = (block for block in origins(given(evaluation(), league=league())) if isinstance(block, Table))
    told = {row[0]: row[1:] for row in table.rows}
    documents = {name for name, document in measured().items() if "machine" in document}
    assert told.keys() == documents | {"this report", "evaluation", "comparison"}
    assert told["evaluation"] == ("`python -m tools.evaluate --labels family.json`", "2031-05-06")
    assert [name for name, (line, date) in told.items() if not line.startswith("`python -m tools.") or not date] == []


def test_nobody_labelled_no_expression_no_agreement() -> None:
    bare = replace(evaluation(), reading=None, told=None, slices=(), mistakes=(), notes=(), machine={})
    told = read(*scored(given(bare), bare))
    assert "No expression was labelled" in told
    assert "None was found." in told
    two = replace(bare, annotators=2, agreement=0.71)
    assert "labelled by two annotators (Cohen's kappa of pairs: 0.71)" in read(*scored(given(two), two))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written.write(tmp_path / written.NAME, evaluation())
    (tmp_path / sheet.NAME).write_bytes(picture("JPEG"))
    assert evaluation_in(tmp_path) == evaluation()
    assert list(pictures_in(tmp_path)) == [sheet.NAME]
    document = written.rounded(asdict(league()))
    (tmp_path / "league.json").write_text(json.dumps(document))
    assert league_in(tmp_path) == league()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"labels": 3}'])
def test_what_is_none_is_refused_with_who_writes_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "evaluation.json").write_bytes(content)
    (tmp_path / "league.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"tools\.evaluate"):
        evaluation_in(tmp_path)
    with pytest.raises(ConfigError, match=r"is not what `python -m tools\.compare` writes"):
        league_in(tmp_path)


def test_results_that_are_broken_are_named(tmp_path: Path) -> None:
    (tmp_path / "rooms.json").write_text("{")
    with pytest.raises(ConfigError, match=r"rooms\.json is not JSON"):
        measured(tmp_path)


def test_a_folder_without_an_evaluation_ends_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["--evaluation", str(tmp_path), "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    assert "evaluation.json cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_writes_both_with_figures_of_the_scene(tmp_path: Path) -> None:
    pytest.importorskip("reportlab", reason="needs the extra 'report'")
    from tests.pdf_text import pages

    for card in ("centerface", "mediapipe", "groupmood"):
        weights(card)
    evaluated, out = tmp_path / "evaluated", tmp_path / "new" / "out"
    evaluated.mkdir()
    written.write(evaluated / written.NAME, evaluation())
    scene = "people=2,size=320x180,fps=5,seconds=4"
    words = ["--evaluation", str(evaluated), "--out", str(out), "--title", "Ours", "--scene", scene, "--offline"]
    assert command.main(words) == 0
    text = " ".join(Seen((out / "report.html").read_text("utf-8")).text.split())
    assert "The scene has two people; two ids were given." in text
    assert "of two people, valence" in text
    assert str(tmp_path) not in text
    whole = " ".join(" ".join(pages((out / "report.pdf").read_bytes())).split())
    assert "0.784 (0.753–0.811)" in whole
    assert str(tmp_path) not in whole


def test_the_scene_is_looked_at_as_a_live_run_does_it() -> None:
    for card in ("centerface", "mediapipe", "groupmood"):
        weights(card)
    seen = observed("people=2,size=320x180,fps=3,seconds=6", offline=True)  # everybody is read on every frame
    assert len(seen.results) == len(seen.truth) == 18
    people = sorted(seen.shown.people, key=lambda one: one.track.face.box.x1)
    likeliest = [LABELS[max(range(8), key=one.emotion.probabilities.__getitem__)] for one in seen.readings]
    assert [one.track for one in seen.readings] == [person.track.id for person in people]
    assert sorted(likeliest) == ["happiness", "neutral"]
    assert likeliest == [person.label for person in people]
    assert {one.chip.shape for one in seen.readings} == {(48, 48, 3)}
    assert seen.explained is not None
    assert {one.track for one in seen.explained.shares} == {one.track for one in seen.readings}
    assert seen.annotated.shape == seen.still.shape
    assert (seen.annotated != seen.still).any()
    assert seen.seconds("detect") is not None
    assert seen.seconds("nothing") is None


@pytest.mark.parametrize(
    ("number", "said"), [(0, "no faces"), (1, "one face"), (2, "two faces"), (10, "ten faces"), (11, "11 faces")]
)
def test_counted(number: int, said: str) -> None:
    assert counted(number, "face") == said


def test_words() -> None:
    assert [signed(value) for value in (0.421, -0.1, -0.001, None)] == ["+0.42", "−0.10", "0.00", "–"]
    assert [listed(words) for words in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "none",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert spread(None) == "–"
