"""Agents that learn in minigym's environments, and what a user needs to train, load and compare them.

Each agent is one file, read from top to bottom. Nothing heavy is imported here: an agent's module is imported when
it is named, so tabular work never loads torch.
"""

import contextlib
import importlib.metadata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import minigym


def _refuse_the_other_agents() -> None:
    try:
        importlib.metadata.version("openai-agents")
    except importlib.metadata.PackageNotFoundError:
        return
    raise ImportError(
        "minigym and the package openai-agents both have the import name `agents`, and both are installed here, so "
        "their files overwrite each other; give each of them a virtual environment of its own (or, if only minigym "
        "is needed here: pip uninstall openai-agents, then install minigym again)"
    )


_refuse_the_other_agents()

from agents import examples  # noqa: E402  # only once it is known that `agents` is ours
from agents.common import registry, run_directory  # noqa: E402
from agents.common.checkpoints import CheckpointError  # noqa: E402
from agents.common.comparison import Comparison, Summary, compare, summarize  # noqa: E402
from agents.common.environment import Environment, describe  # noqa: E402
from agents.common.progress import Progress  # noqa: E402
from agents.common.run import Run, checked_seeds, scored  # noqa: E402
from agents.common.run_directory import RunDirectoryError, RunWriter, load  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from agents.planning import Plan

__all__ = [
    "CheckpointError",
    "Comparison",
    "Run",
    "RunDirectoryError",
    "Summary",
    "compare",
    "examples",
    "load",
    "names",
    "plot_mdp",
    "resume",
    "solve",
    "summarize",
    "train",
]

_WATCHED_STATES = 20_000  # from there on planning may take seconds, and shows a bar


def names() -> list[str]:
    """The agents that ``train`` knows."""
    return list(registry.AGENTS)


def train(
    name: str,
    env: str | minigym.MDP | Callable[[], Any],
    seeds: int | Sequence[int] = 1,
    run_dir: str | Path | None = None,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    **hyperparameters: Any,
) -> Run:
    """Train an agent on independent seeds, then score each last policy in 100 test episodes.

    Args:
        name: the agent, one of :func:`names`.
        env: an environment's id, an ``MDP``, or a callable that makes an environment.
        seeds: a number n, for the seeds 0 to n - 1, or the seeds themselves. A seed gives the same run alone or
            among others; of networks but for rounding, and only on the CPU.
        run_dir: a new or empty directory to save the run in; its ``config.json`` is written before the training.
        env_kwargs: arguments for ``minigym.make``, where ``env`` is an id.
        **hyperparameters: those that the agent's ``Config`` names; the others are its recipe for the environment.

    Returns:
        The run. Ctrl-C ends the training at a whole step, and the run then holds what was learned until there
        (``run.learned.finished`` is False); a second Ctrl-C raises KeyboardInterrupt at once.
    """
    registry.module(name)  # an unknown name is refused first
    seeds = checked_seeds(seeds)
    environment = describe(env, env_kwargs)
    config = registry.configured(name, hyperparameters, environment)
    if run_dir is None:
        with Progress() as progress:
            learned = registry.module(name).train(environment, config, seeds, progress)
        return scored(name, environment, config, seeds, learned, progress.checkpoint.seconds)
    writer = RunWriter.begin(run_dir, name, environment, config, seeds)
    try:
        return _trained(writer, name, environment, config, seeds)
    except minigym.error.Error:  # the agent refused the environment, so there is no run to tell of
        writer.discard()
        raise


def resume(directory: str | Path, env: minigym.MDP | Callable[[], Any] | None = None) -> Run:
    """Go on with a run that was stopped by Ctrl-C, killed or cut off, where its last checkpoint was.

    The result is that of the run undisturbed, to the bit on the same machine with the same packages. Without a
    checkpoint, as of tabular agents, it starts over. A run that was killed after its training is scored and written;
    one that is finished is loaded and nothing is changed, with a warning that says so.

    Args:
        directory: the ``run_dir`` of :func:`train`.
        env: the ``MDP`` or the callable that the run was trained on, which the directory cannot hold.

    Raises:
        RunDirectoryError: where there is no run in the directory, or one that is damaged.
        CheckpointError: where the checkpoint is damaged or foreign; it is left as it is.
    """
    directory = Path(directory)
    if not run_directory.is_trained(directory):
        found, writer = run_directory.reopened(directory, env)
        return _trained(writer, found.agent, writer.environment, found.config, found.seeds)
    if run_directory.is_written(directory):
        minigym.logger.warn(f"the run in {directory} is finished, so there is nothing to resume; nothing was changed")
        return load(directory, env if callable(env) else None)
    _, writer = run_directory.reopened(directory, env)  # killed between the training and the last of its results
    run = load(directory, env if callable(env) else None)
    with _unsaved_named(directory):
        writer.write(run)
    return run


def _trained(writer: RunWriter, name: str, environment: Environment, config: Any, seeds: tuple[int, ...]) -> Run:
    """Train with checkpoints, and write the results."""
    with Progress(writer.checkpoint) as progress:
        learned = registry.module(name).train(environment, config, seeds, progress)
        seconds = progress.checkpoint.seconds
    # Saved before it is scored: whatever ends the program in between, `load` plays the test episodes then.
    with _unsaved_named(writer.directory):
        writer.write_learned(learned, seconds)
    run = scored(name, environment, config, seeds, learned, seconds)
    with _unsaved_named(writer.directory):
        writer.write(run)
    return run


@contextlib.contextmanager
def _unsaved_named(directory: Path) -> Iterator[None]:
    """Turn a disk that fails after the training into a warning: the run itself is whole, and must not be lost."""
    try:
        yield
    except OSError as problem:
        minigym.logger.warn(f"the run cannot be saved in {directory}: {problem}; write run.save(another_directory)")


def solve(
    env: str | minigym.MDP | Callable[[], Any] | Environment,
    *,
    method: str = "policy_iteration",
    gamma: float = 0.99,
    horizon: int | None = None,
    epsilon: float = 0.0,
    tolerance: float | None = None,
    relative_tolerance: float | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
) -> "Plan":
    """The best values and policy of an environment with a table; see :func:`agents.planning.solve`.

    Args:
        env: an environment's id, an ``MDP``, a callable that makes an environment, or what
            ``agents.common.environment.describe`` made of one of them.
        method, gamma, horizon, epsilon, tolerance, relative_tolerance: as there.
        env_kwargs: arguments for ``minigym.make``, where ``env`` is an id.
    """
    from agents import planning

    environment = describe(env, env_kwargs)
    if environment.mdp is None:
        raise minigym.error.InvalidParameter(
            f"{environment.name} has no table (env.mdp), and only a table can be solved; train an agent instead, for "
            f'instance agents.train("dqn", ...)'
        )
    with Progress() as progress:
        if environment.mdp.num_states > _WATCHED_STATES:
            progress.start(None, "sweep")

        def watch(change: float) -> None:
            if progress.stop:
                raise KeyboardInterrupt
            progress.update(1, change=change)

        plan = planning.solve(
            environment.mdp,
            method=method,
            gamma=gamma,
            horizon=horizon,
            epsilon=epsilon,
            tolerance=tolerance,
            relative_tolerance=relative_tolerance,
            watch=watch,
        )
    plan.rows = environment.rows
    return plan


def plot_mdp(env: str | minigym.MDP | Callable[[], Any], policy: "ArrayLike | None" = None) -> "Figure":
    """A small MDP as a graph: circles are states, dots are actions, and an arrow for each outcome.

    Args:
        env: an ``MDP`` of at most 12 states, such as ``agents.examples.three_states()``; an environment's id, or a
            callable that makes one.
        policy: (S,) an action for each state, drawn stronger than the others: ``agents.solve(env).policy``.
    """
    from agents.common import plotting

    mdp = describe(env).mdp
    if mdp is None:
        raise minigym.error.InvalidParameter(f"{env!r} has no table (env.mdp), so there is no graph of it to draw")
    return plotting.mdp_graph(mdp, policy)
