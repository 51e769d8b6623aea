"""Label files looked at and turned into other forms: ``python -m tools.labelled check|export|import|merge``.

No file that exists is written over without --force.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from streamer.emotions import LABELS
from streamer.errors import ConfigError, StreamerError
from streamer.types import UNSURE
from tools.labelled.agreement import Agreement
from tools.labelled.changing import changed
from tools.labelled.coco import coco
from tools.labelled.coco_import import ANNOTATOR, from_coco
from tools.labelled.dlib_xml import from_dlib
from tools.labelled.document import LabelFile
from tools.labelled.media import MediaFolder, name_of
from tools.labelled.merging import Part, merged
from tools.labelled.reading import bytes_of, read
from tools.labelled.saving import check_new, save_new, write_new
from tools.labelled.summary import Summary, limits, outside, summary
from tools.labelled.table import table

_OUT = Console(highlight=False, soft_wrap=True)


def check(arguments: argparse.Namespace) -> int:
    """1 where a medium is missing or was changed, or a face lies outside of it."""
    labels = read(arguments.file)
    made = summary(labels)
    _OUT.print(escape("\n".join(counted(made))))
    if made.words:
        _OUT.print(words(made))
    for line in (*agreed(made.agreement), *(f"limit: {text}" for text in limits(made))):
        _OUT.print(escape(line))
    faults = (*media_faults(labels, arguments.file.parent), *outside(labels))
    for fault in faults:
        _OUT.print(escape(f"fault: {fault}"))
    return 1 if faults else 0


def export(arguments: argparse.Namespace) -> int:
    outs = [out for out in (arguments.coco, arguments.csv) if out is not None]
    if not outs:
        raise ConfigError("say what to export: --coco FILE, --csv FILE, or both")
    labels = read(arguments.file)
    for out in outs:
        check_new(out, force=arguments.force)
    if arguments.coco is not None:
        named = from_folder(labels, arguments.file.parent, arguments.coco.parent)
        text = json.dumps(coco(named), ensure_ascii=False, indent=1) + "\n"
        write_new(arguments.coco, text.encode(), force=arguments.force)
    if arguments.csv is not None:
        write_new(arguments.csv, table(labels).encode(), force=arguments.force)
    _written(outs)
    return 0


def import_(arguments: argparse.Namespace) -> int:
    check_new(arguments.out, force=arguments.force)
    source, folder = arguments.file, arguments.out.parent
    if bytes_of(source).lstrip().startswith(b"<"):
        labels = from_dlib(source, folder)
    else:
        labels = from_coco(source, folder, arguments.annotator, complete=arguments.complete)
    save_new(arguments.out, labels, force=arguments.force)
    _OUT.print(escape("\n".join(counted(summary(labels)))))
    _written([arguments.out])
    return 0


def merge(arguments: argparse.Namespace) -> int:
    check_new(arguments.out, force=arguments.force)
    result = merged([Part(path, read(path)) for path in arguments.files], arguments.out.parent)
    save_new(arguments.out, result.labels, force=arguments.force)
    for note in result.notes:
        _OUT.print(escape(f"note: {note}"))
    _OUT.print(escape("\n".join(counted(summary(result.labels)))))
    _written([arguments.out])
    return 0


def from_folder(labels: LabelFile, folder: Path, other: Path) -> LabelFile:
    """The media of a label file in ``folder``, named from another one: readers of COCO look beside the JSON."""
    media = (changed(medium, file=name_of(folder / medium.file, other)) for medium in labels.media)
    return changed(labels, media=tuple(media))


def counted(made: Summary) -> list[str]:
    return [
        f"{made.pictures} pictures, {made.videos} videos; {made.complete} complete",
        f"{made.faces} faces and {made.ignored} to be ignored; {made.unsaid} without an expression",
    ]


def words(made: Summary) -> Table:
    """How often each annotator said each expression, and what most see on the sampled frames."""
    sheet = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    sheet.add_column("expression", no_wrap=True)
    for name in made.words:
        sheet.add_column(escape(name), justify="right")
    sheet.add_column("looks (majority)", justify="right")
    for word in (*LABELS, UNSURE):
        looks = made.undecided if word == UNSURE else made.looks[word]
        sheet.add_row(word, *(str(said[word]) for said in made.words.values()), str(looks))
    return sheet


def agreed(made: Agreement) -> list[str]:
    lines = []
    for pair in made.pairs:
        if pair.agreed is None:
            lines.append(f"{pair.one} and {pair.other}: no face of which both said something")
            continue
        kappa = "cannot be told, both say one word only" if pair.kappa is None else f"{pair.kappa:.2f}"
        lines.append(f"{pair.one} and {pair.other}: agree on {pair.agreed:.0%} of {pair.looks} looks, kappa {kappa}")
    if made.kappa is not None and len(made.pairs) > 1:
        lines.append(f"mean kappa {made.kappa:.2f}")
    return lines


def media_faults(labels: LabelFile, folder: Path) -> list[str]:
    """What is wrong with the pictures and videos themselves."""
    faults = []
    with MediaFolder(folder) as media:
        for medium in labels.media:
            try:
                media.path(medium)
            except ConfigError as error:
                faults.append(str(error))
    return faults


def _written(paths: Sequence[Path]) -> None:
    for path in paths:
        _OUT.print(escape(f"written: {path}"))


def parser_of() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.labelled", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("check", help="what is in a label file, and what an evaluation with it cannot tell")
    one.set_defaults(run=check)
    one.add_argument("file", type=Path, metavar="FILE")
    one = commands.add_parser("export", help="write the labels as COCO JSON or CSV")
    one.set_defaults(run=export)
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument("--coco", type=Path, metavar="OUT")
    one.add_argument("--csv", type=Path, metavar="OUT")
    one.add_argument("--force", action="store_true", help="write over files that exist")
    one = commands.add_parser(
        "import", help="make a label file of dlib's XML or of COCO JSON, lying beside its pictures"
    )
    one.set_defaults(run=import_)
    one.add_argument("file", type=Path, metavar="XML|COCO")
    one.add_argument("--annotator", default=ANNOTATOR, help="who said the expressions in it (COCO)")
    one.add_argument("--complete", action="store_true", help="every face in its pictures is marked (COCO)")
    _out(one)
    one = commands.add_parser("merge", help="make one of the files of several annotators over the same pictures")
    one.set_defaults(run=merge)
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    _out(one)
    return parser


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--force", action="store_true", help="write over a file that exists")


def main(given: Sequence[str]) -> int:
    parser = parser_of()
    arguments = parser.parse_args(given)
    try:
        result: int = arguments.run(arguments)
    except StreamerError as error:
        parser.exit(2, f"{parser.prog} {arguments.command}: {error}\n")
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
