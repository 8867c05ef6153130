"""How a run is kept in a directory, and brought back.

A run directory holds

- ``config.json``: agent, environment, seeds, hyperparameters and versions; written before the training;
- ``checkpoint.npz``: while a network trains, all that the training is, from which :func:`agents.resume` goes on; it is
  gone when the training is finished;
- ``arrays.npz``: everything learned and measured, as plain arrays (no pickle: loading one cannot execute code);
- for people and other programs, and never read back: ``report.txt``, ``learning_curve.png`` and ``metrics.jsonl``,
  one JSON object a line. Of each seed's training, cut into at most 20 parts of equally many episodes, the mean
  return and length (``"kind": "training"``); every checkpoint of every seed (``"checkpoint"``); and the test episodes
  (``"test"``). While a network trains it is replaced every few seconds by that of the training so far, so that
  another program can follow it (``tail -F``); a reader finds one of them, whole.

``load`` needs ``config.json`` and ``arrays.npz``. ``report.txt`` is written last: where it is, all results are.
"""

import contextlib
import dataclasses
import importlib.metadata
import itertools
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import minigym
from agents.common import registry
from agents.common.checkpoints import Checkpoint
from agents.common.environment import Environment, describe, unavailable
from agents.common.files import is_leftover, read_arrays, write_arrays, write_atomically
from agents.common.run import Learned, Run, checked_seeds, scored
from minigym import error, logger

_FORMAT = 2  # raised whenever a directory of the old kind can no longer be read
_METRIC_PARTS = 20


class RunDirectoryError(error.Error):
    """A run cannot be written to, or read from, this directory."""


class RunWriter:
    """What writes a run directory: the description at once, checkpoints on the way, the results when they are there.

    Args:
        directory: one that holds ``config.json``; :meth:`begin` makes a new one.
        environment: where the run is trained.
        config: the text of ``config.json``.
    """

    def __init__(self, directory: Path, environment: Environment, config: str) -> None:
        self.directory, self.environment, self._config = directory, environment, config
        self.checkpoint = Checkpoint(directory / "checkpoint.npz", config, observe=self._write_so_far)

    @classmethod
    def begin(
        cls, directory: str | Path, agent: str, environment: Environment, config: Any, seeds: Sequence[int]
    ) -> "RunWriter":
        """A new directory, or an empty one, which then describes the run."""
        directory = Path(directory)
        _claim(directory)
        text = _json(
            {
                "format": _FORMAT,
                "agent": agent,
                "environment": environment.to_json(),
                "seeds": list(seeds),
                "hyperparameters": dataclasses.asdict(config),
                "versions": _versions(),
            }
        )
        write_atomically(directory / "config.json", lambda file: file.write(text.encode()))
        return cls(directory, environment, text)

    def _write_so_far(self, parts: Mapping[str, Any]) -> None:
        """Write what a network's training has come to, of those of its parts that keep it."""
        record = parts["record"] if "record" in parts else parts["lanes"].record
        seeds = json.loads(self._config)["seeds"]
        lengths = [np.array(own, np.int64) for own in record.lengths]
        returns = [np.array(own, np.float64) for own in record.returns]
        try:
            self._write_metrics(_training_metrics(seeds, returns, lengths, parts["selection"].curve))
        except OSError as problem:  # a full disk must not end the training
            logger.warn(f"no metrics could be written in {self.directory}: {problem}; the training goes on")

    def _write_metrics(self, lines: Iterable[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
        write_atomically(self.directory / "metrics.jsonl", lambda file: file.write(text.encode()))

    def discard(self) -> None:
        """Remove what was written if the run never began; what has a checkpoint or results stays."""
        if self.checkpoint.exists or (self.directory / "arrays.npz").exists():
            return
        (self.directory / "config.json").unlink()
        with contextlib.suppress(OSError):
            self.directory.rmdir()

    def write_learned(self, learned: Learned, seconds: float, **scores: NDArray[np.float64]) -> None:
        """Write ``arrays.npz``, with the scores if they are known yet."""
        arrays = _arrays(learned, seconds, self.environment, self._config) | scores
        (self.directory / "report.txt").unlink(missing_ok=True)  # one of an earlier stop: all is not written any more
        write_arrays(self.directory / "arrays.npz", arrays, compressed=True)

    def write(self, run: Run) -> None:
        """Write the results; what ``load`` needs comes first."""
        from agents.common import report

        scores = {"final_scores": run.final_scores}
        if run.final_exact_return is not None:
            scores["final_exact_return"] = run.final_exact_return
        self.write_learned(run.learned, run.seconds, **scores)
        self._write_metrics(metrics(run))
        try:
            figure = run.plot()
        except ModuleNotFoundError as missing:
            logger.warn(f'there is no learning_curve.png: {missing}; write: pip install "minigym[agents]"')
        else:
            write_atomically(self.directory / "learning_curve.png", lambda file: figure.savefig(file, format="png"))
        text = report.text(run, self.directory)
        write_atomically(self.directory / "report.txt", lambda file: file.write(text.encode()))
        if run.learned.finished:
            self.checkpoint.discard()
            for path in filter(is_leftover, list(self.directory.iterdir())):
                path.unlink()


class Described(NamedTuple):
    """What ``config.json`` says of a run."""

    text: str
    agent: str
    environment: dict[str, Any]
    config: Any
    seeds: tuple[int, ...]


def described(directory: Path) -> Described:
    """The description in a run directory; RunDirectoryError says what is wrong with it."""
    text = _read_config(directory)
    try:
        found = json.loads(text)
        written_as = found["format"]
    except (ValueError, TypeError, KeyError):
        raise RunDirectoryError(
            f"{directory}: config.json is not one that a run writes (it is damaged or foreign)"
        ) from None
    if written_as != _FORMAT:
        raise RunDirectoryError(
            f"{directory} was written in format {written_as!r}, and this version of minigym reads format {_FORMAT}; "
            f"it was written by minigym {found.get('versions', {}).get('minigym')}"
        )
    with _damage_named(directory):
        config = registry.configured(found["agent"], found["hyperparameters"])
        return Described(text, found["agent"], found["environment"], config, checked_seeds(found["seeds"]))


def is_trained(directory: Path) -> bool:
    """Whether the training of the run in this directory is finished."""
    run = described(directory)
    if not (directory / "arrays.npz").exists():
        return False
    with _damage_named(directory):
        return bool(_read_arrays(directory, run.text)["finished"].item())


def is_written(directory: Path) -> bool:
    """Whether a finished training has left all its results: the report is written last, then the checkpoint goes."""
    return (directory / "report.txt").exists() and not (directory / "checkpoint.npz").exists()


def reopened(directory: Path, env: Any) -> tuple[Described, RunWriter]:
    """The description of a run that goes on, and what writes it.

    Args:
        directory: the run directory.
        env: the ``MDP`` or the callable that the run was trained on; None where it was an id.
    """
    run = described(directory)
    given_as = run.environment["given_as"]
    if (env is None) != (given_as == "id"):
        raise error.InvalidParameter(
            "env is only for a run that was trained on an MDP or a callable; leave it out"
            if given_as == "id"
            else f"{directory}: this run was trained on {'an MDP' if given_as == 'mdp' else 'a callable'}, which "
            "config.json cannot hold; write agents.resume(directory, env=...) with the same one"
        )
    environment = describe(run.environment["name"], run.environment["kwargs"]) if env is None else describe(env)
    return run, RunWriter(directory, environment, run.text)


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
    found = described(directory)
    with _damage_named(directory):
        arrays = _read_arrays(directory, found.text)
        learned = _learned(arrays, len(found.seeds))
    return scored(  # without scores, the program ended between the training and the test episodes
        found.agent,
        _restored_environment(directory, found.environment, arrays, env),
        found.config,
        found.seeds,
        learned,
        arrays["seconds"].item(),
        arrays.get("final_scores"),
        arrays.get("final_exact_return"),
    )


def metrics(run: Run) -> Iterator[dict[str, Any]]:
    """The lines of ``metrics.jsonl``."""
    learned = run.learned
    yield from _training_metrics(run.seeds, learned.episode_returns, learned.episode_lengths, learned.checkpoints)
    for index, seed in enumerate(run.seeds):
        scores = run.final_scores[index]
        test = {"kind": "test", "seed": seed, "steps": int(run.steps[index]), "mean_return": float(scores.mean())}
        if run.final_exact_return is not None:
            test["exact_return"] = float(run.final_exact_return[index])
        yield test


def _training_metrics(
    seeds: Sequence[int],
    episode_returns: Sequence[NDArray[np.float64]],
    episode_lengths: Sequence[NDArray[np.int64]],
    checkpoints: Mapping[str, NDArray[Any]],
) -> Iterator[dict[str, Any]]:
    """The lines that say how the training went, or goes; the arguments are those of ``Learned``."""
    for index, (seed, returns, lengths) in enumerate(zip(seeds, episode_returns, episode_lengths, strict=True)):
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
        shared = {name: values for name, values in checkpoints.items() if values.ndim == 1}
        own = {name: values[index] for name, values in checkpoints.items() if values.ndim == 2}
        for checkpoint in range(min((len(values) for values in shared.values()), default=0)):
            figures = {name: _or_null(values[checkpoint].item()) for name, values in (shared | own).items()}
            yield {"kind": "checkpoint", "seed": seed} | figures


def _or_null(figure: float) -> float | None:
    """None, which is null in JSON, for what JSON has no number for: a mean over no episodes, an infinite value."""
    return figure if np.isfinite(figure) else None


def _claim(directory: Path) -> None:
    """Make the directory; refuse one that holds anything."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        content = sorted(path.name for path in directory.iterdir() if not is_leftover(path))
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


def _read_arrays(directory: Path, config: str) -> dict[str, NDArray[Any]]:
    try:
        arrays = read_arrays(directory / "arrays.npz")
    except FileNotFoundError:
        raise RunDirectoryError(
            f"{directory} holds no arrays.npz: its training has not ended, or it crashed; agents.resume, or `python -m "
            "agents resume`, goes on with it"
        ) from None
    if arrays["config"].item() != config:
        raise RunDirectoryError(
            f"{directory}: config.json and arrays.npz are not of the same run, or config.json was edited afterwards"
        )
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
