from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import pytest

from streamer.aggregate import Aggregate, AggregateRules
from streamer.emotions import CIRCUMPLEX, LABELS
from streamer.errors import ConfigError
from streamer.types import GroupMood, Moment
from tools.attack import attack

SECRET = bytes(range(32))
POINTS = [CIRCUMPLEX[label] for label in LABELS]
SHARES = (0.43, 0.22, 0.05, 0.14, 0.06, 0.04, 0.03, 0.03)
KNOWN = {"people", "used", "valence", "arousal", "interval", "shares", "dispersion", "coverage", "window"}


def mood(people: int = 8, valence: float | None = 0.123) -> GroupMood:
    if valence is None:
        return GroupMood(people, people, None, None, None, None, None, None, 0.4, 10.0)
    interval = (valence - 0.1, valence + 0.1)
    return GroupMood(people, people, valence, 0.2, interval, SHARES, 0.31, 0.4, 1.0, 10.0)


def settled(aggregate: Aggregate, members: range, start: float = 0.0, given: GroupMood | None = None) -> GroupMood:
    """What is published after a minute and a half of the same mood of these people."""
    given = given or mood(len(members))
    for second in range(90):
        shown = aggregate.update(given, members, ["camera"], start + second).mood
    assert shown is not None
    return shown


@pytest.mark.parametrize(
    ("name", "people", "rooms", "error"),
    [
        ("one leaves", 6, 240, 0.065),
        ("one leaves", 8, 200, 0.05),
        ("one leaves", 12, 200, 0.04),
        ("one joins", 6, 200, 0.065),
        ("one leaves and returns, ten times", 6, 120, 0.065),
    ],
)
def test_differencing_tells_little_more_than_a_guess(name: str, people: int, rooms: int, error: float) -> None:
    result = attack(AggregateRules(least=5), people, rooms, 2, name)
    assert result.ratio >= 0.7
    assert result.error <= error  # the price: the published valence is still of use


def test_rounding_smoothing_and_freezing_alone_do_not_withstand_it() -> None:
    assert attack(AggregateRules(noise=0.0), 6, 200, 2).ratio < 0.6


@pytest.mark.parametrize("least", [3, 4, 5, 9])
def test_fewer_than_the_least_people_show_nothing(least: int) -> None:
    aggregate = Aggregate("room", AggregateRules(least=least))
    assert {aggregate.update(mood(least - 1), range(least - 1), [], t).mood for t in range(60)} == {None}
    assert settled(aggregate, range(least), 60).valence is not None
    assert aggregate.update(mood(least - 1), range(least - 1), [], 150.0).mood is None


def test_where_one_may_count_twice_it_takes_as_many_members_more_and_no_fewer_people_are_told() -> None:
    rules = AggregateRules(least=5, double=2)
    assert {Aggregate("room", rules).update(mood(8), range(8), [], t).mood for t in range(60)} == {None}
    shown = settled(Aggregate("room", rules), range(9))
    assert (shown.people, shown.used) == (5, 5)
    assert (settled(Aggregate("room", rules), range(20)).people) == 10


def test_where_one_may_count_twice_the_noise_is_twice_as_large() -> None:
    def moved(double: int) -> float:
        shown = settled(Aggregate("room", AggregateRules(step=0.001, double=double), secret=SECRET), range(12))
        return (shown.valence or 0.0) - 0.123

    assert abs(moved(1)) > 0.01
    assert moved(2) == pytest.approx(2 * moved(1), abs=0.003)


def test_a_person_who_is_named_twice_is_one() -> None:
    aggregate = Aggregate("room")
    assert [aggregate.update(mood(5), [1, 2, 3, 4, 4], [], t).mood for t in range(0, 60, 20)] == [None] * 3


def test_nobody_and_too_few_look_alike() -> None:
    one, other = Aggregate("room"), Aggregate("room")
    for t in range(60):
        assert one.update(None, [], ["camera"], t) == other.update(mood(4), range(4), ["camera"], t)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"least": 2}, "least must be 3 people or more, got 2"),
        ({"band": 0}, "band must be 1 person or more, got 0"),
        ({"double": 0}, "double must be 1 person or more, got 0"),
        ({"step": 0.03}, "step must go into 1 a whole number of times"),
        ({"step": 0.0}, "step must go into 1"),
        ({"smoothing": 0.0}, "smoothing must be above 0 seconds, got 0"),
        ({"tau": math.nan}, "tau must be above 0 seconds, got nan"),
        ({"noise": -0.1}, "noise must be 0 people or more, got -0.1"),
    ],
)
def test_rules_that_cannot_be_kept_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AggregateRules(**wrong)  # type: ignore[arg-type]  # wrong values are the point


def test_a_short_secret_and_missing_points_are_refused() -> None:
    with pytest.raises(ConfigError, match="secret must have 16 bytes or more, got 1"):
        Aggregate("room", secret=b"a")
    with pytest.raises(ConfigError, match="points must be 8 pairs"):
        Aggregate("room", points=POINTS[:7])


def test_all_stands_still_for_one_smoothing_time_when_somebody_leaves() -> None:
    aggregate = Aggregate("room", AggregateRules(noise=0.0))
    before = settled(aggregate, range(12))
    after = [aggregate.update(mood(11, 0.9), range(11), [], 90 + second).mood for second in range(11)]
    assert after[:10] == [before] * 10
    assert after[10] is not None
    assert after[10] != before


def test_where_people_keep_coming_and_going_it_moves_every_third_smoothing_time() -> None:
    aggregate = Aggregate("room", AggregateRules(noise=0.0))
    settled(aggregate, range(12))
    shown = [
        aggregate.update(mood(12, second / 90), range(second, second + 12), [], 90 + second).mood
        for second in range(90)
    ]
    assert [second for second in range(1, 90) if shown[second] != shown[second - 1]] == [31, 61]


def test_nothing_of_too_few_people_colours_what_is_shown_later() -> None:
    aggregate = Aggregate("room", AggregateRules(noise=0.0))
    settled(aggregate, range(8))
    aggregate.update(mood(4, -0.8), range(4), [], 90)
    shown = [aggregate.update(mood(8, 0.5), range(8), [], 91 + second).mood for second in range(11)]
    assert shown[:9] == [None] * 9
    assert shown[10] is not None
    assert shown[10].valence == 0.5


def test_noise_comes_as_slowly_as_the_votes_do() -> None:
    """Both through τ = 5 s and then 10 s: 1 − 2 exp(−t/10) + exp(−t/5) of the way after t seconds."""
    aggregate = Aggregate("room", AggregateRules(step=0.0005), secret=SECRET)
    steady = mood(8, 0.1)

    def at(members: range, begin: float, end: float) -> float:
        for tick in range(round((end - begin) * 10)):
            shown = aggregate.update(steady, members, [], begin + tick / 10).mood
        assert shown is not None
        assert shown.valence is not None
        return shown.valence

    before, early, late = at(range(8), 0, 120), at(range(7), 120, 132), at(range(7), 132, 240)
    way = 1 - 2 * math.exp(-12 / 10) + math.exp(-12 / 5)
    assert abs(late - before) > 0.02
    assert early == pytest.approx(before + way * (late - before), abs=0.002)


def test_the_same_people_have_the_same_noise_and_others_have_another() -> None:
    aggregate = Aggregate("room", AggregateRules(step=0.001), secret=SECRET)
    first = settled(aggregate, range(8)).valence
    assert settled(aggregate, range(1, 9), 100).valence != first
    assert settled(aggregate, range(8), 200).valence == pytest.approx(first, abs=0.001)
    assert len({settled(Aggregate("room", AggregateRules(step=0.001)), range(8)).valence for _ in range(5)}) > 1
    assert settled(Aggregate("other", AggregateRules(step=0.001), secret=SECRET), range(8)).valence != first


def test_larger_rooms_have_less_noise() -> None:
    def error(people: int) -> float:
        errors = [
            abs((settled(Aggregate(str(room), AggregateRules(step=0.001)), range(people)).valence or 0) - 0.123)
            for room in range(15)
        ]
        return sum(errors) / len(errors)

    assert error(100) < error(6) / 4


def test_only_known_fields_leave() -> None:
    @dataclass(frozen=True, slots=True)
    class Telling(GroupMood):
        names: tuple[str, ...] = ()

    telling = Telling(
        **{field.name: getattr(mood(8), field.name) for field in fields(GroupMood)} | {"positive": 5, "negative": 3},
        names=("Ada", "Grace"),
    )
    telling = replace(telling, polarisation=0.9, together=True, trend=0.1, moment=Moment(0.0, 1.0, 0.5, False))
    shown = settled(Aggregate("room", points=POINTS), range(8), given=telling)
    assert type(shown) is GroupMood
    blank = GroupMood(0, 0, None, None, None, None, None, None, 0.0, 0.0)
    assert {field.name for field in fields(shown) if getattr(shown, field.name) != getattr(blank, field.name)} == KNOWN


def test_numbers_are_rounded_counts_are_banded_and_shares_sum_to_one() -> None:
    given = replace(mood(13), people=17, used=13, coverage=13 / 17)
    shown = settled(Aggregate("room", secret=SECRET, points=POINTS), range(13), given=given)
    assert (shown.people, shown.used, shown.coverage) == (15, 10, 0.75)
    assert shown.valence is not None
    assert shown.interval is not None
    assert shown.shares is not None
    numbers = [shown.valence, shown.arousal, shown.dispersion, *shown.interval, *shown.shares]
    assert all(number is not None and abs(number * 20 - round(number * 20)) < 1e-9 for number in numbers)
    assert shown.interval[0] <= min(0.023, shown.valence)
    assert shown.interval[1] >= max(0.223, shown.valence)
    assert sum(shown.shares) == pytest.approx(1.0)


def test_without_noise_the_numbers_are_those_of_the_mood() -> None:
    shown = settled(Aggregate("room", AggregateRules(noise=0.0), points=POINTS), range(8))
    assert (shown.valence, shown.arousal, shown.dispersion, shown.interval) == (0.1, 0.2, 0.3, (0.0, 0.25))
    assert shown.shares == pytest.approx((0.45, 0.2, 0.05, 0.15, 0.05, 0.05, 0.05, 0.0), abs=0.051)
    assert (shown.people, shown.used, shown.coverage) == (5, 5, 1.0)


def test_without_points_no_shares_leave() -> None:
    assert settled(Aggregate("room"), range(8)).shares is None


def test_what_a_mood_lacks_stays_unknown() -> None:
    lacking = replace(mood(8), interval=None, shares=None, arousal=None)
    shown = settled(Aggregate("room", points=POINTS), range(8), given=lacking)
    assert (shown.interval, shown.shares, shown.arousal) == (None, None, None)
    assert shown.valence is not None


def test_not_enough_evidence_is_told_without_a_number() -> None:
    aggregate = Aggregate("room")
    settled(aggregate, range(8))
    shown = aggregate.update(replace(mood(8, None), people=20), range(8), ["camera"], 90).mood
    assert shown == GroupMood(20, 5, None, None, None, None, None, None, 0.5, 0.0)


def test_none_is_none_and_forgets_what_was() -> None:
    aggregate = Aggregate("room")
    settled(aggregate, range(8))
    result = aggregate.update(None, [], ["left", "right"], 90)
    assert (result.room, result.pts, result.mood, result.sources) == ("room", 90, None, ("left", "right"))
    assert aggregate.update(mood(8), range(8), [], 91).mood is None


def test_time_that_runs_backwards_starts_anew() -> None:
    aggregate = Aggregate("room", AggregateRules(noise=0.0))
    settled(aggregate, range(8), 1000)
    assert aggregate.update(mood(8, -0.5), range(8), [], 3.0).mood is None
    assert settled(aggregate, range(8), 4.0, mood(8, -0.5)).valence == -0.5
