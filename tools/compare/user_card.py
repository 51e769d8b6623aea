"""A user's card: a model's own, but told how it answers to this user's faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from engines.cards import Card, Place
from streamer.errors import ConfigError
from streamer.sinks.target import check_target, failed, file_word
from tools.evaluate.seen import Samples
from tools.evaluate.shrink import shrunk, tallied

WIDTH = 118


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a user's card comes from: the name of the label file, and the faces and people in it whose expression is
    known."""

    labels: str
    faces: int
    people: int


def origin(labels: Path, readings: Samples) -> Origin:
    return Origin(labels.name, len(readings.labels), len(np.unique(readings.groups)))


def check(path: Path) -> None:
    """Nothing, where a new card may be written.

    Raises:
        ConfigError: something is there already, or it is no name for a card.
        SinkError: nothing can be written there.
    """
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"a card is a file that ends in .yaml, got {path}")
    if path.exists():
        raise ConfigError(f"{path} exists, which is not overwritten; name another with --card")
    check_target(path)


def user_card(base: Card, readings: Samples, labels: Path) -> Card:
    """The base with its confusion and answers moved towards those on the user's faces, the more the more people there
    are (``tools.evaluate.shrink``). Its scores stay: they are those of the same network, on the data that they name.

    Raises:
        ConfigError: no face has a label that the base knows.
    """
    own, own_answers = tallied(readings, base.labels)
    if not own_answers.any():
        raise ConfigError(
            f"no face in {labels} has a label that {base.name} knows: there is nothing to write a card from"
        )
    confusion, answers = shrunk(own, own_answers, base)
    of = origin(labels, readings)
    return base.model_copy(
        update={
            "name": f"{base.name}-{file_word(labels.stem)}",
            "title": f"{base.title}, for {of.labels}",
            "places": tuple(_absolute(place) for place in base.places),
            "confusion": confusion,
            "answers": answers,
            "note": f"{base.note} {said(base, of)}".strip(),
        }
    )


def said(base: Card, of: Origin) -> str:
    """What there is to know of such a card."""
    return (
        f"This card is for the pictures of {of.labels} and such as are like them. Its confusion and answers are those "
        f"of {base.name}, moved towards how it reads {of.faces} faces of {of.people} people there: the more people, "
        "the further. The network is the same; only the correction of a room's shares follows these tables."
    )


def _absolute(place: Place) -> Place:
    return place if place.path is None else Place(path=place.path.resolve())


def write(card: Card, path: Path) -> None:
    """Never over a file that is there.

    Raises:
        SinkError: it cannot be written.
    """
    check(path)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text(card))
    except OSError as error:
        raise failed(path, error) from None


def text(card: Card) -> str:
    """YAML: a line for each row of a table."""
    facts = card.model_dump(mode="json", exclude_none=True)
    dumped = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None)
    return f"# Written by `python -m tools.compare --card`.\n{dumped}"
