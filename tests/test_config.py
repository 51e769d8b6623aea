from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamer.config import check, load, read
from streamer.errors import ConfigError, did_you_mean
from streamer.sinks.target import file_word


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


def faults_of(document: dict[str, Any], environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        check(document, environ or {})
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_a_plain_number_or_text_is_an_address() -> None:
    config = check({"sources": {"webcam": 0, "talk": "${VIDEO}"}}, {"VIDEO": "talk.mp4"})
    assert {name: source.address.get_secret_value() for name, source in config.sources.items()} == {
        "webcam": "0",
        "talk": "talk.mp4",
    }


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"sources": {"w": None}}, "sources.w.address: is required"),
        ({"sources": {"w": True}}, "sources.w: expected a mapping of address, stall, ca, mirror, size, fps, zones, "
         "got bool"),
        ({"sources": {"w": ""}}, "sources.w.address: is empty; give a camera (0), a video file, synthetic: or "
         "lavfi:GRAPH"),
        ({"sources": None}, "sources: expected names, as in {webcam: {address: 0}}, got NoneType"),
        ({"rooms": ["a"]}, "rooms: expected names, as in {hall: {sources: [left, right]}}, got list"),
        ({"rooms": {"hall": {"sources": [{"a": 1}]}}}, "rooms.hall.sources.0: Input should be a valid string"),
        ({"output": "out.mp4"}, "output: expected a mapping of video, results, hls, push, virtual_camera, got str"),
        ({"cachedir": "x"}, "cachedir: unknown key (did you mean 'cache_dir'?)"),
        ({"sources": {"address": {"miror": 1, "address": 0}}},
         "sources.address.miror: unknown key (did you mean 'mirror'?)"),
        ({"events": {"webhooks": "x"}}, "events.webhooks: Input should be a list"),
        ({"events": {"webhooks": [{"url": "https://a.example/", "secret": "s" * 32, "name": "x"}]}},
         "events.webhooks.0.name: unknown key; known: events, secret, url"),
        ({"events": {"mqtt": {"host": "b", "usrname": "x"}}},
         "events.mqtt.usrname: unknown key (did you mean 'username'?)"),
    ],
)  # fmt: skip
def test_a_part_of_the_wrong_shape_says_which_one_is_wanted(document: dict[str, Any], fault: str) -> None:
    assert faults_of({"sources": {"a": 0}} | document) == [fault]


def test_a_part_left_empty_has_its_defaults() -> None:
    config = check({"sources": {"a": 0}, "detector": None}, {})
    assert config.detector.name == "auto"


def test_every_kind_of_fault_is_listed_together(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
sources:
  left: {address: "${LEFT}", size: "${SIZE}", fps: 0}
  left: {address: "${LEFT}", size: "${SIZE}", fps: 0}
rooms:
  left: {sources: [other, "${MEMBER}"]}
engine: {threads: 0, threads: 0}
""",
    )
    with pytest.raises(ConfigError) as error:
        load(path, {})
    assert str(error.value).splitlines() == [
        f"{path}:",
        "  line 3: given twice: left",
        "  line 7: given twice: threads",
        "  not set in the environment: LEFT, MEMBER, SIZE",
        "  sources.left.fps: Input should be greater than 0",
        "  engine.threads: Input should be greater than or equal to 1",
        "  rooms.left.sources: there is no source 'other'",
        "  rooms.left: is also the name of a source that is not in it; name the room differently",
    ]


def test_a_room_takes_no_source_in_by_its_name() -> None:
    sources = {"left": 0, "desk": 1}
    fault = "rooms.desk: is also the name of a source that is not in it; name the room differently"
    assert faults_of({"sources": sources, "rooms": {"desk": {"sources": ["left"]}}}) == [fault]
    own = {"desk": {"sources": ["desk"]}, "hall": {"sources": ["left"]}}
    assert check({"sources": sources, "rooms": own}, {}).room_of("desk")[0] == "desk"


@pytest.mark.parametrize("name", ["", " a", "-a", ".a", "a/b", "a:b", "Küche", "a\nb", "\udcff", "a" * 61, 1, None])
def test_a_source_has_a_name_that_a_file_can_carry(name: object) -> None:
    (fault,) = faults_of({"sources": {name: {"address": 0}}})
    assert "a name starts with a letter A-Z or a digit; letters, digits, spaces, _ . - follow, 59 at most" in fault


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "a_b"), ("a b", "a _b"), ("a", "a."), ("a", "a_"), ("Hall", "hall")]
)
def test_two_sources_that_would_write_the_same_file_are_refused(one: str, other: str) -> None:
    assert file_word(one).casefold() == file_word(other).casefold()
    fault = f"sources.{other}: makes the same file name as {one!r}; name it differently"
    assert faults_of({"sources": {one: 0, other: 1}}) == [fault]


def test_names_that_make_different_files_are_fine() -> None:
    names = ("a", "a-b", "a.b", "a b", "9 _x.-")
    assert len({file_word(name) for name in names}) == len(names)
    assert tuple(check({"sources": dict.fromkeys(names, 0)}, {}).sources) == names


def test_merge_keys_bring_settings_that_may_be_given_anew(tmp_path: Path) -> None:
    text = """
sources:
  right: &right {<<: &left {address: 0, mirror: true, fps: 15}, fps: 30}
  far: {<<: *right, address: 2}
  both: {<<: [*left, *right], address: 3}
"""
    config = load(write(tmp_path, text), {})
    assert [(source.mirror, source.fps) for source in config.sources.values()] == [(True, 30), (True, 30), (True, 15)]
    assert config.sources["far"].address.get_secret_value() == "2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("&x {a: *x}", "line 1: contains itself, or is nested more than 20 levels deep"),
        ("&x [*x]", "contains itself"),
        ("&x {<<: *x}", "contains itself"),
        ("a: " + "[" * 21 + "]" * 21, "nested more than 20 levels deep"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested more than 20 levels deep"),
        ("a: [" + "0, " * 10_001 + "]", "the file has more than 10000 parts"),
        ("a: 2024-13-45", "is not YAML: a value is not of its type: month must be in 1..12"),
        ("a: !!bool x", "is not YAML: a value is not of its type"),
        ("{[a]: 1}", "is not YAML"),
    ],
)
def test_yaml_that_cannot_be_a_configuration(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        load(path, {})
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_an_unfit_address_is_told_without_it() -> None:
    assert faults_of({"sources": {"cam": {"address": {"hunter2": 1}}}}) == [
        "sources.cam.address: expected the number of a camera or an address as text, got dict"
    ]


def test_reading_without_a_list_for_faults_refuses_a_key_given_twice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1: given twice: a"):
        read(write(tmp_path, "{a: 1, a: 2}"))


def test_did_you_mean() -> None:
    assert did_you_mean("miror", ["size", "mirror"]) == " (did you mean 'mirror'?)"
    assert did_you_mean("xyz", {"size": 1}) == ""
