"""From a finished run to the shipped files: their texts, the command, and the whole way where torch is installed."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from engines.cache import fetch, read_verified
from engines.cards import Card, load_card
from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from engines.reference import check_reference
from streamer.emotions import LABELS
from tests import made_faces
from tests.test_train_export import SHAPE, made_weights
from tools import ferplus
from tools.train import card_file, model_card, ship
from tools.train.calibrate import Calibration
from tools.train.export import build
from tools.train.measured import Adjustment, Answered, Course, Measured, Model, measure

SHIPPED = ("groupmood.onnx", "MODEL_CARD.md", "curves.png", "reliability.png")
COURSE = Course(25245, 91, 100, 48, (("network", "side 48, widths [48, 80]"), ("fit", "epochs 100, seed 1")))


def answered(count: int, seed: int) -> Answered:
    """Probabilities that are right more often than not."""
    dice = np.random.default_rng(seed)
    labels = np.arange(count) % len(LABELS)
    given = dice.dirichlet(np.full(8, 0.5), count) + 1.5 * np.eye(8)[labels] * dice.random((count, 1))
    return Answered(given / given.sum(axis=1, keepdims=True), labels)


@pytest.fixture(scope="module")
def measured() -> Measured:
    reference = np.random.default_rng(0).dirichlet(np.ones(8), 3)
    model = Model(b"the file", Adjustment(0.3, 0.6543), reference)
    return measure(model, COURSE, answered(400, 1), answered(160, 2))


def test_the_card_is_one_and_has_the_numbers(measured: Measured) -> None:
    card = Card.model_validate(yaml.safe_load(card_file.render(measured)))
    assert (card.name, card.file, card.task) == ("groupmood", "groupmood.onnx", "emotion")
    assert card.sha256 == (hashlib.sha256(b"the file").hexdigest(),)
    assert (card.size, card.labels, card.input.side) == (8, LABELS, 48)
    assert (card.baked_temperature, card.temperature) == (0.6543, 1.0)
    assert card.confusion == tuple(map(tuple, measured.confusion.tolist()))
    assert card.answers == tuple(map(tuple, measured.answers.tolist()))
    assert card.reference is not None
    np.testing.assert_allclose(card.reference.expected, measured.reference, atol=1e-9)
    assert card.scores is not None
    given = answered(400, 1)
    assert card.scores.accuracy == pytest.approx((given.given.argmax(axis=1) == given.labels).mean(), abs=5e-5)
    assert card.scores.accuracy_interval[0] < card.scores.accuracy < card.scores.accuracy_interval[1]
    assert list(card.scores.recall) == list(LABELS)
    assert card.limits == card_file.LIMITS
    assert "25 245 faces" in card.training_data


def test_confusion_and_answers_are_of_the_faces_kept_aside(measured: Measured) -> None:
    assert measured.confusion.sum() == 160
    assert measured.confusion.sum(axis=1).tolist() == [20] * 8
    np.testing.assert_allclose(measured.answers.sum(axis=1), 1, atol=5e-4)
    assert measured.scores.faces == 400


def test_the_model_card_tells_people_the_same(measured: Measured) -> None:
    text = model_card.render(measured)
    accuracy = measured.scores.accuracy
    assert f"| accuracy | {accuracy.value:.1%} | {accuracy.low:.1%} – {accuracy.high:.1%} |" in text
    for one in measured.scores.recalls:
        assert f"| {one.label} | {one.faces} | {one.recall:.1%} |" in text
    for label, counts in zip(LABELS, measured.confusion.tolist(), strict=True):
        assert f"| **{label}** | {' | '.join(map(str, counts))} |" in text
    assert "T = 0.6543" in " ".join(text.split())
    assert "−0.3 · log(share of the label)" in " ".join(text.split())
    assert "epoch 91 had the highest accuracy" in " ".join(text.split())
    assert "| fit | `epochs 100, seed 1` |" in text
    assert all(picture in text for picture in ("(reliability.png)", "(curves.png)"))
    assert "**apparent expression**" in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120


def test_a_teacher_from_elsewhere_is_named_where_the_data_are(measured: Measured) -> None:
    lines = [(f"teacher {number}: network", "pretrained dlib, side 118, dropout 0.4") for number in (1, 2)]
    for count, word in ((1, "one"), (2, "two")):
        taught = replace(measured, course=replace(COURSE, settings=(*COURSE.settings, *lines[:count])))
        for text in (card_file.render(taught), model_card.render(taught)):
            assert f"{word} of the teachers started from dlib's face recognition network" in " ".join(text.split())
    assert "none of its numbers are in this file" in " ".join(model_card.render(taught).split())
    assert "dlib" not in card_file.render(measured) + model_card.render(measured)


def test_a_mirrored_network_is_named_so(measured: Measured) -> None:
    mirrored = replace(measured, course=replace(COURSE, mirrored=True))
    assert "a face and its mirror image get the same answer" in " ".join(model_card.render(mirrored).split())
    assert "mirror" not in model_card.render(measured)


def test_a_card_that_the_file_does_not_answer_to_is_not_shipped(measured: Measured) -> None:
    weights, shape = made_weights(), SHAPE.model_copy(update={"side": 48})
    file = build(weights, shape, Calibration(1.0, np.zeros(8)))
    with pytest.raises(ModelRejected, match="differs from the card's reference"):
        ship.check(card_file.render(measured), file)


def test_data_that_are_not_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ship.main(["--run", str(tmp_path), "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert f"{tmp_path / 'train.npz'} is not there; name FER+ as .npz with --data" in capsys.readouterr().err


def test_without_a_run_or_without_torch_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train", "valid"):
        made_faces.write(tmp_path / f"{name}.npz", 16, seed=0, wrong=0)
    words = ["--run", str(tmp_path / "none"), "--data", str(tmp_path), "--out", str(tmp_path / "out" / "weights")]
    if importlib.util.find_spec("torch"):
        assert ship.main(words) == 1
        assert "nothing was written: " in (said := capsys.readouterr().err)
        assert "holds no best.pt: train first" in said
    else:
        with pytest.raises(SystemExit):
            ship.main(words)
        assert "this needs the extra: pip install 'groupmood[train]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data (train.npz, valid.npz) and a run (run) of a tiny network, some votes wrong."""
    pytest.importorskip("torch", reason="torch is not installed; it comes with the extra train")
    from tests.test_train_run import chosen, gentle, silent
    from tools.train.fit import Run

    folder = tmp_path_factory.mktemp("trained")
    made_faces.write(folder / "train.npz", 240, seed=0, wrong=0.1)
    made_faces.write(folder / "valid.npz", 96, seed=1, wrong=0.1)
    settings = gentle(chosen(epochs=9, batch=16, teach=0.0, rate=0.1))
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"held_out": 0.3})})
    parts = ship.parts_of(folder, settings)
    Run(settings, parts.trained, folder / "run").train(parts.valid, silent)
    return folder


def test_a_run_is_shipped_whole_and_again_alike(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "one"
    ship.ship(trained / "run", trained, out / "weights")
    said = capsys.readouterr().out
    assert "<- chosen" in said
    assert "is not finished" not in said
    names = {path.relative_to(out).as_posix() for path in out.rglob("*.*")}
    assert names == {"cards/groupmood.yaml", *(f"weights/{name}" for name in SHIPPED)}
    texts = (out / "cards" / "groupmood.yaml").read_text() + (out / "weights" / "MODEL_CARD.md").read_text()
    assert str(tmp_path.parent) not in texts
    (trained / "run" / "epochs.jsonl").write_text((trained / "run" / "epochs.jsonl").read_text().splitlines()[0])
    ship.ship(trained / "run", trained, tmp_path / "two" / "weights")
    assert "note: this run is not finished: 1 of 9 epochs are done" in capsys.readouterr().out
    for name in ("cards/groupmood.yaml", "weights/groupmood.onnx", "weights/reliability.png"):
        assert (tmp_path / "two" / name).read_bytes() == (out / name).read_bytes()
    check_shipped(load_card(out / "cards" / "groupmood.yaml"), trained, tmp_path / "cache")


def check_shipped(card: Card, folder: Path, cache: Path) -> None:
    """The card's numbers are those of the file it means."""
    fetch(card, cache, offline=True)
    file, known = read_verified(card, cache), ferplus.faces(folder / "valid.npz")
    with OnnxRuntimeEngine(file, name="groupmood") as engine:
        assert 0 < check_reference(card, engine) < 1e-4
        given = engine.run({"faces": known.images[:, None].astype(np.float32)})["probabilities"]
    assert card.scores is not None
    assert card.scores.accuracy == pytest.approx((given.argmax(axis=1) == known.labels).mean(), abs=5e-5)
    assert card.scores.accuracy > 0.5
