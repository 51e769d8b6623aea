"""How far a user's own table should lean on the shipped one: ``python -m tools.evaluate.strength [--users N]``.

Simulated users, whose faces the model reads otherwise than its card says: real readings of worsened faces
(``tools.readings``) with a bias of the user's room and camera, and one of each person. A user labels some people; the
shrunk table is then used as the product uses it, on rooms of other people of the same user. The error is the share of a
room's people that is said to be of another label than it is.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Printed

from engines.cards import Card, load_card
from streamer.correction import Answers, corrected
from streamer.emotions import LABELS, order_of
from tools.evaluate.shrink import STRENGTH, Table, shrunk
from tools.readings import OUT as READINGS
from tools.rooms import PERSONAL, Pool, pool

STRENGTHS = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, math.inf)
LABELLED = (5, 10, 20, 40, 80)
"""People whom a user labels."""

BIASES = (0.0, 0.35, 0.7, 1.0)
"""Standard deviations of a user's bias of each log probability: none, as much as from person to person, and more."""

ROOM, ROOMS = 10, 4
"""People in a room, and rooms of each user."""

MIX = np.array([4.0, 3.0, 1.0, 1.0, 1.0, 0.2, 0.3, 0.2])
"""Of the Dirichlet distribution from which the shares of the labels are drawn, of a user's labels and of each room."""


@dataclass(frozen=True, slots=True, eq=False)
class User:
    """``bias`` (8, 8): what is added to the log probabilities of a face of each true label."""

    faces: Pool
    bias: NDArray[np.float64]
    rng: np.random.Generator

    def people(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Their true labels, and one reading of each: (count,) and (count, 8)."""
        labels = self.rng.choice(len(LABELS), count, p=self.rng.dirichlet(MIX))
        rows = [self.faces[LABELS[label]] for label in labels]
        levels = np.stack([some[self.rng.integers(len(some))] for some in rows]) + self.bias[labels]
        levels = np.exp(levels + PERSONAL * self.rng.normal(size=levels.shape))
        return labels, levels / levels.sum(axis=1, keepdims=True)


def user(faces: Pool, spread: float, rng: np.random.Generator) -> User:
    """Half of the variance of the bias is the same for all faces, half is of each true label alone."""
    return User(faces, spread * math.sqrt(0.5) * (rng.normal(size=8) + rng.normal(size=(8, 8))), rng)


def table_of(labels: NDArray[np.int64], given: NDArray[np.float64]) -> tuple[Table, Table]:
    """Confusion counts and sums of probabilities, (8, 8)."""
    truth = np.eye(len(LABELS))[labels]
    return truth.T @ np.eye(len(LABELS))[given.argmax(axis=1)], truth.T @ given


def errors(card: Card, one: User, labelled: int, strengths: Sequence[float]) -> NDArray[np.float64]:
    """(strengths,): mean over the rooms of half the sum of the shares' differences, 0…1."""
    own = table_of(*one.people(labelled))
    rooms = [one.people(ROOM) for _ in range(ROOMS)]
    return np.array([np.mean([missed(answers_of(card, own, m), *room) for room in rooms]) for m in strengths])


def answers_of(card: Card, own: tuple[Table, Table], strength: float) -> Answers:
    """Of the user's card; infinitely strong, the shipped card as it is."""
    empty = np.zeros_like(own[0])
    counts, mean = shrunk(empty, empty, card) if math.isinf(strength) else shrunk(*own, card, strength)
    return Answers.of(mean, [sum(row) for row in counts], order_of(card.labels))


def missed(answers: Answers, labels: NDArray[np.int64], given: NDArray[np.float64]) -> float:
    shares = corrected(answers, given, np.ones(len(given))).mean(axis=0)
    truth = np.bincount(labels, minlength=len(LABELS)) / len(labels)
    return float(np.abs(shares - truth).sum() / 2)


def study(card: Card, faces: Pool, users: int, seed: int = 7) -> Iterator[tuple[float, int, NDArray[np.float64]]]:
    """Bias, people labelled and the mean error of each of STRENGTHS over so many users."""
    rng = np.random.default_rng(seed)
    for spread in BIASES:
        for labelled in LABELLED:
            made = [errors(card, user(faces, spread, rng), labelled, STRENGTHS) for _ in range(users)]
            yield spread, labelled, np.mean(made, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=200)
    arguments = parser.parse_args()
    if arguments.users < 1:
        parser.error(f"--users must be 1 or more, got {arguments.users}")
    rows = list(study(load_card("groupmood"), pool(READINGS), arguments.users))
    heads = ("bias", "labelled", *(f"m = {m:g}" for m in STRENGTHS))
    printed = Printed(*heads, title="Share of a room's people said to be of another label", box=SIMPLE_HEAD)
    for spread, labelled, found in rows:
        printed.add_row(f"{spread:g}", str(labelled), *(f"{error:.4f}" for error in found))
    printed.add_row("mean", "", *(f"{error:.4f}" for error in np.mean([found for *_, found in rows], axis=0)))
    Console().print(printed, f"In use: m = {STRENGTH:g}.")


if __name__ == "__main__":
    main()
