"""What the tests of the tabular agents share: training through a driver of the test's choice, and exact targets."""

import hashlib
import importlib

import numpy as np
import pytest

import minigym
from agents.common import tabular
from agents.common.environment import describe
from agents.common.progress import Progress
from minigym.wrappers import TimeLimit

AGENTS = ("q_learning", "sarsa", "expected_sarsa", "double_q_learning", "monte_carlo")
NOISY = ("q_learning", "sarsa", "double_q_learning")  # those that may explore by noise


def make_lake():
    return minigym.make("FrozenLake-v1")


def limited(mdp, max_episode_steps):
    """A function that makes an environment of ``mdp`` with a time limit."""
    return lambda: TimeLimit(minigym.TabularEnv(mdp), max_episode_steps)


def train(agent, make_env, seeds=(0,), *, driver=None, threads=None, progress=None, **hyperparameters):
    """The agent's ``train``, with a driver and a number of threads of the test's own choice."""
    module = importlib.import_module(f"agents.{agent}")
    learn = tabular.learn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular, "learn", lambda *a, **k: learn(*a, **k, driver=driver, threads=threads))
        return module.train(describe(make_env), module.Config(**hyperparameters), seeds, progress or Progress())


def constant(alpha=None, epsilon=None):
    """Hyperparameters of step sizes and exploration that stay as they are."""
    chosen = {}
    if alpha is not None:
        chosen |= {"initial_alpha": alpha, "final_alpha": alpha, "alpha_decay": "linear"}
    if epsilon is not None:
        chosen |= {"initial_epsilon": epsilon, "final_epsilon": epsilon, "epsilon_decay": "linear"}
    return chosen


def figures(learned):
    """Everything of a training that must agree in every bit."""
    return {
        **learned.arrays,
        "steps": learned.steps,
        "returns": np.concatenate(learned.episode_returns),
        "lengths": np.concatenate(learned.episode_lengths),
        **learned.checkpoints,
    }


def assert_same(one, other):
    """Two trainings that agree in every bit."""
    mine, yours = figures(one), figures(other)
    assert mine.keys() == yours.keys()
    for name, values in mine.items():
        np.testing.assert_array_equal(values, yours[name], err_msg=name)


def digest(learned):
    """The same as one short text, but for the exact figures, which come from NumPy's linear algebra."""
    exact = ("exact_success", "exact_return", "exploring_success")
    arrays = [np.ascontiguousarray(array) for name, array in figures(learned).items() if name not in exact]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def soft_q(mdp, gamma, epsilon):
    """(S, A): the action values of the best epsilon-soft policy; with epsilon 0 the optimal ones.

    By sweeps: v(s) = (1 - epsilon) max_a q(s, a) + epsilon mean_a q(s, a), a contraction by gamma.
    """
    values = np.zeros(mdp.num_states)
    for _ in range(100_000):
        q = (mdp.probability * (mdp.reward + gamma * np.where(mdp.terminated, 0, values[mdp.next_state]))).sum(axis=2)
        before, values = values, (1 - epsilon) * q.max(axis=1) + epsilon * q.mean(axis=1)
        if np.abs(values - before).max() < 1e-14:
            return q
    raise AssertionError("no convergence")


def small_mdp():
    """Four states, three actions, all visited often; the best soft policies are well apart from the best of all."""
    rng = np.random.default_rng(12)
    probability = rng.dirichlet([0.4] * 3, (4, 3))
    next_state = rng.integers(4, size=(4, 3, 3))
    reward = np.round(rng.normal(size=(4, 3, 3)), 1)
    terminated = rng.random((4, 3, 3)) < 0.15
    return minigym.MDP(probability, next_state, reward, terminated, np.full(4, 0.25))


def error_of(agent, episodes, epsilon=0.4, gamma=0.8, **changes):
    """How far the action values of each of 8 seeds are from the agent's exact target, (8,): the mean of |error|.

    Two episodes in three are cut by a limit of 4 steps.
    """
    mdp = small_mdp()
    learned = train(
        agent,
        limited(mdp, 4),
        range(8),
        episodes=episodes,
        gamma=gamma,
        checkpoints=1,
        **{"initial_alpha": 0.5, "final_alpha": 20 / episodes} | constant(epsilon=epsilon) | changes,
    )
    target = soft_q(mdp, gamma, 0.0 if "q_learning" in agent else epsilon)
    return np.abs(learned.arrays["q_values"] - target).mean(axis=(1, 2)), learned
