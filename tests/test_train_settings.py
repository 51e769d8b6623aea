"""Settings of a run: the shipped ones, and what is said of wrong ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.train.settings import DEFAULT, Settings, SettingsError, load


def written(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def needed(run: Any) -> Iterator[Any]:
    """A run, as settings or as words, and all that it needs."""
    words = run if isinstance(run, dict) else dict(run)
    yield run
    for one in [*(words.get("teachers") or ()), *filter(None, [words.get("before")])]:
        yield from needed(one)


def test_the_shipped_settings_are_read_and_name_every_setting() -> None:
    import yaml

    chosen, raw = load(DEFAULT), yaml.safe_load(DEFAULT.read_text("utf-8"))
    assert chosen.network.side == 48
    for run, words in zip(needed(chosen), needed(raw), strict=True):
        named = {key: set(part) for key, part in run.model_dump(exclude={"before", "teachers"}).items()}
        assert {key: set(part) for key, part in words.items() if key not in ("before", "teachers")} == named
    assert chosen.before is not None


def test_what_is_not_named_has_its_default(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Settings()
    assert load(written(tmp_path, "fit: {epochs: 3}")).fit.epochs == 3
    assert load(written(tmp_path, "fit: {epochs: 3}")).fit.batch == Settings().fit.batch


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("fit: {epochs: 0}", ["fit.epochs: Input should be greater than 0"]),
        ("fit: {epoch: 3}", ["fit.epoch: Extra inputs are not permitted"]),
        ("data: {held_out: 1.5}\nfit: {rate: -1}", ["data.held_out: ", "fit.rate: "]),
        ("network: {widths: [48, wide]}", ["network.widths.1: "]),
        ("network: {pretrained: dlib, side: 48}", ["network.side: Input should be greater than or equal to 103"]),
        ("network: {pretrained: other}", ["network.pretrained: "]),
        ("network: {mirrored: true, widths: [6, 9], blocks: [1, 1]}", ["widths (6, 9) are not all even"]),
        ("network: {mirrored: true, side: 44}", ["halves the picture without a rest: side 44 leaves one"]),
        ("fit: {teach_seen: true}", ["fit.teach_seen is for runs with teachers; name some"]),
        ("fit: {teach_copies: 4}", ["fit.teach_copies is for runs with teachers; name some"]),
        ("teachers: [{}]\nfit: {teach_copies: 4, teach_seen: true}", ["exclude each other; leave one out"]),
        ("just words", ["cannot be used"]),
        ("fit: [", ["is not YAML"]),
    ],
)
def test_every_wrong_setting_is_named(tmp_path: Path, text: str, messages: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load(written(tmp_path, text))
    assert str(tmp_path / "run.yaml") in str(raised.value)
    assert all(message in str(raised.value) for message in messages), raised.value


def test_settings_that_are_not_text_or_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not YAML"):
        load(tmp_path / "run.yaml")
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_any_other_setting_changes_the_digest(tmp_path: Path) -> None:
    assert load(DEFAULT).digest() == load(DEFAULT).digest()
    changed = written(tmp_path, DEFAULT.read_text("utf-8").replace("cutout: 0.4", "cutout: 0.41"))
    assert load(changed).digest() != load(DEFAULT).digest()
