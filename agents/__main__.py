"""``python -m agents``: train, resume, compare, evaluate, diagnose, watch, record, solve, list."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import agents
from agents.common import arguments, evaluation, files, registry, report, terminal, watching
from agents.common.environment import describe
from minigym import error
from minigym.render.video import checked_video_suffix

try:
    import tyro
except ModuleNotFoundError:
    sys.exit('python -m agents needs tyro, which is not installed; write: pip install "minigym[agents]"')

_PROG = "python -m agents"
_INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended, as shells have it

_Directory = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")]
_EnvId = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="ENV")]
_Agents = Annotated[
    tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(name="agents", metavar="AGENT ...", help_behavior_hint="")
]
_Seeds = Annotated[str, tyro.conf.arg(metavar="N")]
_Pairs = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME=VALUE ...", help_behavior_hint="")]


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit status: 0, 2 for what the user can put right, 130 after Ctrl-C.
    """
    args = list(sys.argv[1:] if args is None else args) or ["--help"]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a help with a question mark in it is better than none
    try:
        if args[0] == "train":
            return _train(args[1:] or ["--help"])
        return tyro.extras.subcommand_cli_from_dict(
            {
                "train": _train_stub,
                "resume": _resume,
                "compare": _compare,
                "evaluate": _evaluate,
                "diagnose": _diagnose,
                "watch": _watch,
                "record": _record,
                "solve": _solve,
                "list": _list,
            },
            prog=_PROG,
            description="Learn in minigym's environments, and see what was learned.",
            args=args,
        )
    except error.Error as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough; nothing is left to be flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED


def _train_stub() -> None:
    """Train an agent, report, and save the run."""


def _train(args: list[str]) -> int:
    # An agent's Config is imported only once the agent is named: the help of q_learning must not load torch.
    if args[0].startswith("-"):
        tyro.extras.subcommand_cli_from_dict(
            {name: _stub(agent.summary) for name, agent in registry.AGENTS.items()},
            prog=f"{_PROG} train",
            description="Train an agent, report, and save the run. Each has options of its own.",
            args=args,
        )
    name = args[0]
    config_class = registry.module(name).Config
    named = arguments.peeked("--env", args)
    recipe = registry.configured(name, {}, None if named is None else describe(named))

    def train(
        env: Annotated[str, tyro.conf.arg(metavar="ENV")],
        hyperparameters: tyro.conf.OmitArgPrefixes[config_class] = recipe,  # type: ignore[valid-type]  # known only here
        seeds: _Seeds = "1",
        run_dir: Annotated[str | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="")] = None,
        env_kwargs: _Pairs = (),
    ) -> int:
        """Train.

        Args:
            env: The environment's id, such as FrozenLake-v1.
            hyperparameters: The agent's own; the defaults are its recipe for ENV.
            seeds: How many independent runs, with the seeds 0, 1, ...; or the seeds themselves, as in 7,8,9.
            run_dir: A new directory for the run; runs/AGENT-ENV-NUMBER where it is not given.
            env_kwargs: Arguments for the environment, such as map_name=8x8 is_slippery=False.
        """
        directory = Path(run_dir) if run_dir is not None else arguments.new_directory(name, env)
        run = agents.train(
            name,
            env,
            arguments.seeds(seeds),
            directory,
            env_kwargs=arguments.values("--env-kwargs", env_kwargs),
            **{field: getattr(hyperparameters, field) for field in config_class.__dataclass_fields__},
        )
        _show(report.text(run, directory, _encoding()))
        return 0 if run.learned.finished else _INTERRUPTED

    summary = registry.AGENTS[name].summary
    return tyro.cli(train, prog=f"{_PROG} train {name}", description=f"{name}: {summary}.", args=args[1:])


def _resume(directory: _Directory) -> int:
    """Go on with a run that was stopped or killed, where its last checkpoint was; without one, start over.

    Args:
        directory: The run's directory.
    """
    run = agents.resume(directory)
    _show(report.text(run, Path(directory), _encoding()))
    return 0 if run.learned.finished else _INTERRUPTED


def _stub(summary: str) -> Callable[[], None]:
    def command() -> None: ...

    command.__doc__ = summary
    return command


def _compare(
    names: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(name="agents", metavar="AGENT ...", help_behavior_hint="")
    ],
    env: Annotated[str, tyro.conf.arg(metavar="ENV")],
    seeds: _Seeds = "20",
    hyperparameters: _Pairs = (),
    env_kwargs: _Pairs = (),
    output: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")] = None,
) -> int:
    """Train several agents on one environment, and compare them.

    Args:
        names: At least two of those that `list` shows.
        env: The environment's id, such as FrozenLake-v1.
        seeds: How many independent runs of each; or the seeds themselves, as in 7,8,9.
        hyperparameters: For all of them, such as episodes=5000; without it each has the recipe of its own.
        env_kwargs: Arguments for the environment, such as map_name=8x8 is_slippery=False.
        output: A picture of the comparison to write, such as comparison.png.
    """
    given, kwargs = arguments.values("--hyperparameters", hyperparameters), arguments.values("--env-kwargs", env_kwargs)
    environment = describe(env, kwargs)
    for name in names:  # whatever is wrong is said before an hour of training, not after it
        registry.configured(name, given, environment)
    if len(names) < 2:
        raise error.InvalidParameter(f"to compare takes at least two agents, got {len(names)}")
    if output is not None:
        files.check_picture(output)
    runs = []
    for name in names:
        runs.append(agents.train(name, env, arguments.seeds(seeds), env_kwargs=kwargs, **given))
        if not runs[-1].learned.finished:  # by Ctrl-C, and half a training is not to be compared with a whole one
            raise KeyboardInterrupt
    comparison = agents.compare(runs)
    _show(terminal.encodable(f"{comparison}\n", _encoding()))
    if output is not None:
        comparison.plot().savefig(output)
        print(f"The picture is in {output}")
    return 0


def _evaluate(directory: _Directory, episodes: int = evaluation.EPISODES) -> int:
    """Play test episodes with what a run has learned, greedily and as it explores.

    Args:
        directory: The run directory.
        episodes: How many for each seed; the default gives the episodes of the run's own report.
    """
    _check_episodes(episodes)
    run = agents.load(directory)
    indices = range(len(run.seeds))
    acting = [run.acting(index) for index in indices]
    greedily, as_it_acts = (
        evaluation.play_test_episodes(run.environment, policies, run.seeds, episodes)
        for policies in ([run.policy(index) for index in indices], [each.policy for each in acting])
    )
    _show(report.evaluation_text(run, greedily, as_it_acts, acting[0].words, _encoding()))
    return 0


def _diagnose(directory: _Directory) -> int:
    """Say why a run has learned too little, where it has.

    Args:
        directory: The run directory.
    """
    _show(terminal.encodable(f"{agents.load(directory).diagnose()}\n", _encoding()))
    return 0


def _watch(directory: _Directory, seed_index: int = 0, episodes: int = 3) -> int:
    """Watch what a run has learned: in a window, or as text where there is no display.

    Args:
        directory: The run directory.
        seed_index: Which of the run's seeds, counted from 0.
        episodes: How many episodes.
    """
    watching.watch(_loaded(directory, seed_index, episodes), seed_index, episodes)
    return 0


def _record(
    directory: _Directory,
    seed_index: int = 0,
    episodes: int = 3,
    output: Annotated[str | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")] = None,
) -> int:
    """Record a video of what a run has learned; it needs no display.

    Args:
        directory: The run directory.
        seed_index: Which of the run's seeds, counted from 0.
        episodes: How many episodes.
        output: Where to write it, FILE.mp4 or FILE.gif; into the run directory where it is not given.
    """
    if output is not None:
        files.check_video(output)
    run = _loaded(directory, seed_index, episodes)
    if output is None:
        output = str(Path(directory) / f"seed-{run.seeds[seed_index]}{checked_video_suffix()}")
    return 0 if watching.record(run, seed_index, episodes, Path(output)) else _INTERRUPTED


def _loaded(directory: str, seed_index: int, episodes: int) -> agents.Run:
    """The run to be shown, if it has that seed."""
    _check_episodes(episodes)
    run = agents.load(directory)
    if not 0 <= seed_index < len(run.seeds):
        raise error.InvalidParameter(f"--seed-index must lie in 0 .. {len(run.seeds) - 1}, got {seed_index}")
    return run


def _check_episodes(episodes: int) -> None:
    if episodes < 1:
        raise error.InvalidParameter(f"--episodes must be at least 1, got {episodes}")


def _solve(
    env: _EnvId,
    method: str = "policy_iteration",
    gamma: float = 0.99,
    horizon: Annotated[int | None, tyro.conf.arg(metavar="INT", help_behavior_hint="")] = None,
    epsilon: float = 0.0,
    tolerance: Annotated[float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="")] = None,
    relative_tolerance: Annotated[float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="")] = None,
    env_kwargs: _Pairs = (),
) -> int:
    """Compute the best policy of an environment with a table.

    Args:
        env: The environment's id, such as FrozenLake-v1.
        method: policy_iteration, value_iteration, gauss_seidel or modified_policy_iteration; with a horizon it is
            always backward induction.
        gamma: The discount.
        horizon: The steps of an episode; no limit where it is not given.
        epsilon: The probability of a random action at every step, for which the policy is then the best.
        tolerance: The largest error that a value may have; 1e-12 where no other is given.
        relative_tolerance: The same, as a share of the value.
        env_kwargs: Arguments for the environment, such as map_name=8x8 is_slippery=False; desc=@lake.txt takes the map
            from a file.
    """
    environment = describe(env, arguments.values("--env-kwargs", env_kwargs))  # once: a table may be large
    plan = agents.solve(
        environment,
        method=method,
        gamma=gamma,
        horizon=horizon,
        epsilon=epsilon,
        tolerance=tolerance,
        relative_tolerance=relative_tolerance,
    )
    _show(report.plan_text(environment, plan, gamma, horizon, _encoding(), epsilon))
    return 0


def _list() -> int:
    """List the agents."""
    width = max(map(len, registry.AGENTS))
    for name, agent in registry.AGENTS.items():
        print(f"{name:{width}}  {agent.summary}")
    return 0


def _encoding() -> str:
    return sys.stdout.encoding or "utf-8"


def _show(text: str) -> None:
    print(text, end="")


if __name__ == "__main__":
    sys.exit(main())
