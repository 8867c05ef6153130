"""``python -m agents``, in this process and as a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import agents
import minigym
from agents.__main__ import main
from agents.common import arguments
from minigym import error
from minigym.envs import frozen_lake

HERE = Path(__file__).parent
# A program in which the command line knows the tiny agent.
WITH_TINY = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from agents.__main__ import main
from agents.common import registry
registry.AGENTS["tiny"] = registry.Agent("tiny_agent", "acts at random")
sys.exit(main())
"""


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_main(*args):
    """The exit status, however the command line ends."""
    try:
        return main(list(args))
    except SystemExit as end:
        return end.code


def start(code, *args, **variables):
    """A process with a fresh Python, which finds this checkout from any working directory."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    return subprocess.Popen(
        [sys.executable, *code, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_train_evaluate_watch(tiny, in_tmp, capsys):
    assert (
        run_main("train", tiny, "--env", "FrozenLake-v1", "--seeds", "2", "--episodes", "4", "--hidden-sizes", "8") == 0
    )
    out = capsys.readouterr().out
    assert "tiny on FrozenLake-v1, 2 seeds (0 to 1)" in out
    assert "Saved in runs/tiny-FrozenLake-v1-1\n" in out
    run = agents.load("runs/tiny-FrozenLake-v1-1")
    assert (run.config.episodes, run.config.hidden_sizes, run.config.gamma) == (4, (8,), 0.99)

    assert run_main("train", tiny, "--env", "FrozenLake-v1", "--seeds", "7,9") == 0
    assert "Saved in runs/tiny-FrozenLake-v1-2\n" in capsys.readouterr().out
    assert agents.load("runs/tiny-FrozenLake-v1-2").seeds == (7, 9)

    assert run_main("evaluate", "runs/tiny-FrozenLake-v1-1") == 0
    out = capsys.readouterr().out
    for seed, mean in enumerate(run.final_scores.mean(axis=1)):
        assert f"seed {seed}: {mean:.3f} (" in out  # the very episodes of the run's own report
    assert run_main("evaluate", "runs/tiny-FrozenLake-v1-1", "--episodes", "5") == 0
    assert "in 5 greedy test episodes" in capsys.readouterr().out


def test_environments_take_arguments(tiny, in_tmp):
    args = ("--env-kwargs", "map_name=8x8", "is_slippery=False", "reward_schedule=(2,0,-1)")
    assert run_main("train", tiny, "--env", "FrozenLake-v1", "--run-dir", "deep/er", *args) == 0
    kwargs = agents.load("deep/er").environment.kwargs
    assert kwargs == {"map_name": "8x8", "is_slippery": False, "reward_schedule": [2, 0, -1]}


def test_texts_become_values_without_being_run():
    pairs = ["a=1", "b=1e-3", "c=None", "d=[1, 'x']", "e=8x8", "f=", "g=__import__('os').getcwd()", "h=a=b"]
    assert arguments.values("--env-kwargs", pairs) == {
        "a": 1,
        "b": 0.001,
        "c": None,
        "d": [1, "x"],
        "e": "8x8",
        "f": "",
        "g": "__import__('os').getcwd()",
        "h": "a=b",
    }
    for pair in ("gravity", "=3", "two words=3"):
        with pytest.raises(error.InvalidParameter, match="NAME=VALUE"):
            arguments.values("--env-kwargs", [pair])


def test_seeds_are_a_number_or_a_list():
    assert (arguments.seeds("20"), arguments.seeds("7,8,9"), arguments.seeds("7,")) == (20, [7, 8, 9], [7])
    for text in ("many", "1.5", "1,x", ""):
        with pytest.raises(error.InvalidSeed, match=re.escape(repr(text))):
            arguments.seeds(text)


def test_solve_and_list(tiny, capsys):
    assert run_main("solve", "FrozenLake-v1") == 0
    assert "0.542026" in capsys.readouterr().out
    assert run_main("solve", "FrozenLake-v1", "--gamma", "1", "--horizon", "100", "--method", "value_iteration") == 0
    assert "0.744190" in capsys.readouterr().out
    assert run_main("solve", "FrozenLake-v1", "--env-kwargs", "is_slippery=False") == 0
    assert "1.000000" in capsys.readouterr().out
    assert run_main("list") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == agents.names()
    assert max(map(len, listed)) <= 80


def test_solve_takes_a_map_from_a_file_and_builds_its_table_once(tiny, in_tmp, capsys, monkeypatch):
    Path("lake.txt").write_text("SFF\nFHF\nFFG\n")
    built, build = [], frozen_lake.build_mdp
    monkeypatch.setattr(frozen_lake, "build_mdp", lambda *args, **kwargs: built.append(args) or build(*args, **kwargs))
    assert run_main("solve", "FrozenLake-v1", "--env-kwargs", "desc=@lake.txt", "is_slippery=False") == 0
    shown = capsys.readouterr().out
    assert len(built) == 1
    assert re.search(r"value of the start, discounted by 0.99, without a limit +0.970299\n", shown)  # 0.99^3
    assert re.search(r"as a share of its value +\d\.\de-\d\d\n", shown)
    assert run_main("solve", "FrozenLake-v1", "--env-kwargs", "desc=@pond.txt") == 2
    assert "pond.txt: the file cannot be read" in capsys.readouterr().err


def test_compare(tiny, in_tmp, capsys, monkeypatch):
    train, trained = agents.train, []
    monkeypatch.setattr(agents, "train", lambda *args, **kwargs: trained.append(train(*args, **kwargs)) or trained[-1])
    args = ("--env", "FrozenLake-v1", "--seeds", "3,5", "--hyperparameters", "episodes=4", "gamma=0.5")
    assert run_main("compare", tiny, tiny, *args, "--env-kwargs", "map_name=8x8", "--output", "both.png") == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "success on FrozenLake-v1 (map_name=8x8)" in " ".join(out.split())
    assert [(run.seeds, run.config.episodes, run.config.gamma) for run in trained] == [((3, 5), 4, 0.5)] * 2
    assert out == f"{agents.compare(trained)}\nThe picture is in both.png\n"
    assert (in_tmp / "both.png").read_bytes().startswith(b"\x89PNG")
    assert run_main("compare", tiny, tiny, "--env", "FrozenLake-v1", "--seeds", "2") == 0
    assert "picture" not in capsys.readouterr().out


def test_an_interrupted_comparison_is_none(tiny, capsys, monkeypatch):
    train = agents.train

    def interrupted(*args, **kwargs):
        run = train(*args, **kwargs)
        run.learned.finished = False
        return run

    monkeypatch.setattr(agents, "train", interrupted)
    assert run_main("compare", tiny, tiny, "--env", "FrozenLake-v1") == 130
    assert capsys.readouterr().out == ""


def test_diagnose(tiny, in_tmp, capsys):
    run = agents.train(tiny, "FrozenLake-v1", run_dir="run", seeds=2)
    assert run_main("diagnose", "run") == 0
    out = capsys.readouterr().out
    assert out == f"{run.diagnose()}\n"
    assert out.startswith("Diagnosis: 2 of 2 seeds learned too little")


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["compare", "tiny", "tinny", "--env", "FrozenLake-v1"], "did you mean 'tiny'"),
        (["compare", "tiny", "--env", "FrozenLake-v1"], "at least two agents, got 1"),
        (["compare", "tiny", "tiny", "--env", "FrozenLak-v1"], "did you mean 'FrozenLake'"),
        (["compare", "tiny", "tiny", "--env", "FrozenLake-v1", "--hyperparameters", "episdes=4"], "mean 'episodes'"),
        (["compare", "tiny", "tiny", "--env", "FrozenLake-v1", "--hyperparameters", "4"], "--hyperparameters takes"),
        (["compare", "tiny", "tiny", "--env", "FrozenLake-v1", "--output", "nowhere/a.png"], "no directory nowhere"),
        (["compare", "tiny", "tiny", "--env", "FrozenLake-v1", "--output", "a.pgn"], "must end in .png"),
        (["compare", "tiny", "tiny"], "--env"),
        (["diagnose", "nowhere"], "nowhere does not exist"),
        (["train", "tinny", "--env", "FrozenLake-v1"], "did you mean 'tiny'"),
        (["train", "tiny", "--env", "FrozenLak-v1"], "did you mean 'FrozenLake'"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--seeds", "0"], "at least 1"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--episodes", "0"], "episodes must be at least 1"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--episodes", "many"], "--episodes"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--epsodes", "3"], "--episodes"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--shape", "oval"], "round"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--trouble", "refuse"], "not for tiny agents"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--env-kwargs", "map_nam=8x8"], "did you mean 'map_name'"),
        (["train", "tiny", "--env", "FrozenLake-v1", "--run-dir", "."], "already holds"),
        (["train", "tiny"], "--env"),
        (["evaluate", "nowhere"], "nowhere does not exist"),
        (["evaluate", "."], "no config.json"),
        (["watch", "nowhere"], "nowhere does not exist"),
        (["record", "nowhere"], "nowhere does not exist"),
        (["solve", "CartPole-v1"], "CartPole-v1 has no table"),
        (["solve", "FrozenLake-v1", "--gamma", "2"], "gamma"),
        (["tran", "tiny"], "train"),
    ],
)
def test_mistakes_end_with_one_message_and_exit_status_2(tiny, in_tmp, capsys, args, complaint):
    (in_tmp / "something").write_text("")
    assert run_main(*args) == 2
    captured = capsys.readouterr()
    assert complaint in captured.err + captured.out
    assert "Traceback" not in captured.err
    assert not (in_tmp / "runs").exists() or not list((in_tmp / "runs").iterdir())


def test_evaluate_and_watch_check_their_numbers(tiny, in_tmp, capsys):
    agents.train(tiny, "FrozenLake-v1", run_dir="run")
    for args, complaint in (
        (["evaluate", "run", "--episodes", "0"], "--episodes must be at least 1"),
        (["watch", "run", "--episodes", "0"], "--episodes must be at least 1"),
        (["watch", "run", "--seed-index", "1"], "--seed-index must lie in 0 .. 0"),
        (["watch", "run", "--seed-index", "-1"], "--seed-index must lie in 0 .. 0"),
    ):
        assert run_main(*args) == 2
        assert complaint in capsys.readouterr().err


def test_help_at_every_level_fits_80_columns(tiny, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = {}
    for args in (
        [],
        ["train"],
        ["train", "tiny"],
        ["train", "q_learning"],
        ["compare"],
        ["evaluate"],
        ["diagnose"],
        ["watch"],
        ["record"],
        ["solve"],
        ["list"],
    ):
        assert run_main(*args, "--help") == 0
        shown[" ".join(args)] = capsys.readouterr().out
        lines = shown[" ".join(args)].splitlines()
        assert max(len(line) for line in lines if not line.startswith("usage:")) <= 80  # which tyro never breaks
    assert run_main() == 0
    assert capsys.readouterr().out == shown[""]
    assert run_main("train") == 0
    assert capsys.readouterr().out == shown["train"]
    for command in ("train", "compare", "evaluate", "diagnose", "watch", "record", "solve", "list"):
        assert command in shown[""]
    assert "acts at random" in shown["train"]
    assert "seconds after each episode" in shown["train tiny"]  # what the Config says
    assert "discount" in shown["train q_learning"]
    assert ":class:" not in shown["train q_learning"]  # what a docstring says to other programmers


# Watching


def test_watch_falls_back_to_text_and_says_so(tiny, in_tmp, capsys, monkeypatch):
    def no_window(*_):
        raise error.UnsupportedMode("no screen")

    monkeypatch.setattr("minigym.render.window.Window.show", no_window)
    agents.train(tiny, "FrozenLake-v1", run_dir="lake", seeds=2)
    assert run_main("watch", "lake", "--seed-index", "1", "--episodes", "2") == 0
    out = capsys.readouterr().out
    assert "Shown as text, since there is no display to open a window on." in out
    assert "\x1b[41mS\x1b[0mFFF" in out
    assert "episode 2: return" in out
    assert "mean return of 2 episodes" in out
    agents.train(tiny, minigym.MDP.from_P({0: {0: [(1.0, 0, 2.0, True)]}}), run_dir="table")
    assert run_main("watch", "table", "--episodes", "1") == 0
    assert "episode 1: return 2\n" in capsys.readouterr().out


def test_watch_without_window_or_text_is_a_clean_error(tiny, in_tmp, capsys, monkeypatch):
    def no_window(*_):
        raise error.UnsupportedMode("no screen")

    monkeypatch.setattr("minigym.render.window.Window.show", no_window)
    agents.train(tiny, "CartPole-v1", run_dir="pole")
    assert run_main("watch", "pole") == 2
    assert "there is no display to open a window on, and CartPole-v1 cannot be shown as text" in capsys.readouterr().err


def test_closing_the_window_ends_with_a_summary(tiny, in_tmp, capsys, monkeypatch):
    frames = []

    def close_in_the_second_episode(self, frame):
        frames.append(frame)
        if len(frames) > steps_of_first + 4:
            raise error.WindowClosed

    run = agents.train(tiny, "FrozenLake-v1", run_dir="lake")
    env = minigym.make("FrozenLake-v1")
    state, _ = env.reset(seed=agents.common.streams.integers(0, agents.common.streams.TEST)[0])
    steps_of_first, over = 0, False
    while not over:
        state, _, terminated, truncated, _ = env.step(int(run.policy(0)(state)))
        steps_of_first, over = steps_of_first + 1, terminated or truncated
    monkeypatch.setattr("minigym.render.window.Window.show", close_in_the_second_episode)
    assert run_main("watch", "lake") == 0
    out = capsys.readouterr().out
    assert frames[0].shape == (256, 256, 3)
    assert out.splitlines()[0].startswith("episode 1: return ")
    assert "episode 2" not in out
    assert "The window was closed." in out


# As a process


def test_the_whole_way_as_a_process(tmp_path):
    directory = str(tmp_path / "run")
    args = ["train", "q_learning", "--env", "FrozenLake-v1", "--seeds", "2", "--episodes", "50", "--run-dir", directory]
    process = start(["-m", "agents"], *args, PYTHONIOENCODING="ascii")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.isascii()
    assert f"Saved in {directory}" in out
    assert "S<" in out or "Sv" in out or "S>" in out or "S^" in out or "S." in out
    assert "Traceback" not in err
    process = start(["-m", "agents"], "--help", PYTHONIOENCODING="ascii")  # tyro draws boxes and bullets
    assert "evaluate" in process.communicate(timeout=60)[0]
    assert process.returncode == 0
    process = start(["-m", "agents"], "evaluate", str(tmp_path / "nothing"))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == f"error: {tmp_path / 'nothing'} does not exist\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_leaves_a_usable_run(tiny, tmp_path):
    directory = tmp_path / "run"
    args = ["train", tiny, "--env", "FrozenLake-v1", "--seeds", "2", "--episodes", "100000", "--pause", "0.01"]
    process = start(["-c", WITH_TINY], *args, "--run-dir", str(directory))
    wait_for(directory / "config.json", process)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Stopping at the next whole step" in err
    assert "Traceback" not in err
    assert "Stopped early by Ctrl-C" in out
    run = agents.load(directory)
    assert not run.learned.finished
    assert 0 < len(run.episode_returns[0]) < 100_000
    assert len(run.episode_returns[0]) == len(run.episode_returns[1])  # a whole step for every seed
    assert run.final_scores.shape == (2, 100)
    assert "Stopped early" in (directory / "report.txt").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_second_ctrl_c_ends_at_once(tmp_path):
    directory = tmp_path / "run"
    args = ["train", "tiny", "--env", "FrozenLake-v1", "--episodes", "2", "--pause", "60"]
    process = start(["-c", WITH_TINY], *args, "--run-dir", str(directory))
    wait_for(directory / "config.json", process)
    time.sleep(0.5)  # into the long pause
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None  # the first asks for the end of the step, which takes a minute
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert json.loads((directory / "config.json").read_text())["agent"] == "tiny"  # what it was can be told


def wait_for(path, process):
    for _ in range(600):
        if path.exists():
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    pytest.fail(f"{path} did not appear")
