"""The goals that DESIGN.md sets for speed, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

OURS = "minigym Numba"
WITHOUT_COPIES = "minigym Numba, copy=False"


class Cost(NamedTuple):
    """What a lane-step costs: the least of the contestants, at one batch size or at their best."""

    contestants: tuple[str, ...]
    lanes: int | None


@dataclass(frozen=True)
class Goal:
    """The ratio ``theirs / ours`` must be at least ``bound``; with ``at_most``, ``ours / theirs`` at most that."""

    task: str
    what: str
    ours: Cost
    theirs: Cost
    bound: float
    at_most: bool = False


@dataclass(frozen=True)
class Verdict:
    """A goal, nanoseconds a lane-step and their ratio; None where they were not measured."""

    goal: Goal
    ours: float | None
    theirs: float | None
    ratio: float | None
    without_copies: float | None
    """The ratio that ``copy=False`` reaches, where the goal is about the batch of one core."""

    @property
    def word(self) -> str:
        """Whether the goal was reached."""
        if self.ratio is None:
            return "not measured"
        fits = self.ratio <= self.goal.bound if self.goal.at_most else self.ratio >= self.goal.bound
        return "reached" if fits else "**missed**"


Costs = Mapping[tuple[str, str, int], float]
"""Median nanoseconds by task, contestant and batch size."""


def judge(goal: Goal, costs: Costs) -> Verdict:
    """Look the goal's costs up."""
    ours, theirs = (_cost(goal.task, cost, costs) for cost in (goal.ours, goal.theirs))
    freely = replace(goal, ours=_without_copies(goal.ours), theirs=_without_copies(goal.theirs))
    without_copies = None
    if freely != goal:
        without_copies = _ratio(goal, *(_cost(goal.task, cost, costs) for cost in (freely.ours, freely.theirs)))
    return Verdict(goal, ours, theirs, _ratio(goal, ours, theirs), without_copies)


def _cost(task: str, cost: Cost, costs: Costs) -> float | None:
    found = [
        value
        for (one_task, name, lanes), value in costs.items()
        if one_task == task and name in cost.contestants and cost.lanes in (None, lanes)
    ]
    return min(found, default=None)


def _ratio(goal: Goal, ours: float | None, theirs: float | None) -> float | None:
    if ours is None or theirs is None:
        return None
    return ours / theirs if goal.at_most else theirs / ours


def _without_copies(cost: Cost) -> Cost:
    return cost._replace(contestants=tuple(WITHOUT_COPIES if name == OURS else name for name in cost.contestants))


def _batch(task: str, peer: str, lanes: int, peer_lanes: int, bound: float) -> Goal:
    at = f"{peer} at {peer_lanes:,}" if peer_lanes != lanes else peer
    return Goal(task, f"batch of {lanes:,} against {at}", Cost((OURS,), lanes), Cost((peer,), peer_lanes), bound)


def _best(task: str, what: str, ours: str, theirs: tuple[str, ...], bound: float) -> Goal:
    return Goal(task, f"{what}, each at its best batch size", Cost((ours,), None), Cost(theirs, None), bound)


def _goals_of(task: str, step_loop: float, sync: float, sync_from_1024: float) -> tuple[Goal, ...]:
    """What is asked of both tasks. SyncVectorEnv's cost at 1,024 lanes stands for that of larger ones."""
    peer = "Gymnasium SyncVectorEnv"
    larger = [_batch(task, peer, lanes, 1_024, sync_from_1024) for lanes in (1_024, 16_384, 131_072, 1_048_576)]
    return (
        Goal(
            task, "step loop against Gymnasium's", Cost(("minigym make",), 1), Cost(("Gymnasium make",), 1), step_loop
        ),
        _batch(task, peer, 64, 64, sync),
        *larger,
        _best(task, "batch against envpool", OURS, ("envpool",), 50),
        _best(task, "batch against gymnax, jitted or scanned", OURS, ("gymnax, jitted", "gymnax, scanned"), 4),
        _best(task, "rollout against gymnax, scanned", "minigym Numba, rollout", ("gymnax, scanned",), 4),
        Goal(
            task,
            "a lane-step of 1,048,576 lanes against one of 1,024",
            Cost((OURS,), 1_048_576),
            Cost((OURS,), 1_024),
            1.5,
            at_most=True,
        ),
    )


_OWN = "Gymnasium CartPoleVectorEnv"
GOALS = (
    *_goals_of("CartPole-v1", step_loop=3.5, sync=100, sync_from_1024=300),
    _batch("CartPole-v1", _OWN, 64, 64, 8),
    _batch("CartPole-v1", _OWN, 1_024, 1_024, 3.5),
    _batch("CartPole-v1", _OWN, 16_384, 16_384, 2),
    Goal(
        "CartPole-v1",
        f"batch of 16,384 on all cores against {_OWN} (asked of two)",
        Cost(("minigym Numba, all cores",), 16_384),
        Cost((_OWN,), 16_384),
        4,
    ),
    Goal(
        "CartPole-v1",
        "torch on the GPU against gymnax there, each at its best batch size",
        Cost(("minigym torch, GPU", "minigym torch, GPU, compiled"), None),
        Cost(("gymnax, scanned, GPU",), None),
        1,
    ),
    *_goals_of("FrozenLake-v1", step_loop=6, sync=100, sync_from_1024=400),
)
