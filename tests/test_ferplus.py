"""Which faces of FER+ count, and how a classifier is given them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streamer.chips import warp
from streamer.emotions import LABELS
from streamer.errors import ConfigError
from tests.halves import bright, classifier, ferplus
from tools.ferplus import CHANGES, WHOLE, Square, chip, faces, probabilities, shrunk

NEUTRAL, HAPPINESS = LABELS.index("neutral"), LABELS.index("happiness")


def test_a_face_counts_where_most_annotators_agree(tmp_path: Path) -> None:
    votes: list[dict[str, int]] = [
        {"neutral": 6, "sadness": 4},  # counts
        {"neutral": 5, "sadness": 5},  # half is not most
        {"anger": 5, "sadness": 1, "fear": 1, "disgust": 1, "neutral": 2},  # counts: 5 of 7, slips dropped
        {"anger": 5, "sadness": 3, "neutral": 2},  # 5 of 10
        {"unknown": 8, "neutral": 2},
        {"no face": 6, "neutral": 4},
        {"happiness": 4, "unknown": 4},  # the annotators who did not know count too
        dict.fromkeys(LABELS, 1),  # nothing but slips
        {"contempt": 2, **dict.fromkeys(LABELS[:7], 1)},  # counts: 2 of 2
    ]
    pictures = [np.full((48, 48), number, np.uint8) for number in range(len(votes))]
    found = faces(ferplus(tmp_path / "faces.npz", pictures, votes))
    assert [LABELS[label] for label in found.labels] == ["neutral", "anger", "contempt"]
    assert found.images[:, 0, 0].tolist() == [0, 2, 8]


def test_what_is_not_ferplus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("faces")
    np.savez(tmp_path / "keys.npz", x=np.zeros((1, 48, 48), np.uint8))
    np.savez(tmp_path / "shape.npz", x=np.zeros((1, 48, 48), np.uint8), votes=np.zeros((1, 8), np.uint8))
    ferplus(tmp_path / "happy.npz", [bright(slice(0, 1))], [{"happiness": 10}])
    for name, said in {
        "text.npz": "cannot be read",
        "keys.npz": "votes",
        "shape.npz": r"votes \(N, 10\), got .*\(1, 8\)",
        "happy.npz": "no neutral face",
        "none.npz": "cannot be read",
    }.items():
        with pytest.raises(ConfigError, match=said):
            faces(tmp_path / name)


@pytest.mark.parametrize(
    ("square", "rows", "columns"),
    [
        (WHOLE, range(50), range(50)),
        (Square(right=-0.1), range(50), range(-5, 45)),
        (Square(right=0.1), range(50), range(5, 55)),
        (Square(down=-0.1), range(-5, 45), range(50)),
        (Square(down=0.1), range(5, 55), range(50)),
        (Square(side=0.8), range(5, 45), range(5, 45)),
        (Square(side=1.2), range(-5, 55), range(-5, 55)),
    ],
)
def test_a_chip_is_the_square_with_the_edge_repeated(square: Square, rows: range, columns: range) -> None:
    """50 pixels: a tenth is 5 whole ones, so every pixel of the chip is one of the picture's."""
    image = np.random.default_rng(1).integers(0, 256, (50, 50)).astype(np.uint8)
    expected = image[np.clip(rows, 0, 49)[:, None], np.clip(columns, 0, 49)]
    cut = warp(chip(image, len(rows), square))
    assert cut[..., 0].tolist() == expected.tolist()


def test_the_six_changes_are_a_tenth() -> None:
    assert {name: (square.right, square.down, square.side) for name, square in CHANGES.items()} == {
        "left": (-0.1, 0, 1),
        "right": (0.1, 0, 1),
        "up": (0, -0.1, 1),
        "down": (0, 0.1, 1),
        "smaller": (0, 0, 0.9),
        "larger": (0, 0, 1.1),
    }


def test_a_shrunk_face_has_the_mean_of_the_pixels_that_fall_into_one() -> None:
    image = np.random.default_rng(2).integers(0, 256, (48, 48)).astype(np.uint8)
    small = shrunk(image[None], 16)
    assert small.shape == (1, 16, 16)
    assert np.abs(small[0] - image.reshape(16, 3, 16, 3).mean(axis=(1, 3))).max() <= 0.5


def test_probabilities_are_those_of_the_whole_picture() -> None:
    told: list[int] = []
    with classifier() as opened:
        given = probabilities(opened, np.stack([bright(slice(0, 24)), bright(slice(12, 48))] * 150), done=told.append)
    assert given.shape == (300, len(LABELS))
    assert given[::2, NEUTRAL] == pytest.approx(250 / 255, abs=1e-3)
    assert given[1::2, HAPPINESS] == pytest.approx(24 * 250 / (36 * 250 + 12 * 5), abs=1e-3)
    assert sum(told) == 300
