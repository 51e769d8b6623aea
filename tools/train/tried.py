"""Write down what a run was and what it gave: ``python -m tools.train.tried --run FOLDER --note TEXT``.

One object for each run is added to tools/results/training.json: its settings as far as they differ from the shipped
ones, its length, and the scores of its best epoch on the validation split, uncalibrated. A run that is written down
again takes its old place.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tools.machine import machine
from tools.train.settings import DEFAULT, Settings, SettingsError, load

OUT = Path(__file__).parent.parent / "results" / "training.json"


def entry(name: str, note: str, chosen: Settings, log: str) -> dict[str, Any]:
    """``log``: the lines of the run's epochs.jsonl.

    Raises:
        SettingsError: no epoch has ended.
    """
    epochs = [json.loads(line) for line in log.splitlines()]
    if not epochs:
        raise SettingsError(f"{name} has no epoch yet: train first")
    best = max(epochs, key=lambda one: (one["accuracy"], one["epoch"]))
    return {
        "run": name,
        "note": note,
        "settings": differing(chosen.model_dump(mode="json"), load(DEFAULT).model_dump(mode="json")),
        "epochs": len(epochs),
        "minutes": round(sum(one["seconds"] for one in epochs) / 60),
        "best": {key: best[key] for key in ("epoch", "accuracy", "macro_recall", "cross_entropy", "calibration_error")},
        "machine": machine(),
    }


def differing(chosen: dict[str, Any], shipped: dict[str, Any]) -> dict[str, Any]:
    """The settings that are not as shipped, by part."""
    parts = {
        part: {key: value for key, value in chosen[part].items() if value != shipped[part].get(key)}
        for part in ("network", "data", "augmentation", "fit")
    }
    return {part: values for part, values in parts.items() if values}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--settings", type=Path, default=DEFAULT)
    parser.add_argument("--note", required=True, help="what was tried")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    try:
        log = (arguments.run / "epochs.jsonl").read_text("utf-8")
        new = entry(arguments.run.name, arguments.note, load(arguments.settings), log)
    except OSError as error:
        parser.error(f"{arguments.run} holds no run: {error.strerror}")
    except SettingsError as error:
        parser.error(str(error))
    old = json.loads(arguments.out.read_text("utf-8"))["runs"] if arguments.out.is_file() else []
    runs = [*(one for one in old if one["run"] != new["run"]), new]
    arguments.out.write_text(json.dumps({"runs": runs}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"written: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
