from __future__ import annotations

import json
import re

import pytest

from streamer.errors import ConfigError
from streamer.outbox.topics import Topics, level

OF_HOME_ASSISTANT = re.compile(r"[A-Za-z0-9_-]+")
"""What its discovery allows as node and object id."""


@pytest.mark.parametrize("name", ["hall", "Room-1", "left_wing"])
def test_a_plain_name_stays(name: str) -> None:
    assert level(name) == name


def test_other_names_are_made_safe_and_stay_different() -> None:
    names = [
        "a/b",
        "a b",
        "a+b",
        "a#b",
        "a_b",
        "$SYS",
        "Büro",
        "Buro",
        "",
        "..",
        "会議室",
        "会议室",
        "a\0b",
        "A" * 3,
        "#",
    ]
    levels = [level(name) for name in names]
    assert len(set(levels)) == len(names)
    assert all(OF_HOME_ASSISTANT.fullmatch(one) for one in levels)


@pytest.mark.parametrize("prefix", ["", "/", "a+b", "#", "$SYS/x", "a\nb", "a\0"])
def test_a_prefix_that_is_none(prefix: str) -> None:
    with pytest.raises(ConfigError, match="the prefix of the MQTT topics may not be"):
        Topics(prefix, None)
    with pytest.raises(ConfigError, match="the discovery prefix of the MQTT topics may not be"):
        Topics("groupmood", prefix)


def test_where_things_are() -> None:
    topics = Topics("/my/house/", "ha")
    assert (topics.status, topics.home) == ("my/house/status", "ha/status")
    assert (topics.state("hall"), topics.event("hall")) == ("my/house/hall/state", "my/house/hall/event")
    assert Topics("groupmood", None).home is None
    assert list(Topics("groupmood", None).announced("hall", 2.0)) == []


def test_each_part_of_a_room_is_announced_as_home_assistant_wants_it() -> None:
    found = {topic: json.loads(text) for topic, text in Topics("groupmood", "homeassistant").announced("Hall 1", 2.0)}
    assert len(found) == 6
    for topic, config in found.items():
        root, kind, node, key, end = topic.split("/")
        assert (root, end) == ("homeassistant", "config")
        assert kind in ("sensor", "binary_sensor", "event")
        assert OF_HOME_ASSISTANT.fullmatch(node)
        assert OF_HOME_ASSISTANT.fullmatch(key)
        assert config["availability_topic"] == "groupmood/status"
        assert config["device"]["name"] == "Groupmood Hall 1"
        assert config["value_template"].count("{{") == config["value_template"].count("}}") == 1
        assert ("state_class" in config) == (kind == "sensor")
        assert config["state_topic"].endswith("/state" if kind == "sensor" else "/event")
    assert len({config["unique_id"] for config in found.values()}) == 6
    assert len({config["device"]["identifiers"][0] for config in found.values()}) == 1
    units = {topic.split("/")[3]: config.get("unit_of_measurement") for topic, config in found.items()}
    assert units == {
        "valence": None,
        "people": "people",
        "positive": "people",
        "negative": "people",
        "alert": None,
        "event": None,
    }


def test_two_rooms_and_two_programs_have_ids_of_their_own() -> None:
    ids = [
        json.loads(text)["unique_id"]
        for prefix in ("groupmood", "second")
        for room in ("hall", "Hall", "a b", "a/b")
        for _, text in Topics(prefix, "homeassistant").announced(room, 2.0)
    ]
    assert len(set(ids)) == len(ids) == 48
