"""The short form of the part about robots, and what it must find out."""

import pytest

from devices import robot_rules
from devices.robot_rules import Action, Voided, Wait
from tests.prove import Broken
from tests.prove.part_robots import HAND_OFFS, story
from tests.robot_trouble import KINDS
from wms.robots.rows import Mission


def test_a_story_counts_hand_offs_and_what_was_inflicted() -> None:
    done = story(0, missions=8)
    assert done[HAND_OFFS] == 8
    assert {kind for kind in KINDS if done[kind]} == set(KINDS)


@pytest.mark.long
def test_a_story_with_people_in_it() -> None:
    assert story(1, missions=20)[HAND_OFFS] > 0


@pytest.mark.long
def test_robots_without_memory_are_found_out() -> None:
    with pytest.raises(Broken, match="story"):
        for number in range(0, 8, 2):
            story(number, missions=100, remembers=False, until_person=True)


@pytest.mark.long
def test_a_job_that_is_given_anew_on_a_timeout_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def give_to_another(ours: Mission, waiting: bool) -> Action:
        return Wait("answer") if waiting else Voided(ours.id)

    monkeypatch.setattr(robot_rules, "_say_again", give_to_another)
    with pytest.raises(Broken, match="story"):
        for number in range(0, 8, 2):
            story(number, missions=100, until_person=True)
