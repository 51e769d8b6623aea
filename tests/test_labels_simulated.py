from __future__ import annotations

import numpy as np
import pytest

from streamer.emotions import LABELS
from streamer.labels import LabelRules, Labels
from tests.rooms import SimulatedFace, changes, every, watch


def test_each_change_comes_soon_after_the_raw_one_under_noise() -> None:
    """Neutral, then a smile, then neutral, for people whom the model reads clearly; read each 0.25 s."""
    rng, lags = np.random.default_rng(1), []
    times = list(every(0.25, 24))
    for _ in range(100):
        face = SimulatedFace(rng)
        readings = {pts: face.read("happiness" if 8 <= pts < 16 else "neutral", pts) for pts in times}
        said = [person.label for person in watch(Labels(), readings.__getitem__, times)]
        for start, label in ((32, "happiness"), (64, "neutral")):
            means = np.mean([readings[pts].probabilities for pts in times[start : start + 32]], axis=0)
            if 2 * means[LABELS.index(label)] - means.sum() < 0.25:
                continue  # the model does not see it
            raw = next(
                i for i in range(start, 96) if np.argmax(readings[times[i]].probabilities) == LABELS.index(label)
            )
            lags.append(next(times[i] for i in range(start, 96) if said[i] == label) - times[raw])
    assert len(lags) > 100
    assert np.percentile(lags, 95) <= 1.5
    assert np.median(lags) <= 1.0


@pytest.mark.parametrize(("flicker", "most"), [(0.6, 1.5), (1.0, 3.5)])
def test_few_changes_a_minute_where_the_model_errs_at_every_second_neutral_face(flicker: float, most: float) -> None:
    rng, counts, raw = np.random.default_rng(1), [], []
    for _ in range(60):
        face = SimulatedFace(rng, flicker)
        readings = [face.read("neutral", pts) for pts in every(0.25, 60)]
        raw += [LABELS[int(np.argmax(reading.probabilities))] for reading in readings]
        by_time = {reading.pts: reading for reading in readings}
        said = [person.label for person in watch(Labels(), by_time.__getitem__, list(by_time))]
        counts.append(len(changes(said)))
    assert 0.4 <= sum(label in ("sadness", "anger", "fear") for label in raw) / len(raw) <= 0.55
    assert np.mean(counts) <= most
    assert np.percentile(counts, 90) <= 6


def test_probabilities_sum_to_one_throughout() -> None:
    face, labels = SimulatedFace(np.random.default_rng(1)), Labels(LabelRules(baseline=True))
    for person in watch(labels, lambda pts: face.read("neutral", pts), list(every(0.1, 20))):
        assert person.emotion is not None
        assert sum(person.emotion.probabilities) == pytest.approx(1.0)
        assert 0 < person.confidence <= 1
