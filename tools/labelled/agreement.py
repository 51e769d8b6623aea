"""How far annotators agree, beyond what chance would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from tools.labelled.document import LabelFile, LabelledFace
from tools.labelled.sampling import sampled
from tools.labelled.truth import box_at


@dataclass(frozen=True, slots=True)
class Pair:
    """Two annotators over the ``looks`` of which both said something: the share on which they said the same, 0…1, and
    Cohen's kappa, −1…1; None where it cannot be told."""

    one: str
    other: str
    looks: int
    agreed: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """``kappa`` and ``agreed``: means over the pairs that have one; None where no pair has, as with one annotator."""

    pairs: tuple[Pair, ...]
    agreed: float | None
    kappa: float | None


def agreement(labels: LabelFile) -> Agreement:
    """Of each two annotators. A look is a face in a picture, or in a video on one of the frames that are sampled;
    "unsure" is a word like the others, ignored faces are left out."""
    looks = tuple(_looks(labels))
    pairs = tuple(_pair(one, other, looks) for one, other in combinations(labels.annotators, 2))
    return Agreement(pairs, _mean([pair.agreed for pair in pairs]), _mean([pair.kappa for pair in pairs]))


def cohens_kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """(p − e) / (1 − e): p the share on which two lists of N words agree, e what they would agree on if each gave its
    own words by chance. None where both always say the same single word, or N is 0.

    Source: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
    (1960) 37–46.
    """
    count = len(one)
    if count == 0:
        return None
    agreed = sum(here == there for here, there in zip(one, other, strict=True)) / count
    ours, theirs = Counter(one), Counter(other)
    chance = sum(ours[word] * theirs[word] for word in ours) / count**2
    return (agreed - chance) / (1 - chance) if chance < 1 else None


def said_at(face: LabelledFace, frame: int) -> Mapping[str, str]:
    """What each annotator calls the expression on a frame; those who said nothing until then are not there."""
    return {one.annotator: one.label for one in face.said if one.frame <= frame}


def _looks(labels: LabelFile) -> Iterator[Mapping[str, str]]:
    for medium in labels.media:
        faces = [face for face in medium.faces if not face.ignore and face.said]
        for frame in sampled(medium) if faces else ():
            yield from (said_at(face, frame) for face in faces if box_at(face.marks, frame) is not None)


def _pair(one: str, other: str, looks: Sequence[Mapping[str, str]]) -> Pair:
    both = [(look[one], look[other]) for look in looks if one in look and other in look]
    if not both:
        return Pair(one, other, 0, None, None)
    ours, theirs = [here for here, _ in both], [there for _, there in both]
    agreed = sum(here == there for here, there in both) / len(both)
    return Pair(one, other, len(both), agreed, cohens_kappa(ours, theirs))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
