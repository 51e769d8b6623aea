"""The first page: what came out, and what it does not say."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cards import Card, card_names, load_card
from streamer.config import Classifier
from streamer.emotions import LABELS
from streamer.paper.blocks import Block, Bullets, Callout, Figures, Heading, Text
from tools.evaluate.result import Evaluation, ExpressionScores
from tools.report.given import Given
from tools.report.words import ROOM_SURE, SURE, between, counted, left_out, score, sentence, share

Item = tuple[str, str, str]


def summary(given: Given) -> Iterator[Block]:
    yield Heading("Summary and limits")
    yield Callout(
        f"Groupmood says which of {counted(len(LABELS), 'word')} most people would choose for the expression on a "
        "face, and sums that up for a room. **It does not know what anybody feels**, and none of these numbers is a "
        "verdict on a single person."
    )
    if items := [*evaluated(given.evaluation), *recorded(given)][:8]:
        yield Figures(tuple(items))
    yield Text(answer(given))
    if given.evaluation is None:
        yield left_out("scores on labelled pictures", "python -m tools.evaluate --labels FILE --out FOLDER")
    yield Bullets(tuple(limits(given)))


def answer(given: Given) -> str:
    """In a few sentences what was found."""
    made = given.evaluation
    what = (
        "The program keeps everybody it sees apart, reads each face again and again, says “unsure” where nothing can "
        f"be told, and shows one number for the room with its {ROOM_SURE} interval. "
    )
    if made is None:
        return what + "No labelled pictures were given to this report: what it says of accuracy was measured before."
    media = " and ".join(
        counted(number, word) for number, word in ((made.images, "picture"), (made.videos, "video")) if number
    )
    found = f"On {media} that {counted(made.annotators, 'annotator')} labelled it found {made.detection.found} of "
    return f"{what}{found}{counted(made.detection.faces, 'face')}{read(made)}."


def read(made: Evaluation) -> str:
    if made.told is None:
        return f", with {counted(made.detection.wrong, 'box', 'boxes')} where no face is; no expression was labelled"
    told = f", and said the expression of {share(made.told.accuracy.value)} of those that annotators could tell rightly"
    return f"{told}; of {share(made.told.unsure)} it said nothing"


def evaluated(made: Evaluation | None) -> Iterator[Item]:
    """The large numbers of an evaluation."""
    if made is None:
        return
    detection = made.detection
    if detection.recall is not None:
        below = f"{detection.found} of {detection.faces}; {between(detection.recall)}"
        yield share(detection.recall.value), "of the faces found", below
    yield f"{detection.wrong}", "boxes where no face is", f"in {counted(detection.frames, 'frame')} looked at"
    scores: ExpressionScores | None = made.told or made.reading
    if scores is not None:
        way = "as the program says it" if made.told else "on the labelled boxes"
        yield score(scores.accuracy.value), f"accuracy, {way}", f"{scores.faces} faces; {between(scores.accuracy)}"
        yield score(scores.macro_f1.value), f"macro F1, {way}", between(scores.macro_f1)


def recorded(given: Given) -> Iterator[Item]:
    """Those of what was measured before."""
    if "accuracy" in given.results:
        scores = given.results["accuracy"]["models"][0]["scores"]
        below = f"{scores['faces']} faces; {between(scores['accuracy'])}"
        yield score(scores["accuracy"]["value"]), f"accuracy, {given.results['accuracy']['data']}", below
        error = scores["calibration_error"]
        yield score(error["value"]), "calibration error there", between(error)
    if "rooms" in given.results:
        room = given.results["rooms"]["rooms"][-1]
        below = f"{share(room['uncorrected'])} without the correction; {room['rooms']} simulated rooms"
        yield share(room["misassigned"]), "of people counted wrongly", below
    if "benchmark" in given.results:
        live = given.results["benchmark"]["live"][0]
        below = (
            f"{counted(live['faces'], 'face')} at {live['fps']:.0f} frames a second; median {live['age_p50']:.0f} ms"
        )
        yield f"{live['age_p95']:.0f} ms", f"age that {SURE} of live results keep", below


def limits(given: Given) -> Iterator[str]:
    """What the figures above cannot say; those of the evaluation first."""
    if given.evaluation is not None:
        yield from map(sentence, given.evaluation.notes)
    card = card_of(given)
    if card is not None and card.limits:
        yield f"{card.title}, the expression model. {card.limits}"
    gpu = given.results.get("gpu")
    if gpu is not None and gpu["gpu"] is None:
        yield f"Nothing here was run on a GPU: {gpu['why'].partition(' (')[0]}."
    if "rooms" in given.results:
        yield f"The {given.results['rooms']['rooms'][-1]['rooms']} rooms of known truth are simulated, not filmed."


def card_of(given: Given) -> Card | None:
    """Of the classifier that was evaluated, or of the default one; None where it is nobody's that comes with us."""
    if given.evaluation is None:
        return load_card(Classifier().card)
    name = given.evaluation.classifier.partition(",")[0]
    return next((card for card in map(load_card, card_names()) if card.title == name), None)
