"""Colours that colour-blind readers can tell apart; and words, which never depend on them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import skimage.color
from numpy.typing import NDArray

from streamer.emotions import HIDDEN, LABELS
from streamer.overlay.colours import EXPRESSIONS, GREY, Colour
from streamer.types import UNSURE

VISION = {
    "typical": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}
"""Of linear red, green, blue, severity 1.0. Machado, Oliveira and Fernandes, "A physiologically-based model for
simulation of color vision deficiency", 2009, https://doi.org/10.1109/TVCG.2009.113."""

NOTICED = 3 * 2.3
"""ΔE*ab 1976; 2.3 is just noticed side by side (Mahy, Van Eycken and Oosterlinck 1994). Three times that is no more
than "another colour when compared", which is why a word stands beside each. The nearest two that are shown are grey and
pink, neutral and fear, with 7.1 for deuteranopia."""

CLEAR = 15.0
"""ΔE*ab 1976 that the colours proper keep from each other, grey aside: told apart at a glance."""

SHOWN = {label: EXPRESSIONS[label] for label in LABELS if label not in HIDDEN}


def lab(colour: Colour, vision: str) -> NDArray[np.float64]:
    """CIE L*a*b* of a colour, blue, green, red, as it is seen."""
    value = np.array(colour[::-1]) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # sRGB, IEC 61966-2-1
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    result: NDArray[np.float64] = skimage.color.rgb2lab(encoded)
    return result


def difference(one: Colour, other: Colour, vision: str) -> float:
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def test_the_simulation_confuses_what_a_deuteranope_confuses() -> None:
    """A red and a green that differ much for most people, hardly for one without the middle cones."""
    red, green = (0, 60, 190), (0, 115, 105)
    assert difference(red, green, "typical") > 60
    assert difference(red, green, "deuteranopia") < 15
    assert difference((0, 0, 0), (255, 255, 255), "protanopia") == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("vision", VISION)
def test_no_two_labels_share_a_colour_for_anybody(vision: str) -> None:
    colours = {**SHOWN, UNSURE: GREY}
    for one, other in itertools.combinations(colours, 2):
        assert difference(colours[one], colours[other], vision) >= NOTICED, f"{one}, {other}"


@pytest.mark.parametrize("vision", VISION)
def test_the_colours_proper_differ_at_a_glance(vision: str) -> None:
    for one, other in itertools.combinations([label for label in SHOWN if label != "neutral"], 2):
        assert difference(SHOWN[one], SHOWN[other], vision) >= CLEAR, f"{one}, {other}"
