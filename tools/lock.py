"""Make requirements.lock again: ``python -m tools.lock [--upgrade]``. Needs ``uv`` on PATH.

The lock is one file in three sections, each package in the first that wants it: ``build`` (what pip needs to install
the rest without an isolated, unlocked build), ``core`` (the product with OpenVINO, the web, reports, dlib and MQTT) and
``dev`` (the checks). It holds for every Python and system of pyproject.toml, names no registry, and carries the hash of
every file. Versions stay as they are unless pyproject.toml forbids them or ``--upgrade`` is given.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BUILD = ("editables>=0.5", "pip>=24", "setuptools>=77")
"""Beside pyproject's build-system: hatchling asks for editables, filterpy (norfair's, source only) for setuptools."""

SECTIONS = {
    "build": ("--only-group", "build"),
    "core": (
        "--no-dev",
        "--extra",
        "openvino",
        "--extra",
        "web",
        "--extra",
        "report",
        "--extra",
        "dlib",
        "--extra",
        "mqtt",
    ),
    "dev": ("--only-group", "dev"),
}
EXTRAS = ("openvino", "web", "report", "dlib", "mqtt")
"""The extras that are locked; the others (torch for training) are for who asks for them."""

HEAD = """\
# Every package that Groupmood installs, with the hashes of its files, for Python {pythons}.
# Made by `python -m tools.lock`; do not edit. Installed by `python3 tools/bootstrap.py`, or by hand:
# pip install --require-hashes -r requirements.lock
"""


def project(settings: dict[str, Any], pins: Sequence[str]) -> str:
    """A pyproject.toml that asks for the same packages, with what the build needs as a group of its own."""
    own = settings["project"]
    groups = settings["dependency-groups"] | {"build": [*settings["build-system"]["requires"], *BUILD]}
    lines = [
        "[project]",
        *(f"{key} = {json.dumps(own[key])}" for key in ("name", "version", "requires-python", "dependencies")),
        "[project.optional-dependencies]",
        *(f"{name} = {json.dumps(own['optional-dependencies'][name])}" for name in EXTRAS),
        "[dependency-groups]",
        *(f"{name} = {json.dumps(wanted)}" for name, wanted in groups.items()),
        "[tool.uv]",
        f"constraint-dependencies = {json.dumps(list(pins))}",
    ]
    return "\n".join(lines) + "\n"


def blocks(text: str) -> dict[str, str]:
    """The entries of a requirements file by name and marker, hashes included, comments left out."""
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    entries = re.findall(r"^\S.*\n(?: .*\n)*", text, flags=re.MULTILINE)
    return {entry.partition("\\")[0].strip(): entry for entry in entries}


def pin(key: str) -> str:
    """Name and version of an entry, whatever the systems it is for."""
    return key.partition(";")[0].strip()


def resolve(folder: Path, options: Sequence[str]) -> str:
    """What uv exports for the project in ``folder``.

    Raises:
        SystemExit: uv found no set of versions; it has said why.
    """
    command = ["uv", "export", "--project", str(folder), "--format", "requirements.txt", "--no-emit-project"]
    command += ["--no-header", "--no-annotate", *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        raise SystemExit("no lock was made: uv found no set of versions, or could not reach the package index (above)")
    return done.stdout


def lock(settings: dict[str, Any], old: str) -> str:
    """The text of a new lock; ``old`` gives the versions to keep, '' for none."""
    parts = [HEAD.format(pythons=settings["project"]["requires-python"])]
    known: set[str] = set()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "pyproject.toml").write_text(project(settings, list(blocks(old))), encoding="utf-8")
        for section, options in SECTIONS.items():
            entries = {key: entry for key, entry in blocks(resolve(folder, options)).items() if pin(key) not in known}
            parts += [f"\n# == {section} ==\n", *(entries[key] for key in sorted(entries))]
            known |= {pin(key) for key in entries}
    return "".join(parts)


def main() -> None:
    """Write requirements.lock and say what changed."""
    if shutil.which("uv") is None:
        raise SystemExit("python -m tools.lock needs uv, which is not on PATH: pip install uv")
    path = ROOT / "requirements.lock"
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    after = lock(settings, "" if "--upgrade" in sys.argv[1:] else before)
    path.write_text(after, encoding="utf-8", newline="\n")
    gone, come = (
        sorted(blocks(before).keys() - blocks(after).keys()),
        sorted(blocks(after).keys() - blocks(before).keys()),
    )
    print("\n".join([*(f"- {pin}" for pin in gone), *(f"+ {pin}" for pin in come)]) or "nothing changed")


if __name__ == "__main__":
    main()
