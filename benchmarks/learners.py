"""Who learns CartPole-v1 in ``python -m benchmarks learning``, and how each is trained in a process of its own.

Ours as a user calls it, ``agents.train`` with the recipe. Stable-Baselines3 with the settings that its zoo has tuned
for this task, on the CPU, which it recommends for such networks.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.machine import cores, not_installed
from benchmarks.process import ONE_THREAD

TASK, THRESHOLD = "CartPole-v1", 475.0
AGENTS = ("dqn", "reinforce", "ppo")
CHECKPOINTS, CHECKPOINT_EPISODES, TEST_EPISODES = 20, 20, 100  # of each run, as agents.train has them
SB3 = "Stable-Baselines3"
SB3_ALONE = (f"{SB3}, one thread", f"{SB3}, a thread a core")
SB3_BESIDE = f"{SB3}, a process a core"
_ELSEWHERE = 10**6  # added to a peer's seed for the episodes of its checkpoints, which are not its test episodes


@dataclass(frozen=True)
class Learner:
    """One way to train an agent."""

    who: str
    agent: str
    seeds: int = 1
    """Trained side by side in a process."""
    processes: int = 1
    """Side by side, with seeds of their own."""
    packages: str = ""
    """What must be installed besides minigym, separated by spaces."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables of its processes."""
    no_package: str = ""
    """Why it cannot be installed."""

    @property
    def why_missing(self) -> str:
        """Why it cannot take part here, "" if it can."""
        return self.no_package or not_installed(self.packages)


@dataclass(frozen=True)
class Figures:
    """What became of the seeds of one process, in their order."""

    steps: list[int]
    scores: list[float]
    """Means of 100 greedy test episodes of the last policy."""
    steps_to_threshold: list[int | None]
    """At the first checkpoint whose greedy episodes returned the threshold in the mean; None where none did."""
    seconds_to_threshold: list[float | None]
    """From the start of the process to that checkpoint, at the mean pace of the training."""
    evaluation: float | None
    """Seconds spent on checkpoints and test episodes; None where they cannot be told from the rest."""


def train(who: str, agent: str, seeds: Sequence[int], budget: float, launched: float) -> dict[str, Any]:
    """Train these seeds here and now, on the share ``budget`` of the usual steps; the fields of :class:`Figures`.

    Args:
        who, agent, seeds, budget: what to train.
        launched: ``time.time()`` when this process was started.
    """
    if who == "minigym":
        return _minigym(agent, seeds, budget, launched)
    (seed,) = seeds
    return _stable_baselines3(agent, seed, budget, launched)


def _minigym(agent: str, seeds: Sequence[int], budget: float, launched: float) -> dict[str, Any]:
    import agents
    from agents.common import registry, scoring

    steps = round(budget * registry.module(agent).Config().total_steps)
    ready = time.time() - launched
    run = agents.train(agent, TASK, seeds=list(seeds), total_steps=steps, checkpoints=CHECKPOINTS)
    reached = scoring.reached(run, THRESHOLD)
    return {
        "steps": run.steps.tolist(),
        "scores": run.final_scores.mean(axis=1).tolist(),
        "steps_to_threshold": [None if steps == float("inf") else int(steps) for steps in reached.steps],
        "seconds_to_threshold": [None if seconds == float("inf") else ready + seconds for seconds in reached.seconds],
        "evaluation": None,
    }


def _stable_baselines3(agent: str, seed: int, budget: float, launched: float) -> dict[str, Any]:
    from stable_baselines3 import DQN, PPO
    from stable_baselines3.common.env_util import make_vec_env

    def falling(value: float) -> Callable[[float], float]:
        return lambda remaining: remaining * value

    if agent == "dqn":
        total = round(budget * 50_000)
        model = DQN(
            "MlpPolicy",
            make_vec_env(TASK, n_envs=1, seed=seed),
            learning_rate=2.3e-3,
            batch_size=64,
            buffer_size=100_000,
            learning_starts=1_000,
            gamma=0.99,
            target_update_interval=10,
            train_freq=256,
            gradient_steps=128,
            exploration_fraction=0.16,
            exploration_final_eps=0.04,
            policy_kwargs={"net_arch": [256, 256]},
            seed=seed,
            device="cpu",
        )
    else:
        total = round(budget * 100_000)
        model = PPO(
            "MlpPolicy",
            make_vec_env(TASK, n_envs=8, seed=seed),
            n_steps=32,
            batch_size=256,
            n_epochs=20,
            gamma=0.98,
            gae_lambda=0.8,
            ent_coef=0.0,
            learning_rate=falling(1e-3),
            clip_range=falling(0.2),
            seed=seed,
            device="cpu",
        )

    def policy(observations: Any) -> Any:
        return model.predict(observations, deterministic=True)[0]

    watch = PeersWatch(policy, seed, total)

    def look(*_: Any) -> bool:
        watch.look(model.num_timesteps)
        return True

    ready, began = time.time() - launched, time.perf_counter()
    model.learn(total, callback=look)
    training, steps = time.perf_counter() - began, model.num_timesteps
    reached = watch.reached
    return {
        "scores": [watch.mean_return(seed, TEST_EPISODES)],
        "steps": [steps],
        "steps_to_threshold": [reached],
        "seconds_to_threshold": [None if reached is None else ready + training * reached / steps],
        "evaluation": watch.seconds,
    }


class PeersWatch:
    """Checkpoints of a peer: as many as ours, at the same shares of the budget, with as many greedy episodes.

    They are played by the code that plays our test episodes, all side by side: Gymnasium's environments, one after the
    other, would cost the peer more.

    Args:
        policy: a batch of observations -> greedy actions.
        seed: of the run.
        total: environment steps of the training.
    """

    def __init__(self, policy: Callable[[Any], Any], seed: int, total: int) -> None:
        self._policy, self._seed = policy, seed
        self._due = [total * point // CHECKPOINTS for point in range(1, CHECKPOINTS + 1)]
        self.reached: int | None = None
        """Steps at the first checkpoint that reached the threshold."""
        self.seconds = 0.0
        """Spent on playing."""

    def look(self, steps: int) -> None:
        """Play the checkpoint that is due after so many steps, if one is."""
        passed = [due for due in self._due if due <= steps]
        if not passed:
            return
        self._due = self._due[len(passed) :]
        mean = self.mean_return(self._seed + _ELSEWHERE, CHECKPOINT_EPISODES)
        if self.reached is None and mean >= THRESHOLD:
            self.reached = steps

    def mean_return(self, seed: int, episodes: int) -> float:
        """Of so many greedy episodes, those that belong to ``seed``."""
        began = time.perf_counter()  # before the imports, which no user of the peer would need
        from agents.common.environment import describe
        from agents.common.evaluation import play_test_episodes

        returns = play_test_episodes(describe(TASK), [self._policy], [seed], episodes)
        self.seconds += time.perf_counter() - began
        return float(returns.mean())


def _stable_baselines3_learners(agent: str) -> list[Learner]:
    alone, with_threads = SB3_ALONE
    return [
        Learner(alone, agent, packages="stable_baselines3", environment=ONE_THREAD),
        Learner(with_threads, agent, packages="stable_baselines3"),
        Learner(SB3_BESIDE, agent, processes=cores(), packages="stable_baselines3", environment=ONE_THREAD),
    ]


_CLEANRL = (
    "it is no package for this Python: the last release on PyPI, 1.2.0, asks for Python below 3.11 and gym 0.23.1, and "
    "minigym for Python 3.11"
)
LEARNERS = (
    *(Learner("minigym", agent, seeds=seeds) for agent in AGENTS for seeds in (1, 16, 64)),
    *_stable_baselines3_learners("dqn"),
    *_stable_baselines3_learners("ppo"),
    *(Learner("CleanRL", agent, no_package=_CLEANRL) for agent in ("dqn", "ppo")),
    Learner("PureJaxRL", "ppo", no_package="it is a repository of scripts, with no package on PyPI"),
)
