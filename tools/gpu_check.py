"""Everything that needs a GPU, within eight minutes: ``python -m tools.gpu_check [--record] [--out FILE.json]``.

Each group of checks runs in a process of its own (``tools.gpu_sections``), so that one that crashes, hangs or fails is
recorded and the others go on. Without a GPU it says why and exits with 3; with ``--out`` it does before what needs
none. Exit 1: a check failed.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from engines import ran
from tools.gpu_sections import Given, Outcome, Section, run
from tools.machine import machine
from tools.places import DATA

OUT = Path(__file__).parent / "results" / "gpu.json"

NO_GPU = 3

TOTAL = 480.0
"""Seconds for all sections together."""

SECTIONS = (
    Section("driver", "tools.gpu_machine:gpus", 30, needs_gpu=False),
    Section("packages", "tools.gpu_machine:packages", 30, needs_gpu=False),
    Section("capabilities", "tools.gpu_machine:capabilities", 60, needs_gpu=False),
    Section("models", "tools.gpu_plans:models", 60),
    Section("engines", "tools.gpu_plans:engines", 150),
    Section("pitfalls", "tools.gpu_pitfalls:pitfalls", 60),
    Section("speed", "tools.gpu_speed:speed", 120),
    Section("frames", "tools.gpu_frames:frames", 90),
    Section("accuracy", "tools.gpu_accuracy:accuracy", 90),
    Section("torch", "tools.gpu_torch:torch_reference", 60),
    Section("tests", "tools.gpu_tests:tests", 150),
)
"""In this order; the first says whether there is a GPU at all."""


def outcomes(given: Given, sections: Sequence[Section], total: float = TOTAL) -> Iterator[Outcome]:
    """Each section's as it ends. The first decides whether those that need a GPU are done; none goes on after
    ``total`` seconds."""
    end = time.monotonic() + total
    first = run(sections[0], given)
    yield first
    for section in sections[1:]:
        left = end - time.monotonic()
        if section.needs_gpu and first.state != "passed":
            yield Outcome(section.name, "skipped", "it needs a GPU, and there is none", 0.0)
        elif left <= 0:
            yield Outcome(section.name, "skipped", f"the {total:.0f} s for all checks were over", 0.0)
        else:
            yield run(section, given, left)


def document(done: Sequence[Outcome], words: Sequence[str], given: Given) -> dict[str, Any]:
    """What is kept: ``gpu`` None where there is none, ``why`` then says so."""
    first = done[0]
    found = next((row for row in first.rows if row["index"] == given.gpu), None) if first.state == "passed" else None
    return {
        "command": " ".join(["python -m tools.gpu_check", *map(shlex.quote, words)]),
        "machine": machine(),
        "data": "the demo's portraits and scene" + (f", {given.frames.name}" if given.frames else ""),
        "gpu": found,
        "why": "" if found else first.reason,
        "seconds": round(sum(one.seconds for one in done), 1),
        "sections": [one.to_json() for one in done],
    }


def record(results: Mapping[str, Any], path: Path = ran.PATH) -> dict[str, str]:
    """Add a line for each backend whose checks ran without a failure; what was done, by backend."""
    text = path.read_text("utf-8")
    known: dict[str, list[str]] = yaml.safe_load(text)
    said = {}
    for backend, lines in known.items():
        line, why = line_of(results, backend)
        said[backend] = why or line
        if line and line not in lines:
            lines.append(line)
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    path.write_text(head + yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=1000), "utf-8")
    return said


def line_of(results: Mapping[str, Any], backend: str) -> tuple[str, str]:
    """The line, or '' and why there is none."""
    rows = [row for section in results["sections"] for row in section["rows"] if row.get("backend") == backend]
    failed = [row["failed"] for row in rows if "failed" in row]
    engines = [row for row in rows if "build_seconds" in row]
    gpu = results["gpu"]
    if gpu is None or failed or not engines:
        return "", f"not recorded: {failed[0] if failed else results['why'] or 'no engine of it ran'}"
    version = engines[0]["version"]
    return (
        f"{gpu['gpu']}, compute capability {gpu['capability']}, {gpu['driver']}, {backend} {version}, "
        f"{results['machine']['date']}"
    ), ""


def shown(done: Outcome) -> str:
    line = f"{done.name}: {done.state} in {done.seconds:.1f} s, {len(done.rows)} rows"
    if done.state == "passed":
        return line
    return f"{line}: {done.reason}" + (f"\n{done.log}" if done.state == "failed" else "")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="add what ran to engines/ran.yaml")
    parser.add_argument("--out", type=Path, help=f"where the results go; {OUT.name} beside the others by default")
    parser.add_argument("--frames", type=Path, help="a video or a folder of pictures, besides the synthetic scene")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder that has ferplus/valid.npz")
    parser.add_argument("--gpu", type=int, default=0, help="its number")
    names = [section.name for section in SECTIONS]
    parser.add_argument("--section", action="append", choices=names, help="only this one; may be given several times")
    given = parser.parse_args(words)
    if given.frames is not None and not given.frames.exists():
        parser.error(f"{given.frames} is not there; name a video or a folder of pictures with --frames")
    return given


def main(words: Sequence[str], sections: Sequence[Section] = SECTIONS, total: float = TOTAL) -> int:
    """0; 1 where a check failed; 3 where there is no GPU."""
    asked = arguments(words)
    wanted = [one for one in sections if one is sections[0] or asked.section is None or one.name in asked.section]
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
        given = Given(Path(folder), asked.data.resolve(), asked.gpu, asked.frames and asked.frames.resolve())
        done: list[Outcome] = []
        for one in outcomes(given, wanted, total):
            done.append(one)
            if asked.out is None and done[0].state != "passed":
                print(f"no GPU to check: {one.reason}")
                return NO_GPU
            print(shown(one), flush=True)
    results = document(done, words_without_folders(words), given)
    out = asked.out or (OUT if asked.section is None else None)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    if asked.record:
        print("\n".join(f"{backend}: {said}" for backend, said in record(results).items()))
    if results["gpu"] is None:
        print(f"no GPU to check: {results['why']}")
        return NO_GPU
    return int(any(one.state == "failed" for one in done))


def words_without_folders(words: Sequence[str]) -> list[str]:
    """No folder of this machine belongs into a file that is kept."""
    return [Path(word).name if "/" in word or "\\" in word else word for word in words]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
