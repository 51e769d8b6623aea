"""The signs of a room: as they are for the local user, and what of them may be published."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from streamer.aggregate import AggregateRules
from streamer.errors import ConfigError
from streamer.room_signs import USUAL, VOTE, PublishedSigns, room_signs_of
from streamer.types import Box, Face, Person, RoomSigns, Signs, Track
from tools.sign_attack import attack

SECRET = bytes(range(32))
NOTHING = Signs(None, None, None, None, None)


def person(number: int, signs: Signs | None) -> Person:
    return Person(Track(number, Face(Box(0, 0, 64, 64), 0.9), 1.0, True), None, signs=signs)


def room(smiling: int, people: int, *, away: int = 0) -> list[Person]:
    """The first ``smiling`` of them smile, the last ``away`` look elsewhere."""
    return [
        person(number, Signs(number < smiling, False, False, False, number < people - away)) for number in range(people)
    ]


def keys(people: Sequence[Person]) -> list[tuple[str, int]]:
    return [("camera", one.track.id) for one in people]


def settled(published: PublishedSigns, people: Sequence[Person], start: float = 0.0) -> RoomSigns:
    """What is published after a minute and a half of the same."""
    for second in range(90):
        shown = published.update(people, keys(people), start + second)
    assert shown is not None
    return shown


def exact(least: int = 5) -> PublishedSigns:
    return PublishedSigns("room", AggregateRules(least=least, noise=0.0))


def test_the_shares_of_a_room_by_hand() -> None:
    people = [
        person(1, Signs(True, False, None, None, True)),
        person(2, Signs(False, True, None, None, False)),
        person(3, Signs(None, None, True, None, True)),
        person(4, None),
    ]
    assert room_signs_of(people) == RoomSigns(4, 0.5, 0.5, 1.0, None, 2 / 3)
    assert room_signs_of(()) == RoomSigns(0, None, None, None, None, None)


@pytest.mark.parametrize("least", [3, 5, 9])
def test_fewer_than_the_least_people_show_nothing(least: int) -> None:
    published = PublishedSigns("room", AggregateRules(least=least))
    few, enough = room(2, least - 1), room(2, least)
    assert {published.update(few, keys(few), t) for t in range(60)} == {None}
    assert settled(published, enough, 60).smile is not None
    assert published.update(few, keys(few), 150.0) is None
    assert published.update((), (), 151.0) is None


def test_a_sign_that_is_known_of_too_few_is_not_shown() -> None:
    people = [person(number, Signs(None if number < 3 else True, False, None, None, True)) for number in range(7)]
    shown = settled(exact(), people)
    assert (shown.smile, shown.frown, shown.nod, shown.facing) == (None, 0.0, None, 1.0)


def test_people_of_whom_nothing_can_be_told_do_not_make_a_crowd() -> None:
    people = [*room(1, 4), *(person(number, NOTHING) for number in range(10, 30))]
    published = PublishedSigns("room")
    assert {published.update(people, keys(people), t) for t in range(60)} == {None}


def test_what_is_published_is_rounded_and_near_the_truth() -> None:
    shown = settled(exact(), room(3, 12, away=3))
    assert shown == RoomSigns(10, 0.25, 0.0, 0.0, 0.0, 0.75)
    noisy = settled(PublishedSigns("room", secret=bytes(16)), room(3, 12, away=3))
    assert noisy != shown
    for sign, usual in USUAL.items():
        value, true = getattr(noisy, sign), getattr(shown, sign)
        assert value == pytest.approx(true, abs=0.2 * (usual * (1 - usual)) ** 0.5 + 0.025)
        assert 0 <= value <= 1
        assert value / 0.05 == pytest.approx(round(value / 0.05))


def test_the_noise_belongs_to_the_secret_and_to_the_sign() -> None:
    people = room(4, 8, away=4)
    one, same, other = (PublishedSigns("room", secret=secret) for secret in (SECRET, SECRET, bytes(32)))
    assert settled(one, people) == settled(same, people)
    assert [settled(one, people, 100), settled(other, people)].count(settled(same, people, 100)) == 1
    shown = settled(PublishedSigns("room", AggregateRules(noise=3.0), SECRET), people)
    assert shown.smile != shown.facing  # the same truth, half of the people


def test_all_stands_still_when_somebody_leaves() -> None:
    published, people = exact(), room(6, 12)
    before = settled(published, people)
    fewer = people[1:]
    after = [published.update(fewer, keys(fewer), 90 + second) for second in range(40)]
    assert after[:10] == [before] * 10
    assert after[-1] != before


def test_who_cannot_be_read_for_a_moment_has_not_left() -> None:
    published, people = exact(), room(6, 12)
    before = settled(published, people)
    hidden = [person(0, NOTHING), *people[1:]]
    assert {published.update(hidden, keys(hidden), 90 + second / 2) for second in range(int(2 * VOTE))} == {before}
    # Then all stands still as when he leaves, and his vote goes.
    later = [published.update(hidden, keys(hidden), 90 + VOTE + second) for second in range(1, 60)]
    assert later[:9] == [before] * 9
    assert later[-1] is not None
    assert later[-1].smile == pytest.approx(5 / 11, abs=0.026)


def test_time_that_goes_back_starts_anew() -> None:
    published = exact()
    settled(published, room(12, 12))
    assert settled(published, room(0, 12), start=1.0).smile == 0.0


def test_a_change_of_the_room_is_followed() -> None:
    published = exact()
    settled(published, room(0, 10))
    assert settled(published, room(8, 10), 90).smile == 0.8


def test_keys_and_people_belong_together() -> None:
    with pytest.raises(ValueError, match="zip"):
        exact().update(room(1, 5), [1, 2, 3], 0.0)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="secret must have 16 bytes or more"):
        PublishedSigns("room", secret=b"a")


@pytest.mark.parametrize(("name", "people"), [("one leaves", 6), ("one joins", 6)])
def test_differencing_tells_little_more_than_a_guess(name: str, people: int) -> None:
    result = attack(AggregateRules(least=5), people, 160, 2, name)
    assert result.ratio >= 0.7
    assert result.error <= 0.06  # the price: the published share is still of use


def test_rounding_smoothing_and_freezing_alone_do_not_withstand_it() -> None:
    assert attack(AggregateRules(noise=0.0), 6, 160, 2, "one joins").ratio < 0.6
