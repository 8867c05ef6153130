"""What can be seen of a run: its metrics while it trains, its policy as it acts, and videos of it."""

import importlib
import json
import math
import re
import signal

import numpy as np
import pytest
import torch

import agents
import minigym
from agents.__main__ import main
from agents.common import checkpoints, deep, evaluation, files, run_directory, streams, terminal, watching
from agents.common.environment import describe
from agents.common.progress import Progress
from minigym import error
from minigym.render import video
from tests.agents.deep_runs import AGENTS, Stopping, train

SMALL = {
    "dqn": {"total_steps": 150, "learning_starts": 64, "hidden_sizes": (8,), "batch_size": 16, "checkpoints": 2},
    "ppo": {"total_steps": 384, "lanes": 2, "batch_steps": 32, "epochs": 2, "hidden_sizes": (8,), "checkpoints": 2},
    "reinforce": {"total_steps": 400, "episodes": 2, "hidden_sizes": (8,), "checkpoints": 2},
}
DRAWS = 4_000
# A frequency of 4,000 draws lies more than 0.04 from a probability with one of less than 1e-6.
NEAR = {"abs": 0.04}


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# The bar


@pytest.mark.parametrize("agent", AGENTS)
def test_the_bar_shows_returns_and_the_loss_of_all_seeds(agent):
    class Watching(Stopping):
        def update(self, amount, **figures):
            super().update(amount, **figures)
            self.last = {name: figure() for name, figure in figures.items()}

    bar = Watching()
    learned = train(agent, "CartPole-v1", progress=bar, **SMALL[agent])
    assert bar.last["return_"] == pytest.approx(np.mean([own[-100:].mean() for own in learned.episode_returns]))
    assert bar.last["greedy"] == pytest.approx(learned.checkpoints["greedy_return"][:, -1].mean())
    assert math.isfinite(bar.last["loss"])
    assert set(bar.last) == {"return_", "greedy", "loss"}


def test_the_loss_is_that_of_the_seeds_that_did_not_diverge():
    learner = deep.Learner(torch.zeros(3, 2))
    losses = torch.tensor([1.0, math.nan, 4.0], requires_grad=True)
    learner.healthy[1] = False
    assert deep.mean_loss(learner, losses) == 2.5
    learner.healthy[:] = False
    assert math.isnan(deep.mean_loss(learner, losses))


# Metrics


@pytest.mark.parametrize("agent", AGENTS)
def test_metrics_are_written_while_a_network_trains_and_nothing_comes_twice(agent, tmp_path, monkeypatch):
    undisturbed = agents.train(agent, "CartPole-v1", seeds=[5, 6], **SMALL[agent])
    monkeypatch.setattr(checkpoints, "OBSERVED", 0.0)
    path, update, seen = tmp_path / "run" / "metrics.jsonl", Progress.update, []

    def looking(self, *args, **figures):
        update(self, *args, **figures)
        seen.append(lines_of(path) if path.exists() else [])
        self.stop = len(seen) == 4

    monkeypatch.setattr(Progress, "update", looking)
    half = agents.train(agent, "CartPole-v1", seeds=[5, 6], run_dir=tmp_path / "run", **SMALL[agent])
    assert not half.learned.finished
    resumed = agents.resume(tmp_path / "run")
    assert resumed.learned.finished
    for name, array in undisturbed.learned.arrays.items():
        np.testing.assert_array_equal(resumed.learned.arrays[name], array)
    assert lines_of(path) == list(run_directory.metrics(resumed))
    assert {line["kind"] for line in lines_of(path)} == {"training", "checkpoint", "test"}
    during = seen[-1]  # of the training after the resume, before its last step
    assert {line["kind"] for line in during} <= {"training", "checkpoint"}
    for seed, returns, lengths in zip([5, 6], resumed.episode_returns, resumed.learned.episode_lengths, strict=True):
        *_, last = [line for line in during if line["kind"] == "training" and line["seed"] == seed]
        assert 0 < last["episodes"] <= len(returns)
        assert last["steps"] == lengths[: last["episodes"]].sum()
        ended = [line["episodes"] for line in during if line["kind"] == "training" and line["seed"] == seed]
        assert ended == sorted(set(ended))
        curve = [line["greedy_return"] for line in during if line["kind"] == "checkpoint" and line["seed"] == seed]
        row = resumed.learned.checkpoints["greedy_return"][[5, 6].index(seed)]
        assert curve == row[: len(curve)].tolist()
    assert any(line["kind"] == "checkpoint" for line in during)


def test_metrics_that_cannot_be_written_do_not_end_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "OBSERVED", 0.0)
    write, full = files.write_atomically, []

    def write_or_fail(path, write_it):
        if path.name == "metrics.jsonl" and len(full) < 2:
            full.append(path)
            raise OSError("no space left on the device")
        write(path, write_it)

    monkeypatch.setattr(run_directory, "write_atomically", write_or_fail)
    with pytest.warns(UserWarning, match=r"no metrics could be written .* no space left .* the training goes on"):
        run = agents.train("ppo", "CartPole-v1", run_dir=tmp_path / "run", **SMALL["ppo"])
    assert run.learned.finished
    assert lines_of(tmp_path / "run" / "metrics.jsonl") == list(run_directory.metrics(run))


# The policy as it acts


def of(agent, arrays, generator=None, **hyperparameters):
    module = importlib.import_module(f"agents.{agent}")
    return module.acting(arrays, 0, module.Config(**hyperparameters), generator or np.random.default_rng(0))


def frequencies(acting, observations, actions):
    return np.bincount(acting.policy(observations), minlength=actions) / len(observations)


@pytest.mark.parametrize("agent", ["ppo", "reinforce"])
def test_an_actor_draws_from_its_probabilities(agent):
    # The logits 0, ln 2 and ln 5 of state 0, and what belongs to no action, the value.
    logits = np.log([1.0, 2.0, 5.0])
    arrays = {
        "weight_0": np.array([[[*logits, 9.0], [9.0, 0.0, 0.0, 0.0]]], np.float32),
        "bias_0": np.zeros((1, 1, 4), np.float32),
        "observation_shape": np.zeros((1, 0), np.int64),
    }
    acting = of(agent, arrays)
    assert frequencies(acting, np.zeros(DRAWS, np.int64), 3) == pytest.approx([0.125, 0.25, 0.625], **NEAR)
    assert frequencies(acting, np.ones(DRAWS, np.int64), 3)[0] > 0.99
    assert acting.policy(0) in (0, 1, 2)
    assert acting.words == "each action drawn from its probabilities"


def test_dqn_explores_with_its_last_epsilon():
    arrays = {
        "weight_0": np.array([[[0.0, 1.0], [1.0, 0.0]]], np.float32),
        "bias_0": np.zeros((1, 1, 2), np.float32),
        "observation_shape": np.zeros((1, 0), np.int64),
    }
    acting = of("dqn", arrays, final_epsilon=0.4)
    assert frequencies(acting, np.zeros(DRAWS, np.int64), 2) == pytest.approx([0.2, 0.8], **NEAR)
    assert frequencies(acting, np.ones(DRAWS, np.int64), 2) == pytest.approx([0.8, 0.2], **NEAR)
    assert acting.words == "exploring with epsilon 0.4"
    assert of("dqn", arrays, final_epsilon=0.0).policy(np.array([0, 1, 1])).tolist() == [1, 0, 0]


def test_a_table_is_acted_on_as_in_the_last_episode():
    q_values = np.array([[[0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 2.0]]])
    for agent in ("q_learning", "sarsa", "expected_sarsa", "double_q_learning", "monte_carlo"):
        acting = of(agent, {"q_values": q_values}, initial_epsilon=1.0, final_epsilon=0.2)
        assert frequencies(acting, np.zeros(DRAWS, int), 4) == pytest.approx([0.05, 0.85, 0.05, 0.05], **NEAR)
        assert frequencies(acting, np.ones(DRAWS, int), 4) == pytest.approx([0.45, 0.05, 0.05, 0.45], **NEAR)
        assert acting.words == "exploring with epsilon 0.2"
        assert type(acting.policy(1)) is int
    # Noise of scale 0.5 on values 1 apart, of two tables on their sum: P(Z < 1 / (0.5 sqrt 2)) = 0.921.
    noise = {"episodes": 11, "noise_decay": 10.0, "exploration": "noise"}
    one = of("q_learning", {"q_values": np.array([[[0.0, 1.0]]])}, **noise)
    tables = np.array([[[[0.0, 0.2]], [[0.0, 0.8]]]])
    two = of("double_q_learning", {"q_values": tables.mean(axis=1), "tables": tables}, **noise)
    for acting in (one, two):
        assert frequencies(acting, np.zeros(DRAWS, int), 2)[1] == pytest.approx(0.921, **NEAR)
        assert acting.words == "exploring with noise of scale 0.5"


def test_the_same_calls_give_the_same_actions_and_every_seed_its_own(tmp_path):
    run = agents.train("ppo", "CartPole-v1", seeds=2, **SMALL["ppo"])
    observations = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    actions = [run.acting(index).policy(observations).tolist() for index in (0, 0, 1)]
    assert actions[0] == actions[1]
    generator = streams.generator(1, streams.TEST, streams.ACTING)
    assert (
        importlib.import_module("agents.ppo")
        .acting(run.learned.arrays, 1, run.config, generator)
        .policy(observations)
        .tolist()
        == actions[2]
    )
    policy = run.acting(0).policy
    assert policy(observations).tolist() != policy(observations).tolist()
    weights = {name: array[[1, 1]] for name, array in run.learned.arrays.items()}
    run.learned.arrays.update(weights)  # one network, two streams
    assert run.acting(0).policy(observations).tolist() != run.acting(1).policy(observations).tolist()
    with pytest.raises(IndexError, match="2 seeds"):
        run.acting(2)


def test_evaluate_plays_greedily_and_as_the_policy_acts(in_tmp, capsys):
    run = agents.train("reinforce", "CartPole-v1", seeds=[3, 5], run_dir="run", **SMALL["reinforce"])
    assert main(["evaluate", "run"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    greedy, acting = out.split("\n\n")
    assert "100 greedy test episodes a seed" in greedy
    assert "The same 100 episodes as the policy acts in training, each action drawn from its" in acting
    policies = [run.acting(index).policy for index in range(2)]
    scores = evaluation.play_test_episodes(run.environment, policies, run.seeds)
    for seed, own, drawn in zip(run.seeds, run.final_scores, scores, strict=True):
        for text, values in ((greedy, own), (acting, drawn)):
            mean, low = values.mean(), evaluation.lower_bound(values)
            shown = [terminal.figure(value, 3) for value in (mean, low, 2 * mean - low)]
            assert "seed {}: {} ({} to {})".format(seed, *shown) in text
    assert main(["evaluate", "run"]) == 0
    assert capsys.readouterr().out == out


# Test episodes in a batch engine


def test_test_episodes_in_lanes_are_those_of_single_environments():
    def lean(observations):
        return (observations[:, 2] + 0.2 * observations[:, 3] > 0.01).astype(np.int64)

    def careless(observations):
        assert len(observations)  # asked only for episodes that go on
        return np.ones(len(observations), np.int64)

    environment = describe("CartPole-v1", {"max_episode_steps": 120})
    assert environment.has_engine
    scores = evaluation.play_test_episodes(environment, [lean, careless], [3, 5], episodes=12)
    alone = describe(lambda: minigym.make("CartPole-v1", max_episode_steps=120))
    assert not alone.has_engine
    expected = evaluation.play_test_episodes(alone, [lean, careless], [3, 5], episodes=12)
    assert scores.tolist() == expected.tolist()
    assert len(set(scores[1])) > 1
    assert scores.max() == 120.0


# Videos


def frames_of(path):
    from PIL import Image

    with Image.open(path) as image:
        return image.n_frames


@pytest.mark.usefixtures("tiny")
def test_record_writes_the_test_episodes(in_tmp, capsys, monkeypatch):
    run = agents.train("tiny", "CartPole-v1", seeds=[3, 5], run_dir="run")
    policy, asked = agents.Run.policy, []
    monkeypatch.setattr(agents.Run, "policy", lambda self, index: asked.append(index) or policy(self, index))
    assert main(["record", "run", "--seed-index", "1", "--episodes", "2", "--output", "two.gif"]) == 0
    assert set(asked) == {1}
    out = capsys.readouterr().out
    returns = run.final_scores[1, :2]  # of the pole also the steps
    assert [float(number) for number in re.findall(r"return (\S+)", out)] == returns.tolist()
    frames = int(returns.sum()) + 2  # one more of each reset
    assert f"The video is in two.gif ({frames} frames, {frames / 50:.1f} s)" in out
    assert frames_of("two.gif") == frames
    assert main(["record", "run", "--episodes", "1"]) == 0
    assert "The video is in run/seed-3.mp4 (" in capsys.readouterr().out.replace("\\", "/")
    import av

    with av.open("run/seed-3.mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == run.final_scores[0, 0] + 1


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_recording_is_written_up_to_there(in_tmp, capsys, monkeypatch):
    agents.train("tiny", "FrozenLake-v1", run_dir="run")
    write, written = video.VideoWriter.write, []

    def interrupted(self, frame):
        write(self, frame)
        written.append(frame)
        if len(written) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(video.VideoWriter, "write", interrupted)
    assert main(["record", "run", "--episodes", "100000", "--output", "part.gif"]) == 130
    out = capsys.readouterr().out
    assert "Stopped early by Ctrl-C." in out
    assert "The video is in part.gif (3 frames" in out
    assert frames_of("part.gif") >= 2  # of equal frames Pillow makes one
    assert sorted(path.name for path in in_tmp.iterdir()) == ["part.gif", "run"]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["--output", "video.avi"], "must end in .mp4 or .gif; got video.avi"),
        (["--output", "nowhere/video.gif"], "no directory nowhere to write video.gif in"),
        (["--output", "folder.gif"], "folder.gif cannot be written: it is a directory"),
        (["--output", "a.mp4"], r'a.mp4 needs PyAV, which is not installed; write: pip install "minigym[render]", or'),
        (["--output", "a.gif", "--episodes", "0"], "--episodes must be at least 1"),
        (["--output", "a.gif", "--seed-index", "1"], "--seed-index must lie in 0 .. 0"),
    ],
)
def test_a_video_that_cannot_be_written_is_refused_before_playing(args, complaint, in_tmp, capsys, monkeypatch):
    agents.train("tiny", "FrozenLake-v1", run_dir="run")
    (in_tmp / "folder.gif").mkdir()
    find = files.find_spec
    monkeypatch.setattr(files, "find_spec", lambda name: None if name == "av" else find(name))
    monkeypatch.setattr(watching, "_play", lambda *_: pytest.fail("it played"))
    assert main(["record", "run", *args]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.usefixtures("tiny")
def test_without_pictures_there_is_no_video(in_tmp, capsys):
    agents.train("tiny", minigym.MDP.from_P({0: {0: [(1.0, 0, 2.0, True)]}}), run_dir="table")
    assert main(["record", "table"]) == 2
    told = capsys.readouterr().err
    assert 'a video needs an environment that renders pictures ("rgb_array"), and the render modes of' in told
    assert "are ansi" in told
    made = agents.train("tiny", lambda: minigym.make("CartPole-v1"))
    with pytest.raises(error.UnsupportedMode, match=r'let the callable .* render_mode="rgb_array"'):
        watching.record(made, 0, 1, in_tmp / "a.gif")
    seen = agents.train("tiny", lambda: minigym.make("CartPole-v1", render_mode="rgb_array"))
    assert watching.record(seen, 0, 1, in_tmp / "a.gif")
    assert (in_tmp / "a.gif").exists()


def test_the_acting_stream_is_no_other(tmp_path):
    own = streams.generator(0, streams.TEST, streams.ACTING).random(4).tolist()
    assert own == streams.generator(0, streams.TEST, streams.ACTING).random(4).tolist()
    others = [streams.generator(0, purpose) for purpose in range(4)] + [streams.generator(1, streams.TEST, 1)]
    assert all(own != other.random(4).tolist() for other in others)
