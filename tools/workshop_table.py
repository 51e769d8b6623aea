"""The README's tables of detectors on labelled media, and of the session from labels to a corrected mood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.markdown import made, table

LITTLE, SMALL = 24.0, 48.0
"""Pixels of a face's longer side that part the columns."""


def detectors(leagues: Mapping[str, Mapping[str, Any]]) -> str:
    """A table for each set of media, by its name."""
    return "\n\n".join(league(name, one) for name, one in leagues.items())


def league(name: str, document: Mapping[str, Any]) -> str:
    head = (
        f"detector, on {name}",
        "recall (95 %)",
        f"under {LITTLE:.0f} px",
        f"{LITTLE:.0f}–{SMALL:.0f} px",
        f"from {SMALL:.0f} px",
        "precision",
        "average precision",
        "ms a frame",
    )
    played = [row for row in document["detectors"] if row["scores"]]
    rows = [cells(row) for row in sorted(played, key=lambda row: -row["scores"]["recall"]["value"])]
    faces, frames = played[0]["scores"]["faces"], document["frames"]
    absent = [f"`{row['name']}`" for row in document["detectors"] if not row["scores"]]
    lacking = f" Not verified here, for want of their weights: {', '.join(absent)}." if absent else ""
    note = f"{faces} labelled faces on {frames} frames of {document['images']} pictures and {document['videos']} videos"
    return f"{table(head, rows)}\n\n{note}, IoU 0.5, default thresholds, one thread.{lacking} {made(document)}"


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    scores = row["scores"]
    return (
        f"`{row['name']}`",
        "{value:.2f} ({low:.2f}–{high:.2f})".format(**scores["recall"]),
        part(scores["sizes"], 0, LITTLE),
        part(scores["sizes"], LITTLE, SMALL),
        part(scores["sizes"], SMALL, None),
        value(scores["precision"]),
        value(scores["average_precision"]),
        f"{row['milliseconds']:.0f}" if row["milliseconds"] >= 10 else f"{row['milliseconds']:.1f}",
    )


def part(sizes: Sequence[Mapping[str, Any]], low: float, high: float | None) -> str:
    """The recall of the faces from ``low`` to below ``high`` pixels."""
    chosen = [
        size
        for size in sizes
        if size["low"] >= low and (high is None or (size["high"] or float("inf")) <= high) and size["faces"]
    ]
    faces = sum(size["faces"] for size in chosen)
    return f"{sum(size['faces'] * size['recall'] for size in chosen) / faces:.2f}" if faces else "–"


def value(estimate: Mapping[str, Any] | None) -> str:
    return "–" if estimate is None else f"{estimate['value']:.2f}"


def session(document: Mapping[str, Any]) -> str:
    """What the labels say of a room beside what the program says of it."""
    head = (
        "picture or video",
        "people",
        "as labelled",
        "uncorrected",
        "corrected by our card",
        "by a card of one's own",
    )
    rows = [
        (
            f"`{row['medium'].rpartition('/')[2]}`",
            f"{row['people']}",
            signed(row["labelled"]),
            *(band(row[way]) for way in ("plain", "shipped", "own")),
        )
        for row in document["moods"]
    ]
    found = document["evaluation"]
    scores, detection = found["reading"], found["detection"]
    note = (
        f"Valence at the end of each, with its 80 % interval. {scores['faces']} looks at {scores['people']} people, "
        f"labelled by one person: accuracy {scores['accuracy']['value']:.2f} ({scores['accuracy']['low']:.2f}–"
        f"{scores['accuracy']['high']:.2f}) on the labelled boxes; {detection['found']} of {detection['faces']} faces "
        f"found, {detection['wrong']} boxes where none is. Mean error of the valence: {off(document, 'plain')} "
        f"uncorrected, {off(document, 'shipped')} corrected, {off(document, 'own')} by a card told of the faces of all "
        "other media. The labels know two expressions only, neutral and happiness."
    )
    return f"{table(head, rows)}\n\n{note} {made(document)}"


def band(valence: Mapping[str, Any]) -> str:
    if valence["value"] is None:
        return "not enough evidence"
    low, high = valence["interval"]
    return f"{signed(valence['value'])} ({signed(low)} to {signed(high)})"


def off(document: Mapping[str, Any], way: str) -> str:
    errors = [abs(row[way]["value"] - row["labelled"]) for row in document["moods"] if row[way]["value"] is not None]
    return f"{sum(errors) / len(errors):.2f}"


def signed(number: float) -> str:
    """Two decimals with their sign; 0 has none."""
    text = f"{number:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text
