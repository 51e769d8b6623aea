"""What is made of FER+ before it is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streamer.errors import ConfigError
from tests import made_faces
from tools.train import data


def saved(folder: Path, votes: list[list[int]]) -> Path:
    path = folder / "faces.npz"
    images = np.arange(len(votes), dtype=np.uint8)[:, None, None] * np.ones((1, 48, 48), np.uint8)
    np.savez(path, x=images, votes=np.array(votes, np.uint8))
    return path


def test_slips_unknown_and_no_face_are_left_out(tmp_path: Path) -> None:
    faces = data.read(
        saved(
            tmp_path,
            [
                [7, 1, 0, 0, 0, 0, 0, 0, 1, 1],  # single votes are slips: all for neutral
                [0, 0, 4, 2, 0, 0, 0, 0, 3, 0],  # surprise, but not more than half
                [0, 3, 0, 0, 0, 0, 0, 0, 5, 2],  # likeliest: unknown
                [0, 3, 0, 0, 0, 0, 0, 0, 0, 7],  # likeliest: no face
                [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],  # slips only
            ],
        )
    )
    assert faces.images[:, 0, 0].tolist() == [0, 1]
    assert faces.labels.tolist() == [0, 2]
    assert faces.agreed.tolist() == [True, False]
    np.testing.assert_allclose(faces.shares[0], [1, 0, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(faces.shares[1], [0, 0, 2 / 3, 1 / 3, 0, 0, 0, 0], rtol=1e-6)


def test_equal_pictures_go_to_the_same_side() -> None:
    once = made_faces.faces(100)
    twice = once.at(np.concatenate([np.arange(100), np.arange(100)]))
    trained, aside = data.split(twice, 0.2, seed=3)
    assert len(aside) == 40
    assert len(trained) == 160
    assert not set(data.fingerprints(trained.images)) & set(data.fingerprints(aside.images))


def test_a_split_is_made_again_by_its_seed() -> None:
    faces = made_faces.faces(80)
    first, again, other = (data.fingerprints(data.split(faces, 0.25, seed)[1].images) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_pictures_of_the_other_split_are_left_out() -> None:
    faces = made_faces.faces(40)
    left = data.without(faces, faces.at(np.arange(10)))
    assert data.fingerprints(left.images) == data.fingerprints(faces.images)[10:]


def test_rare_labels_are_seen_by_the_root_of_their_rarity() -> None:
    labels = np.array([0] * 98 + [5] * 2)
    factors = data.repeats(labels, below=0.08)
    assert factors[0] == 1
    np.testing.assert_allclose(factors[98:], 2)  # √(0.08 / 0.02)


def test_an_epoch_shows_each_face_as_often_as_it_is_to_be_seen() -> None:
    factors = np.array([1.0] * 50 + [2.5] * 400)
    rows = data.epoch_rows(factors, np.random.default_rng(0))
    times = np.bincount(rows, minlength=450)
    assert set(times[:50]) == {1}
    assert set(times[50:]) == {2, 3}
    assert 2.4 < times[50:].mean() < 2.6
    assert rows.tolist() != sorted(rows.tolist())


def test_a_file_that_is_not_fer_plus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.npz").write_text("no archive")
    with pytest.raises(ConfigError, match=r"must be an \.npz with x and votes"):
        data.read(tmp_path / "train.npz")
