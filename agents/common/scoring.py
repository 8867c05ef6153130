"""What a run has reached, seed by seed: its scores, and when it came to the threshold."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigym import error

if TYPE_CHECKING:
    from agents.common.run import Run

WINDOW = 100
"""Training episodes in a row whose mean return must reach the threshold where nothing is known of the greedy policy."""


class Reached(NamedTuple):
    """When each seed first reached the threshold; a seed that never did is censored at its budget."""

    threshold: float
    steps: NDArray[np.float64]
    """(seeds,) environment steps; infinite where the threshold was never reached."""
    seconds: NDArray[np.float64]
    """(seeds,) since the training of all seeds began, at the run's mean pace; infinite likewise."""
    budget: NDArray[np.int64]
    """(seeds,) environment steps at which the training ended."""

    @property
    def never(self) -> int:
        """How many seeds never reached it."""
        return int(np.isinf(self.steps).sum())


def scores(run: "Run") -> NDArray[np.float64]:
    """(seeds,): the last policy's return within the limit, exact where there is a table, else of the test episodes."""
    return run.final_scores.mean(axis=1) if run.final_exact_return is None else run.final_exact_return


def reached(run: "Run", threshold: float | None = None) -> Reached:
    """When each seed first reached the threshold.

    Args:
        run: the run. Where exact figures were recorded, the first checkpoint whose greedy policy is worth the
            threshold within the limit; of a network the first checkpoint whose greedy episodes return it in the
            mean; elsewhere the end of the first 100 training episodes in a row whose mean
            return is (an agent that explores must then be better than the threshold).
        threshold: the return; None for the environment's ``reward_threshold``.
    """
    threshold = _threshold(run, threshold)
    steps = np.full(len(run.seeds), np.inf)
    in_training = solved_after(run, threshold)
    checkpoints = run.learned.checkpoints
    for index, lengths in enumerate(run.learned.episode_lengths):
        ends = np.concatenate([[0], np.cumsum(lengths)])  # the steps after n episodes
        if "exact_success" in checkpoints:
            times = checkpoints["steps"] if "steps" in checkpoints else ends[checkpoints["episodes"]]
            good = checkpoints["exact_success"][index] >= threshold - 1e-9  # exact but for rounding
        elif "greedy_return" in checkpoints:
            times, good = checkpoints["steps"], checkpoints["greedy_return"][index] >= threshold
        else:
            times, good = ends, np.arange(len(ends)) >= in_training[index]
        if good.any():
            steps[index] = times[good.argmax()]
    seconds = run.seconds * steps / np.maximum(run.steps, 1)
    return Reached(threshold, steps, seconds, run.steps)


def solved_after(run: "Run", threshold: float | None = None) -> NDArray[np.float64]:
    """(seeds,): after how many training episodes the first 100 in a row with a mean return of the threshold ended.

    So did Gym define that CartPole is solved. The episodes are counted up to the last of the hundred, so the least is
    100; courses that count those before the hundred print 100 less. Infinite where there were no such episodes.

    Args:
        run: the run; its agent explores while it trains.
        threshold: the mean return; None for the environment's ``reward_threshold``.
    """
    threshold = _threshold(run, threshold)
    after = np.full(len(run.seeds), np.inf)
    for index, returns in enumerate(run.episode_returns):
        good = moving_mean(returns, WINDOW) >= threshold
        if good.any():
            after[index] = WINDOW + good.argmax()
    return after


def _threshold(run: "Run", given: float | None) -> float:
    threshold = run.environment.reward_threshold if given is None else given
    if threshold is None:
        raise error.InvalidParameter(
            f"{run.environment.name} has no reward_threshold to reach; write for instance threshold=0.7"
        )
    return float(threshold)


def moving_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """(n,) to (n - window + 1,): the means of every ``window`` neighbours; empty where there are fewer."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[window:] - sums[:-window]) / window
