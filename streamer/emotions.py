"""The one order of labels, which of them are shown, and where each lies in valence and arousal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamer.errors import ConfigError

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
"""FER+'s eight in FER+'s order (Barsoum et al. 2016, https://arxiv.org/abs/1608.01041)."""

HIDDEN = ("disgust", "contempt")
"""Not shown as labels unless asked for: too rare in training data to be told reliably. They stay in the numbers."""

CIRCUMPLEX: Mapping[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0),
    "happiness": (0.81, 0.51),
    "surprise": (0.40, 0.67),
    "sadness": (-0.63, -0.27),
    "anger": (-0.51, 0.59),
    "disgust": (-0.60, 0.35),
    "fear": (-0.64, 0.60),
    "contempt": (-0.55, 0.25),
}
"""Valence and arousal, −1…1. Source: J. A. Russell, A. Mehrabian, "Evidence for a three-factor theory of emotions",
Journal of Research in Personality 11 (1977) 273–294, table 1: happy, surprised, sad, angry, disgusted, fearful.
Neutral is the origin by definition. Contempt has no row there: it is set between anger and disgust by us."""

SYNONYMS = {
    "angry": "anger",
    "contemptuous": "contempt",
    "disgusted": "disgust",
    "fearful": "fear",
    "scared": "fear",
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "calm": "neutral",
}


def canonical(name: str) -> str:
    """The label that a model's own word stands for.

    Raises:
        ConfigError: no label is known for it.
    """
    word = name.strip().lower()
    word = SYNONYMS.get(word, word)
    if word not in LABELS:
        raise ConfigError(f"unknown expression {name!r}; known: {', '.join(LABELS)}, or {', '.join(sorted(SYNONYMS))}")
    return word


def order_of(names: Sequence[str]) -> tuple[int, ...]:
    """For each of a model's classes its index in LABELS.

    Raises:
        ConfigError: an unknown name, or two names for one label.
    """
    indices = tuple(LABELS.index(canonical(name)) for name in names)
    if len(set(indices)) != len(indices):
        raise ConfigError(f"two classes stand for one label in {list(names)}")
    return indices


def valence_arousal(probabilities: Sequence[float]) -> tuple[float, float]:
    """Expected valence and arousal, each −1…1, of probabilities in the order of LABELS."""
    points = [CIRCUMPLEX[label] for label in LABELS]
    valence = sum(p * point[0] for p, point in zip(probabilities, points, strict=True))
    arousal = sum(p * point[1] for p, point in zip(probabilities, points, strict=True))
    return valence, arousal
