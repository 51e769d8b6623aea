"""Detectors × classifiers on the same labelled pictures: ``python -m tools.compare --labels FILE …``.

Right and fast, side by side: each detector and each classifier alone, and each with each from the picture to what is
said. With ``--out FOLDER`` there are league.json, league.md and figures. ``--card OUT.yaml`` writes a card of one's
own: that of ``--base``, told how it reads these faces; use it with ``groupmood run --classifier OUT.yaml``. Exit codes:
0 done; 2 wrong arguments or labels; 3 some media cannot be read and were left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from engines.cards import load_card
from engines.errors import EngineError
from streamer.commands.terminal import fetching
from streamer.config import Classifier
from streamer.errors import ConfigError, StreamerError
from tools.compare import plots, user_card
from tools.compare.league import League
from tools.compare.playing import Played, play
from tools.compare.rivals import Contest
from tools.compare.tables import grids, limits, markdown, printed
from tools.evaluate.asked import add_arguments, weights_of
from tools.evaluate.folder import usable, writing
from tools.evaluate.following import FAILED, INTERRUPTED, following, printer
from tools.evaluate.written import rounded, text
from tools.labelled.sampling import RATE

DETECTORS = ("mediapipe", "yunet", "centerface")
CLASSIFIERS = ("groupmood", "mini_xception")


def several(word: str) -> tuple[str, ...]:
    """Names with commas between them, each once."""
    return tuple(dict.fromkeys(name.strip() for name in word.split(",") if name.strip()))


def parsed(words: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        prog="python -m tools.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--detectors", type=several, default=DETECTORS, metavar="A,B", help=", ".join(DETECTORS))
    parser.add_argument("--classifiers", type=several, default=CLASSIFIERS, metavar="X,Y", help=", ".join(CLASSIFIERS))
    parser.add_argument("--card", type=Path, metavar="OUT.yaml", help="write a card for these pictures; must be new")
    parser.add_argument("--base", default=Classifier().card, metavar="CARD", help="the model that it is of")
    return parser, parser.parse_args(words)


def contest_of(given: argparse.Namespace) -> Contest:
    """The base of a card takes part, whether it was named or not.

    Raises:
        ConfigError: something is wrong with the arguments.
    """
    base = (given.base,) if given.card else ()
    classifiers = tuple(dict.fromkeys((*given.classifiers, *base)))
    files = weights_of(given.weights)
    return Contest(
        given.labels, given.detectors, classifiers, files, given.rate, given.offline, command(given, classifiers)
    )


def command(given: argparse.Namespace, classifiers: Sequence[str]) -> str:
    """The line that does it again, without folders of this machine."""
    readers = ",".join(Path(name).name for name in classifiers)
    words = ["--labels", given.labels.name, "--detectors", ",".join(given.detectors), "--classifiers", readers]
    for word in given.weights:
        name, _, file = word.partition("=")
        words += ["--weights", f"{name}={Path(file).name}"]
    words += [] if given.rate == RATE else ["--rate", f"{given.rate:g}"]
    words += ["--card", given.card.name, "--base", Path(given.base).name] if given.card else []
    return " ".join(["python -m tools.compare", *words])


def checked(given: argparse.Namespace) -> Contest:
    """A look at what would only fail after minutes.

    Raises:
        StreamerError, EngineError: it would.
    """
    contest = contest_of(given)
    if given.out:
        usable(given.out, force=given.force)
    if given.card:
        user_card.check(given.card)
        load_card(given.base)
    return contest


def written_to(league: League, folder: Path) -> list[str]:
    """
    Raises:
        SinkError: it cannot be written.
    """
    with writing(folder):
        (folder / "league.json").write_text(text(rounded(asdict(league))), "utf-8")
        (folder / "league.md").write_text(markdown(league), "utf-8")
        return ["league.json", "league.md", *plots.draw(league, folder)]


def carded(given: argparse.Namespace, played: Played, console: Console) -> None:
    """
    Raises:
        ConfigError: the base was not run, or no face has a label that it knows.
        SinkError: the card cannot be written.
    """
    if given.base not in played.readings:
        reasons = [row.reason for row in played.league.classifiers if row.name == given.base]
        raise ConfigError(f"no card is written, for {given.base} was not run: {reasons[0]}")
    made = user_card.user_card(load_card(given.base), played.readings[given.base], given.labels)
    user_card.write(made, given.card)
    console.print(f"written: {given.card}; use it with --classifier {given.card}", markup=False, soft_wrap=True)


def shown(league: League, console: Console) -> None:
    for grid in grids(league):
        console.print(printed(grid))
    for line in limits(league):
        console.print(f"note: {line}", markup=False, style="yellow")


def main(words: Sequence[str]) -> int:
    parser, given = parsed(words)
    console = printer()
    try:
        contest = checked(given)
        with fetching() as fetched, Progress(console=Console(stderr=True), transient=True) as progress:
            played = play(contest, following(progress, fetched))
        shown(played.league, console)
        if given.out:
            console.print(f"written: {given.out}: {', '.join(written_to(played.league, given.out))}", markup=False)
        if given.card:
            carded(given, played, console)
    except (StreamerError, EngineError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    return FAILED if played.league.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
