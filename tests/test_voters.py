from __future__ import annotations

import math

import pytest

from streamer.emotions import LABELS
from streamer.voters import Ballot, Voters
from tests.rooms import emotion

HAPPINESS = LABELS.index("happiness")


def ballot(number: int, happy: float = 0.0, vote: float = 1.0) -> Ballot:
    return Ballot(("a", number), vote, emotion(0.0, happiness=happy).probabilities, 0.0, 0.9)


def weights(voters: Voters) -> dict[int, float]:
    return {key[1]: voter.weight for key, voter in voters.everybody().items()}


def test_the_first_ballots_count_fully_and_a_newcomer_gradually() -> None:
    voters = Voters(5.0)
    voters.add([ballot(1), ballot(2)], 0.0)
    assert weights(voters) == {1: 1.0, 2: 1.0}
    voters.add([ballot(1), ballot(2), ballot(3)], 1.0)
    assert weights(voters) == pytest.approx({1: 1.0, 2: 1.0, 3: 1 - math.exp(-0.2)})


def test_who_leaves_fades_and_is_forgotten() -> None:
    voters = Voters(5.0)
    voters.add([ballot(1), ballot(2)], 0.0)
    voters.add([ballot(1)], 5.0)
    assert weights(voters) == pytest.approx({1: 1.0, 2: math.exp(-1)})
    voters.add([ballot(1)], 17.0)
    assert 2 in weights(voters)
    voters.add([ballot(1)], 2.0)
    assert 2 not in weights(voters)


def test_a_reading_is_the_mean_over_the_meter_s_time() -> None:
    voters = Voters(5.0)
    voters.add([ballot(1, happy=0.0)], 0.0)
    voters.add([ballot(1, happy=1.0)], 5.0)
    (voter,) = voters.counting().values()
    assert voter.reading[HAPPINESS] == pytest.approx(1 - math.exp(-1))
    assert voter.reading.sum() == pytest.approx(1.0)


def test_the_frame_rate_does_not_matter() -> None:
    ends = []
    for rate in (5, 60):
        voters = Voters(5.0)
        for tick in range(10 * rate):
            people = [ballot(1, happy=float(tick >= 4 * rate)), *([ballot(2)] if tick >= 6 * rate else [])]
            voters.add(people, 0.0 if tick == 0 else 1 / rate)
        ends.append([(voter.weight, voter.reading[HAPPINESS]) for voter in voters.everybody().values()])
    assert ends[0][0] == pytest.approx(ends[1][0], abs=0.02)
    assert ends[0][1] == pytest.approx(ends[1][1], abs=0.03)


def test_who_cannot_be_read_for_a_while_loses_weight_and_keeps_the_reading() -> None:
    voters = Voters(5.0)
    voters.add([ballot(1, happy=1.0), ballot(2)], 0.0)
    voters.add([ballot(1, vote=0.0), ballot(2)], 5.0)
    assert weights(voters)[1] == pytest.approx(math.exp(-1))
    assert voters.everybody()["a", 1].reading[HAPPINESS] == pytest.approx(1.0)


def test_valences_are_those_of_now_and_of_who_votes() -> None:
    voters = Voters(5.0)
    voters.add([ballot(1, happy=0.0), ballot(2, happy=1.0), ballot(3, vote=0.0)], 0.0)
    voters.add([ballot(1, happy=1.0), ballot(3, vote=0.0)], 1.0)
    assert voters.valences() == {("a", 1): pytest.approx(0.81)}
