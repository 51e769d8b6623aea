"""What the program does and how right it is, as PDF and HTML: ``python -m tools.report [--evaluation FOLDER] …``.

The figures of how it works are made on the spot, from the demo's scene; those of accuracy are read from what
``python -m tools.evaluate --out FOLDER`` and ``python -m tools.compare --out FOLDER`` left in their folders, and from
the measured results beside the program. What was not given is left out, with the line that makes it. The report shows
people who were labelled, as their worst mistakes are pictures, unless ``--no-pictures`` is given.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from engines.errors import EngineError
from streamer.errors import ConfigError, SinkError, StreamerError
from streamer.paper.html import html
from streamer.paper.pdf import pdf
from tools.machine import machine
from tools.report.given import Given, evaluation_in, league_in, measured, pictures_in
from tools.report.observed import SPEC, Observed, observed
from tools.report.writing import paper_of

TITLE = "Groupmood: a report"
PDF, HTML = "report.pdf", "report.html"


def parsed(words: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        prog="python -m tools.report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--evaluation", type=Path, metavar="FOLDER", help="what tools.evaluate --out has written")
    parser.add_argument("--compare", type=Path, metavar="FOLDER", help="what tools.compare --out has written")
    parser.add_argument("--out", type=Path, metavar="FOLDER", default=Path("out/report"))
    parser.add_argument("--title", default=TITLE)
    parser.add_argument("--no-pictures", action="store_true", help="no pictures of people who were labelled")
    parser.add_argument("--scene", default=SPEC, metavar="SPEC", help=f"the made-up scene that is analysed ({SPEC})")
    parser.add_argument("--offline", action="store_true", help="fetch no weights")
    return parser, parser.parse_args(words)


def given_by(arguments: argparse.Namespace, scene: tuple[Observed | None, str], command: str) -> Given:
    """
    Raises:
        ConfigError: something that was named is not there, or not what it should be.
    """
    evaluated, compared = arguments.evaluation, arguments.compare
    return Given(
        title=arguments.title,
        command=command,
        machine=machine(),
        results=measured(),
        evaluation=evaluation_in(evaluated) if evaluated else None,
        pictures=pictures_in(evaluated) if evaluated else {},
        league=league_in(compared) if compared else None,
        league_pictures=pictures_in(compared) if compared else {},
        scene=scene[0],
        scene_fault=scene[1],
        people=not arguments.no_pictures,
    )


def watched(spec: str, *, offline: bool) -> tuple[Observed | None, str]:
    """The demo's scene, or why it cannot be analysed here."""
    try:
        return observed(spec, offline=offline), ""
    except (StreamerError, EngineError) as error:
        return None, str(error)


def command_of(words: Sequence[str]) -> str:
    """The line without folders of this machine."""
    names = [Path(word).name if "/" in word or "\\" in word else word for word in words]
    return shlex.join(["python", "-m", "tools.report", *names])


def written(given: Given, folder: Path) -> list[str]:
    """
    Raises:
        ConfigError: reportlab is not installed; the HTML is written all the same.
        SinkError: the folder cannot be written.
    """
    paper = paper_of(given)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / HTML).write_text(html(paper), "utf-8")
    except OSError as error:
        raise SinkError(f"{folder} cannot be written: {error.strerror}; name another with --out") from None
    try:
        pdf(paper, folder / PDF)
    except ConfigError as error:
        raise ConfigError(f"{error}; {HTML} is written") from None
    return [HTML, PDF]


def main(words: Sequence[str]) -> int:
    parser, arguments = parsed(words)
    console = Console(highlight=False)
    try:
        given_by(arguments, (None, ""), "")  # what was named is there: better known now than after a minute
        with Console(stderr=True).status("analysing the demo's scene"):
            scene = watched(arguments.scene, offline=arguments.offline)
        names = written(given_by(arguments, scene, command_of(words)), arguments.out)
    except StreamerError as error:
        parser.error(str(error))
    console.print(f"written: {arguments.out}: {', '.join(names)}", markup=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
