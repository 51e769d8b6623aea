"""The tables of a user card: by hand, against the card's own checks, and by what they do to simulated rooms."""

from __future__ import annotations

import numpy as np
import pytest

from engines.cards import Card, load_card
from streamer.correction import Answers
from streamer.emotions import LABELS, order_of
from streamer.errors import ConfigError
from tests.looks import emotion, look, reading, truth
from tools.evaluate.samples import reading_samples
from tools.evaluate.seen import Samples
from tools.evaluate.shrink import STRENGTH, Table, shrunk, tallied, whole
from tools.evaluate.strength import errors, user
from tools.readings import OUT as READINGS
from tools.rooms import pool

NOTHING = np.zeros((8, 8))


def shipped() -> Card:
    return load_card("groupmood")


def checked(card: Card, own: Table, answers: Table) -> Card:
    """The user's card, through all checks of cards and of the correction."""
    confusion, mean = shrunk(own, answers, card)
    made = Card.model_validate(card.model_dump() | {"confusion": confusion, "answers": mean})
    Answers.of(mean, [sum(row) for row in confusion], order_of(made.labels))
    return made


def tables(**rows: dict[str, float]) -> Table:
    return np.array([[rows.get(row, {}).get(column, 0.0) for column in LABELS] for row in LABELS])


def test_without_a_labelled_face_the_shipped_tables_stay() -> None:
    made = checked(shipped(), NOTHING, NOTHING)
    assert made.confusion == shipped().confusion
    assert np.array(made.answers) == pytest.approx(np.array(shipped().answers), abs=1e-4)


def test_a_row_moves_by_its_own_faces_and_the_others_stay() -> None:
    """As many people as the shipped row counts for: half of each."""
    people = STRENGTH
    own = tables(anger={"fear": people})
    made, before = checked(shipped(), own, tables(anger={"fear": 0.6 * people, "anger": 0.4 * people})), shipped()
    assert made.answers is not None
    assert before.answers is not None
    assert made.confusion is not None
    assert before.confusion is not None
    anger, fear = LABELS.index("anger"), LABELS.index("fear")
    old, new = np.array(before.confusion[anger]), np.array(made.confusion[anger])
    assert new.sum() == old.sum() == 211
    assert new == pytest.approx(old / 2 + 105.5 * (np.arange(8) == fear), abs=1)
    assert made.answers[anger][fear] == pytest.approx((before.answers[anger][fear] + 0.6) / 2, abs=1e-4)
    others = [row for row in range(8) if row != anger]
    assert [made.confusion[row] for row in others] == [before.confusion[row] for row in others]


def test_many_faces_overrule_the_shipped_row() -> None:
    own = tables(happiness={"neutral": 1e6})
    made = checked(shipped(), own, own)
    assert made.confusion is not None
    assert made.confusion[1] == (678, 0, 0, 0, 0, 0, 0, 0)


def test_any_tables_make_a_card() -> None:
    chance = np.random.default_rng(3)
    for people in chance.integers(0, 4, (20, 8)):
        own = np.stack([chance.multinomial(count, np.full(8, 1 / 8)) for count in people]).astype(np.float64)
        answers = chance.dirichlet(np.full(8, 0.3), 8) * people[:, None]
        made = checked(shipped(), own, answers)
        assert made.confusion is not None
        assert shipped().confusion is not None
        assert [sum(row) for row in made.confusion] == [sum(row) for row in shipped().confusion or ()]


def test_a_card_without_tables_takes_the_users_own() -> None:
    bare = shipped().model_copy(update={"confusion": None, "answers": None})
    own = tables(neutral={"neutral": 3.0, "sadness": 1.0})
    made = checked(bare, own, own)
    assert made.confusion is not None
    assert made.answers is not None
    assert made.confusion[0] == (3, 0, 0, 1, 0, 0, 0, 0)
    assert made.confusion[1] == (0,) * 8
    assert made.answers[0][0] == 0.75
    assert made.answers[1] == (0.125,) * 8
    with pytest.raises(ConfigError, match="nothing to write"):
        shrunk(NOTHING, NOTHING, bare)


def test_a_card_of_fewer_labels_and_a_row_that_was_never_measured() -> None:
    some = shipped()
    assert some.confusion is not None
    rows = (*some.confusion[:7], (0,) * 8)
    own = tables(contempt={"neutral": 2.0})
    made = checked(some.model_copy(update={"confusion": rows}), own, own)
    assert made.confusion is not None
    assert made.confusion[7] == (2, 0, 0, 0, 0, 0, 0, 0)
    with pytest.raises(ConfigError, match="has 8 labels"):
        shrunk(np.zeros((7, 7)), np.zeros((7, 7)), some)
    with pytest.raises(ConfigError, match="none negative"):
        shrunk(NOTHING - 1, NOTHING, some)
    with pytest.raises(ConfigError, match="none negative"):
        shrunk(NOTHING, NOTHING * np.nan, some)


def test_counts_are_whole_and_sum_up() -> None:
    assert whole(np.array([0.5, 0.25, 0.25]), 5) == (3, 1, 1)
    assert whole(np.array([1 / 3, 1 / 3, 1 / 3]), 3) == (1, 1, 1)
    assert whole(np.array([1 / 3, 1 / 3, 1 / 3]), 0) == (0, 0, 0)
    assert whole(np.array([0.1, 0.6, 0.3]), 10) == (1, 6, 3)


def film() -> Samples:
    """Four frames of one happy person, called happy, happy, sad, happy; one frame of another who is called sad."""
    happy, sad = emotion(happiness=0.8, sadness=0.2), emotion(sadness=0.7, happiness=0.3)
    looks = [
        look("film", frame, [truth("a", label="happiness")], readings=[reading(said)])
        for frame, said in enumerate((happy, happy, sad, happy))
    ]
    return reading_samples([*looks, look("still", 0, [truth("a", label="happiness")], readings=[reading(sad)])])


def test_a_person_of_a_video_counts_once() -> None:
    own, answers = tallied(film(), LABELS)
    assert own == pytest.approx(tables(happiness={"happiness": 0.75, "sadness": 1.25}))
    assert answers == pytest.approx(
        tables(happiness={"happiness": (3 * 0.8 + 0.3) / 4 + 0.3, "sadness": (3 * 0.2 + 0.7) / 4 + 0.7})
    )


def test_tables_are_in_the_cards_own_order_and_know_its_labels_only() -> None:
    own, answers = tallied(film(), ("sad", "happy", "angry"))
    assert own.tolist() == [[0, 0, 0], [1.25, 0.75, 0], [0, 0, 0]]
    assert answers.shape == (3, 3)
    assert tallied(film(), ("neutral", "fear"))[0].tolist() == [[0, 0], [0, 0]]
    assert tallied(reading_samples([]), LABELS)[0].tolist() == NOTHING.tolist()
    with pytest.raises(ConfigError, match="unknown expression"):
        tallied(film(), ("bored",))


def test_simulated_users_are_served_better_by_their_own_table_and_by_no_other_strength_much_better() -> None:
    """Over users of no, some and much bias who label 20 people; as the command shows it for more."""
    rng, faces, card, strengths = (
        np.random.default_rng(3),
        pool(READINGS),
        shipped(),
        (0.0, 1.0, STRENGTH, 30.0, np.inf),
    )
    found = [errors(card, user(faces, spread, rng), 20, strengths) for spread in (0.0, 0.7, 1.0) * 40]
    means = dict(zip(strengths, np.mean(found, axis=0), strict=True))
    assert means[STRENGTH] < means[np.inf]
    assert means[STRENGTH] < min(means.values()) + 0.003
