"""The learning curve of a network, on the select stream, and the best policy that was seen on it.

Checkpoints are chosen on this stream and scored once on the test stream: the best of twenty noisy figures says too
much of itself.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.common import streams
from agents.common.environment import Environment
from agents.common.lanes import Lanes, lanes_of

EPISODES = 20
"""Of each seed at each checkpoint: always the same ones."""

Act = Callable[[NDArray[Any]], NDArray[np.int64]]
"""(S, L, ...) observations -> (S, L) actions."""


def first_returns(lanes: Lanes, act: Act, longest: int) -> NDArray[np.float64]:
    """(S, L): the undiscounted return of each lane's first episode, or of its first ``longest`` steps."""
    returns, playing = np.zeros(lanes.shape), np.ones(lanes.shape, np.bool_)
    for _ in range(longest):
        transition = lanes.step(act(lanes.observation))
        returns += np.where(playing, transition.reward, 0.0)
        playing &= ~(transition.terminated | transition.truncated)
        if not playing.any():
            break
    return returns


class Selection:
    """Greedy returns at checkpoints, and the parameters of each seed's best checkpoint.

    Args:
        environment, seeds: what is trained.
        total: the steps of the training.
        points: how many checkpoints there are, equally far apart; the last is at the end.
    """

    def __init__(self, environment: Environment, seeds: Sequence[int], total: int, points: int) -> None:
        self._environment, self._seeds = environment, seeds
        self._due = [total * point // points for point in range(1, points + 1)]
        self._steps: list[int] = []
        self._returns: list[NDArray[np.float64]] = []
        self.best: NDArray[np.float32] | None = None
        """(S, P), the parameters of each seed's best checkpoint, of equals the latest; None before the first."""
        self._best_return = np.full(len(seeds), -np.inf)

    def look(self, step: int, theta: NDArray[np.float32], act: Act) -> None:
        """Score the policy if a checkpoint is due at ``step``."""
        looked = self._steps[-1] if self._steps else 0
        if not any(looked < due <= step for due in self._due):
            return
        lanes = lanes_of(self._environment, self._seeds, EPISODES, streams.SELECT)
        try:
            mean = first_returns(lanes, act, self._environment.horizon).mean(axis=1)
        finally:
            lanes.close()
        self._steps.append(step)
        self._returns.append(mean)
        better = mean >= self._best_return
        self.best = np.where(better[:, None], theta, theta if self.best is None else self.best)
        self._best_return = np.maximum(self._best_return, mean)

    def recent(self) -> dict[str, float]:
        """For a progress bar: the mean over seeds at the latest checkpoint."""
        return {"greedy_return": float(self._returns[-1].mean())} if self._returns else {}

    @property
    def curve(self) -> dict[str, NDArray[Any]]:
        """"steps" (C,), and "greedy_return" (S, C)."""
        returns = np.array(self._returns).reshape(len(self._steps), len(self._seeds)).T
        return {"steps": np.array(self._steps, np.int64), "greedy_return": returns}

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """As a part of a checkpoint."""
        best = {} if self.best is None else {"best": self.best}
        return {**self.curve, **best, "best_return": self._best_return}

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot."""
        self._steps, self._returns = snapshot["steps"].tolist(), list(snapshot["greedy_return"].T)
        self.best, self._best_return = snapshot.get("best"), snapshot["best_return"]
