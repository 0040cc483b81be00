"""Runs state machines of Hypothesis; a base for those in which actors take steps in any order."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.contract.stepping import Actor, Reply


def run_machine(
    new: Callable[[], RuleBasedStateMachine],
    examples: int,
    steps: int,
    *,
    shrink: bool = False,
    derandomize: bool = False,
) -> None:
    """Run new machines, each for some steps. ``shrink``: reduce a failure, which takes minutes if steps are slow."""
    run_state_machine_as_test(
        new,  # type: ignore[arg-type]  # it may also be a function
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            database=None,
            derandomize=derandomize,
            phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )


class Concurrent(RuleBasedStateMachine):
    """Its rules start actors, and decide which of them takes the next step."""

    def __init__(self) -> None:
        super().__init__()
        self.actors: list[Actor] = []

    def alive(self) -> list[Actor]:
        return [actor for actor in self.actors if actor.call]

    def one(self, which: int) -> Actor:
        """An actor that is alive; there must be one."""
        return self.alive()[which % len(self.alive())]

    def take_step(self, actor: Actor, reply: Reply = Reply.ARRIVES) -> None:
        actor.step(reply)

    def take_steps(self, actor: Actor, count: int) -> None:
        """At most as many as the actor has left."""
        for _ in range(count):
            if actor.call:
                self.take_step(actor)

    def disturb(self, actor: Actor, reply: Reply | None) -> None:
        """None: the actor is killed."""
        if reply is None:
            actor.kill()
        else:
            self.take_step(actor, reply)
