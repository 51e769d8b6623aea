"""``python -m tools.compare``: the league, its speeds, and the card of one's own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from engines.cards import Card, load_card
from streamer.analysing import answers_of
from streamer.chips import cut
from streamer.emotions import LABELS
from streamer.errors import ConfigError, SinkError
from streamer.types import Chip, Crop, Fit
from tests.labelled_portraits import BACK, ROW, party, saved, still
from tests.looks import emotion, look, reading, truth
from tests.painted_faces import PaintedClassifier, PaintedDetector, Square, painted
from tests.weights import weights
from tools.compare import user_card
from tools.compare.__main__ import main, several
from tools.compare.league import ClassifierRow, DetectorRow, League, Pair
from tools.compare.playing import _opened
from tools.compare.plots import spoken, spread
from tools.compare.rivals import Contest, unknown
from tools.compare.tables import grids, markdown
from tools.compare.timed import WARM_UP, TimedClassifier, TimedDetector
from tools.evaluate.asked import Asked
from tools.evaluate.expressions import expression_scores
from tools.evaluate.judging import evaluate
from tools.evaluate.result import DetectionScores
from tools.evaluate.samples import reading_samples
from tools.evaluate.seen import Samples
from tools.scores import Estimate

FACE = Square(20, 20, 60, "happiness", "happiness")
NEUTRAL, HAPPINESS = LABELS.index("neutral"), LABELS.index("happiness")


def ticking(*seconds: float) -> Callable[[], float]:
    """A clock by which each thing that is timed takes the next of these seconds."""
    times = itertools.accumulate(part for one in seconds for part in (0.0, one))
    return lambda: next(times)


def chips(count: int) -> tuple[Chip, ...]:
    (face,) = PaintedDetector().detect(painted([FACE]))
    return (cut(painted([FACE]), face, Fit(), Crop(48), 0.0),) * count


def test_a_detector_looks_at_a_picture_once_and_warms_up_for_each_size() -> None:
    inner = PaintedDetector()
    small, other, large = painted([FACE]), painted([]), painted([FACE], 640)
    with TimedDetector(inner, ticking(0.002, 0.004, 0.009)) as timed:
        found = [timed.detect(picture) for picture in (small, other, large, small, large)]
    assert [len(faces) for faces in found] == [1, 0, 1, 1, 1]
    assert found[0] is found[3]
    assert inner.calls == 5  # three pictures, and two sizes that were new
    assert timed.milliseconds == pytest.approx(4)
    assert (inner.opened, inner.closed, timed.about, timed.fit) == (1, 1, inner.about, inner.fit)


def test_a_classifier_is_timed_a_face_at_a_time_after_a_warm_up() -> None:
    with TimedClassifier(PaintedClassifier(), ticking(*[9.0] * WARM_UP, 0.001, 0.002, 0.004, *[5.0] * 400)) as timed:
        assert timed.milliseconds is None
        assert len(timed.classify(chips(WARM_UP + 3))) == WARM_UP + 3
        assert timed.milliseconds == pytest.approx(2)
        answers = timed.classify(chips(1))
    assert answers[0].probabilities[HAPPINESS] == pytest.approx(0.93)
    assert timed.classify(()) == ()


def test_who_cannot_be_run_is_listed_with_the_reason() -> None:
    def make(name: str) -> TimedDetector:
        if name == "absent":
            raise ConfigError(
                "'absent' needs the package 'dlib', which is not installed: pip install 'groupmood[dlib]'"
            )
        return TimedDetector(PaintedDetector())

    with ExitStack() as stack:
        there, missing = _opened(["absent", "here"], make, stack)
    assert list(there) == ["here"]
    assert missing["absent"].endswith("pip install 'groupmood[dlib]'")


def test_a_league_is_played_and_a_card_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("yunet", "mini_xception", "groupmood"):
        weights(name)
    labels, out, mine = party(tmp_path), tmp_path / "out", tmp_path / "mine.yaml"
    words = ["--labels", str(labels), "--detectors", "yunet", "--classifiers", "mini_xception,hsemotion", "--offline"]
    assert main([*words, "--out", str(out), "--card", str(mine)]) == 0
    text = capsys.readouterr().out
    assert "hsemotion (not verified here)" in text
    league = TypeAdapter(League).validate_json((out / "league.json").read_bytes())
    assert [(row.name, row.reason != "") for row in league.classifiers] == [
        ("mini_xception", False),
        ("hsemotion", True),
        ("groupmood", False),
    ]
    assert [(pair.detector, pair.classifier) for pair in league.pairs] == [
        ("yunet", "mini_xception"),
        ("yunet", "groupmood"),
    ]
    assert all(row.milliseconds for row in league.detectors)
    assert all(row.milliseconds for row in league.classifiers if not row.reason)
    assert league.classifiers[0].unknown == ("contempt",)
    assert league.command.endswith(
        "--detectors yunet --classifiers mini_xception,hsemotion,groupmood --card mine.yaml --base groupmood"
    )
    assert str(tmp_path) not in (out / "league.json").read_text() + (out / "league.md").read_text()
    figures = ("accuracy-against-time.png", "recall-by-size.png", "confusions.png")
    assert all(cv2.imread(str(out / name)) is not None for name in figures)
    alone = evaluate(labels, Asked("yunet", str(mine), offline=True))
    together = league.pairs[1].scores
    assert alone.told is not None
    assert together is not None
    assert alone.told.confusion == together.confusion
    assert alone.told.unsure == pytest.approx(together.unsure, abs=1e-4)
    assert alone.classifier.startswith("Groupmood, for party.json")
    assert answers_differ(load_card(mine), load_card("groupmood"))


def answers_differ(one: Card, other: Card) -> bool:
    mine, theirs = answers_of(one), answers_of(other)
    assert mine is not None
    assert theirs is not None
    return bool(np.abs(mine.mean - theirs.mean).max() > 0.005) and bool(np.allclose(mine.shares, theirs.shares))


def readings(count: int, label: str = "neutral", said: str = "happiness") -> Samples:
    """So many people, all of one label and called another."""
    return reading_samples(
        [
            look(f"{number}.png", 0, [truth("f", label=label)], readings=[reading(emotion(**{said: 0.9}))])
            for number in range(count)
        ]
    )


def test_a_card_moves_with_the_number_of_people(tmp_path: Path) -> None:
    base, labels = load_card("groupmood"), tmp_path / "party.json"
    few, many = (user_card.user_card(base, readings(count), labels) for count in (3, 300))
    rows = [dict(enumerate(card.answers or ()))[NEUTRAL] for card in (base, few, many)]
    assert rows[0][HAPPINESS] < rows[1][HAPPINESS] < rows[2][HAPPINESS] < 0.9
    assert base.confusion is not None
    assert few.confusion is not None
    assert few.confusion[NEUTRAL] != base.confusion[NEUTRAL]
    assert few.confusion[HAPPINESS] == base.confusion[HAPPINESS]
    assert [sum(row) for row in few.confusion] == [sum(row) for row in base.confusion]


def test_a_card_is_read_back_as_it_was_and_says_what_it_is_for(tmp_path: Path) -> None:
    base = load_card("groupmood")
    made = user_card.user_card(base, readings(7), tmp_path / "our party.json")
    user_card.write(made, tmp_path / "mine.yaml")
    back = load_card(tmp_path / "mine.yaml")
    assert back == made
    assert back.name == "groupmood-our_party"
    assert "how it reads 7 faces of 7 people there" in back.note
    assert base.note in back.note
    assert (back.sha256, back.reference, back.scores) == (base.sha256, base.reference, base.scores)
    (place,) = back.places
    assert place.path is not None
    assert place.path.is_absolute()
    assert ".." not in place.path.parts
    assert place.path.is_file()


def test_a_card_is_never_written_over_another_file(tmp_path: Path) -> None:
    made = user_card.user_card(load_card("groupmood"), readings(7), tmp_path / "party.json")
    (tmp_path / "mine.yaml").write_text("mine")
    with pytest.raises(ConfigError, match=r"mine\.yaml exists, which is not overwritten"):
        user_card.write(made, tmp_path / "mine.yaml")
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    with pytest.raises(SinkError, match="its directory does not exist"):
        user_card.check(tmp_path / "nowhere" / "mine.yaml")
    with pytest.raises(ConfigError, match=r"a card is a file that ends in \.yaml"):
        user_card.check(tmp_path / "mine.json")


def test_without_a_label_that_the_model_knows_there_is_no_card(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no face in .* has a label that mini_xception knows"):
        user_card.user_card(load_card("mini_xception"), readings(3, "contempt", "neutral"), tmp_path / "party.json")


def test_what_would_fail_later_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text("")
    (tmp_path / "x.onnx").write_bytes(b"")
    labels = saved(tmp_path / "labels.json", [still(tmp_path, "row.png", ROW, ((), (), ()))])
    for words, said in (
        (["--detectors", "yunett"], "did you mean 'yunet'"),
        (["--detectors", "auto"], "unknown detector 'auto'"),
        (["--classifiers", "groupmod"], "did you mean 'groupmood'"),
        (["--classifiers", ","], "name at least one detector and one classifier"),
        (["--weights", f"ssd={tmp_path / 'x.onnx'}"], "weights are given for 'ssd', which is not compared"),
        (["--card", str(tmp_path / "mine.yaml")], "exists, which is not overwritten"),
        (["--out", str(tmp_path)], "has something in it"),
        (["--rate", "-1"], "the rate must be above 0"),
        (["--classifiers", "hsemotion", "--offline"], "none of the classifiers can be run: hsemotion: the weights"),
        (["--detectors", "ssd", "--classifiers", "groupmood", "--offline"], "none of the detectors can be run: ssd:"),
        (["--labels", "nowhere.json"], "nowhere.json"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["--labels", str(labels), *words])
        assert ended.value.code == 2
        assert said in " ".join(capsys.readouterr().err.split())


def test_names_are_taken_once_and_labels_that_lack_are_known() -> None:
    assert several(" yunet, centerface,,yunet ") == ("yunet", "centerface")
    assert unknown("mini_xception") == ("contempt",)
    assert unknown("groupmood") == ()
    made = Contest(Path("x"), ("yunet", "ssd"), ("groupmood",), {"ssd": Path("y")})
    assert made.config("yunet", "groupmood").detector.weights is None
    assert made.config("ssd", "groupmood").detector.weights == Path("y")


def detection(recall: float) -> DetectionScores:
    one = Estimate(recall, 0.1, 0.9)
    return DetectionScores(3, 10, round(10 * recall), 1, 0.5, one, None, None, ())


def league() -> League:
    scores = expression_scores(readings(4))
    return League(
        "party.json",
        3,
        0,
        3,
        (
            DetectorRow("haar", "Haar", True, "", 12.0, detection(0.4)),
            DetectorRow("ssd", "ssd", False, "the weights of ssd cannot be had"),
            DetectorRow("yunet", "YuNet", False, "", 3.14, detection(0.8)),
        ),
        (ClassifierRow("groupmood", "Groupmood", True, (), "", 1.5, scores),),
        (Pair("haar", "groupmood", scores), Pair("yunet", "groupmood", None)),
        ("one annotator",),
        {"gone.png": "it is gone"},
        "python -m tools.compare",
        {"date": "today", "processor": "p", "system": "s", "packages": "q"},
    )


def test_the_table_has_the_best_first_and_says_who_was_not_run() -> None:
    finders, readers, both, absent = grids(league())
    assert [row[0] for row in finders.rows] == ["yunet (not verified here)", "haar"]
    assert finders.rows[0][1:] == ("0.800 (0.100–0.900)", "–", "–", "8 of 10", "1", "3.14")
    assert readers.rows[0][-1] == "1.50"
    assert both.rows == (("haar", "0.000 (0.000–0.602)"), ("yunet", "–"))
    assert absent.rows == (("ssd (not verified here)", "the weights of ssd cannot be had"),)


def test_the_league_as_markdown_has_its_limits_and_its_command() -> None:
    text = markdown(league())
    assert "| yunet (not verified here) | 0.800 (0.100–0.900) | – | – | 8 of 10 | 1 | 3.14 |" in text
    assert "- one annotator\n- Left out: gone.png: it is gone\n" in text
    assert text.endswith("*today, `python -m tools.compare` on party.json; p, s; q.*\n")


def test_words_in_a_figure_keep_apart_and_stay_inside() -> None:
    assert spread([0.5, 0.52, 0.9], 0.1) == pytest.approx([0.42, 0.52, 0.9])
    close = spread([0.01, 0.0, 0.02], 0.1)
    assert sorted(close) == pytest.approx([0.0, 0.1, 0.2])
    assert close[1] < close[0] < close[2]
    assert [spoken(ms) for ms in (0.345, 3.14, 213.4)] == ["0.34", "3.1", "213"]


def test_pictures_without_expressions_are_compared_by_their_faces_alone(tmp_path: Path) -> None:
    for name in ("yunet", "groupmood"):
        weights(name)
    labels = saved(tmp_path / "labels.json", [still(tmp_path, "back.png", BACK, ((), (), ()))])
    words = ["--labels", str(labels), "--detectors", "yunet", "--classifiers", "groupmood", "--offline"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    document = json.loads((tmp_path / "out" / "league.json").read_text())
    assert document["classifiers"][0]["scores"] is None
    assert document["pairs"][0]["scores"] is None
    assert document["detectors"][0]["scores"]["found"] == 3
    assert "From the picture" not in (tmp_path / "out" / "league.md").read_text()
    assert not (tmp_path / "out" / "confusions.png").exists()
