"""What a learner returns, and what the user gets."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common import evaluation, registry, streams
from agents.common.environment import Environment
from minigym import error, seeding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from agents.common.diagnosis import Diagnosis
    from agents.planning import Optimum


@dataclass
class Learned:
    """What a learner returns. The seeds are the leading axis, in the order in which they were asked for."""

    arrays: dict[str, NDArray[Any]]
    """What was learned, (seeds, ...) each: ``q_values`` (seeds, S, A), or a network's weights."""
    steps: NDArray[np.int64]
    """(seeds,), environment steps taken."""
    episode_returns: list[NDArray[np.float64]]
    """One array a seed: the undiscounted return of each training episode."""
    episode_lengths: list[NDArray[np.int64]]
    """One array a seed: the steps of each training episode."""
    checkpoints: dict[str, NDArray[Any]]
    """The learning curves: "steps" or "episodes" (checkpoints,), and figures (seeds, checkpoints)."""
    finished: bool
    """False if Ctrl-C ended the training early; all of the above is whole and usable all the same."""


class Acting(NamedTuple):
    """What an agent does while it learns, in place of what it takes to be best."""

    policy: Callable[[Any], Any]
    """An observation, or a batch of them -> action(s); every call draws further random numbers."""
    words: str
    """How it differs from the greedy policy, as in "exploring with epsilon 0.05"."""


@dataclass(eq=False, repr=False)
class Run:
    """A trained agent: what was learned from each seed, and how well it does."""

    agent: str
    environment: Environment
    config: Any
    """The agent's ``Config``, with every hyperparameter."""
    seeds: tuple[int, ...]
    learned: Learned
    seconds: float
    """Wall-clock time of the training of all seeds together."""
    final_scores: NDArray[np.float64]
    """(seeds, 100): the last policy, greedy, in 100 episodes on the test stream: undiscounted, within the limit."""
    final_exact_return: NDArray[np.float64] | None
    """(seeds,): the same exactly, from the table, ties uniform (on a lake the probability of success); or None."""

    @property
    def steps(self) -> NDArray[np.int64]:
        """(seeds,), environment steps taken in training."""
        return self.learned.steps

    @property
    def episode_returns(self) -> list[NDArray[np.float64]]:
        """One array a seed: the undiscounted return of each training episode."""
        return self.learned.episode_returns

    @property
    def q_values(self) -> NDArray[np.float64]:
        """(seeds, S, A), of a tabular agent."""
        if "q_values" not in self.learned.arrays:
            raise AttributeError(f"{self.agent} learns no table of values; it has {', '.join(self.learned.arrays)}")
        return self.learned.arrays["q_values"]

    @property
    def exact_success(self) -> NDArray[np.float64]:
        """(seeds, checkpoints): the greedy policy's exact undiscounted return within the limit, ties uniform."""
        return self._checkpoint("exact_success")

    @property
    def exact_return(self) -> NDArray[np.float64]:
        """(seeds, checkpoints): the greedy policy's exact return discounted by gamma, no limit, ties uniform."""
        return self._checkpoint("exact_return")

    def _checkpoint(self, name: str) -> NDArray[np.float64]:
        if name not in self.learned.checkpoints:
            raise AttributeError(
                f"{name} is known only where a tabular agent learned on a table; {self.agent} on "
                f"{self.environment.name} recorded {', '.join(self.learned.checkpoints) or 'no checkpoints'}"
            )
        return self.learned.checkpoints[name]

    @cached_property
    def solved(self) -> NDArray[np.bool_] | None:
        """(seeds,) bool; None where the environment has no ``reward_threshold``.

        With a table, whether the exact return of the last policy within the limit reaches the threshold; without,
        whether the lower 95 % bound of the mean of ``final_scores`` does.
        """
        threshold = self.environment.reward_threshold
        if threshold is None:
            return None
        if self.final_exact_return is not None:
            return self.final_exact_return >= threshold - 1e-9  # exact but for rounding
        return np.array([evaluation.lower_bound(scores) >= threshold for scores in self.final_scores])

    @cached_property
    def optimum(self) -> "Optimum":
        """The best possible: ``clock_aware`` and ``stationary`` within the limit, ``discounted`` by the run's gamma."""
        if self.environment.mdp is None:
            raise AttributeError(f"the optimum of {self.environment.name} is not known: it has no table (env.mdp)")
        from agents import planning

        return planning.optimum(self.environment.mdp, horizon=self.environment.horizon, gamma=self.config.gamma)

    def policy(self, index: int = 0, *, best: bool = False) -> Callable[[Any], Any]:
        """The greedy policy learned from ``seeds[index]``: an observation, or a batch of them -> action(s).

        ``best`` asks for the network of the seed's best checkpoint on the select stream, instead of the last one.
        """
        return registry.module(self.agent).policy(self._arrays_of(index, best), index)

    def acting(self, index: int = 0, *, best: bool = False) -> Acting:
        """The policy of ``seeds[index]`` as it acts while it learns, with what it explores by at the end.

        PPO and REINFORCE draw each action from their probabilities, the others explore with their last epsilon or
        noise. The random numbers are a part of the seed's test stream that begins anew with each call of this method:
        the same calls of ``.policy`` then give the same actions.
        """
        arrays = self._arrays_of(index, best)
        generator = streams.generator(self.seeds[index], streams.TEST, streams.ACTING)
        return registry.module(self.agent).acting(arrays, index, self.config, generator)

    def _arrays_of(self, index: int, best: bool) -> dict[str, NDArray[Any]]:
        """What was learned; the networks of the best checkpoints in place of the last ones."""
        if not -len(self.seeds) <= index < len(self.seeds):
            raise IndexError(f"index counts the run's {len(self.seeds)} seeds from 0, got {index}")
        arrays = self.learned.arrays
        if best:
            kept = {name.removeprefix("best_"): array for name, array in arrays.items() if name.startswith("best_")}
            if not kept:
                raise error.InvalidParameter(f"{self.agent} keeps its last policy alone; leave out best=True")
            arrays = arrays | kept
        return arrays

    def plot(self, kind: str = "learning_curve", **options: Any) -> "Figure":
        """A picture, as a matplotlib Figure that no global state knows of, and that notebooks show inline.

        Args:
            kind: "learning_curve"; "exploration", beside the greedy policy; "scores", the last policy of each seed;
                on a lake "policy" and "visits" (``index=0``: of which seed; None for all visits), and "policy_share",
                how many seeds choose each move; on CartPole "plane", which way the policy pushes by the pole's angle
                and its velocity (``index=0``; None for the share of the seeds).
            **options: those of the kind.
        """
        from agents.common import plotting

        return plotting.plot(self, kind, **options)

    def diagnose(self) -> "Diagnosis":
        """Why little or nothing was learned, with the evidence and what to change; empty where all is well."""
        from agents.common import diagnosis

        return diagnosis.diagnose(self)

    def _repr_html_(self) -> str:
        from agents.common import notebook

        return notebook.run(self)

    def save(self, directory: str | Path) -> None:
        """Write the run to a new or empty directory, from which :func:`agents.load` brings it back."""
        from agents.common.run_directory import RunWriter

        RunWriter.begin(directory, self.agent, self.environment, self.config, self.seeds).write(self)

    def __repr__(self) -> str:
        stopped = "" if self.learned.finished else ", stopped early"
        solved = "" if self.solved is None else f", {self.solved.sum()} of {len(self.seeds)} solved"
        seeds = f"{len(self.seeds)} seed{'s' if len(self.seeds) > 1 else ''}"
        return f"<Run: {self.agent} on {self.environment.name}, {seeds}{stopped}{solved}>"


def scored(
    agent: str,
    environment: Environment,
    config: Any,
    seeds: tuple[int, ...],
    learned: Learned,
    seconds: float,
    final_scores: NDArray[np.float64] | None = None,
    final_exact_return: NDArray[np.float64] | None = None,
) -> Run:
    """The run of what was learned; its test episodes are played now where ``final_scores`` is not known yet."""
    if final_scores is None:
        policies = [registry.module(agent).policy(learned.arrays, index) for index in range(len(seeds))]
        final_scores = evaluation.play_test_episodes(environment, policies, seeds)
        final_exact_return = evaluation.exact_returns(environment, learned.arrays, policies)
    return Run(
        agent=agent,
        environment=environment,
        config=config,
        seeds=seeds,
        learned=learned,
        seconds=seconds,
        final_scores=final_scores,
        final_exact_return=final_exact_return,
    )


def checked_seeds(seeds: Any) -> tuple[int, ...]:
    """The seeds themselves, from a number of them or a sequence."""
    if isinstance(seeds, (int, np.integer)) and not isinstance(seeds, bool):
        if seeds < 1:
            raise error.InvalidSeed(f"seeds must be a number of at least 1, or the seeds themselves, got {seeds}")
        return tuple(range(int(seeds)))
    try:
        listed = tuple(seeding.checked_seed(seed) for seed in seeds)
    except TypeError:
        raise error.InvalidSeed(
            f"seeds must be a number n (the seeds 0 to n - 1) or the seeds themselves, got {seeds!r}; "
            "write for instance seeds=20 or seeds=[7, 8, 9]"
        ) from None
    if not listed:
        raise error.InvalidSeed("seeds must name at least one seed, got none; write for instance seeds=1")
    for seed in listed:
        if listed.count(seed) > 1:
            raise error.InvalidSeed(f"each seed must come once, or one run counts twice, but {seed} is repeated")
    return listed
