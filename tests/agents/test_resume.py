"""Runs that are stopped, killed or damaged, and go on: ``agents.resume`` and ``python -m agents resume``."""

import contextlib
import itertools
import os
import random
import shutil
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

import agents
import minigym
from agents.__main__ import main
from agents.common.progress import Progress
from minigym import error

SMALL = {
    "dqn": {"total_steps": 900, "learning_starts": 100, "hidden_sizes": (8,), "batch_size": 16, "checkpoints": 3},
    "ppo": {"total_steps": 960, "lanes": 2, "batch_steps": 32, "epochs": 2, "hidden_sizes": (8,), "checkpoints": 3},
    "reinforce": {"total_steps": 900, "episodes": 2, "hidden_sizes": (8,), "checkpoints": 3},
}
RESULTS = ["arrays.npz", "config.json", "learning_curve.png", "metrics.jsonl", "report.txt"]
# A process that keeps a checkpoint at every step, and is killed in the middle of it.
TRAINING = """
import sys
import agents
from agents.common import checkpoints
checkpoints.INTERVAL = 0.0
agents.train("dqn", "CartPole-v1", seeds=2, run_dir=sys.argv[1], total_steps=900, learning_starts=100,
             hidden_sizes=(8,), batch_size=16, checkpoints=3)
"""


class BlankFigure:
    def savefig(self, file, format):
        file.write(b"a picture")


class Killed(BaseException):
    """As by the system: nothing in the program may catch it."""


def make_pole():
    return minigym.make("CartPole-v1")


def stopped_after(monkeypatch, calls):
    """Ctrl-C after so many reports of the learner."""
    update, count = Progress.update, iter(range(calls))

    def counting(self, *args, **figures):
        update(self, *args, **figures)
        self.stop = self.stop or next(count, None) is None

    monkeypatch.setattr(Progress, "update", counting)


def assert_same(run, other):
    assert run.seeds == other.seeds
    assert run.learned.finished
    for name, array in other.learned.arrays.items():
        np.testing.assert_array_equal(run.learned.arrays[name], array)
    for name, array in other.learned.checkpoints.items():
        np.testing.assert_array_equal(run.learned.checkpoints[name], array)
    for own, expected in zip(run.episode_returns, other.episode_returns, strict=True):
        np.testing.assert_array_equal(own, expected)
    np.testing.assert_array_equal(run.final_scores, other.final_scores)
    np.testing.assert_array_equal(run.steps, other.steps)


@pytest.mark.parametrize("agent", SMALL)
@pytest.mark.parametrize("made", ["id", "callable"])
def test_a_stopped_run_goes_on_to_what_it_would_have_been(agent, made, tmp_path, monkeypatch, capsys):
    env = "CartPole-v1" if made == "id" else make_pole
    undisturbed = agents.train(agent, env, seeds=[5, 6], **SMALL[agent])
    with monkeypatch.context() as context:
        stopped_after(context, 4)
        half = agents.train(agent, env, seeds=[5, 6], run_dir=tmp_path / "run", **SMALL[agent])
    assert not half.learned.finished
    assert (tmp_path / "run" / "checkpoint.npz").exists()
    assert not agents.load(tmp_path / "run", None if made == "id" else make_pole).learned.finished
    if made == "id":
        assert main(["resume", str(tmp_path / "run")]) == 0
        assert "Stopped early" not in capsys.readouterr().out
        resumed = agents.load(tmp_path / "run")
    else:
        with pytest.raises(error.InvalidParameter, match=r"callable, which .* agents.resume\(directory, env="):
            agents.resume(tmp_path / "run")
        resumed = agents.resume(tmp_path / "run", env=make_pole)
    assert_same(resumed, undisturbed)
    assert resumed.seconds > half.seconds
    assert not (tmp_path / "run" / "checkpoint.npz").exists()


def test_a_finished_run_says_so_and_nothing_is_changed(tmp_path):
    agents.train("ppo", "CartPole-v1", run_dir=tmp_path / "run", **SMALL["ppo"])
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in (tmp_path / "run").iterdir()}
    with pytest.warns(UserWarning, match="finished, so there is nothing to resume; nothing was changed"):
        run = agents.resume(tmp_path / "run")
    assert run.learned.finished
    with pytest.warns(UserWarning, match="nothing to resume"):
        assert main(["resume", str(tmp_path / "run")]) == 0
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in (tmp_path / "run").iterdir()}


def test_a_config_that_was_edited_after_a_stop_is_refused_and_the_results_stay(tmp_path, monkeypatch):
    with monkeypatch.context() as context:
        stopped_after(context, 0)
        agents.train("q_learning", "FrozenLake-v1", episodes=50, run_dir=tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"episodes": 50', '"episodes": 60'), encoding="utf-8")
    before = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    with pytest.raises(agents.RunDirectoryError, match=r"not of the same run, or config\.json was edited"):
        agents.resume(tmp_path / "run")
    assert before == {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}


def test_without_a_checkpoint_it_starts_over(tmp_path):
    whole = agents.train("q_learning", "FrozenLake-v1", seeds=3, episodes=50, run_dir=tmp_path / "whole")
    (tmp_path / "run").mkdir()
    shutil.copy(tmp_path / "whole" / "config.json", tmp_path / "run")
    assert_same(agents.resume(tmp_path / "run"), whole)
    with pytest.raises(agents.RunDirectoryError, match="holds no config"):
        agents.resume(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "of another run"])
def test_a_checkpoint_that_is_no_good_is_refused_and_left(damage, tmp_path, monkeypatch):
    with monkeypatch.context() as context:
        stopped_after(context, 4)
        for name, seeds in (("run", [1]), ("other", [2])):
            agents.train("ppo", "CartPole-v1", seeds=seeds, run_dir=tmp_path / name, **SMALL["ppo"])
    path = tmp_path / "run" / "checkpoint.npz"
    contents = bytearray(path.read_bytes())
    if damage == "cut":
        del contents[len(contents) // 2 :]
    elif damage == "flipped":
        contents[len(contents) // 2] ^= 1
    elif damage == "foreign":
        contents = bytearray(b"something else")
    else:
        contents = bytearray((tmp_path / "other" / "checkpoint.npz").read_bytes())
    path.write_bytes(contents)
    with pytest.raises(agents.CheckpointError, match="another run" if damage == "of another run" else "damaged"):
        agents.resume(tmp_path / "run")
    assert path.read_bytes() == contents
    assert main(["resume", str(tmp_path / "run")]) == 2


def test_a_kill_at_any_moment_leaves_what_can_be_resumed(tmp_path):
    settings = SMALL["dqn"]
    undisturbed = agents.train("dqn", "CartPole-v1", seeds=2, **settings)
    chance = random.Random(0)
    checkpoints_found = 0
    for attempt in range(3):
        directory = tmp_path / str(attempt)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen([sys.executable, "-c", TRAINING, str(directory)], env=environment)
        try:
            deadline = time.monotonic() + 120
            while not (directory / "checkpoint.npz").exists() and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.8))
        finally:
            process.kill()
            process.wait()
        checkpoints_found += (directory / "checkpoint.npz").exists()
        with warnings.catch_warnings(action="ignore"):  # it may have been quicker than the kill, and resume says so
            assert_same(agents.resume(directory), undisturbed)
        assert sorted(path.name for path in directory.iterdir()) == RESULTS
    assert checkpoints_found


@pytest.mark.parametrize("agent", ["dqn", "q_learning"])
@pytest.mark.parametrize("killed_in", ["train", "resume"])
def test_a_kill_before_or_after_any_file_is_written_can_be_resumed(agent, killed_in, tmp_path, monkeypatch):
    env, settings = ("CartPole-v1", SMALL["dqn"]) if agent == "dqn" else ("FrozenLake-v1", {"episodes": 20})
    undisturbed = agents.train(agent, env, seeds=2, **settings)
    monkeypatch.setattr(
        agents.Run, "plot", lambda run: BlankFigure()
    )  # drawing it a dozen times would take half a minute
    if killed_in == "resume":
        with monkeypatch.context() as context:
            stopped_after(context, 0)
            half = agents.train(agent, env, seeds=2, run_dir=tmp_path / "stopped", **settings)
            assert not half.learned.finished
    replace = os.replace
    names = []

    def killed(source, target):
        """Take the process away at the given file, and leave what a kill leaves: no ``finally`` puts this in order."""
        names.append(target.name)
        if len(names) < count:
            return replace(source, target)
        if moment == "after":
            replace(source, target)
        else:
            shutil.copy(source, source.with_name(f".{target.name}.123456.tmp"))
        raise Killed

    for count, moment in ((count, moment) for count in itertools.count(1) for moment in ("before", "after")):
        directory = tmp_path / f"{count} {moment}"
        if killed_in == "resume":
            shutil.copytree(tmp_path / "stopped", directory)
        names.clear()
        with monkeypatch.context() as context:
            context.setattr(os, "replace", killed)
            try:
                if killed_in == "train":
                    agents.train(agent, env, seeds=2, run_dir=directory, **settings)
                else:
                    agents.resume(directory)
            except Killed:
                pass
            else:
                break
        if (directory / "config.json").exists():
            is_whole = (directory / "report.txt").exists() and not (directory / "checkpoint.npz").exists()
            with pytest.warns(UserWarning, match="nothing to resume") if is_whole else contextlib.nullcontext():
                resumed = agents.resume(directory)
        else:  # nothing was begun yet
            resumed = agents.train(agent, env, seeds=2, run_dir=directory, **settings)
        assert_same(resumed, undisturbed)
        assert_same(agents.load(directory), undisturbed)
        assert "Stopped early" not in (directory / "report.txt").read_text(encoding="utf-8")
        assert sorted(path.name for path in directory.iterdir()) == RESULTS
    begun = ["config.json"] * (killed_in == "train") + ["checkpoint.npz"] * (agent == "dqn")
    results = ["arrays.npz", "arrays.npz", "metrics.jsonl", "learning_curve.png", "report.txt"]
    assert names == begun + results


def test_the_best_checkpoint_has_a_policy_of_its_own():
    run = agents.train("ppo", "CartPole-v1", **SMALL["ppo"])
    arrays = run.learned.arrays
    arrays["best_weight_0"][:], arrays["best_weight_1"][:] = 0.0, 0.0
    arrays["best_bias_1"][:] = [[[0.0, 1.0, 0.0]]]
    assert [run.policy(best=True)(observation) for observation in np.eye(4)] == [1, 1, 1, 1]
    tabular = agents.train("q_learning", "FrozenLake-v1", episodes=5)
    with pytest.raises(error.InvalidParameter, match="q_learning keeps its last policy alone"):
        tabular.policy(best=True)
