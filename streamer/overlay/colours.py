"""The palette. Blue, green, red: the order of the picture's channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, each 0…255."""


def bgr(text: str) -> Colour:
    """'#RRGGBB' as written in a style sheet."""
    return int(text[5:7], 16), int(text[3:5], 16), int(text[1:3], 16)


EXPRESSIONS: Mapping[str, Colour] = {
    "neutral": bgr("#999999"),
    "happiness": bgr("#F0E442"),
    "surprise": bgr("#E69F00"),
    "sadness": bgr("#0072B2"),
    "anger": bgr("#D55E00"),
    "fear": bgr("#CC79A7"),
    "disgust": bgr("#009E73"),
    "contempt": bgr("#56B4E9"),
}
"""M. Okabe, K. Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/: told apart by colour-blind
readers. Still, a word stands beside each."""

SIGNED: Mapping[str, Colour] = {
    "smile": bgr("#56B4E9"),
    "frown": bgr("#CC79A7"),
    "nod": bgr("#009E73"),
    "shake": bgr("#E69F00"),
    "facing": bgr("#E9E9E9"),
}
"""The same palette for signs, none in the colour of the expression that it might be taken for."""

NEGATIVE, MIDDLE, POSITIVE = bgr("#D55E00"), bgr("#BBBBBB"), bgr("#0072B2")
"""Valence −1, 0, +1."""

BLACK, WHITE = bgr("#000000"), bgr("#FFFFFF")

SOFT = bgr("#E9E9E9")
"""Secondary text. As grey as it may be: 4.5 : 1 on a plate that lies on a white ground needs #E3E3E3 or lighter."""

GREY = bgr("#BBBBBB")
"""Outlines without an expression, and what is summed into "other"."""

UNKNOWN = bgr("#8A8A8A")
"""The valence bar without a valence."""

AMBER = bgr("#E69F00")
RECORDING = bgr("#D55E00")

PLATE = 0.6
"""How much black a plate lays over the ground: on white it leaves #666666, on which white text has 5.7 : 1."""


def valence_colour(valence: float) -> Colour:
    """Between the three colours of valence, linear in each channel; valence −1…1."""
    end = POSITIVE if valence >= 0 else NEGATIVE
    share = min(1.0, abs(valence))
    blue, green, red = (round(m + (e - m) * share) for m, e in zip(MIDDLE, end, strict=True))
    return blue, green, red
