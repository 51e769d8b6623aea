"""requirements.lock is what pyproject.toml asks for, whole, and free of any registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import bootstrap, lock

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(text: str) -> dict[str, list[str]]:
    """Name to versions; there are two versions where the Pythons need different ones."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def test_the_lock_holds_what_the_project_asks_for() -> None:
    parts, project = bootstrap.sections(LOCK), SETTINGS["project"]
    wanted = {
        "build": SETTINGS["build-system"]["requires"],
        "core": project["dependencies"] + project["optional-dependencies"]["openvino"],
        "dev": SETTINGS["dependency-groups"]["dev"],
    }
    assert list(parts) == ["build", "core", "dev"]
    for number, section in enumerate(wanted):
        locked = pins("".join(list(parts.values())[: number + 1]))
        for requirement in map(Requirement, wanted[section]):
            versions = locked[canonicalize_name(requirement.name)]
            assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_the_lock_has_hashes_and_no_registry() -> None:
    for pin, entry in lock.blocks(LOCK).items():
        assert re.fullmatch(r"\S+==\S+( ; .+)?", pin), pin
        assert "--hash=sha256:" in entry, pin
    assert not re.search(r"https?:|file:|--index|--find-links| @ ", LOCK)


def test_each_package_is_locked_once_and_torch_never() -> None:
    named = [name for part in bootstrap.sections(LOCK).values() for name in pins(part)]
    assert len(named) == len(set(named))
    assert "torch" not in named
    assert "opencv-python" not in named


def test_the_lock_is_asked_for_what_the_project_asks_for() -> None:
    asked = tomllib.loads(lock.project(SETTINGS, ["av==18.1.0"]))
    assert asked["project"]["dependencies"] == SETTINGS["project"]["dependencies"]
    assert asked["dependency-groups"]["dev"] == SETTINGS["dependency-groups"]["dev"]
    assert set(SETTINGS["build-system"]["requires"]) < set(asked["dependency-groups"]["build"])
    assert asked["tool"]["uv"]["constraint-dependencies"] == ["av==18.1.0"]
