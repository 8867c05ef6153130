"""What is known of a run that is diagnosed, gathered once for all checks."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common.evaluation import random_play
from minigym import MDP

if TYPE_CHECKING:
    from agents.common.run import Run

_ENOUGH = 0.9  # of the way from random play to the best stationary policy
FEW_SUCCESSES = 20


class Finding(NamedTuple):
    """One cause."""

    name: str
    evidence: str
    advice: str


@dataclass(frozen=True)
class Case:
    """A run, and what several checks ask about it."""

    run: "Run"

    @property
    def mdp(self) -> MDP | None:
        return self.run.environment.mdp

    @cached_property
    def random(self) -> float:
        return random_play(self.run.environment)

    @cached_property
    def hopeless(self) -> bool:
        """Whether no policy at all can succeed within the limit."""
        environment = self.run.environment
        return self.mdp is not None and environment.return_is_success and self.run.optimum.clock_aware == 0

    @cached_property
    def span(self) -> float:
        """What learning can add, in return."""
        return self.run.optimum.stationary - self.random

    @cached_property
    def level(self) -> float | None:
        """The return below which a seed fails; None without a table."""
        return None if self.mdp is None else self.random + _ENOUGH * self.span

    @cached_property
    def failing(self) -> NDArray[np.int64]:
        """The indices of the seeds that fail."""
        run = self.run
        if self.level is not None and run.final_exact_return is not None:
            slack = 1e-9 * max(1.0, abs(self.level))
            return np.flatnonzero(run.final_exact_return < self.level - slack)
        if run.solved is not None:
            return np.flatnonzero(~run.solved)
        constant = [len(returns) > 1 and np.ptp(returns) == 0 for returns in run.episode_returns]
        return np.flatnonzero(constant)

    @cached_property
    def headline(self) -> str:
        worth = f"{self.of(self.failing)} learned too little"
        if self.level is not None:
            return (
                f"{worth}, with a last policy worth less than {self.level:.4g} (exact; random play is "
                f"worth {self.random:.4g}, the best found that needs no clock {self.run.optimum.stationary:.4g})."
            )
        if self.run.environment.reward_threshold is not None:
            return f"{worth}: not solved (from {self.run.environment.reward_threshold:g})."
        return f"{worth}: every training episode returned the same."

    @cached_property
    def reached(self) -> list[NDArray[np.bool_]] | None:
        """For each seed the episodes that ended at the goal: what pays most at an end. None where that is unknown.

        It is known where all steps before the end pay the same, for then the last reward follows from the return.
        """
        if self.mdp is None:
            return None
        happens = (self.mdp.probability > 0) & ~self.mdp.terminal[:, None, None]
        before = np.unique(self.mdp.reward[happens & ~self.mdp.terminated]).astype(float)
        at_end = self.mdp.reward[happens & self.mdp.terminated].astype(float)
        each = before[0] if len(before) else 0.0
        if len(before) > 1 or not at_end.size or (goal := at_end.max()) <= each:
            return None
        return [
            np.abs(returns - each * (lengths - 1) - goal) < 1e-6
            for returns, lengths in zip(self.run.episode_returns, self.run.learned.episode_lengths, strict=True)
        ]

    @cached_property
    def goal_chance(self) -> float | None:
        """The probability that an episode of random play ends at the goal; None where that is not its return."""
        return self.random if self.mdp is not None and self.run.environment.return_is_success else None

    @cached_property
    def best_values(self) -> NDArray[np.float64]:
        """(S,): the optimal values at the run's gamma."""
        from agents import planning

        assert self.mdp is not None
        return planning.solve(self.mdp, gamma=self.run.config.gamma).values

    def never_reached(self) -> NDArray[np.int64]:
        """The failing seeds of which no episode reached the goal; without one, whose episodes returned all the same."""
        if self.reached is not None:
            return np.array([index for index in self.failing if not self.reached[index].any()], dtype=np.int64)
        returns = self.run.episode_returns
        return np.array([i for i in self.failing if len(returns[i]) > 1 and np.ptp(returns[i]) == 0], dtype=np.int64)

    def of(self, indices: NDArray[np.int64]) -> str:
        """As in "3 of 20 seeds"."""
        count = len(self.run.seeds)
        return f"{len(indices)} of {count} seed{'s' if count > 1 else ''}"

    def episodes(self, index: int) -> int:
        return len(self.run.episode_returns[index])

    def curve(self) -> NDArray[np.float64] | None:
        """(failing, checkpoints): the exact worth of the greedy policies; None where it was not recorded."""
        recorded = self.run.learned.checkpoints.get("exact_success")
        return None if recorded is None or recorded.shape[1] < 10 else recorded[self.failing]


def action_values(
    mdp: MDP, values: NDArray[np.float64], gamma: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(S, A) twice: what each action is worth where ``values`` follow, and how far one outcome can be from that."""
    targets = mdp.reward + gamma * np.where(mdp.terminated, 0.0, values[mdp.next_state])
    worth = (mdp.probability * targets).sum(axis=2)
    return worth, np.where(mdp.probability > 0, np.abs(targets - worth[..., None]), 0.0).max(axis=2)


def shortest_way(mdp: MDP) -> int | None:
    """The fewest steps from a start to a positive reward, or if there is none to the end; None where it is unreachable.

    The last of these steps is the one that pays.
    """
    happens = (mdp.probability > 0) & ~mdp.terminal[:, None, None]
    pays = happens & (mdp.reward > 0)
    arrives = (pays if pays.any() else happens & mdp.terminated).any(axis=(1, 2))
    here, seen, steps = mdp.initial > 0, np.zeros(mdp.num_states, dtype=np.bool_), 0
    while here.any():
        steps += 1
        if (here & arrives).any():
            return steps
        seen |= here
        going = happens & here[:, None, None] & ~mdp.terminated
        here = np.zeros_like(seen)
        here[mdp.next_state[going]] = True
        here &= ~seen
    return None
