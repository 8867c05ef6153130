"""What holds for every agent with a network: worlds with known answers, the same run again, going on where it was."""

import importlib
import sys

import numpy as np
import pytest
import torch

import agents
import minigym
from agents.common import deep, scoring, streams
from agents.common.checkpoints import CheckpointError
from agents.common.environment import describe
from minigym import error, spaces
from tests.agents.deep_runs import AGENTS, SMALL, KilledError, Odd, Stopping, choices, make_pole, same, table, train

BANDIT = {0: {0: [(1.0, 0, -1.0, True)], 1: [(1.0, 0, 2.0, True)]}}
TWO_STATES = {  # what is right in one is wrong in the other
    0: {0: [(1.0, 1, 1.0, False)], 1: [(1.0, 1, 0.0, False)]},
    1: {0: [(1.0, 1, 0.0, True)], 1: [(1.0, 1, 1.0, True)]},
}
DELAYED = {  # 0: take 1 and end, or go on to state 1, then to state 2, where 2 is paid; worth 0.9^2 x 2
    0: {0: [(1.0, 0, 1.0, True)], 1: [(1.0, 1, 0.0, False)]},
    1: {0: [(1.0, 2, 0.0, False)], 1: [(1.0, 2, 0.0, False)]},
    2: {0: [(1.0, 2, 2.0, True)], 1: [(1.0, 2, 2.0, True)]},
}
# State 0 pays 4 at once, or leads to state 1, which pays 1 a step for ever: 0.9 x 1 / (1 - 0.9) = 9. Whoever takes the
# limit of 5 steps for an end sees 0.9 x (1 + 0.9 + 0.9^2 + 0.9^3) = 3.1 there, and takes the 4.
LIMITED = {
    0: {0: [(1.0, 0, 4.0, True)], 1: [(1.0, 1, 0.0, False)]},
    1: {0: [(1.0, 1, 1.0, False)], 1: [(1.0, 1, 1.0, False)]},
}
# State 0 pays 3 at once, or 2 on the way to state 1, which pays nothing until the limit of 3 steps. Whoever takes the
# first observation of the next episode for the last one of this, or learns from the step between them, believes that
# state 1 leads back to state 0, and goes there.
AGAIN = {
    0: {0: [(1.0, 0, 3.0, True)], 1: [(1.0, 1, 2.0, False)]},
    1: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 1, 0.0, False)]},
}


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize(
    ("world", "limit", "answer"),
    [
        (BANDIT, None, {0: 1}),
        (TWO_STATES, None, {0: 0, 1: 1}),
        (DELAYED, None, {0: 1}),
        (LIMITED, 5, {0: 1}),
        (AGAIN, 3, {0: 0}),
    ],
    ids=["bandit", "two states", "delayed", "limited", "again"],
)
def test_worlds_with_known_answers(agent, world, limit, answer):
    learned = train(agent, table(world, limit), **SMALL[agent])
    for chosen in choices(agent, learned, len(world)):
        assert {state: chosen[state] for state in answer} == answer
    assert not learned.arrays["diverged"].any()
    for lengths, steps in zip(learned.episode_lengths, learned.steps, strict=True):
        assert limit is None or lengths.max() == limit
        assert 0 <= steps - lengths.sum() <= 4 * 6  # what is under way in at most 4 lanes is not on record


# The same run again, and going on where it was

POLE = {"id": describe("CartPole-v1", {"max_episode_steps": 30}), "callable": describe(lambda: make_pole(30))}
TINY = {  # some 30 to 300 reports in a moment
    "dqn": {"total_steps": 300, "learning_starts": 20, "batch_size": 16, "replay_capacity": 90, "target_interval": 5},
    "ppo": {
        "total_steps": 800,
        "lanes": 3,
        "batch_steps": 9,
        "epochs": 2,
        "minibatches": 2,
        "entropy_coefficient": 0.1,
    },
    "reinforce": {"total_steps": 800, "episodes": 2},
}
for _settings in TINY.values():
    _settings |= {"hidden_sizes": (8,), "checkpoints": 3}


@pytest.mark.parametrize("agent", AGENTS)
def test_the_same_seeds_give_the_same_run_whichever_way_the_lanes_are_stepped(agent):
    first, again = (train(agent, POLE["id"], **TINY[agent]) for _ in range(2))
    assert same(first, again)
    assert same(first, train(agent, POLE["callable"], **TINY[agent]))
    assert not np.array_equal(first.arrays["weight_0"][0], first.arrays["weight_0"][1])
    assert not same(first, train(agent, POLE["id"], (1000, 1002), **TINY[agent]))


@pytest.mark.parametrize("kind", POLE)
@pytest.mark.parametrize("agent", AGENTS)
def test_a_stopped_run_goes_on_to_the_bit(tmp_path, agent, kind):
    environment, path = POLE[kind], tmp_path / "checkpoint.npz"
    counting = Stopping()
    whole = train(agent, environment, progress=counting, **TINY[agent])
    reports = counting.reports
    assert reports > 10
    assert whole.finished
    first, second = np.random.default_rng(reports).integers((1, reports // 2), (reports // 2, reports)).tolist()
    if agent == "dqn":
        assert second > TINY["dqn"]["replay_capacity"]  # the memory has wrapped around
    for stop in (first, second - first):
        stopping = Stopping(path, stop)
        part = train(agent, environment, progress=stopping, **TINY[agent])
        assert not part.finished
        assert stopping.reports == stop
    assert part.steps.max() < whole.steps.max()
    rest = Stopping(path)
    assert same(train(agent, environment, progress=rest, **TINY[agent]), whole)
    assert rest.reports == reports - second
    assert same(train(agent, environment, progress=Stopping(path), **TINY[agent]), whole)  # nothing is left to do


@pytest.mark.parametrize("agent", AGENTS)
def test_a_run_that_was_killed_goes_on_from_the_last_checkpoint(tmp_path, agent):
    path = tmp_path / "checkpoint.npz"
    killed = Stopping(path, interval=0.0)
    killed.dies_at = 7
    with pytest.raises(KilledError):
        train(agent, POLE["id"], progress=killed, **TINY[agent])
    rest = Stopping(path)
    assert same(train(agent, POLE["id"], progress=rest, **TINY[agent]), train(agent, POLE["id"], **TINY[agent]))
    assert path.exists()
    assert rest.begin > 0


@pytest.mark.parametrize("agent", AGENTS)
def test_another_checkpoint_is_refused_and_left_as_it_is(tmp_path, agent):
    path = tmp_path / "checkpoint.npz"
    train(agent, POLE["id"], progress=Stopping(path, 3), **TINY[agent])
    before = path.read_bytes()
    wider = TINY[agent] | {"hidden_sizes": (9,)}  # under the same config text: somebody edited one of the two
    with pytest.raises(
        CheckpointError, match=r"checkpoint\.npz does not fit this training: what it holds of the learner"
    ):
        train(agent, POLE["id"], progress=Stopping(path), **wider)
    assert path.read_bytes() == before


@pytest.mark.parametrize("agent", ["dqn", "ppo"])
def test_a_world_that_cannot_be_resumed_trains_all_the_same(tmp_path, agent):
    settings, path = TINY[agent] | {"total_steps": 200}, tmp_path / "checkpoint.npz"
    stop = {"dqn": 100, "ppo": 4}[agent]  # an episode has ended by then, and another one has begun

    def odd():  # two lanes both show again what they did with a probability of 1e-6; of three states it would be 1 in 9
        return Odd(spaces.Discrete(1_000))

    train(agent, odd, progress=Stopping(path, stop), **settings)
    with pytest.raises(
        error.InvalidParameter, match=r"cannot be resumed; all its chance must come from self.np_random"
    ):
        train(agent, odd, progress=Stopping(path), **settings)
    assert train(agent, odd, **settings).finished


def test_reinforce_resumes_in_any_world_since_each_batch_begins_anew(tmp_path):
    path = tmp_path / "checkpoint.npz"
    train("reinforce", Odd, progress=Stopping(path, 3), **TINY["reinforce"])
    rest = train("reinforce", Odd, progress=Stopping(path), **TINY["reinforce"])
    assert same(rest, train("reinforce", Odd, **TINY["reinforce"]))


# One seed among others


class Steady(minigym.Env):
    """Four steps that pay their action, or nothing that is a number in the worlds of one seed."""

    poisoned = frozenset()
    value = np.nan

    def __init__(self):
        self.observation_space, self.action_space = spaces.Discrete(2), spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.bad = seed in self.poisoned
        self.steps = 0
        return 0, {}

    def step(self, action):
        self.steps += 1
        reward = self.value if self.bad and self.steps == 3 else float(action)
        return self.steps % 2, reward, False, self.steps == 4, {}


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("agent", AGENTS)
def test_a_seed_that_diverges_is_held_still_and_the_others_go_on_to_the_bit(monkeypatch, agent, value):
    seeds = (1000, 1001, 1002)
    healthy = train(agent, Steady, seeds, **TINY[agent])
    assert healthy.arrays["diverged"].tolist() == [False] * 3
    parts = [(), *((part,) for part in range(200))]
    worlds = {word for part in parts for word in streams.integers(1001, streams.TRAIN, 3, *part)}
    monkeypatch.setattr(Steady, "poisoned", worlds)
    monkeypatch.setattr(Steady, "value", value)
    learned = train(agent, Steady, seeds, **TINY[agent])
    assert learned.arrays["diverged"].tolist() == [False, True, False]
    for name, values in learned.arrays.items():
        assert np.isfinite(values).all()
        assert values[[0, 2]].tobytes() == healthy.arrays[name][[0, 2]].tobytes()
    assert learned.finished
    assert np.isfinite(learned.checkpoints["greedy_return"]).all()


@pytest.mark.parametrize("agent", AGENTS)
def test_a_seed_draws_the_same_numbers_alone_or_among_others(agent):
    # Before and at the first update; later a product of another shape may round otherwise.
    settings = (
        TINY[agent]
        | {
            "dqn": {"total_steps": 60, "learning_starts": 60, "update_interval": 1},
            "ppo": {"total_steps": 90, "batch_steps": 30},
            "reinforce": {"total_steps": 1},
        }[agent]
    )
    alone = train(agent, POLE["id"], (1001,), **settings)
    among = train(agent, POLE["id"], (1000, 1001, 1002), **settings)
    assert np.array_equal(alone.episode_lengths[0], among.episode_lengths[1])
    assert not np.array_equal(among.episode_lengths[0], among.episode_lengths[1])
    for name in ("weight_0", "bias_0", "weight_1"):
        np.testing.assert_allclose(alone.arrays[name][0], among.arrays[name][1], rtol=1e-3, atol=1e-5)


# Runs


@pytest.mark.parametrize("agent", AGENTS)
def test_what_a_run_returns(agent):
    outputs = 2 if agent == "dqn" else 3
    learned = train(agent, "CartPole-v1", (1000, 1001, 1002), **TINY[agent] | {"hidden_sizes": (8, 6)})
    shapes = {"weight_0": (4, 8), "bias_0": (1, 8), "weight_1": (8, 6), "bias_1": (1, 6), "weight_2": (6, outputs)}
    for name, shape in shapes.items():
        for full_name in (name, f"best_{name}"):
            assert learned.arrays[full_name].shape == (3, *shape)
            assert learned.arrays[full_name].dtype == np.float32
    assert learned.finished
    total = TINY[agent]["total_steps"]
    for steps, returns, lengths in zip(learned.steps, learned.episode_returns, learned.episode_lengths, strict=True):
        assert (returns.dtype, lengths.dtype) == (np.float64, np.int64)
        assert np.array_equal(returns, lengths)  # the pole pays 1 a step
        assert 0 < lengths.sum() <= steps
        if agent == "reinforce":  # whole episodes, and the last batch goes beyond
            assert lengths.sum() == steps
            assert total <= steps < total + 2 * 500
        else:
            assert total - 27 < steps <= total
    steps, greedy_return = learned.checkpoints["steps"], learned.checkpoints["greedy_return"]
    assert steps[-1] == learned.steps.max()
    assert (np.diff(steps) > 0).all()
    assert greedy_return.shape == (3, len(steps))
    assert len(steps) == 3


@pytest.mark.parametrize("agent", AGENTS)
def test_ctrl_c_leaves_a_whole_run(agent):
    progress = Stopping(updates=5)
    learned = train(agent, "CartPole-v1", progress=progress, **TINY[agent])
    assert not learned.finished
    assert progress.reports == 5
    assert learned.steps.min() < TINY[agent]["total_steps"]
    assert progress.counted == np.minimum(learned.steps, TINY[agent]["total_steps"]).sum()  # of all seeds together
    assert importlib.import_module(f"agents.{agent}").policy(learned.arrays, 1)(np.zeros(4, np.float32)) in (0, 1)


@pytest.mark.parametrize("agent", AGENTS)
def test_a_run_is_saved_and_loaded_with_all_its_arrays(tmp_path, agent):
    run = agents.train(agent, "CartPole-v1", seeds=2, run_dir=tmp_path / "run", **TINY[agent])
    loaded = agents.load(tmp_path / "run")
    assert same(run.learned, loaded.learned)
    assert loaded.learned.arrays["diverged"].dtype == np.bool_
    observations = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    assert np.array_equal(run.policy(1)(observations), loaded.policy(1)(observations))


@pytest.mark.parametrize("agent", AGENTS)
def test_global_state_is_left_alone(agent):
    def state():
        numpy_state = np.random.get_state()
        own = torch.get_rng_state().tolist(), numpy_state[1].tolist(), numpy_state[2]
        return own, torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()

    with torch.random.fork_rng():
        torch.rand(1)  # no longer as any seeding leaves it
        before = state()
        train(agent, "CartPole-v1", **TINY[agent])
        assert state() == before


@pytest.mark.parametrize("agent", AGENTS)
def test_torch_gets_its_threads_back(agent):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen = []

        class Watched(Steady):
            def step(self, action):
                seen.append(torch.get_num_threads())
                return super().step(action)

        train(agent, Watched, (0,), **TINY[agent])
        assert set(seen) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# Spaces


@pytest.mark.parametrize(
    ("space", "inputs"),
    [
        (spaces.Box(0, 255, (4, 3), np.uint8), 12),
        (spaces.Box(-1.0, 1.0, (2,), np.float64), 2),
        (spaces.Discrete(7), 7),
    ],
)
@pytest.mark.parametrize("agent", AGENTS)
def test_boxes_are_flattened_and_integers_one_hot(agent, space, inputs):
    learned = train(agent, lambda: Odd(space), **TINY[agent] | {"total_steps": 100, "hidden_sizes": ()})
    assert learned.arrays["weight_0"].shape == (2, inputs, 2 if agent == "dqn" else 3)
    policy = importlib.import_module(f"agents.{agent}").policy(learned.arrays, 0)
    assert policy(np.array([space.sample() for _ in range(5)])).shape == (5,)
    assert policy(space.sample()) in (0, 1)


@pytest.mark.parametrize("agent", AGENTS)
def test_other_spaces_are_refused_by_the_name_of_the_agent(agent):
    ragged = spaces.Tuple((spaces.Discrete(2), spaces.Box(0.0, 1.0, (2,))))
    with pytest.raises(error.InvalidParameter, match=f"{agent} needs actions from a Discrete"):
        train(agent, lambda: Odd(ragged), **TINY[agent])


@pytest.mark.parametrize("agent", AGENTS)
def test_a_missing_torch_is_said_with_the_way_to_get_it(monkeypatch, agent):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, f"agents.{agent}", raising=False)  # alone: other tests hold what it imports
    with pytest.raises(error.DependencyNotInstalled, match=rf'{agent} needs PyTorch; .* "minigym\[deep\]"'):
        importlib.import_module(f"agents.{agent}")


def test_a_policy_takes_one_observation_or_a_batch():
    arrays = {"weight_0": np.array([[[1.0, 2.0], [5.0, 4.0]]], np.float32), "bias_0": np.zeros((1, 1, 2), np.float32)}
    one_hot = deep.greedy_policy(arrays | {"observation_shape": np.zeros((1, 0), np.int64)}, 0, torch.relu)
    assert (one_hot(0), one_hot(1)) == (1, 0)
    assert one_hot(np.array([1, 0, 0])).tolist() == [0, 1, 1]
    flat = deep.greedy_policy(arrays | {"observation_shape": np.array([[2]])}, 0, torch.relu)
    assert flat(np.array([0.2, 0.9])) == 0
    assert flat([[1.0, 0.0], [0.0, 1.0], [0.3, 0.1]]).tolist() == [1, 0, 1]
    picture = deep.greedy_policy(arrays | {"observation_shape": np.array([[2, 1]])}, 0, torch.relu)
    assert picture(np.array([[1.0], [0.0]])) == 1
    assert picture(np.array([[[1.0], [0.0]]])).tolist() == [1]
    critic = deep.greedy_policy(arrays | {"observation_shape": np.zeros((1, 0), np.int64)}, 0, torch.relu, others=1)
    assert [critic(state) for state in (0, 1)] == [0, 0]  # the second output is the value


def test_the_greedy_curve_is_what_is_drawn_and_what_says_when_it_was_solved():
    run = agents.train("ppo", "CartPole-v1", seeds=2, **TINY["ppo"])
    run.learned.checkpoints["steps"] = np.array([100, 200, 300])
    run.learned.checkpoints["greedy_return"] = np.array([[10.0, 475.0, 20.0], [10.0, 474.0, 30.0]])
    assert scoring.reached(run).steps.tolist() == [200, np.inf]
    for figure in (run.plot(), agents.compare({"ppo": run, "again": run}).plot()):
        axes = figure.axes[-1] if len(figure.axes) > 1 else figure.axes[0]
        assert axes.get_ylabel() == "return of the greedy policy\nmean of 20 episodes"
        median = max(axes.lines, key=lambda line: line.get_linewidth())
        assert median.get_xydata().tolist() == [[100.0, 10.0], [200.0, 474.5], [300.0, 25.0]]
