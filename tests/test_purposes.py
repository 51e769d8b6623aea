from __future__ import annotations

import itertools
from typing import Annotated

import pytest
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from streamer.errors import ConfigError
from streamer.purposes import (
    PURPOSES,
    REFUSED,
    Purpose,
    check_purpose,
    infers_emotion,
    may_show_people,
    needs_purpose,
    purpose_of,
)


@pytest.mark.parametrize(
    ("kinds", "serving", "needed"),
    [
        (["camera"], False, False),
        (["camera", "device", "file", "lavfi", "synthetic"], False, False),
        (["camera"], True, True),
        (["url"], False, True),
        (["file", "webrtc"], False, True),
        (["screen"], False, True),
        ([], False, False),
    ],
)
def test_a_purpose_is_needed_as_soon_as_others_can_be_seen(kinds: list[str], serving: bool, needed: bool) -> None:
    assert needs_purpose(kinds, serving) is needed


@pytest.mark.parametrize("purpose", PURPOSES)
def test_each_purpose_is_one(purpose: Purpose) -> None:
    assert check_purpose(purpose, ["groupmood serve"]) == purpose
    assert purpose_of(purpose) == purpose


def test_without_others_none_is_needed() -> None:
    assert check_purpose(None) is None
    assert purpose_of(None) is None


def test_a_missing_one_lists_them_all_and_says_why() -> None:
    with pytest.raises(ConfigError) as caught:
        check_purpose(None, ["camera door", "groupmood serve"])
    first, *lines = str(caught.value).splitlines()
    assert first.startswith("others than you may be seen (camera door, groupmood serve), so say what for")
    assert [line.split()[0] for line in lines[:-1]] == list(PURPOSES)
    assert lines[-1] == "  (not allowed: workplace, education)"


@pytest.mark.parametrize(("word", "where"), [("workplace", "at work"), ("education", "in education")])
def test_work_and_school_are_refused_with_the_reason_and_what_to_use(word: str, where: str) -> None:
    for others in ((), ("groupmood serve",)):
        with pytest.raises(ConfigError) as caught:
            check_purpose(word, others)
        text = str(caught.value)
        assert all(part in text for part in (where, "Art. 5(1)(f)", "expressions_only", "self"))


@pytest.mark.parametrize(
    ("word", "meant"), [("audiance", "audience"), ("work place", "workplace"), ("Self", "self"), ("xyz", None)]
)
def test_an_unknown_one_names_what_may_be_meant(word: str, meant: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        check_purpose(word)
    first = str(caught.value).splitlines()[0]
    assert first == f"unknown purpose {word!r}" + (f" (did you mean {meant!r}?)" if meant else "") + "; choose one of"


def test_as_a_part_of_a_configuration() -> None:
    checked: TypeAdapter[object] = TypeAdapter(Annotated[Purpose | None, BeforeValidator(purpose_of)])
    assert [checked.validate_python(word) for word in (None, "self")] == [None, "self"]
    for wrong, said in (("education", "is refused"), ("selv", "did you mean 'self'"), (3, "expected a word, got int")):
        with pytest.raises(ValidationError, match=said):
            checked.validate_python(wrong)


def test_single_people_are_shown_to_the_user_and_to_a_self_peer_alone() -> None:
    places = ("window", "file", "peer", "network")
    shown = {(purpose, place) for purpose, place in itertools.product(PURPOSES, places)
             if may_show_people(purpose, place)}  # type: ignore[arg-type]  # fmt: skip
    local = {(purpose, place) for purpose in PURPOSES for place in ("window", "file")}
    assert shown == local | {("self", "peer")}


def test_expressions_only_reads_no_emotion() -> None:
    assert [purpose for purpose in PURPOSES if not infers_emotion(purpose)] == ["expressions_only"]
    assert infers_emotion(None)
    assert set(REFUSED).isdisjoint(PURPOSES)
