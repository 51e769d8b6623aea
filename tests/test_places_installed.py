"""Weights that an installed package carries."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from engines.cache import fetch, read_verified
from engines.cards import Card, Installed, Place, load_card
from engines.errors import ModelMissing, ModelRejected
from engines.places import from_installed, get, named
from tests.tiny_models import emotion_card

DATA = b"weights of a tiny model" * 20
RAISES = "raise RuntimeError('a package must not be imported for its weights')\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of ``carrier``, with a part ``carrier.inner`` and a module ``alone`` beside it, none of which may be
    imported."""
    site = tmp_path / "site"
    inner = site / "carrier" / "inner"
    inner.mkdir(parents=True)
    for module in (site / "carrier" / "__init__.py", inner / "__init__.py", site / "alone.py"):
        module.write_text(RAISES)
    (site / "carrier" / "data").mkdir()
    (site / "carrier" / "data" / "model.bin").write_bytes(DATA)
    (inner / "model.bin").write_bytes(DATA)
    (site / "secret.bin").write_bytes(DATA)
    monkeypatch.syspath_prepend(str(site))
    return site / "carrier"


def installed(module: str, member: str) -> Installed:
    return Installed(module=module, member=member)


def card(module: str = "carrier", member: str = "data/model.bin") -> Card:
    place: dict[str, Any] = {"installed": {"module": module, "member": member}}
    facts = {"places": [place], "sha256": hashlib.sha256(DATA).hexdigest(), "size": len(DATA), "file": "model.bin"}
    return emotion_card(**facts)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(("module", "member"), [("carrier", "data/model.bin"), ("carrier.inner", "model.bin")])
def test_the_file_is_read_and_nothing_imported(module: str, member: str) -> None:
    assert from_installed(installed(module, member), len(DATA)) == DATA
    assert "carrier" not in sys.modules


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("module", "member", "reason"),
    [
        ("carrier", "data/other.bin", "the installed package carrier has no data/other.bin"),
        ("carrier", "data", "has no data"),
        ("carrier.outer", "model.bin", r"the package carrier\.outer is not installed"),
        ("nowhere", "model.bin", "the package nowhere is not installed"),
        ("nowhere.at.all", "model.bin", r"the package nowhere\.at\.all is not installed"),
        ("alone", "secret.bin", "the package alone is not installed"),  # a module without a folder of its own
    ],
)
def test_what_is_not_there_is_missing(module: str, member: str, reason: str) -> None:
    with pytest.raises(ModelMissing, match=reason):
        from_installed(installed(module, member), len(DATA))


def test_nothing_outside_the_package_is_read(package: Path) -> None:
    for member in ("../secret.bin", "data/../../secret.bin", str(package.parent / "secret.bin")):
        with pytest.raises(ModelRejected, match="is not a file inside the package carrier"):
            from_installed(installed("carrier", member), len(DATA))


@pytest.mark.usefixtures("package")
def test_a_larger_file_than_the_card_says_is_refused() -> None:
    with pytest.raises(ModelRejected, match=f"larger than the {len(DATA) - 1} bytes"):
        from_installed(installed("carrier", "data/model.bin"), len(DATA) - 1)


@pytest.mark.usefixtures("package")
def test_it_is_no_download_so_it_is_asked_offline_too(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fetch(card(), cache, offline=True)
    assert read_verified(card(), cache) == DATA


def test_a_message_names_the_package(tmp_path: Path) -> None:
    place = Place(installed=installed("nowhere", "model.bin"))
    assert named(place) == "model.bin of the installed package nowhere"
    with pytest.raises(ModelMissing, match=r"model\.bin of the installed package nowhere: .* is not installed"):
        fetch(card("nowhere", "model.bin"), tmp_path, offline=True)


def test_opencvs_cascade_is_the_one_its_card_means(tmp_path: Path) -> None:
    cascade = load_card("haar")
    data = get(cascade.places[0], cascade.size, tmp_path, lambda *_: None)
    assert hashlib.sha256(data).hexdigest() in cascade.sha256
    assert len(data) == cascade.size
