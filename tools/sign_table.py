"""The README's tables of how rightly signs are told, from what ``python -m tools.signs`` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.markdown import made, table


def tables(document: Mapping[str, Any]) -> str:
    return "\n\n".join((expressions(document), gestures(document), attacks(document), made(document)))


def expressions(document: Mapping[str, Any]) -> str:
    """A row for the smile and one for the frown."""
    read = document["expressions"]
    rows = [
        (
            row["sign"],
            f"{row['faces']} of {row['among']}",
            *(spread(row[name]) for name in ("precision", "recall", "f1")),
            spread(row["neutral"]),
        )
        for row in read["scores"]
    ]
    note = (
        f"`{read['model']}`, each face read once; 95 % intervals over resampled faces. No pictures were to be had in "
        "which the movements themselves are marked, so faces that most of ten annotators called happy stand for "
        "smiles, and those called angry, sad or disgusted for frowns. The thresholds were chosen on "
        f"{read['chosen_on']['faces']} other faces, and held against these as well."
    )
    head = ("sign", "faces that show it", "precision", "recall", "F1", "told of neutral faces")
    return f"{table(head, rows)}\n\n{note}"


def gestures(document: Mapping[str, Any]) -> str:
    """A row for each detector."""
    every = document["gestures"]
    sizes = list(every[0]["nod"])
    rows = [
        (
            row["detector"],
            *("/".join(f"{row[kind][size]:.0%}" for kind in ("nod", "shake")) for size in sizes),
            *(f"{times} in {seconds:.0f} s" for times, seconds in row["wrong"].values()),
            f"{row['facing']:.0%}",
        )
        for row in every
    ]
    head = (
        "detector",
        *(f"nods/shakes of {size}° told" for size in sizes),
        *(f"wrongly, {what}" for what in every[0]["wrong"]),
        "facing, looking at the camera",
    )
    note = (
        f"The heads of {every[0]['heads']} people in three clips, turned in the picture up and down or from side to "
        "side as bodies with depth, by so many degrees from end to end, 1 to 3 times a second, for 1.5 s or more. They "
        "stand for real nods and shakes, of which no clip was to be had; the thresholds were chosen on the same clips. "
        "Wrongly: what was told of heads that do something else, in so many seconds of faces. MediaPipe does not say "
        "where the corners of the mouth are: with it, looking up or down is not seen as looking away."
    )
    return f"{table(head, rows)}\n\n{note}"


def attacks(document: Mapping[str, Any]) -> str:
    """A row for each way of finding out how often one person smiles, with the noise and without."""
    bare = {(row["name"], row["people"]): row["ratio"] for row in document["attacks"] if row["noise"] == 0}
    rows = [
        (
            row["name"],
            f"{row['people']}",
            f"**{row['ratio']:.2f}**",
            f"{bare[row['name'], row['people']]:.2f}",
            f"{row['error']:.2f}",
        )
        for row in document["attacks"]
        if row["noise"] > 0
    ]
    head = (
        "attack on one person's smile",
        "people",
        "error ÷ blind guess",
        "without noise",
        "published share is off by",
    )
    note = (
        f"{document['attacks'][0]['rooms']} simulated rooms of each case, at least 5 people, in which everybody goes "
        "on doing what he does: best for the observer. He sees all that is published and knows who comes and goes when."
    )
    return f"{table(head, rows)}\n\n{note}"


def spread(of: Mapping[str, float]) -> str:
    return f"{of['value']:.3f} ({of['low']:.3f}–{of['high']:.3f})"
