"""An evaluation and a league made by hand, for tests of what is written about them. No number occurs twice."""

from __future__ import annotations

from tools.compare.league import ClassifierRow, DetectorRow, League, Pair
from tools.evaluate.result import (
    ClassScores,
    DetectionScores,
    Evaluation,
    ExpressionScores,
    Mistake,
    SizeScores,
    SliceScores,
)
from tools.scores import Estimate

MACHINE = {
    "date": "2031-05-06",
    "processor": "an abacus of 9 beads",
    "system": "Slate, Python 3.11",
    "packages": "groupmood 0.1.0",
}
NOTES = ("one annotator only: how far people agree is not known", "disgust does not occur")


def around(value: float) -> Estimate:
    return Estimate(round(value, 3), round(value - 0.031, 3), round(value + 0.027, 3))


DETECTION = DetectionScores(
    frames=63,
    faces=171,
    found=152,
    wrong=19,
    iou=0.45,
    recall=around(0.889),
    precision=around(0.888),
    average_precision=around(0.871),
    sizes=(
        SizeScores(0, 16, 0, None, None),
        SizeScores(16, 24, 21, 0.571, 0.533),
        SizeScores(24, 48, 57, 0.912, 0.904),
        SizeScores(48, None, 93, 0.946, 0.939),
    ),
)


def expressions(accuracy: float) -> ExpressionScores:
    """Scores whose numbers all hang on the accuracy; six labels occur."""
    labels = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
    faces = (71, 43, 13, 11, 9, 0, 6, 0)
    classes = tuple(
        ClassScores(
            label,
            count,
            round(accuracy - 0.011 * place, 3) if count else None,
            round(accuracy - 0.017 * place, 3) if count else None,
            round(accuracy - 0.014 * place, 3) if count else None,
        )
        for place, (label, count) in enumerate(zip(labels, faces, strict=True))
    )
    return ExpressionScores(
        faces=153,
        people=38,
        accuracy=around(accuracy),
        macro_precision=around(accuracy - 0.1),
        macro_recall=around(accuracy - 0.15),
        macro_f1=around(accuracy - 0.13),
        cross_entropy=around(1.4 - accuracy),
        calibration_error=around(0.9 - accuracy),
        unsure=0.0654,
        classes=classes,
        confusion=(
            (58, 2, 1, 3, 1, 0, 0, 0, 6),
            (3, 37, 0, 0, 1, 0, 0, 0, 2),
            (1, 0, 11, 0, 0, 0, 1, 0, 0),
            (4, 0, 0, 6, 0, 0, 0, 0, 1),
            (2, 0, 0, 1, 6, 0, 0, 0, 0),
            (0, 0, 0, 0, 0, 0, 0, 0, 0),
            (0, 0, 3, 0, 0, 0, 2, 0, 1),
            (0, 0, 0, 0, 0, 0, 0, 0, 0),
        ),
    )


def evaluation(accuracy: float = 0.784, labels: str = "family.json") -> Evaluation:
    return Evaluation(
        labels=labels,
        detector="CenterFace, openvino CPU f32",
        classifier="Groupmood, openvino f32",
        images=14,
        videos=2,
        annotators=1,
        agreement=None,
        detection=DETECTION,
        reading=expressions(accuracy + 0.043),
        told=expressions(accuracy),
        slices=(
            SliceScores("size", "24–48 px", 47, 17, around(0.723), around(0.622), around(0.811)),
            SliceScores("glasses", "yes", 32, 8, around(0.656), around(0.545), around(0.917)),
        ),
        mistakes=(
            Mistake("album/a <b>&amp; c.jpg", 0, (611.0, 37.0, 688.0, 129.0), "no face", "face", 0.913),
            Mistake("album/party.mp4", 77, (214.0, 99.0, 263.0, 158.0), "sadness", "anger", 0.867),
            Mistake("album/party.mp4", 81, (17.0, 24.0, 36.0, 48.0), "happiness", "missed", 0.0),
        ),
        notes=NOTES,
        seconds={"detect": 0.0123, "classify": 0.0046},
        command=f"python -m tools.evaluate --labels {labels}",
        machine=MACHINE,
    )


def league() -> League:
    return League(
        labels="family.json",
        images=14,
        videos=2,
        frames=63,
        detectors=(
            DetectorRow("centerface", "CenterFace, openvino", True, milliseconds=13.5, scores=DETECTION),
            DetectorRow("ssd", "UltraFace", False, reason="its weights are not on this machine"),
        ),
        classifiers=(
            ClassifierRow("groupmood", "Groupmood, openvino", True, (), milliseconds=1.27, scores=expressions(0.795)),
            ClassifierRow("deepface", "DeepFace", False, ("contempt",), reason="its weights cannot be had"),
        ),
        pairs=(Pair("centerface", "groupmood", expressions(0.741)),),
        notes=NOTES,
        failed={"album/broken.jpg": "not a picture"},
        command="python -m tools.compare --labels family.json",
        machine=MACHINE,
    )
