"""The one runner of the tabular agents: many seeds side by side, each exactly as it would be alone.

The loop is written once, as plain Python: :func:`player` puts together an episode's loop and that over the episodes.
What differs comes in as functions. An agent's :class:`Rule` says how it learns; a driver, how to reset and step the
world:

- the kernel reads the table of the MDP. Where Numba is installed it compiles the loop together with the agent's very
  functions; without it, or with ``NUMBA_DISABLE_JIT=1``, the same loop runs as Python and gives the same numbers.
- "step" plays a real environment through ``reset`` and ``step``: any whose observations and actions are numbered.

Both draw the world's random numbers from the same generator in the same order, so that from the same seed they give
the same tables, bit for bit.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents import planning
from agents.common import streams, worth
from agents.common.acting import epsilon_greedy, noisy_greedy
from agents.common.environment import LONGEST_EPISODE, layers, time_limit, visible_table
from agents.common.progress import Progress
from agents.common.run import Acting, Learned
from agents.common.schedules import NoisyConfig, TabularConfig
from minigym import TabularEnv, error, seeding, wrappers
from minigym.dynamics.mdp import Tables, draw_outcome, draw_start
from minigym.dynamics.world import SCALAR_OPS, Ops

_PATIENCE = 0.2  # seconds for which the loop may run before it asks whether to stop
_SNAPSHOTS = 4_000_000  # numbers kept, at most, of tables that wait to be evaluated


# What makes one agent another.


class Step(NamedTuple):
    """What an agent learns from, in the book's names."""

    state: int
    action: int
    reward: float
    next_state: int
    next_action: int  # of a rule that looks ahead; of no meaning at the end
    terminated: bool
    length: int  # of the episode up to here
    alpha: float
    gamma: float
    epsilon: float  # the degree of exploration


def _nothing(q_values, step, memory, generator):
    pass


def _no_memory(limit: int, num_states: int, num_actions: int) -> tuple[()]:
    return ()


class Rule(NamedTuple):
    """How an agent learns: plain functions, which Numba can compile."""

    after_step: Callable[..., None] = _nothing
    """``after_step(q_values, step, memory, generator)``, called after every step."""
    after_episode: Callable[..., None] = _nothing
    """The same at the end of an episode, with its last step."""
    looks_ahead: bool = False
    """Whether the next action is chosen before ``after_step``, which then can learn from it; else afterwards."""
    num_tables: int = 1
    """``q_values`` are (S, A), or with two tables, on whose sum the agent then acts, (2, S, A)."""
    make_memory: Callable[[int, int, int], tuple[NDArray[Any], ...]] = _no_memory
    """``make_memory(longest episode, S, A)``: a NamedTuple of arrays of its own."""


# The drivers.


class Drive(NamedTuple):
    """How to reset and step the world; ``chance`` is its generator.

    (It is no part of ``world``, as Numba takes 150 microseconds a call to look into a tuple with a generator.)
    """

    reset: Callable[..., int]
    """``reset(world, chance) -> state``."""
    step: Callable[..., tuple[int, float, bool, bool]]
    """``step(world, chance, state, action) -> next_state, reward, terminated, truncated``."""


def kernel_drive(ops: Ops) -> Drive:
    """Steps drawn from the tables of an MDP, as ``TabularEnv`` draws them; the time limit is the loop's."""

    def reset(tables, chance):
        return draw_start(chance.random(), tables, ops)

    def step(tables, chance, state, action):
        _, place = draw_outcome(state, action, chance.random(), tables, ops)
        return tables.next_state[place], tables.reward[place], tables.terminated[place], False

    return Drive(reset, step)


@dataclass
class Played:
    """The world of the "step" driver: an environment, with random numbers of its own, and its first reset's seed."""

    env: Any
    seed: int | None


def _reset_env(world, _):
    """Seeded the first time only: then the stream runs on."""
    state, _ = world.env.reset(seed=world.seed)
    world.seed = None
    return state


def _step_env(world, _, __, action):
    """Play one action; the environment knows its state itself."""
    next_state, reward, terminated, truncated, _ = world.env.step(action)
    return next_state, reward, terminated, truncated


STEP_DRIVE = Drive(_reset_env, _step_env)


# The loop.


def player(drive: Drive, rule: Rule, choose: Callable[..., int]) -> Callable[..., None]:
    """The loop of an agent in a world, as one function that Numba can compile.

    Args:
        drive: how to reset and step the world.
        rule: how to learn.
        choose: how to act, ``choose(q_values, state, exploration, generator) -> action``.

    Returns:
        ``play``; its docstring says what it takes.
    """
    reset, step = drive
    after_step, after_episode, looks_ahead, _, _ = rule

    def play_episode(world, chance, generator, q_values, visits, memory, alpha, gamma, epsilon, limit):
        state = reset(world, chance)
        action = next_action = 0
        episode_return, length, over = 0.0, 0, False
        while not over:
            action = next_action if looks_ahead and length > 0 else choose(q_values, state, epsilon, generator)
            next_state, reward, terminated, truncated = step(world, chance, state, action)
            visits[state, action] += 1
            episode_return += reward
            length += 1
            over = terminated or truncated or length == limit
            # A truncated episode still bootstraps: it has a next action, and an update asks only whether it terminated.
            if looks_ahead and not terminated:
                next_action = choose(q_values, next_state, epsilon, generator)
            taken = Step(state, action, reward, next_state, next_action, terminated, length, alpha, gamma, epsilon)
            after_step(q_values, taken, memory, generator)
            if over:
                after_episode(q_values, taken, memory, generator)
            state = next_state
        return episode_return, length

    def play(
        world,
        chance,
        generator,
        q_values,
        visits,
        memory,
        gamma,
        alphas,
        explorations,
        limit,
        returns,
        lengths,
        begin,
        ends,
        snapshots,
    ):
        """The episodes from number ``begin`` on, up to the last of ``ends``; the arrays are written in place.

        Args:
            world, chance: the driver's.
            generator: the agent's random numbers.
            q_values: float64, (S, A) or (2, S, A).
            visits: (S, A) int64, how often each action was taken.
            memory: the rule's.
            gamma: the discount.
            alphas, explorations: (episodes,) float64, the step size and the degree of exploration of each episode.
            limit: the steps after which an episode is truncated.
            returns, lengths: (episodes,) float64 and int64, the undiscounted return and the steps of each episode.
            begin, ends: numbers of episodes; ``ends`` (C,) int64 are checkpoints.
            snapshots: (C, ...), where ``q_values`` are copied at each checkpoint.
        """
        for checkpoint in range(len(ends)):
            for episode in range(begin, ends[checkpoint]):
                returns[episode], lengths[episode] = play_episode(
                    world,
                    chance,
                    generator,
                    q_values,
                    visits,
                    memory,
                    alphas[episode],
                    gamma,
                    explorations[episode],
                    limit,
                )
            begin = ends[checkpoint]
            snapshots[checkpoint] = q_values

    return play


@cache
def _kernel(rule: Rule, choose: Callable[..., int]) -> tuple[Callable[..., None], bool]:
    """The loop on a table, and whether it is compiled: it is Python where Numba is missing or told not to compile."""
    try:
        import numba
    except ImportError:
        compiles = False
    else:
        compiles = not numba.config.DISABLE_JIT
    if not compiles:
        return player(kernel_drive(SCALAR_OPS), rule, choose), False
    from minigym.vector.compiling import digest, kernel
    from minigym.vector.kernels import compiled_ops

    play = player(kernel_drive(compiled_ops()), rule, choose)
    return kernel(play, digest(play)), True


# Training.


@dataclass
class _Run:
    """One seed: all that changes while it learns."""

    world: Tables | Played
    chance: np.random.Generator | None
    generator: np.random.Generator
    q_values: NDArray[np.float64]
    visits: NDArray[np.int64]
    memory: tuple[NDArray[Any], ...]
    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]


def learn(
    make_env: Callable[[], Any],
    config: TabularConfig,
    seeds: Sequence[int],
    progress: Progress,
    rule: Rule,
    *,
    driver: str | None = None,
    threads: int | None = None,
) -> Learned:
    """Train one agent on every seed, and evaluate its policies exactly on the way where there is a table.

    Args:
        make_env: makes an environment whose observations and actions are numbered from 0.
        config: the hyperparameters; a ``NoisyConfig`` may ask for exploration by noise.
        seeds: the runs; a seed gives the same run alone or among others, on any number of threads.
        progress: counts episodes, of all seeds together; its ``stop`` ends the training at a checkpoint, within a
            fraction of a second where episodes are that short.
        rule: how the agent learns.
        driver: "kernel" or "step"; None for the kernel wherever that gives the same numbers.
        threads: how many seeds the compiled kernel trains at the same time; None for one on each core.

    Returns:
        ``arrays``: "q_values" (seeds, S, A), of an agent with two tables their mean; "visits" (seeds, S, A) int64, how
        often each action was taken; with two tables also "tables" (seeds, 2, S, A).

        ``checkpoints``: "episodes" (C,), how many were over; the first is before any. With a table, (seeds, C) each,
        from ``mdp.initial``, ties uniform: "exact_success", the greedy policy's expected undiscounted return within
        the time limit; "exact_return", its expected discounted return without a limit; and, where exploration is
        epsilon-greedy, "exploring_success", the expected undiscounted return within the limit of the policy that
        acts in the next episode (after the last: in the last). Of a policy that explores by noise it is not known:
        its probabilities are integrals without a closed form.
    """
    with make_env() as env:
        num_states, num_actions = _sizes(env)
        mdp = visible_table(env)
        # To cut an endless episode costs nothing but its length, since a truncated one still bootstraps.
        limit = time_limit(env) or LONGEST_EPISODE
        driver = driver or ("kernel" if mdp is not None and _only_the_table_counts(env) else "step")
    if mdp is not None and config.gamma == 1:  # not every table has values to learn then: say why before the training
        planning.solve(mdp, gamma=1.0)
    choose, explorations = _exploring(config)
    play, is_compiled = _kernel(rule, choose) if driver == "kernel" else (player(STEP_DRIVE, rule, choose), False)
    alphas = config.alphas()
    ends = np.unique(np.linspace(0, config.episodes, config.checkpoints + 1).round().astype(np.int64))
    shape = (num_states, num_actions) if rule.num_tables == 1 else (rule.num_tables, num_states, num_actions)

    def advance(run: _Run, begin: int, ends: NDArray[np.int64], snapshots: NDArray[np.float64]) -> None:
        play(
            run.world,
            run.chance,
            run.generator,
            run.q_values,
            run.visits,
            run.memory,
            float(config.gamma),
            alphas,
            explorations,
            limit,
            run.returns,
            run.lengths,
            begin,
            ends,
            snapshots,
        )

    def evaluated(tables: NDArray[np.float64], checkpoints: slice) -> dict[str, NDArray[np.float64]]:
        if mdp is None:
            return {}
        tables = _acting_values(tables, rule)
        present = explorations[np.minimum(ends[checkpoints], config.episodes - 1)]
        epsilons = present if choose is epsilon_greedy else None
        return worth.figures(mdp, tables, limit, config.gamma, epsilons)

    with ExitStack() as opened:
        runs = []
        for seed in seeds:
            (first_seed,) = streams.integers(seed, streams.TRAIN)
            if driver == "kernel":
                world, chance = mdp.tables, seeding.np_random(first_seed)[0]
            else:
                world, chance = Played(opened.enter_context(make_env()), first_seed), None
            runs.append(
                _Run(
                    world=world,
                    chance=chance,
                    generator=streams.generator(seed, streams.AGENT),
                    q_values=np.full(shape, float(config.initial_q)),
                    visits=np.zeros((num_states, num_actions), dtype=np.int64),
                    memory=rule.make_memory(limit, num_states, num_actions),
                    returns=np.zeros(config.episodes),
                    lengths=np.zeros(config.episodes, dtype=np.int64),
                )
            )
        # Compiled code lets several threads run at once; Python would only take turns, and windows want one thread.
        workers = min(threads or os.cpu_count() or 1, len(runs)) if is_compiled else 1
        on_all = map if workers == 1 else opened.enter_context(ThreadPoolExecutor(workers)).map
        curves = [evaluated(np.array([[run.q_values for run in runs]]), slice(1))]
        progress.start(config.episodes * len(runs), "episode")
        # To enter compiled code takes time, and of the more policies that are evaluated at once the more are the same.
        # So checkpoints are passed in groups, as large as they can be while Ctrl-C does not have to wait; the first
        # alone, to see how long it takes.
        done, group = 1, 1
        while done < len(ends) and not progress.stop:
            began = time.perf_counter()
            passed = slice(done, done + group)
            begin, end = ends[done - 1], ends[passed][-1]
            snapshots = np.empty((len(runs), len(ends[passed]), *shape))
            list(on_all(advance, runs, repeat(begin), repeat(ends[passed]), snapshots))
            curves.append(evaluated(np.moveaxis(snapshots, 0, 1), passed))
            last = {name: float(curve[:, -1].mean()) for name, curve in curves[-1].items() if name == "exact_success"}
            progress.update(int(end - begin) * len(runs), **last)
            done += len(ends[passed])
            fitting = int(group * _PATIENCE / (time.perf_counter() - began))
            group = max(1, min(fitting, 10 * group, _SNAPSHOTS // snapshots[:, 0].size))  # later episodes may be longer
    played = int(ends[done - 1])
    tables = np.array([run.q_values for run in runs])
    both = {} if rule.num_tables == 1 else {"tables": tables}
    return Learned(
        arrays={
            "q_values": _acting_values(tables, rule),
            "visits": np.array([run.visits for run in runs]),
            **both,
        },
        steps=np.array([run.lengths.sum() for run in runs]),
        episode_returns=[run.returns[:played] for run in runs],
        episode_lengths=[run.lengths[:played] for run in runs],
        checkpoints={"episodes": ends[:done]}
        | {name: np.concatenate([curve[name] for curve in curves], axis=1) for name in curves[0]},
        finished=played == config.episodes,
    )


def policy(arrays: Mapping[str, NDArray[np.float64]], index: int) -> Callable[[Any], Any]:
    """The greedy policy of the ``index``-th seed: an observation (an int) -> an action, an array -> an array.

    Of equals it takes the first. They remain only where nothing was learned. The exact figures count them as equally
    likely; a policy to be watched or deployed should be the same function each time it is asked.
    """
    q_values = arrays["q_values"][index]

    def act(observation: Any) -> Any:
        action = q_values[observation].argmax(axis=-1)
        return int(action) if np.ndim(observation) == 0 else action

    return act


def acting(
    arrays: Mapping[str, NDArray[np.float64]], index: int, config: TabularConfig, generator: np.random.Generator
) -> Acting:
    """The ``index``-th seed's policy as it acts in the last episode of its training: it still explores."""
    values = arrays.get("tables", arrays["q_values"])[index]  # of two tables the noise is added to the sum
    choose, explorations = _exploring(config)
    degree = float(explorations[-1])

    def act(observation: Any) -> Any:
        chosen = [choose(values, state, degree, generator) for state in np.ravel(observation)]
        return chosen[0] if np.ndim(observation) == 0 else np.reshape(chosen, np.shape(observation))

    by = "epsilon" if choose is epsilon_greedy else "noise of scale"
    return Acting(act, f"exploring with {by} {degree:g}")


def _exploring(config: TabularConfig) -> tuple[Callable[..., int], NDArray[np.float64]]:
    """How the agent chooses its actions, and to what degree it explores in each episode."""
    if isinstance(config, NoisyConfig) and config.exploration == "noise":
        return noisy_greedy, config.noise_scales()
    return epsilon_greedy, config.epsilons()


def _acting_values(tables: NDArray[np.float64], rule: Rule) -> NDArray[np.float64]:
    """(..., S, A): an agent's table; of two their mean, which orders the actions as their sum does."""
    return tables if rule.num_tables == 1 else tables.mean(axis=-3)


def _sizes(env: Any) -> tuple[int, int]:
    """S and A, where both spaces are numbered from 0; an error that says what to do otherwise."""
    for name, space in (("observations", env.observation_space), ("actions", env.action_space)):
        # Gymnasium's Discrete is as good as minigym's. (A MultiBinary has a count, too, but a shape as well.)
        if not isinstance(getattr(space, "n", None), (int, np.integer)) or space.shape != ():
            raise error.InvalidParameter(
                f"a tabular agent needs numbered {name}, such as FrozenLake-v1's, but those of {env} are {space}; "
                "divide a Box into cells (minigym.wrappers.DiscretizeObservation, DiscretizeAction), or train "
                '"dqn" instead'
            )
        if getattr(space, "start", 0) != 0:
            raise error.InvalidParameter(
                f"a tabular agent needs {name} numbered from 0, but those of {env} are {space}; put a wrapper around "
                f"it that subtracts {space.start}"
            )
    return int(env.observation_space.n), int(env.action_space.n)


def _only_the_table_counts(env: Any) -> bool:
    """Whether ``reset`` and ``step`` do what the table and the time limit say, and nothing that anyone would miss."""
    passing_on = wrappers.OrderEnforcing, wrappers.PassiveEnvChecker, wrappers.TimeLimit
    *outer, inner = layers(env)
    plays_the_table = type(inner).step is TabularEnv.step and type(inner).reset is TabularEnv.reset
    return plays_the_table and all(type(layer) in passing_on for layer in outer) and env.render_mode != "human"
