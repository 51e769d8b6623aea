"""Train the emotion model: ``python -m tools.train [--settings FILE.yaml] [--run FOLDER] [--data FOLDER]``.

Started again with the same folder, it goes on after the last whole epoch. torch comes with the extra ``train``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from streamer.errors import ConfigError
from tools.places import DATA
from tools.train import curves, data, settings

NOT_COPIED = (settings.BEFORE, settings.teacher(0)[:-1] + "*", settings.COPIES)
"""What a finished run is no longer in need of."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=Path, default=settings.DEFAULT)
    parser.add_argument("--run", type=Path, default=Path("out/train"), help="folder of the checkpoint and the curves")
    parser.add_argument("--data", type=Path, default=DATA / "ferplus", help="folder of train.npz and valid.npz")
    arguments = parser.parse_args()
    for name in ("train.npz", "valid.npz"):
        if not (arguments.data / name).is_file():
            parser.error(f"{arguments.data / name} is not there; name FER+ as .npz with --data")
    try:
        from tools.train import best, fit
    except ModuleNotFoundError as error:
        parser.error(f"{error}; training needs the extra: pip install 'groupmood[train]'")
    try:
        chosen = settings.load(arguments.settings)
        valid = data.read(arguments.data / "valid.npz")
        everything = data.without(data.read(arguments.data / "train.npz"), valid)
        faces, aside = data.split(everything, chosen.data.held_out, chosen.data.split_seed)
        print(f"{len(faces)} faces to train on, {len(aside)} kept aside, {int(valid.agreed.sum())} to validate on")
        made: dict[str, Path] = {}
        for run, folder in reversed(list(chain(chosen, arguments.run, best.made_elsewhere))):
            if not copied(run, folder, made):
                fit.Run(run, faces, folder).train(valid, lambda line: print(line, flush=True))
        print(f"curves: {curves.draw(arguments.run)}")
    except (settings.SettingsError, ConfigError) as error:
        parser.error(str(error))
    return 0


def copied(run: settings.Settings, folder: Path, made: dict[str, Path]) -> bool:
    """Whether the same run was made in another folder already; then this one has it too. ``made``: by its digest."""
    first = made.setdefault(run.digest(), folder)
    if first == folder:
        return False
    if not folder.exists():
        shutil.copytree(first, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return True


def chain(
    chosen: settings.Settings, folder: Path, there: Callable[[settings.Settings, Path], bool]
) -> Iterator[tuple[settings.Settings, Path]]:
    """A run and its folder, then those that it needs, and so on, but for those that are ``there`` already."""
    if there(chosen, folder):
        return
    yield chosen, folder
    for number, run in enumerate(chosen.teachers or (), 1):
        yield from chain(run, folder / settings.teacher(number), there)
    if chosen.before is not None:
        yield from chain(chosen.before, folder / settings.BEFORE, there)


if __name__ == "__main__":
    sys.exit(main())
