from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamer.states import CAMERA_STATES
from streamer.types import GroupMood
from streamer.web.site import Access, Site
from tests.web_site import TOKENS, VIEWER, ask, bearer, mood, result, serving, site, status, told_site

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def scraped(made: Site) -> tuple[str, Samples]:
    """The text, and the values by name and labels."""
    with serving(made) as server:
        text = ask(server, "/metrics").text
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return text, found


def test_values_are_those_of_the_run() -> None:
    made = told_site()
    made.metrics.set("governor level", 2, "left")
    made.metrics.set("something", 7.5)
    _, found = scraped(made)
    left = (("source", "left"),)
    assert found["groupmood_frames_captured_total"] == {left: 100}
    assert found["groupmood_frames_processed_total"] == {left: 90}
    assert found["groupmood_events_total"] == {(("event", "failed outputs"), *left): 1}
    assert found["groupmood_governor_level"] == {left: 2}
    assert found["groupmood_value"] == {(("name", "something"), ("source", "")): 7.5}
    assert found["groupmood_room_people"] == {(("room", "hall"),): 12}
    assert found["groupmood_room_valence"] == {(("room", "hall"),): 0.35}
    assert found["groupmood_ready"] == {(): 1}
    assert found["groupmood_failed"] == {(): 0}


def test_times_are_histograms_in_seconds() -> None:
    made = site()
    for seconds in (0.004, 0.012, 0.012, 20.0):
        made.metrics.observe("detect", seconds, "left")
    made.metrics.observe("result age", 0.06, "left")
    _, found = scraped(made)
    labels = (("source", "left"), ("stage", "detect"))
    buckets = {dict(key)["le"]: value for key, value in found["groupmood_stage_duration_seconds_bucket"].items()}
    assert (buckets["0.005"], buckets["0.025"], buckets["10"], buckets["+Inf"]) == (1, 3, 3, 4)
    assert found["groupmood_stage_duration_seconds_sum"][labels] == pytest.approx(20.028)
    assert found["groupmood_stage_duration_seconds_count"][labels] == 4
    assert found["groupmood_age_seconds_count"] == {(("of", "result"), ("source", "left")): 1}


def test_a_camera_is_in_one_state() -> None:
    _, found = scraped(told_site())
    states = found["groupmood_camera_state"]
    assert len(states) == 3 * len(CAMERA_STATES)
    on = {(dict(key)["source"], dict(key)["state"]) for key, value in states.items() if value == 1}
    assert on == {("left", "online"), ("right", "failed"), ("desk", "starting")}


def test_labels_are_of_the_configuration_only() -> None:
    """Whatever is counted, the number of series does not grow with what comes from outside."""
    made = told_site()
    before, _ = scraped(made)
    for number in range(50):
        made.metrics.count("captured", f"stranger {number}")
        made.metrics.observe("detect", 0.1, f"stranger {number}")
        made.metrics.set("governor level", 1, f"stranger {number}")
        made.hub.publish(status(f"stranger {number}", room=f"room {number}"))
        made.hub.publish(result(f"room {number}"))
    after, _ = scraped(made)
    assert len(after.splitlines()) == len(before.splitlines())


@pytest.mark.parametrize("told", [None, mood(valence=None)])
def test_no_number_of_too_few(told: GroupMood | None) -> None:
    made = site()
    made.hub.publish(result(mood=told))
    _, found = scraped(made)
    assert "groupmood_room_valence" not in found


def test_promtool_finds_nothing_wrong() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    made = told_site()
    made.metrics.set("governor level", 2, "left")
    made.metrics.count('odd "name"\n', "left")
    for text in (scraped(made)[0], scraped(site())[0]):
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_scraper_needs_the_viewers_token() -> None:
    with serving(told_site(Access(tokens=TOKENS))) as server:
        assert ask(server, "/metrics").status == 401
        answer = ask(server, "/metrics", headers=bearer(VIEWER))
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_alive_ready_and_well() -> None:
    made = told_site()
    with serving(made) as server:
        assert [ask(server, path).status for path in ("/livez", "/readyz", "/healthz")] == [200, 200, 200]
        health = ask(server, "/healthz").json
        assert (health["status"], health["cameras"]["right"]) == ("ok", "failed")


def test_waiting_is_not_ready_but_alive() -> None:
    with serving(site(ready=lambda: "the models are being opened")) as server:
        assert [ask(server, path).status for path in ("/livez", "/readyz", "/healthz")] == [200, 503, 200]
        assert ask(server, "/healthz").json["waiting"] == "the models are being opened"
        assert ask(server, "/readyz").body == b"not ready\n"


def test_failed_is_said_with_the_reason() -> None:
    made = replace(told_site(), failed=lambda: "the analysis ended: out of memory")
    with serving(made) as server:
        answer = ask(server, "/healthz")
        assert (answer.status, answer.json["status"], answer.json["reason"]) == (
            503,
            "failed",
            "the analysis ended: out of memory",
        )
        assert ask(server, "/livez").status == 200
    assert scraped(made)[1]["groupmood_failed"] == {(): 1}
