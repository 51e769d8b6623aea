"""What was measured before and is kept beside the program: accuracy on known faces, signs, our own model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamer.paper.blocks import Block, Heading, Picture, Table, Text
from tools.report.drawn import sizes
from tools.report.given import Given
from tools.report.words import NOTHING, SURE, left_out, made, score, spread

Document = Mapping[str, Any]


def recorded(given: Given) -> Iterator[Block]:
    yield Heading("Results on known faces", page=True)
    yield from accuracy(given.results.get("accuracy"))
    yield from signs(given.results.get("signs"))
    yield from training(given.results.get("training"))


def accuracy(document: Document | None) -> Iterator[Block]:
    if document is None:
        yield left_out("accuracy on known faces", "python -m tools.accuracy")
        return
    models = document["models"]
    yield Text(
        f"{models[0]['scores']['faces']} faces on which most annotators agree ({document['data']}), each read "
        "once. Neutral faces that are read as something unpleasant are the mistake that spoils a room's mood most."
    )
    yield Table(
        ("", *(f"`{row['model']}`" for row in models)),
        tuple(measures(models)),
        f"Expression models on the same faces, with {SURE} intervals over resampled faces.",
        source=made(document),
    )
    recalls = {row["model"]: {one["label"]: one for one in row["scores"]["recalls"]} for row in models}
    labels = [one["label"] for one in models[0]["scores"]["recalls"]]
    rows = [(label, faces_of(recalls, label), *recall_of(recalls, label)) for label in labels]
    yield Table(
        ("expression", "faces", *(f"recall, `{row['model']}`" for row in models)),
        tuple(rows),
        "What each model recalls of each expression. Rare expressions are recalled least, and are hidden by default.",
    )
    yield Picture(
        sizes(
            "The smaller the face, the less can be read",
            "Accuracy on the same faces shrunk to that side, with its interval.",
            {row["model"]: row["altered"]["sizes"] for row in models},
        ),
        "Accuracy by the size of the face.",
        wide=0.9,
        source=made(document),
    )


def measures(models: list[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    names = {
        "accuracy": "accuracy",
        "macro_recall": "macro recall",
        "cross_entropy": "cross-entropy, nats",
        "calibration_error": "calibration error",
        "neutral_misread": "neutral read as unpleasant",
    }
    for name, words in names.items():
        yield words, *(spread(row["scores"][name]) for row in models)
    yield "same label, crop moved or scaled", *(spread(row["altered"]["steady"]) for row in models)
    yield "ms a face, one thread", *(milliseconds(row["speed"]) for row in models)
    yield "labels it lacks", *(", ".join(row["unknown"]) or "none" for row in models)


def milliseconds(speed: Mapping[str, float | None] | None) -> str:
    taken = speed and speed["openvino"]
    return NOTHING if taken is None else f"{taken:.2f}"


def faces_of(recalls: Mapping[str, Mapping[str, Any]], label: str) -> str:
    return f"{max(rows[label]['faces'] for rows in recalls.values() if label in rows)}"


def recall_of(recalls: Mapping[str, Mapping[str, Any]], label: str) -> Iterator[str]:
    for rows in recalls.values():
        yield score(rows[label]["recall"]) if label in rows else NOTHING


def signs(document: Document | None) -> Iterator[Block]:
    yield Heading("Where no emotion may be inferred", level=2)
    yield Text(
        "With `expressions_only` no emotion is inferred, shown or written down: the program counts who smiles, frowns, "
        "nods, shakes the head or faces the camera."
    )
    if document is None:
        yield left_out("how right that is", "python -m tools.signs")
        return
    rows = [
        (
            one["sign"],
            f"{one['faces']} of {one['among']}",
            spread(one["precision"]),
            spread(one["recall"]),
            spread(one["neutral"]),
        )
        for one in document["expressions"]["scores"]
    ]
    yield Table(
        ("sign", "faces that show it", "precision", "recall", "told of neutral faces"),
        tuple(rows),
        "Smiles and frowns, each face read once. Faces called happy stand for smiles, those called angry, sad or "
        "disgusted for frowns: no pictures were to be had in which the movements themselves are marked.",
        source=made(document),
    )


def training(document: Document | None) -> Iterator[Block]:
    yield Heading("How our own model came about", level=2)
    if document is None:
        yield left_out("the runs of its training", "python -m tools.train")
        return
    rows = [
        (
            run["run"],
            run["note"],
            f"{run['epochs']}",
            f"{run['minutes']}",
            score(run["best"]["accuracy"]),
            score(run["best"]["macro_recall"]),
            score(run["best"]["calibration_error"]),
        )
        for run in document["runs"]
    ]
    yield Table(
        ("run", "what", "epochs", "minutes", "accuracy", "macro recall", "calibration error"),
        tuple(rows),
        "Every run of the training, in order, scored on the validation split before temperature was fitted.",
        left=(1,),
        source=f"{document['runs'][0]['machine']['date']}, `python -m tools.train`; "
        f"{document['runs'][0]['machine']['processor']}",
    )
