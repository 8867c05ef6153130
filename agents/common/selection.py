"""The learning curve of a network, on the select stream, and the best policy that was seen on it.

Checkpoints are chosen on this stream and scored once on the test stream: the best of twenty noisy figures says too
much of itself.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.common import streams
from agents.common.environment import Environment
from agents.common.evaluation import SELECT_EPISODES, first_returns
from agents.common.lanes import lanes_of

Act = Callable[[torch.Tensor, NDArray[Any]], NDArray[np.int64]]
"""Parameters (S, P) and observations (S, L, ...) -> actions (S, L)."""


class Selection:
    """Greedy returns at checkpoints, and the parameters of each seed's best one; a part of a checkpoint file.

    Args:
        environment, seeds: what is trained.
        total: the steps of the training.
        points: how many checkpoints there are, equally far apart; the last is at the end.
    """

    def __init__(self, environment: Environment, seeds: Sequence[int], total: int, points: int) -> None:
        self._environment, self._seeds = environment, seeds
        self._due = [total * point // points for point in range(1, points + 1)]
        self._looks = np.zeros(len(seeds), np.int64)  # how many checkpoints each seed has passed
        self._steps = np.zeros((len(seeds), points), np.int64)
        self._returns = np.full((len(seeds), points), np.nan)
        self._best_return = np.full(len(seeds), -np.inf)
        self._best: NDArray[np.float32] | None = None  # (S, P), parameters; None before the first checkpoint

    def look(self, steps: int | NDArray[np.int64], theta: torch.Tensor, act: Act) -> None:
        """Score the policies that have passed a checkpoint by now.

        Args:
            steps: of all seeds, or (S,) of each one.
            theta: (S, P), their parameters.
            act: plays greedily with them, or with some of the rows.
        """
        steps = np.broadcast_to(steps, len(self._seeds))
        passed = np.searchsorted(self._due, steps, side="right")
        rows = np.flatnonzero(passed > self._looks)
        if rows.size == 0:
            return
        present = theta.detach()[torch.from_numpy(rows)]
        seeds = [self._seeds[row] for row in rows]
        with closing(lanes_of(self._environment, seeds, SELECT_EPISODES, streams.SELECT)) as lanes:
            played = first_returns(lanes, lambda seen, _: act(present, seen), self._environment.horizon)
            means = played.mean(axis=1)
        if self._best is None:
            self._best = np.zeros(theta.shape, np.float32)
        for row, own, mean in zip(rows, present.cpu().numpy(), means, strict=True):
            points = slice(self._looks[row], passed[row])  # several where a batch is longer than their distance
            self._steps[row, points], self._returns[row, points] = steps[row], mean
            if mean >= self._best_return[row]:
                self._best[row], self._best_return[row] = own, mean
        self._looks = passed

    def best(self, last: NDArray[np.float32]) -> NDArray[np.float32]:
        """(S, P), the parameters of each seed's best checkpoint, of equals the latest; ``last`` of one without any."""
        return last if self._best is None else np.where(self._looks[:, None] > 0, self._best, last)

    def recent(self) -> float:
        """For a progress bar: the mean over seeds at the latest checkpoint that all have passed; NaN before."""
        common = self._looks.min()
        return float(self._returns[:, common - 1].mean()) if common else math.nan

    @property
    def curve(self) -> dict[str, NDArray[Any]]:
        """The checkpoints that all seeds have passed: "greedy_return" (S, C), and "steps" (C,).

        Where seeds do not step together, "steps" are those of the seed that had taken the most.
        """
        common = self._looks.min()
        steps = self._steps[:, :common].max(axis=0)
        apart = np.diff(steps, append=np.inf) > 0  # of checkpoints passed at once, the last
        return {"steps": steps[apart], "greedy_return": self._returns[:, :common][:, apart]}

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """As a part of a checkpoint file."""
        best = {} if self._best is None else {"best": self._best.copy()}
        return best | {
            "looks": self._looks.copy(),
            "steps": self._steps.copy(),
            "returns": self._returns.copy(),
            "best_return": self._best_return.copy(),
        }

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot."""
        own = {name: values.copy() for name, values in snapshot.items()}  # look() changes them in place
        self._looks, self._steps, self._returns = own["looks"], own["steps"], own["returns"]
        self._best, self._best_return = own.get("best"), own["best_return"]
