"""The whole report, chapter by chapter."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.paper.blocks import Block, Paper
from tools.report.challenges import challenges
from tools.report.comparison import comparison
from tools.report.ending import future, limits, origins
from tools.report.given import Given
from tools.report.how import how
from tools.report.individuals import individuals
from tools.report.models import models
from tools.report.recorded import recorded
from tools.report.scored import scored
from tools.report.summary import summary

SUBTITLE = "The mood of a group on video: how it works, how right it is, and what it cannot say"
FOOT = "Groupmood · apparent expressions, never feelings"


def paper_of(given: Given) -> Paper:
    return Paper(given.title, SUBTITLE, tuple(facts(given)), tuple(blocks(given)), FOOT)


def facts(given: Given) -> Iterator[tuple[str, str]]:
    yield "Made", f"{given.machine.get('date', '')} by `{given.command}`"
    yield "On", "; ".join(given.machine[key] for key in ("processor", "system") if given.machine.get(key))
    made = given.evaluation
    if made is not None:
        yield "Labelled", f"`{made.labels}`, looked at by {made.detector} and {made.classifier}"


def blocks(given: Given) -> Iterator[Block]:
    yield from summary(given)
    yield from how(given)
    yield from individuals(given)
    yield from models(given)
    if given.evaluation is not None:
        yield from scored(given, given.evaluation)
    yield from recorded(given)
    yield from comparison(given)
    yield from challenges(given)
    yield from limits(given)
    yield from future(given)
    yield from origins(given)
