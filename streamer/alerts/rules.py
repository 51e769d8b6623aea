"""Rules made of a configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamer.alerts.writing import Condition, condition_of
from streamer.errors import ConfigError
from streamer.noted import Alert


@dataclass(frozen=True, slots=True)
class Rule:
    """``hold``: seconds for which the condition must hold; ``people`` seen at least; ``cooldown``: seconds after an
    alert without another; ``room``: None for each. ``sure``: of a quantity that has an 80 % interval (valence) the
    whole interval must be beyond the threshold, so that nothing is told which the meter leaves open."""

    name: str
    condition: Condition
    hold: float = 60.0
    people: int = 5
    cooldown: float = 600.0
    room: str | None = None
    sure: bool = True


def rules_of(alerts: Mapping[str, Alert]) -> tuple[Rule, ...]:
    """
    Raises:
        ConfigError: with every fault, a line each.
    """
    rules, faults = [], []
    for name, alert in alerts.items():
        try:
            condition = condition_of(alert.when)
        except ValueError as error:
            faults.append(f"alerts.{name}.when: {error}")
        else:
            rules.append(Rule(name, condition, alert.hold, alert.people, alert.cooldown, alert.room, alert.sure))
    if faults:
        raise ConfigError("\n".join(faults))
    return tuple(rules)


def never_told(rules: Sequence[Rule], *, infers: bool, direct: bool) -> tuple[str, ...]:
    """A sentence for each rule whose quantity is never published. ``infers``: emotions are read; ``direct``: the mood
    is shown as it is, to the local user alone."""
    said = []
    for rule in rules:
        quantity = rule.condition.quantity
        if quantity.where == ("signs" if infers else "mood"):
            which = "the purpose expressions_only" if quantity.where == "signs" else "a purpose that infers emotions"
            said.append(f"the alert {rule.name} will never be told: {quantity.name} is known for {which} alone")
        elif quantity.alone and not direct:
            said.append(
                f"the alert {rule.name} will never be told: {quantity.name} speaks of single people and is published "
                "for the purpose self on this machine alone; use valence or dispersion"
            )
    return tuple(said)
