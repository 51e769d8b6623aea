"""The scores of some kinds of faces alone: by size, sharpness, pose and whatever the labels tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tools.evaluate.detections import SIZES
from tools.evaluate.expressions import cross_entropy
from tools.evaluate.result import SliceScores
from tools.evaluate.samples import chosen
from tools.evaluate.seen import Samples
from tools.scores import group_interval, recall_measure, share_measure

LEAST_FACES = 10
"""Fewer faces say nothing: the 95 % interval of 5 right of 10 already reaches from 0.2 to 0.8."""

SHARPNESS = (("blurred", -0.01, 0.3), ("soft", 0.3, 0.65), ("sharp", 0.65, 1.01))
"""Of ``streamer.chips.sharpness_score``: a Gaussian blur of 3 pixels (of 48) scores 0.30, one of 2 pixels 0.65."""

POSE = (("turned away", -0.01, 0.5), ("half turned", 0.5, 0.95), ("facing the camera", 0.95, 1.01))
"""Of ``streamer.chips.pose_score``: 1 up to about 25° from frontal, 0 in profile."""

Part: TypeAlias = tuple[str, str, NDArray[np.bool_]]
"""By what, which of it, and for each sample whether it belongs there."""


def slice_scores(samples: Samples, least: int = LEAST_FACES) -> tuple[SliceScores, ...]:
    """Of every part with ``least`` faces or more; () where there are none."""
    return tuple(
        scored(by, value, chosen(samples, among)) for by, value, among in parts(samples) if among.sum() >= least
    )


def too_small(samples: Samples, least: int = LEAST_FACES) -> tuple[tuple[str, str, int], ...]:
    """By, value and faces of the parts that have any faces, but too few to be scored."""
    counted = ((by, value, int(among.sum())) for by, value, among in parts(samples))
    return tuple(part for part in counted if 0 < part[2] < least)


def parts(samples: Samples) -> Iterator[Part]:
    """All there can be, also empty ones. A pose that is not known (NaN) belongs nowhere."""
    for low, high in SIZES:
        among = (samples.size >= low) & (samples.size < (np.inf if high is None else high))
        yield "size", size_name(low, high), among
    for by, values, bins in (("sharpness", samples.sharpness, SHARPNESS), ("pose", samples.pose, POSE)):
        for name, least, below in bins:
            yield by, name, (values >= least) & (values < below)
    for by in sorted({name for attributes in samples.attributes for name in attributes}):
        values_of = [attributes.get(by) for attributes in samples.attributes]
        for value in sorted({value for value in values_of if value is not None}):
            yield by, value, np.array([one == value for one in values_of], np.bool_)


def size_name(low: float, high: float | None) -> str:
    """Such as "24–32 px", "<16 px" and "≥96 px"."""
    if high is None:
        return f"≥{low:g} px"
    return f"{low:g}–{high:g} px" if low > 0 else f"<{high:g} px"


def scored(by: str, value: str, samples: Samples) -> SliceScores:
    right, groups = samples.said == samples.labels, samples.groups
    return SliceScores(
        by=by,
        value=value,
        faces=len(right),
        people=len(np.unique(groups)),
        accuracy=group_interval(share_measure(right), groups),
        macro_recall=group_interval(recall_measure(samples.said, samples.labels), groups),
        cross_entropy=cross_entropy(samples),
    )
