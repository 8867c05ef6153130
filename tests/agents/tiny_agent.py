"""The smallest agent that the shell can run: it acts at random and "learns" numbers from its own stream."""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.common import streams
from agents.common.run import Acting, Learned
from minigym import error


@dataclass(frozen=True)
class Config:
    """The hyperparameters of nothing."""

    episodes: int = 6  # training episodes of each seed
    gamma: float = 0.99  # discount
    hidden_sizes: tuple[int, ...] = (4, 5)  # a list of numbers
    shape: Literal["round", "square"] = "round"  # a choice
    limit: float | None = None  # a number that may be missing
    fast: bool = True  # a switch
    pause: float = 0.0  # seconds after each episode
    trouble: str = ""  # "refuse" or "crash"

    def __post_init__(self):
        if self.episodes < 1:
            raise error.InvalidParameter(f"episodes must be at least 1, got {self.episodes}")


def train(environment, config, seeds, progress):
    if config.trouble == "refuse":
        raise error.InvalidParameter("this environment is not for tiny agents")
    if config.trouble == "crash":
        raise RuntimeError("a fault in the agent")
    env = environment.make()
    num_states, num_actions = getattr(env.observation_space, "n", 1), env.action_space.n
    generators = [streams.generator(seed, streams.AGENT) for seed in seeds]
    q_values = np.array([generator.random((num_states, num_actions)) for generator in generators])
    envs = [environment.make() for _ in seeds]
    for seed, env in zip(seeds, envs, strict=True):
        env.reset(seed=streams.integers(seed, streams.TRAIN)[0])
    returns, lengths = [[] for _ in seeds], [[] for _ in seeds]
    progress.start(config.episodes, "episode")
    for _ in range(config.episodes):
        if progress.stop:
            break
        for index, env in enumerate(envs):
            total, length = _episode(env, generators[index])
            returns[index].append(total)
            lengths[index].append(length)
        progress.update(1, mean=np.mean(returns))
        time.sleep(config.pause)
    done = len(returns[0])
    checkpoints = {"episodes": np.array([0, done])}
    if num_states > 1:
        checkpoints["exact_success"] = np.array([[0.0, seed / 100] for seed in seeds])
        checkpoints["exact_return"] = np.array([[0.0, seed / 200] for seed in seeds])
    return Learned(
        arrays={"q_values": q_values},
        steps=np.array([sum(own) for own in lengths]),
        episode_returns=[np.array(own, np.float64) for own in returns],
        episode_lengths=[np.array(own, np.int64) for own in lengths],
        checkpoints=checkpoints,
        finished=not progress.stop,
    )


def _episode(env, generator):
    env.reset()
    total, length, over = 0.0, 0, False
    while not over:
        _, reward, terminated, truncated, _ = env.step(int(generator.integers(env.action_space.n)))
        total, length, over = total + reward, length + 1, terminated or truncated
    return total, length


def policy(arrays, index):
    q_values = arrays["q_values"][index]

    def greedy(observations):
        observations = np.asarray(observations)
        if observations.dtype.kind == "f":  # not a state: push the pole to the right
            return np.ones(observations.shape[:-1], np.int64)
        return q_values[observations].argmax(axis=-1)

    return greedy


def acting(arrays, index, config, generator):
    num_actions = arrays["q_values"].shape[-1]
    return Acting(lambda observation: generator.integers(num_actions, size=len(observation)), "at random")
