"""The one runner of the tabular agents: many seeds on one table, each exactly as it would be alone.

The loop over episodes and steps is written once, as plain Python: :func:`play`. What differs comes in as functions.
An agent gives how to choose an action and its update; a driver gives how to reset and step the world:

- the kernel reads the table of the MDP. Where Numba is installed it compiles the loop together with the agent's very
  functions; without it, or with ``NUMBA_DISABLE_JIT=1``, the same loop runs as Python and gives the same numbers.
- "step" plays a real environment through ``reset`` and ``step``.

Both draw the world's random numbers from the same generator in the same order, so that from the same seed they give
the same tables, bit for bit.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents import planning
from agents.common import streams
from agents.common.environment import LONGEST_EPISODE, layers, time_limit
from agents.common.progress import Progress
from agents.common.run import Learned
from minigym import MDP, TabularEnv, error, seeding, wrappers
from minigym.spaces import Discrete

# How to choose an action. Each takes the values (A,) of the state's actions, the episode's degree of exploration,
# and the agent's generator.


def epsilon_greedy(values, epsilon, generator):
    """Any action with probability epsilon, otherwise one of the best, ties broken at random (section 2.2).

    To take the first of equals would mean to bump into the same wall for as long as nothing has been learned.
    """
    if generator.random() < epsilon:
        return int(generator.random() * len(values))
    best_action, ties = 0, 1
    for action in range(1, len(values)):
        if values[action] > values[best_action]:
            best_action, ties = action, 1
        elif values[action] == values[best_action]:
            ties += 1
            if generator.random() * ties < 1:  # the n-th of equals takes over with probability 1/n
                best_action = action
    return best_action


def noisy_greedy(values, scale, generator):
    """The best action after normal noise was added to each value; the noise breaks every tie."""
    best_action, best = 0, -np.inf
    for action in range(len(values)):
        disturbed = values[action] + scale * generator.standard_normal()
        if disturbed > best:
            best_action, best = action, disturbed
    return best_action


# The loop.


def play(
    reset,
    step,
    world,
    chance,
    choose,
    update,
    q_values,
    generator,
    gamma,
    alphas,
    explorations,
    limit,
    returns,
    lengths,
):
    """As many episodes as ``returns`` has room for; ``q_values``, ``returns`` and ``lengths`` are written in place.

    Args:
        reset, step, world, chance: the driver's: ``reset(world, chance) -> state`` and ``step(world, chance, state,
            action) -> next_state, reward, terminated, truncated``, where ``chance`` is the world's generator. (It is
            no part of ``world``, as Numba takes 150 microseconds a call to look into a tuple with a generator.)
        choose: the agent's: ``choose(values, exploration, generator) -> action``.
        update: the agent's: ``update(q_values, state, action, reward, next_state, terminated, alpha, gamma)``.
        q_values: (S, A) float64.
        generator: the agent's random numbers.
        gamma: the discount.
        alphas, explorations: (episodes,) float64, the step size and the degree of exploration of each episode.
        limit: the steps after which an episode is truncated.
        returns, lengths: (episodes,) float64 and int64, the undiscounted return and the steps of each episode.
    """
    for episode in range(len(returns)):
        state = reset(world, chance)
        episode_return, length, over = 0.0, 0, False
        while not over:
            action = choose(q_values[state], explorations[episode], generator)
            next_state, reward, terminated, truncated = step(world, chance, state, action)
            # A truncated episode still bootstraps: the update asks only whether it terminated.
            update(q_values, state, action, reward, next_state, terminated, alphas[episode], gamma)
            state = next_state
            episode_return += reward
            length += 1
            over = terminated or truncated or length == limit
        returns[episode] = episode_return
        lengths[episode] = length


# The drivers.


class Table(NamedTuple):
    """The world of the kernel: the arrays of an MDP."""

    initial: NDArray[np.float64]  # (S,) running sums
    cumulative: NDArray[np.float64]  # (S, A, K) running sums
    next_state: NDArray[np.int32]  # (S, A, K)
    reward: NDArray[np.float64]  # (S, A, K)
    terminated: NDArray[np.bool_]  # (S, A, K)


def reset_table(table, chance):
    """One random number, even where there is only one start: as ``TabularEnv`` draws it."""
    uniform = chance.random()
    for state in range(len(table.initial)):
        if table.initial[state] > uniform:
            return state
    return 0  # rounding left the last running sum at or below the number drawn


def step_table(table, chance, state, action):
    """One random number, even where nothing is left to chance; the time limit is the loop's."""
    uniform = chance.random()
    outcome = 0  # where rounding leaves none
    for candidate in range(table.cumulative.shape[2]):
        if table.cumulative[state, action, candidate] > uniform:
            outcome = candidate
            break
    place = (state, action, outcome)
    return table.next_state[place], table.reward[place], table.terminated[place], False


@dataclass
class Played:
    """The world of the "step" driver: an environment, with random numbers of its own, and its first reset's seed."""

    env: Any
    seed: int | None


def reset_env(world, _):
    """Seeded the first time only: then the stream runs on."""
    state, _ = world.env.reset(seed=world.seed)
    world.seed = None
    return state


def step_env(world, _, __, action):
    """Play one action; the environment knows its state itself."""
    next_state, reward, terminated, truncated, _ = world.env.step(action)
    return next_state, reward, terminated, truncated


# Training.


@dataclass
class _Run:
    """One seed: all that changes while it learns."""

    world: Table | Played
    chance: np.random.Generator | None
    generator: np.random.Generator
    q_values: NDArray[np.float64]
    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]


def learn(
    make_env: Callable[[], Any],
    seeds: Sequence[int],
    progress: Progress,
    *,
    choose: Callable[..., int],
    update: Callable[..., None],
    gamma: float,
    alphas: NDArray[np.float64],
    explorations: NDArray[np.float64],
    initial_q: float,
    checkpoints: int,
    driver: str | None = None,
    threads: int | None = None,
) -> Learned:
    """Train one agent on every seed, and evaluate its greedy policies exactly on the way.

    Args:
        make_env: makes an environment that has a table.
        seeds: the runs; a seed gives the same run alone or among others, on any number of threads.
        progress: counts episodes, of all seeds together; its ``stop`` ends the training at the next checkpoint.
        choose, update, gamma, alphas, explorations: see :func:`play`; there are as many episodes as alphas.
        initial_q: the value of every action before the first episode.
        checkpoints: how many exact evaluations follow, evenly spaced, the one before the first episode.
        driver: "kernel" or "step"; None for the kernel wherever that gives the same numbers.
        threads: how many seeds the compiled kernel trains at the same time; None for one on each core.

    Returns:
        ``arrays``: "q_values" (seeds, S, A). ``checkpoints``: "episodes" (C,), how many were over; "exact_success"
        (seeds, C), the greedy policy's expected undiscounted return within the time limit; "exact_return" (seeds, C),
        its expected discounted return without a limit. Both are from ``mdp.initial``, ties uniform.
    """
    with make_env() as env:
        mdp = _checked_table(env)
        # To cut an endless episode costs nothing but its length, since a truncated one still bootstraps.
        limit = time_limit(env) or LONGEST_EPISODE
        driver = driver or ("kernel" if _only_the_table_counts(env) else "step")
    if gamma == 1:  # not every table has values to learn then: an error that says why comes now, not after the training
        planning.solve(mdp, gamma=gamma)
    episodes = len(alphas)
    if driver == "kernel":
        functions = [_compiled(function) for function in (play, reset_table, step_table, choose, update)]
    else:
        functions = [play, reset_env, step_env, choose, update]
    play_on, reset, step, choose, update = functions

    def advance(run: _Run, begin: int, end: int) -> None:
        play_on(
            reset,
            step,
            run.world,
            run.chance,
            choose,
            update,
            run.q_values,
            run.generator,
            float(gamma),
            alphas[begin:end],
            explorations[begin:end],
            limit,
            run.returns[begin:end],
            run.lengths[begin:end],
        )

    with ExitStack() as opened:
        runs = []
        for seed, (world, chance) in zip(seeds, _worlds(driver, mdp, make_env, seeds, opened), strict=True):
            q_values = np.full((mdp.num_states, mdp.num_actions), float(initial_q))
            returns, lengths = np.zeros(episodes), np.zeros(episodes, dtype=np.int64)
            runs.append(_Run(world, chance, streams.generator(seed, streams.AGENT), q_values, returns, lengths))
        # Compiled code lets several threads run at once; Python would only take turns, and windows want one thread.
        workers = 1 if play_on is play else min(threads or os.cpu_count() or 1, len(runs))
        on_all = map if workers == 1 else opened.enter_context(ThreadPoolExecutor(workers)).map
        ends = np.unique(np.linspace(0, episodes, checkpoints + 1).round().astype(np.int64)).tolist()
        curves = [_exact_worth(mdp, runs, limit, gamma)]
        progress.start(episodes * len(runs), "episode")
        for begin, end in pairwise(ends):
            list(on_all(advance, runs, repeat(begin), repeat(end)))
            curves.append(_exact_worth(mdp, runs, limit, gamma))
            progress.update((end - begin) * len(runs), exact_success=float(curves[-1][0].mean()))
            if progress.stop:
                break
    done = ends[len(curves) - 1]
    exact_success, exact_return = np.array(curves).transpose(1, 2, 0)
    return Learned(
        arrays={"q_values": np.array([run.q_values for run in runs])},
        steps=np.array([run.lengths.sum() for run in runs]),
        episode_returns=[run.returns[:done] for run in runs],
        episode_lengths=[run.lengths[:done] for run in runs],
        checkpoints={
            "episodes": np.array(ends[: len(curves)]),
            "exact_success": exact_success,
            "exact_return": exact_return,
        },
        finished=done == episodes,
    )


def greedy_action(q_values: NDArray[np.float64], observation: Any) -> Any:
    """The best action of an observation (an int), or of each in an array; the first of equals.

    Equals remain only where nothing was learned. The exact figures count them as equally likely; a policy to be
    watched or deployed should be the same function each time it is asked.
    """
    action = q_values[observation].argmax(axis=-1)
    return int(action) if np.ndim(observation) == 0 else action


def _worlds(
    driver: str, mdp: MDP, make_env: Callable[[], Any], seeds: Sequence[int], opened: ExitStack
) -> Iterator[tuple[Table | Played, np.random.Generator | None]]:
    """The world of each seed, and its generator where it has none of its own."""
    table = Table(
        initial=np.cumsum(mdp.initial),
        cumulative=mdp.cumulative,
        next_state=mdp.next_state,
        reward=mdp.reward.astype(np.float64),
        terminated=mdp.terminated,
    )
    for seed in seeds:
        (first_seed,) = streams.integers(seed, streams.TRAIN)
        if driver == "kernel":
            yield table, seeding.np_random(first_seed)[0]
        else:
            yield Played(opened.enter_context(make_env()), first_seed), None


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` compiled by Numba, or as it is where Numba is missing."""
    try:
        import numba
    except ImportError:
        return function
    return numba.njit(nogil=True)(function)


def _exact_worth(mdp: MDP, runs: Sequence[_Run], limit: int, gamma: float) -> tuple[Any, Any]:
    """Each run's greedy policy, from the start: (seeds,) undiscounted within the limit, (seeds,) discounted without."""
    policies = planning.greedy_policy([run.q_values for run in runs])
    starts = np.flatnonzero(mdp.initial)  # elsewhere a value may be infinite, and 0 times that is NaN
    values = planning.policy_value(mdp, policies, gamma=gamma)[:, starts]
    return planning.policy_return(mdp, policies, horizon=limit), values @ mdp.initial[starts]


def _checked_table(env: Any) -> MDP:
    """The environment's table, if it is what a tabular agent sees; an error that says what to do otherwise."""
    mdp = getattr(env.unwrapped, "mdp", None)
    if mdp is None:
        raise error.InvalidParameter(
            f"a tabular agent needs an environment with a table (env.mdp), such as FrozenLake-v1, but {env} has none; "
            'where observations are not numbered states, train "dqn" instead'
        )
    for name, space, count in (
        ("observation", env.observation_space, mdp.num_states),
        ("action", env.action_space, mdp.num_actions),
    ):
        if space != Discrete(count):
            raise error.InvalidParameter(
                f"a tabular agent needs the table's own {name}s, Discrete({count}), but a wrapper of {env} changes "
                f"them to {space}; leave that wrapper out"
            )
    return mdp


def _only_the_table_counts(env: Any) -> bool:
    """Whether ``reset`` and ``step`` do what the table and the time limit say, and nothing that anyone would miss."""
    passing_on = wrappers.OrderEnforcing, wrappers.PassiveEnvChecker, wrappers.TimeLimit
    *outer, inner = layers(env)
    plays_the_table = type(inner).step is TabularEnv.step and type(inner).reset is TabularEnv.reset
    return plays_the_table and all(type(layer) in passing_on for layer in outer) and env.render_mode != "human"
