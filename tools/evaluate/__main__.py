"""How right the program is on labelled pictures and videos: ``python -m tools.evaluate --labels FILE …``.

The labels come from ``python -m tools.label``. Everything runs on the analysis of a live run. With ``--out FOLDER``
there are figures, the worst mistakes and samples as pictures, and evaluation.json; the pictures show the people who
were labelled. Exit codes: 0 done; 2 wrong arguments or labels; 3 some media cannot be read and were left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress

from engines.errors import EngineError
from streamer.commands.analyze import DETECTOR
from streamer.commands.terminal import fetching
from streamer.config import Classifier
from streamer.errors import StreamerError
from tools.evaluate.asked import Asked, add_arguments, weights_of
from tools.evaluate.folder import NOTICE, usable
from tools.evaluate.following import FAILED, INTERRUPTED, following, printer, told
from tools.evaluate.judging import judge
from tools.evaluate.outputs import written_to
from tools.evaluate.tables import tables


def parsed(words: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        prog="python -m tools.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--detector", default=DETECTOR, metavar="NAME")
    parser.add_argument("--classifier", default=Classifier().card, metavar="CARD", help="a card's name, or its file")
    parser.add_argument("--min-score", type=float, metavar="0…1", help="what the detector takes for a face")
    return parser, parser.parse_args(words)


def asked_of(given: argparse.Namespace) -> Asked:
    """Raises:
    ConfigError: something is wrong with them.
    """
    files = weights_of(given.weights)
    return Asked(given.detector, given.classifier, files, given.min_score, given.rate, given.offline)


def main(words: Sequence[str]) -> int:
    parser, given = parsed(words)
    console = printer()
    try:
        asked = asked_of(given)
        if given.out:
            usable(given.out, force=given.force)
        with fetching() as fetched, Progress(console=Console(stderr=True), transient=True) as progress:
            judged = judge(given.labels, asked, following(progress, fetched))
        for table in tables(judged.evaluation):
            console.print(table)
        told(console, judged.failed)
        if given.out:
            names = written_to(judged, given.out)
            console.print(f"written: {given.out}: {', '.join(names)}", markup=False, soft_wrap=True)
            console.print(NOTICE.format(folder=given.out), markup=False, soft_wrap=True)
    except (StreamerError, EngineError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    return FAILED if judged.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
