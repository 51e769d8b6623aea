"""What people's readings say of them together: shares, valence with its interval, the camps, the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.correction import Rows, effective_size
from streamer.emotions import CIRCUMPLEX, LABELS
from streamer.types import Person

CAMP = 0.2
"""A person whose valence is beyond this, on either side, belongs to that camp."""

POINTS = np.array([CIRCUMPLEX[label] for label in LABELS])
"""(8, 2) valence and arousal of each label."""

EIGHT_IN_TEN = 1.2816
"""Standard deviations on each side of the mean that hold 80 % of a normal distribution."""

ALIKE = 0.7
"""A person's error as a factor of the standard deviation that the person's own reading tells: below 1, as a mean over
the meter's time is surer than each reading in it. This and the next were fitted with ``tools.simulate`` on other rooms
(another seed) than the ones reported."""

MODEL_ERROR = 0.02
"""Standard deviation of what all readings of a room have in common, in valence: light, camera, the model's own bias."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """``shares`` of the labels; ``each`` person's valence; ``dispersion`` its weighted standard deviation between
    people; ``half`` the half width of the 80 % interval of ``valence``."""

    shares: tuple[float, ...]
    valence: float
    arousal: float
    each: NDArray[np.float64]
    dispersion: float
    half: float


def measure(rows: Rows, weights: NDArray[np.float64], unread: int = 0) -> Numbers:
    """What these people's probabilities (people, 8) say of the room that they and ``unread`` others are in.

    The variance of valence is the sum of three: Σ wᵢ² ALIKE² varᵢ / (Σ wᵢ)², the error of a weighted mean of
    independent guesses, where varᵢ = Σ pₖ vₖ² − (Σ pₖ vₖ)² of a person's probabilities p over the labels' valences v;
    (u / (n + u))² d² (1/u + 1/n) for u unread people who differ as the n read ones do, by the dispersion d (the
    finite population correction, W. G. Cochran, Sampling Techniques, Wiley 1977, 2.6); and MODEL_ERROR².
    """
    part = weights / weights.sum()
    shares = part @ rows
    each, squares = rows @ POINTS[:, 0], rows @ POINTS[:, 0] ** 2
    valence, arousal = (float(value) for value in shares @ POINTS)
    dispersion = float(np.sqrt(max(0.0, part @ (each - part @ each) ** 2)))
    variance = float(part**2 @ np.maximum(squares - each**2, 0.0)) * ALIKE**2 + MODEL_ERROR**2
    if unread:
        read = effective_size(weights)
        variance += (unread / (read + unread)) ** 2 * dispersion**2 * (1 / unread + 1 / read)
    return Numbers(tuple(shares.tolist()), valence, arousal, each, dispersion, EIGHT_IN_TEN * float(np.sqrt(variance)))


def interval(numbers: Numbers) -> tuple[float, float]:
    """The 80 % interval of valence, within −1…1."""
    return max(-1.0, numbers.valence - numbers.half), min(1.0, numbers.valence + numbers.half)


def polarisation(positive: int, negative: int, people: int) -> float:
    """0…1: 4 · positive share · negative share, so 1 for two camps of equal size and 0 where there is but one."""
    return 4 * positive * negative / people**2 if people else 0.0


def perceptual(person: Person, size: tuple[int, int]) -> float:
    """½…2: √(side of the face / a sixth of the picture's height) × (1 at the middle … ½ at a corner), capped.

    Larger and more central faces count more for somebody who looks at a crowd; the form and the caps are ours.
    """
    width, height = size
    box = person.track.face.box
    x, y = box.center
    away = np.hypot((x - width / 2) / width, (y - height / 2) / height) / np.hypot(0.5, 0.5)
    large = np.sqrt(max(box.width, box.height) / (height / 6))
    return float(np.clip(large * (1 - 0.5 * min(1.0, away)), 0.5, 2.0))
