from __future__ import annotations

from pathlib import Path

import pytest

from streamer.config import check, load
from streamer.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_smallest_configuration_has_sensible_defaults() -> None:
    config = check({"sources": {"webcam": {"address": 0}}}, {})
    assert config.sources["webcam"].address.get_secret_value() == "0"
    assert config.detector.name == "auto"
    assert config.room_of("webcam")[0] == "webcam"


def test_every_wrong_key_is_listed_at_once_with_its_path(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
sources:
  webcam: {address: 0, miror: true, size: 1280x72a}
rooms:
  office: {sources: [webcm]}
detektor: {name: x}
engine: {threads: 0}
overlay: {blur: 7}
""",
    )
    with pytest.raises(ConfigError) as error:
        load(path, {})
    assert str(error.value).splitlines() == [
        f"{path}:",
        "  sources.webcam.size: expected WIDTHxHEIGHT such as 1280x720, got '1280x72a'",
        "  sources.webcam.miror: unknown key (did you mean 'mirror'?)",
        "  engine.threads: Input should be greater than or equal to 1",
        "  overlay.blur: Input should be a valid boolean, unable to interpret input",
        "  detektor: unknown key (did you mean 'detector'?)",
        "  rooms.office.sources: there is no source 'webcm' (did you mean 'webcam'?)",
    ]


def test_a_source_stands_in_one_room_only() -> None:
    sources = {"a": {"address": 0}, "b": {"address": 1}}
    rooms = {"hall": {"sources": ["a", "b"]}, "desk": {"sources": ["b"]}}
    with pytest.raises(ConfigError, match=r"rooms\.desk\.sources: 'b' is already in the room 'hall'"):
        check({"sources": sources, "rooms": rooms}, {})


def test_sources_are_required() -> None:
    with pytest.raises(ConfigError, match="sources: is required"):
        check({}, {})


def test_secrets_come_from_the_environment_and_are_not_shown() -> None:
    config = check({"sources": {"cam": {"address": "rtsp://me:${PASSWORD}@host/1"}}}, {"PASSWORD": "hunter2"})
    assert config.sources["cam"].address.get_secret_value() == "rtsp://me:hunter2@host/1"
    assert "hunter2" not in repr(config)
    assert "hunter2" not in str(config)


def test_a_wrong_value_beside_a_secret_does_not_show_it() -> None:
    with pytest.raises(ConfigError) as error:
        check({"sources": {"cam": {"address": ["hunter2"]}}}, {})
    assert "hunter2" not in str(error.value)


def test_names_missing_in_the_environment_are_all_told() -> None:
    with pytest.raises(ConfigError, match="not set in the environment: A, B"):
        check({"sources": {"x": {"address": "${A}${B}"}}}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources: [", "is not YAML"),
        ("- a\n- b\n", "expected a mapping with 'sources:', got list"),
        ("", "expected a mapping with 'sources:', got NoneType"),
        ("sources:\n  a: {address: 0}\n  a: {address: 1}\n", "line 2: given twice: a"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(write(tmp_path, text), {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read: No such file"):
        load(tmp_path / "gone.yaml", {})


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xff\xfe\x00sources")
    with pytest.raises(ConfigError, match="is not a text file in UTF-8"):
        load(path, {})
