from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streamer.errors import ConfigError
from streamer.hub import HISTORY
from streamer.types import Command, RoomSigns
from streamer.web.site import Notice
from streamer.web.told import settings_view
from tests.web_site import ask, asked, mood, result, serving, site, status, told_site


def test_a_room() -> None:
    with serving(told_site()) as server:
        rooms = ask(server, "/api/v1/rooms").json
        assert [room["room"] for room in rooms["rooms"]] == ["hall", "desk"]
        hall, desk = rooms["rooms"]
        assert (hall["sources"], hall["least"], hall["overlap"]) == (["left", "right"], 5, True)
        assert hall["now"]["mood"]["valence"] == 0.35
        assert hall["now"]["mood"]["shares"]["happiness"] == 0.4
        assert desk["now"] is None
        again = ask(server, "/api/v1/rooms/hall").json
        assert again["now"].pop("age") >= hall["now"].pop("age")
        assert again == hall


def test_a_room_of_signs_has_no_mood() -> None:
    made = site()
    made.hub.publish(result("desk", mood=None, signs=RoomSigns(9, 0.4, None, 0.1, 0.0, 0.8), sources=("desk",)))
    with serving(made) as server:
        now = ask(server, "/api/v1/rooms/desk").json["now"]
        assert (now["mood"], now["signs"]["smile"], now["signs"]["frown"]) == (None, 0.4, None)


def test_nothing_of_a_room_that_is_not_of_the_site() -> None:
    made = site()
    made.hub.publish(result("elsewhere"))
    made.hub.publish(status("stranger", room="elsewhere"))
    with serving(made) as server:
        for path in ("/api/v1/rooms", "/api/v1/cameras", "/metrics", "/healthz"):
            assert not {"elsewhere", "stranger"} & set(ask(server, path).text.replace('"', " ").split())
        assert ask(server, "/api/v1/rooms/elsewhere").status == 404


def test_history_is_that_of_the_hub() -> None:
    with serving(told_site()) as server:
        history = ask(server, "/api/v1/rooms/hall/history").json
        assert history["seconds"] == HISTORY
        assert [event["at"] for event in history["events"]] == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert ask(server, "/api/v1/rooms/desk/history").json["events"] == []


def test_explanation_is_as_given_or_null() -> None:
    with serving(told_site()) as server:
        assert ask(server, "/api/v1/rooms/hall/explain").json["explained"] == {"people": 12, "valence": 0.35}
        assert ask(server, "/api/v1/rooms/desk/explain").json["explained"] is None


def test_cameras_in_their_order_with_what_can_be_had_of_them() -> None:
    with serving(told_site()) as server:
        left, right, desk = ask(server, "/api/v1/cameras").json["cameras"]
        assert (left["source"], left["state"], left["size"]) == ("left", "online", [1280, 720])
        assert 0 <= left["age"] < 60
        assert (left["picture"], left["video"], left["inlet"]) == (True, True, False)
        assert (right["state"], right["fix"]) == ("failed", "check its password")
        assert (desk["state"], desk["inlet"], desk["taken"]) == ("starting", True, False)


def test_a_place_that_is_taken_is_told() -> None:
    made = site()
    with serving(made) as server:
        made.inlets["desk"].take()
        assert ask(server, "/api/v1/cameras").json["cameras"][2]["taken"] is True


def test_about_and_notice() -> None:
    with serving() as server:
        about = ask(server, "/api/v1/about").json
        assert (about["program"], about["purpose"], about["version"]) == ("0.0.1", "audience", 1)
        assert about["labels"][0] == "neutral"
        notice = ask(server, "/api/v1/notice", headers={"Host": f"localhost:{server.port}"}).json
        assert notice["link"] == f"http://localhost:{server.port}/notice"
    with serving(site(notice=Notice("a", "b", "c", "https://example.org/n"))) as server:
        assert ask(server, "/api/v1/notice").json["link"] == "https://example.org/n"


@pytest.mark.parametrize("command", ["quit", "blur", "pause", "record"])
def test_a_command_is_handed_on(command: str) -> None:
    made = site()
    with serving(made) as server:
        answer = ask(server, "/api/v1/commands", "POST", body={"command": command})
        assert (answer.status, answer.json) == (202, {"version": 1, "command": command})
    assert asked(made) == [command]


def test_a_command_that_cannot_be_carried_out_is_told() -> None:
    def refuse(command: Command) -> None:
        raise ConfigError(f"{command}: rtsp://u:CANARY@cam/1 has no recorder")

    with serving(site(ask=refuse)) as server:
        answer = ask(server, "/api/v1/commands", "POST", body={"command": "record"})
        assert (answer.status, answer.json["detail"]) == (409, "record: rtsp://***@cam/1 has no recorder")


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ("{", 400, "expected JSON with command"),
        ('{"command": "evil"}', 400, "expected JSON with command; wrong: command"),
        ('{"evil": 1}', 400, "expected JSON with command; wrong: command"),
        ("[]", 400, "expected JSON with command"),
        (b"\xff\xfe", 400, "expected JSON with command"),
        ("[" * 10_000, 400, "expected JSON with command"),
        ("", 400, "expected JSON with command"),
    ],
)
def test_a_body_that_is_none(body: Any, status: int, detail: str) -> None:
    made = site()
    with serving(made) as server:
        headers = {"Content-Type": "application/json"}
        answer = ask(server, "/api/v1/commands", "POST", body=body, headers=headers)
        assert (answer.status, answer.json["detail"]) == (status, detail)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert asked(made) == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_of_another_site_is_no_json(kind: str) -> None:
    """Which is what a page elsewhere may send without asking."""
    with serving() as server:
        answer = ask(server, "/api/v1/commands", "POST", body='{"command": "pause"}', headers={"Content-Type": kind})
        assert answer.status == 415


def test_numbers_that_are_none_are_null() -> None:
    made = site(explain=lambda _: {"valence": float("nan"), "people": 3, "by": (1, 2)})
    with serving(made) as server:
        explained = ask(server, "/api/v1/rooms/hall/explain").json["explained"]
        assert explained == {"valence": None, "people": 3, "by": [1, 2]}


def test_a_mood_that_may_not_be_told_stays_untold() -> None:
    made = site()
    made.hub.publish(result(mood=mood(valence=None)))
    made.hub.publish(result(pts=2.0, mood=None))
    with serving(made) as server:
        assert ask(server, "/api/v1/rooms/hall").json["now"]["mood"] is None
        assert "groupmood_room_valence{" not in ask(server, "/metrics").text


def test_settings_are_shown_without_secrets() -> None:
    view = settings_view(
        {
            "sources": {"left": {"address": "rtsp://u:CANARY@cam/1?token=CANARY", "stall": 4.0, "mirror": False}},
            "server": {"token": "CANARY", "admin_token": SecretStr("CANARY"), "key": Path("/etc/tls/key.pem")},
            "output": {"push": SecretStr("rtsp://u:CANARY@out/1"), "video": None},
            "webrtc": {"ice_servers": ("turn:u:CANARY@turn.example",)},
            "words": {"secret": "", "password": None},
        }
    )
    assert view["sources"] == {"left": {"address": "rtsp://***@cam/1?token=***", "stall": 4.0, "mirror": False}}
    assert view["server"] == {"token": "***", "admin_token": "***", "key": "/etc/tls/key.pem"}
    assert view["output"] == {"push": "***", "video": None}
    assert view["webrtc"] == {"ice_servers": ["***@turn.example"]}
    assert view["words"] == {"secret": "***", "password": None}
