"""Every detector on group pictures and on clips: ``python -m tools.detectors [--data FOLDER] [--without NAME …]``.

The pictures and their boxes are dlib's examples, drawn as dlib wants them; of the clips YuNet's boxes were followed
through with ``python -m tools.label`` and looked at by a person, who found nothing to correct. Both therefore lean a
little towards those detectors.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from engines.errors import EngineError
from streamer.commands.terminal import fetching
from streamer.errors import StreamerError
from streamer.registry import DETECTORS
from tools.compare.playing import play
from tools.compare.rivals import Contest
from tools.compare.tables import detectors, printed
from tools.evaluate.following import following
from tools.evaluate.written import rounded
from tools.labelled.dlib_xml import from_dlib
from tools.labelled.document import LabelFile
from tools.labelled.media import name_of
from tools.labelled.reading import read
from tools.labelled.saving import save_new
from tools.places import DATA

RESULTS = Path(__file__).parent / "results"
CLIPS = RESULTS / "clip-labels.json"
XML = ("training.xml", "testing.xml")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="a detector to leave out")
    parser.add_argument("--out", type=Path, default=RESULTS / "detectors.json")
    given = parser.parse_args(words)
    names = tuple(name for name in DETECTORS if name not in given.without)
    try:
        leagues = dict(played(given.data, names))
    except (StreamerError, EngineError) as error:
        parser.error(str(error))
    given.out.write_text(json.dumps(leagues, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    print(f"written: {given.out}")


def played(data: Path, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Each set of media by its name, and what was found on it.

    Raises:
        ConfigError: the media or their labels cannot be read.
        EngineError: a model fails while it runs.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        sets = {"group pictures": pictures(data, folder), "clips": clips(data, folder)}
        for name, labels in sets.items():
            path = folder / f"{name}.json"
            save_new(path, labels)
            contest = Contest(path, names, ("groupmood",), command="python -m tools.detectors")
            with fetching() as fetched, Progress(console=Console(stderr=True), transient=True) as progress:
                league = play(contest, following(progress, fetched)).league
            Console().print(printed(detectors(league.detectors)))
            yield name, rounded(asdict(league)) | {"data": name}


def pictures(data: Path, folder: Path) -> LabelFile:
    parts = [from_dlib(data / "faces" / name, folder) for name in XML]
    return LabelFile(annotators=parts[0].annotators, media=tuple(medium for part in parts for medium in part.media))


def clips(data: Path, folder: Path) -> LabelFile:
    """The labels of the clips for a file in ``folder``."""
    labels = read(CLIPS)
    media = [medium.model_copy(update={"file": name_of(data / medium.file, folder)}) for medium in labels.media]
    return labels.model_copy(update={"media": tuple(media)})


if __name__ == "__main__":
    main()
