from __future__ import annotations

import threading

import pytest

from streamer.mailbox import Inbox, Mailbox, Policy


def counted(box: Mailbox[int]) -> bool:
    return box.received == box.taken + box.dropped + box.waiting


def test_latest_keeps_the_newest_and_counts_the_loser() -> None:
    box: Mailbox[int] = Mailbox("latest")
    assert [box.put(n) for n in (1, 2, 3)] == [True] * 3
    assert (box.dropped, box.waiting) == (2, 1)
    assert counted(box)
    assert box.take() == 3
    assert counted(box)


def test_wait_hands_over_everything_in_order() -> None:
    box: Mailbox[int] = Mailbox("wait", capacity=2)

    def give() -> None:
        for n in range(500):
            box.put(n)
        box.close()

    giver = threading.Thread(target=give)
    giver.start()
    assert list(box) == list(range(500))
    giver.join()
    assert (box.received, box.dropped) == (500, 0)


def test_a_closed_box_refuses_but_gives_what_is_inside() -> None:
    box: Mailbox[int] = Mailbox("wait", capacity=3)
    box.put(1)
    box.close()
    assert not box.finished
    assert not box.put(2)
    assert list(box) == [1]
    assert box.finished
    assert counted(box)


def test_discarding_counts_as_dropping() -> None:
    box: Mailbox[int] = Mailbox("wait", capacity=3)
    box.put(1)
    box.put(2)
    box.close(discard=True)
    assert box.dropped == 2
    assert box.take() is None
    assert counted(box)


def test_closing_frees_a_giver_that_waits_for_room() -> None:
    box: Mailbox[int] = Mailbox("wait")
    box.put(1)
    answers: list[bool] = []
    giver = threading.Thread(target=lambda: answers.append(box.put(2)))
    giver.start()
    box.close(discard=True)
    giver.join(5)
    assert answers == [False]


def test_taking_gives_up_after_its_timeout() -> None:
    box: Mailbox[int] = Mailbox("latest")
    assert box.take(timeout=0) is None
    assert not box.finished


def test_a_capacity_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Mailbox("wait", capacity=0)


@pytest.mark.parametrize("policy", ["latest", "wait"])
def test_an_inbox_gives_one_item_of_each_box_a_round(policy: Policy) -> None:
    inbox: Inbox[str] = Inbox([policy, policy, policy])
    inbox.boxes[0].put("a")
    inbox.boxes[2].put("c")
    rounds = iter(inbox)
    assert next(rounds) == ((0, "a"), (2, "c"))
    inbox.boxes[1].put("b")
    assert next(rounds) == ((1, "b"),)
    for box in inbox.boxes:
        box.close()
    assert list(rounds) == []


def test_a_full_box_does_not_keep_the_others_from_their_turn() -> None:
    inbox: Inbox[int] = Inbox(["wait", "latest"])

    def give() -> None:
        for n in range(200):
            inbox.boxes[0].put(n)
        inbox.boxes[0].close()

    giver = threading.Thread(target=give)
    giver.start()
    for n in range(50):
        inbox.boxes[1].put(n)
    inbox.boxes[1].close()
    taken: dict[int, list[int]] = {0: [], 1: []}
    for round_ in inbox:
        for number, item in round_:
            taken[number].append(item)
    giver.join()
    assert taken[0] == list(range(200))
    assert taken[1][-1] == 49
    assert all(box.received == box.taken + box.dropped for box in inbox.boxes)
