"""The directory of a run: what is in it, what is refused, and what survives."""

import json
import os
import pickle
import sys
import zipfile

import numpy as np
import pytest

import agents
import minigym
from agents.common import evaluation, files, report
from agents.common.run_directory import metrics
from minigym import error

TWO_STATES = minigym.MDP.from_P(
    {
        0: {0: [(1.0, 0, 1.0, False)], 1: [(0.5, 0, 5.0, False), (0.5, 1, 5.0, True)]},
        1: {0: [(1.0, 1, 0.0, True)], 1: [(1.0, 1, 0.0, True)]},
    }
)


def make_lake():
    return minigym.make("FrozenLake-v1", map_name="8x8")


def assert_same(one, other):
    assert (one.agent, one.seeds, one.config, one.seconds) == (other.agent, other.seeds, other.config, other.seconds)
    assert one.learned.finished == other.learned.finished
    assert one.learned.arrays.keys() == other.learned.arrays.keys()
    assert one.learned.checkpoints.keys() == other.learned.checkpoints.keys()
    pairs = [(one.final_scores, other.final_scores), (one.steps, other.steps)]
    pairs += [(one.learned.arrays[name], other.learned.arrays[name]) for name in one.learned.arrays]
    pairs += [(one.learned.checkpoints[name], other.learned.checkpoints[name]) for name in one.learned.checkpoints]
    pairs += list(zip(one.episode_returns, other.episode_returns, strict=True))
    pairs += list(zip(one.learned.episode_lengths, other.learned.episode_lengths, strict=True))
    pairs.append((one.final_exact_return, other.final_exact_return))
    for mine, theirs in pairs:
        assert mine.dtype == theirs.dtype
        assert (mine == theirs).all()
    for mine, theirs in ((one.environment, other.environment),):
        for name in ("given_as", "name", "kwargs", "rows", "max_episode_steps", "reward_threshold"):
            assert getattr(mine, name) == getattr(theirs, name), name


def test_a_run_directory_holds_the_whole_run(tiny, tmp_path):
    run = agents.train(
        tiny,
        "FrozenLake-v1",
        seeds=[3, 2**70],
        run_dir=tmp_path / "a" / "b",
        env_kwargs={"map_name": "8x8"},
        episodes=4,
        hidden_sizes=(7, 8, 9),
    )
    loaded = agents.load(tmp_path / "a" / "b")
    assert_same(run, loaded)
    assert loaded.environment.make().unwrapped.mdp.num_states == 64
    assert loaded.policy(1)(np.arange(64)).tolist() == run.policy(1)(np.arange(64)).tolist()
    run.save(tmp_path / "copy")
    assert_same(run, agents.load(tmp_path / "copy"))


def test_what_people_find_in_a_run_directory(tiny, tmp_path):
    rewards = {"reward_schedule": (10, 3, 1)}
    run = agents.train(tiny, "FrozenLake-v1", seeds=2, run_dir=tmp_path / "run", env_kwargs=rewards, episodes=30)
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["arrays.npz", "config.json", "learning_curve.png", "metrics.jsonl", "report.txt"]
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["agent"], config["seeds"], config["environment"]["name"]) == ("tiny", [0, 1], "FrozenLake-v1")
    assert config["hyperparameters"]["episodes"] == 30
    assert config["versions"]["minigym"] == minigym.__version__
    assert config["versions"]["numpy"] == np.__version__
    assert (tmp_path / "run" / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    assert "tiny on FrozenLake-v1" in (tmp_path / "run" / "report.txt").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    training = [line for line in lines if line["kind"] == "training" and line["seed"] == 1]
    assert [line["episodes"] for line in training][-2:] == [28, 30]
    assert training[-1]["steps"] == run.steps[1]
    assert training[-1]["mean_return"] == run.episode_returns[1][28:].mean()
    assert training[-1]["mean_length"] == run.learned.episode_lengths[1][28:].mean()
    assert sum(line["kind"] == "training" for line in lines) == 40
    checkpoints = [line for line in lines if line["kind"] == "checkpoint" and line["seed"] == 1]
    assert checkpoints[1] == {
        "kind": "checkpoint",
        "seed": 1,
        "episodes": 30,
        "exact_success": 0.01,
        "exact_return": 0.005,
    }
    tests = [line for line in lines if line["kind"] == "test"]
    assert [line["mean_return"] for line in tests] == run.final_scores.mean(axis=1).tolist()
    assert [line["exact_return"] for line in tests] == run.final_exact_return.tolist()


def test_a_table_given_as_such_is_saved_with_the_run(tiny, tmp_path):
    run = agents.train(tiny, TWO_STATES, seeds=1, run_dir=tmp_path / "run")
    loaded = agents.load(tmp_path / "run")
    assert_same(run, loaded)
    assert loaded.environment.mdp.P == TWO_STATES.P


def test_a_callable_cannot_be_saved_and_load_says_so(tiny, tmp_path):
    run = agents.train(tiny, make_lake, seeds=1, run_dir=tmp_path / "run")
    with pytest.warns(UserWarning, match="callable that makes FrozenLake-v1.*env=that_callable"):
        loaded = agents.load(tmp_path / "run")
    assert (loaded.q_values == run.q_values).all()
    assert loaded.solved.tolist() == run.solved.tolist()
    assert "tiny on FrozenLake-v1" in report.text(loaded)
    assert "median" in [line.get_label() for line in loaded.plot().axes[0].lines]
    with pytest.raises(error.InvalidParameter, match="FrozenLake-v1 was made by a callable"):
        loaded.environment.make()
    assert_same(run, agents.load(tmp_path / "run", env=make_lake))
    agents.train(tiny, "FrozenLake-v1", run_dir=tmp_path / "other")
    with pytest.raises(error.InvalidParameter, match="only for a run that was trained on a callable"):
        agents.load(tmp_path / "other", env=make_lake)


def test_arguments_that_no_file_can_hold_are_refused_before_training(tiny, tmp_path):
    desc = np.array([list("SF"), list("FG")])
    agents.train(tiny, "FrozenLake-v1", env_kwargs={"desc": desc})
    with pytest.raises(error.InvalidParameter, match="to save a run"):
        agents.train(tiny, "FrozenLake-v1", env_kwargs={"desc": desc}, run_dir=tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_directory_that_holds_something_is_never_written_to(tiny, tmp_path):
    run = agents.train(tiny, "FrozenLake-v1", run_dir=tmp_path / "run", seeds=1)
    before = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    for write in (
        lambda: run.save(tmp_path / "run"),
        lambda: agents.train(tiny, "FrozenLake-v1", run_dir=tmp_path / "run"),
    ):
        with pytest.raises(agents.RunDirectoryError, match="already holds a run"):
            write()
    assert {path: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(agents.RunDirectoryError, match="thesis"):
        run.save(tmp_path / "mine")
    (tmp_path / "file").write_text("")
    with pytest.raises(agents.RunDirectoryError, match="cannot be a run directory"):
        run.save(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    run.save(tmp_path / "empty")


def test_a_crash_leaves_the_description_and_a_refusal_leaves_nothing(tiny, tmp_path):
    with pytest.raises(RuntimeError):
        agents.train(tiny, "FrozenLake-v1", run_dir=tmp_path / "crash", trouble="crash")
    assert [path.name for path in (tmp_path / "crash").iterdir()] == ["config.json"]
    with pytest.raises(agents.RunDirectoryError, match="has not ended, or it crashed"):
        agents.load(tmp_path / "crash")
    with pytest.raises(error.InvalidParameter, match="not for tiny agents"):
        agents.train(tiny, "FrozenLake-v1", run_dir=tmp_path / "refused", trouble="refuse")
    assert not (tmp_path / "refused").exists()


def test_load_refuses_what_is_no_whole_run(tiny, tmp_path):
    directory = tmp_path / "run"

    def complaint():
        with pytest.raises(agents.RunDirectoryError) as caught:
            agents.load(directory)
        assert str(directory) in str(caught.value)
        return str(caught.value)

    assert "does not exist" in complaint()
    directory.mkdir()
    assert "no config.json" in complaint()
    for foreign in ("{", "[1, 2]", '"text"', '{"lr": 3}'):
        (directory / "config.json").write_text(foreign)
        assert "damaged or foreign" in complaint()
    (directory / "config.json").unlink()
    agents.train(tiny, "FrozenLake-v1", seeds=2, run_dir=directory)
    config, arrays = (directory / "config.json").read_bytes(), (directory / "arrays.npz").read_bytes()

    (directory / "config.json").write_bytes(config.replace(b'"format": 2', b'"format": 3'))
    assert "format 3, and this version of minigym reads format 2" in complaint()
    (directory / "config.json").write_bytes(config.replace(b'"episodes": 6', b'"episodes": 7'))
    assert "not of the same run" in complaint()
    (directory / "config.json").write_bytes(config)
    for length in (0, 10, len(arrays) // 2, len(arrays) - 10):
        (directory / "arrays.npz").write_bytes(arrays[:length])
        assert "damaged" in complaint()
    (directory / "arrays.npz").write_bytes(arrays)
    agents.load(directory)

    with np.load(directory / "arrays.npz") as file:
        fewer = {name: array for name, array in file.items() if name != "checkpoints/exact_return"}
    np.savez(directory / "arrays.npz", **fewer)
    assert "should hold" in complaint()


def test_a_flipped_bit_is_noticed_or_changes_nothing(tiny, tmp_path):
    run = agents.train(tiny, "FrozenLake-v1", seeds=1, run_dir=tmp_path / "run")
    path = tmp_path / "run" / "arrays.npz"
    arrays = path.read_bytes()
    noticed = 0
    for position in range(0, len(arrays), len(arrays) // 150):
        damaged = bytearray(arrays)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            loaded = agents.load(tmp_path / "run")
        except agents.RunDirectoryError:
            noticed += 1
        else:  # the zip format has a few bytes without meaning, such as dates
            assert_same(run, loaded)
    assert noticed > 75


def test_loading_executes_nothing(tiny, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    agents.train(tiny, "FrozenLake-v1", seeds=1, run_dir=tmp_path / "run")
    path = tmp_path / "run" / "arrays.npz"
    with np.load(path) as file:
        arrays = dict(file)
    arrays["learned/q_values"] = np.array([Bomb()], dtype=object)
    np.savez(path, **arrays)
    assert b"mkdir" in zipfile.ZipFile(path).read("learned/q_values.npy")  # the bomb is armed
    with pytest.raises(agents.RunDirectoryError, match="pickle"):
        agents.load(tmp_path / "run")
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(agents.RunDirectoryError):
        agents.load(tmp_path / "run")
    assert not (tmp_path / "exploded").exists()


def test_objects_are_not_saved(tiny, tmp_path):
    run = agents.train(tiny, "FrozenLake-v1", seeds=1)
    run.learned.arrays["names"] = np.array([None], dtype=object)
    with pytest.raises(TypeError, match="learned/names"):
        run.save(tmp_path / "run")


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    files.write_atomically(path, lambda file: file.write(b"old"))

    def fail(file):
        file.write(b"half of the new")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    files.write_atomically(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"


def test_without_matplotlib_the_run_is_saved_all_the_same(tiny, tmp_path, monkeypatch):
    run = agents.train(tiny, "FrozenLake-v1", seeds=1)
    monkeypatch.delitem(sys.modules, "agents.common.plotting", raising=False)
    monkeypatch.delattr(agents.common, "plotting", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    with pytest.warns(UserWarning, match="no learning_curve.png"):
        run.save(tmp_path / "run")
    assert_same(run, agents.load(tmp_path / "run"))


def test_a_figure_that_json_cannot_hold_becomes_null(tiny):
    run = agents.train(tiny, "FrozenLake-v1", seeds=2, episodes=1)
    run.learned.checkpoints["exact_success"][0, 0] = np.nan
    run.learned.checkpoints["exact_success"][1, 0] = np.inf
    lines = [line for line in metrics(run) if line["kind"] == "checkpoint"]
    first = {line["seed"]: line["exact_success"] for line in reversed(lines)}
    assert first == {0: None, 1: None}
    assert json.loads(json.dumps(lines, allow_nan=False)) == lines


def test_a_run_that_ended_before_its_test_episodes_is_loaded_and_scored(tiny, tmp_path, monkeypatch):
    whole = agents.train(tiny, "FrozenLake-v1", seeds=2, episodes=3)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "play_test_episodes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            agents.train(tiny, "FrozenLake-v1", seeds=2, run_dir=tmp_path / "run", episodes=3)
    loaded = agents.load(tmp_path / "run")
    assert (loaded.q_values == whole.q_values).all()
    assert (loaded.final_scores == whole.final_scores).all()


def test_a_directory_that_is_gone_after_the_training_costs_a_warning_and_not_the_run(tiny, tmp_path):
    def make():
        for path in sorted((tmp_path / "run").glob("*")):  # made again for training, when config.json is written
            path.unlink()
            path.parent.rmdir()
        return minigym.make("FrozenLake-v1")

    with pytest.warns(UserWarning, match=r"cannot be saved .* run\.save"):
        run = agents.train(tiny, make, seeds=1, run_dir=tmp_path / "run", episodes=3)
    run.save(tmp_path / "elsewhere")
    assert agents.load(tmp_path / "elsewhere", env=make).final_scores.tolist() == run.final_scores.tolist()


def test_an_id_without_a_version_is_saved_with_the_one_it_stood_for(tiny, tmp_path):
    with pytest.warns(UserWarning, match="FrozenLake-v1"):
        run = agents.train(tiny, "FrozenLake", seeds=1, run_dir=tmp_path / "run", episodes=1)
    assert run.environment.name == agents.load(tmp_path / "run").environment.name == "FrozenLake-v1"
