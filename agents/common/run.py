"""What a learner returns, what the user gets, and how a run is kept in a directory.

A run directory holds

- ``config.json``: agent, environment, seeds, hyperparameters and versions; written before the training;
- ``arrays.npz``: everything learned and measured, as plain arrays (no pickle: loading one cannot execute code);
- for people and other programs, and never read back: ``report.txt``, ``learning_curve.png`` and ``metrics.jsonl``,
  one JSON object a line. Of each seed's training, cut into at most 20 parts of equally many episodes, the mean
  return and length (``"kind": "training"``); every checkpoint of every seed (``"checkpoint"``); and the test episodes
  (``"test"``).

``load`` needs the first two.
"""

import contextlib
import dataclasses
import importlib.metadata
import itertools
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import minigym
from agents.common import evaluation, registry
from agents.common.environment import Environment, describe, unavailable
from agents.common.files import write_atomically
from minigym import error, logger, seeding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from agents.common.diagnosis import Diagnosis
    from agents.planning import Optimum

_FORMAT = 1  # raised whenever a directory of the old kind can no longer be read
_METRIC_PARTS = 20


class RunDirectoryError(error.Error):
    """A run cannot be written to, or read from, this directory."""


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

    def policy(self, index: int = 0) -> Callable[[Any], Any]:
        """The greedy policy learned from ``seeds[index]``: an observation, or a batch of them -> action(s)."""
        if not -len(self.seeds) <= index < len(self.seeds):
            raise IndexError(f"index counts the run's {len(self.seeds)} seeds from 0, got {index}")
        return registry.module(self.agent).policy(self.learned.arrays, index)

    def plot(self, kind: str = "learning_curve", **options: Any) -> "Figure":
        """A picture, as a matplotlib Figure that no global state knows of, and that notebooks show inline.

        Args:
            kind: "learning_curve"; "exploration", beside the greedy policy; "scores", the last policy of each seed;
                on a lake "policy" and "visits" (``index=0``: of which seed; None for all visits), and "policy_share",
                how many seeds choose each move.
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

        return notebook.html(self)

    def save(self, directory: str | Path) -> None:
        """Write the run to a new or empty directory, from which :func:`agents.load` brings it back."""
        RunWriter(directory, self.agent, self.environment, self.config, self.seeds).write(self)

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


class RunWriter:
    """A new run directory: the description at once, the results when they are there."""

    def __init__(
        self, directory: str | Path, agent: str, environment: Environment, config: Any, seeds: Sequence[int]
    ) -> None:
        self.directory = Path(directory)
        _claim(self.directory)
        self._environment = environment
        self._config = _json(
            {
                "format": _FORMAT,
                "agent": agent,
                "environment": environment.to_json(),
                "seeds": list(seeds),
                "hyperparameters": dataclasses.asdict(config),
                "versions": _versions(),
            }
        )
        write_atomically(self.directory / "config.json", lambda file: file.write(self._config.encode()))

    def discard(self) -> None:
        """Remove what was written: the run never began."""
        (self.directory / "config.json").unlink()
        with contextlib.suppress(OSError):
            self.directory.rmdir()

    def write_learned(self, learned: Learned, seconds: float, **scores: NDArray[np.float64]) -> None:
        """Write ``arrays.npz``, with the scores if they are known yet."""
        arrays = _arrays(learned, seconds, self._environment, self._config) | scores
        arrays["names"] = np.array(sorted([*arrays, "names"]))
        for name, array in arrays.items():
            if array.dtype.hasobject:
                raise TypeError(
                    f"{name} must be a plain array, got one of Python objects, which could not be loaded safely"
                )
        write_atomically(self.directory / "arrays.npz", lambda file: np.savez_compressed(file, **arrays))

    def write(self, run: Run) -> None:
        """Write the results; what ``load`` needs comes first."""
        from agents.common import report

        scores = {"final_scores": run.final_scores}
        if run.final_exact_return is not None:
            scores["final_exact_return"] = run.final_exact_return
        self.write_learned(run.learned, run.seconds, **scores)
        lines = "".join(json.dumps(line, allow_nan=False) + "\n" for line in metrics(run))
        write_atomically(self.directory / "metrics.jsonl", lambda file: file.write(lines.encode()))
        text = report.text(run, self.directory)
        write_atomically(self.directory / "report.txt", lambda file: file.write(text.encode()))
        try:
            figure = run.plot()
        except ModuleNotFoundError as missing:
            logger.warn(f'there is no learning_curve.png: {missing}; write: pip install "minigym[agents]"')
        else:
            write_atomically(self.directory / "learning_curve.png", lambda file: figure.savefig(file, format="png"))


def load(directory: str | Path, env: Callable[[], Any] | None = None) -> Run:
    """The run that ``Run.save``, or ``agents.train`` with ``run_dir``, wrote to ``directory``.

    Args:
        directory: the run directory.
        env: for a run that was trained on a callable, that callable: it cannot be saved. Without it the run loads
            with a warning, and cannot play or plan.

    Raises:
        RunDirectoryError: where the directory is missing, foreign, incomplete or damaged; the message says which.
    """
    directory = Path(directory)
    text = _read_config(directory)
    try:
        described = json.loads(text)
        written_as = described["format"]
    except (ValueError, TypeError, KeyError):
        raise RunDirectoryError(
            f"{directory}: config.json is not one that a run writes (it is damaged or foreign)"
        ) from None
    if written_as != _FORMAT:
        raise RunDirectoryError(
            f"{directory} was written in format {written_as!r}, and this version of minigym reads format {_FORMAT}; "
            f"it was written by minigym {described.get('versions', {}).get('minigym')}"
        )
    with _damage_named(directory):
        arrays = _read_arrays(directory)
        if arrays["config"].item() != text:
            raise RunDirectoryError(
                f"{directory}: config.json and arrays.npz are not of the same run, or config.json was edited afterwards"
            )
        seeds = checked_seeds(described["seeds"])
        learned = _learned(arrays, len(seeds))
        config = registry.configured(described["agent"], described["hyperparameters"])
    return scored(  # without scores, the program ended between the training and the test episodes
        described["agent"],
        _restored_environment(directory, described["environment"], arrays, env),
        config,
        seeds,
        learned,
        arrays["seconds"].item(),
        arrays.get("final_scores"),
        arrays.get("final_exact_return"),
    )


def metrics(run: Run) -> Iterator[dict[str, Any]]:
    """The lines of ``metrics.jsonl``."""
    learned = run.learned
    for index, seed in enumerate(run.seeds):
        returns, lengths = learned.episode_returns[index], learned.episode_lengths[index]
        ends = np.unique(np.linspace(0, len(returns), _METRIC_PARTS + 1).astype(int))
        for begin, end in itertools.pairwise(ends.tolist()):
            yield {
                "kind": "training",
                "seed": seed,
                "episodes": end,
                "steps": int(lengths[:end].sum()),
                "mean_return": float(returns[begin:end].mean()),
                "mean_length": float(lengths[begin:end].mean()),
            }
        shared = {name: values for name, values in learned.checkpoints.items() if values.ndim == 1}
        own = {name: values[index] for name, values in learned.checkpoints.items() if values.ndim == 2}
        for checkpoint in range(min((len(values) for values in shared.values()), default=0)):
            figures = {name: _or_null(values[checkpoint].item()) for name, values in (shared | own).items()}
            yield {"kind": "checkpoint", "seed": seed} | figures
        scores = run.final_scores[index]
        test = {"kind": "test", "seed": seed, "steps": int(run.steps[index]), "mean_return": float(scores.mean())}
        if run.final_exact_return is not None:
            test["exact_return"] = float(run.final_exact_return[index])
        yield test


def _or_null(figure: float) -> float | None:
    """None, which is null in JSON, for what JSON has no number for: a mean over no episodes, an infinite value."""
    return figure if np.isfinite(figure) else None


def _claim(directory: Path) -> None:
    """Make the directory; refuse one that holds anything."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        content = sorted(path.name for path in directory.iterdir())
    except OSError as problem:
        raise RunDirectoryError(f"{directory} cannot be a run directory: {problem.strerror}") from None
    if content:
        what = "a run" if "config.json" in content else f"other files ({', '.join(content[:3])}, ...)"
        raise RunDirectoryError(f"{directory} already holds {what}, and nothing is overwritten; name a new directory")


def _versions() -> dict[str, str | None]:
    def installed(package: str) -> str | None:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    return {"minigym": minigym.__version__} | {package: installed(package) for package in ("numpy", "numba", "torch")}


def _json(description: dict[str, Any]) -> str:
    lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in description.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _arrays(learned: Learned, seconds: float, environment: Environment, config: str) -> dict[str, NDArray[Any]]:
    """What was learned as plain arrays; lists of unequal length are laid end to end."""
    arrays = {
        "config": np.array(config),  # so that a config.json and an arrays.npz of two runs are told apart
        "finished": np.array(learned.finished),
        "seconds": np.array(seconds),
        "steps": learned.steps,
        "episodes": np.array([len(returns) for returns in learned.episode_returns]),
        "episode_returns": np.concatenate(learned.episode_returns),
        "episode_lengths": np.concatenate(learned.episode_lengths),
    }
    arrays |= {f"learned/{name}": array for name, array in learned.arrays.items()}
    arrays |= {f"checkpoints/{name}": array for name, array in learned.checkpoints.items()}
    mdp = environment.mdp
    if mdp is not None and environment.given_as == "mdp":
        arrays |= {f"mdp/{field.name}": getattr(mdp, field.name) for field in dataclasses.fields(mdp)}
    return arrays


def _read_config(directory: Path) -> str:
    try:
        return (directory / "config.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        what = "holds no config.json, so it is no run directory" if directory.is_dir() else "does not exist"
    except (OSError, UnicodeDecodeError) as problem:
        what = f"cannot be read: {problem}"
    raise RunDirectoryError(f"{directory} {what}")


def _read_arrays(directory: Path) -> dict[str, NDArray[Any]]:
    try:
        with open(directory / "arrays.npz", "rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = dict(file)
    except FileNotFoundError:
        raise RunDirectoryError(
            f"{directory} holds no arrays.npz: its training has not ended, or it crashed; config.json tells what it was"
        ) from None
    if sorted(arrays) != arrays["names"].tolist():  # a damaged directory of a zip file can hide entries
        raise ValueError(f"arrays.npz should hold {', '.join(arrays['names'])}, but holds {', '.join(arrays)}")
    return arrays


@contextlib.contextmanager
def _damage_named(directory: Path) -> Iterator[None]:
    """Turn what reading damaged files raises into one clear error."""
    try:
        yield
    except (RunDirectoryError, error.DependencyNotInstalled):
        raise
    except Exception as problem:  # damaged bytes make zipfile and NumPy raise nearly anything
        raise RunDirectoryError(
            f"{directory} cannot be loaded; it is damaged, or was written by another version of minigym: {problem}"
        ) from problem


def _learned(arrays: dict[str, NDArray[Any]], num_seeds: int) -> Learned:
    def under(prefix: str) -> dict[str, NDArray[Any]]:
        return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}

    ends = np.cumsum(arrays["episodes"])[:-1]
    learned = Learned(
        arrays=under("learned/"),
        steps=arrays["steps"],
        episode_returns=np.split(arrays["episode_returns"], ends),
        episode_lengths=np.split(arrays["episode_lengths"], ends),
        checkpoints=under("checkpoints/"),
        finished=arrays["finished"].item(),
    )
    for name in ("steps", "episodes", "final_scores"):
        if name in arrays and len(arrays[name]) != num_seeds:
            raise ValueError(f"{name} must have one entry for each of {num_seeds} seeds, got {len(arrays[name])}")
    return learned


def _restored_environment(
    directory: Path, described: dict[str, Any], arrays: dict[str, NDArray[Any]], env: Callable[[], Any] | None
) -> Environment:
    if env is not None and described["given_as"] != "callable":
        raise error.InvalidParameter("env is only for a run that was trained on a callable; leave it out")
    if described["given_as"] == "id":
        return describe(described["name"], described["kwargs"])
    if described["given_as"] == "mdp":
        return describe(
            minigym.MDP(**{field.name: arrays[f"mdp/{field.name}"] for field in dataclasses.fields(minigym.MDP)})
        )
    if env is not None:
        return describe(env)
    warnings.warn(
        f"{directory}: this run was trained on a callable that makes {described['name']}, which cannot be saved; "
        "to play or plan with the run, load it with agents.load(directory, env=that_callable)",
        stacklevel=3,
    )
    return unavailable(described)
