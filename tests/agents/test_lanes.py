"""Lanes: the same numbers by an engine and one by one, episodes as they end, and snapshots that go on to the bit."""

import types

import numpy as np
import pytest

import minigym
from agents.common import streams
from agents.common.environment import describe
from agents.common.lanes import EngineLanes, Record, SingleLanes, lanes_of
from minigym import error, spaces
from tests.agents.deep_runs import Odd, make_pole, table

SEEDS = (1000, 1001)
KINDS = {EngineLanes: describe("CartPole-v1"), SingleLanes: describe(make_pole)}
LAKE = {
    EngineLanes: describe("FrozenLake-v1", {"max_episode_steps": 9}),
    SingleLanes: describe(lambda: minigym.make("FrozenLake-v1", max_episode_steps=9)),
}


def lanes_by(kind, environment=None, seeds=SEEDS, per_seed=3):
    lanes = lanes_of(environment or KINDS[kind], seeds, per_seed)
    assert type(lanes) is kind
    return lanes


def play(lanes, steps, begin=0, actions=2):
    """Actions that depend on the number of the step alone; all that came back."""
    seen = []
    for step in range(begin, begin + steps):
        transition = lanes.step(np.random.default_rng(step).integers(actions, size=lanes.shape))
        seen.append((*transition, lanes.observation.copy()))
    return seen


def assert_equal(one, other):
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        for a, b in zip(left, right, strict=True):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


# Stepping


@pytest.mark.parametrize(("worlds", "actions"), [(KINDS, 2), (LAKE, 4)])
def test_an_engine_and_single_environments_give_the_same_numbers(worlds, actions):
    engine, single = (lanes_by(kind, worlds[kind]) for kind in worlds)
    assert np.array_equal(engine.observation, single.observation)
    assert_equal(play(engine, 60, actions=actions), play(single, 60, actions=actions))
    assert engine.record.returns == single.record.returns
    assert engine.record.lengths == single.record.lengths
    assert min(map(len, engine.record.returns)) > 3


def test_which_environments_an_engine_steps():
    minigym.register(
        "Wrapped-v0", entry_point=minigym.envs.CartPoleEnv, vector_entry_point=minigym.vector.SyncVectorEnv
    )
    try:
        assert type(lanes_of(describe("Wrapped-v0"), SEEDS, 1)) is SingleLanes
    finally:
        del minigym.registry["Wrapped-v0"]
    mdp = minigym.MDP.from_P({0: {0: [(1.0, 0, 1.0, True)]}})
    assert type(lanes_of(describe(mdp), SEEDS, 1)) is EngineLanes
    assert type(lanes_of(describe(table(mdp.P)), SEEDS, 1)) is SingleLanes


@pytest.mark.parametrize("kind", KINDS)
def test_lane_j_of_a_seed_begins_with_the_jth_integer_of_its_stream(kind):
    lanes = lanes_by(kind)
    for seed, own in zip(SEEDS, lanes.observation, strict=True):
        for word, observation in zip(streams.integers(seed, streams.TRAIN, 3), own, strict=True):
            assert np.array_equal(make_pole().reset(seed=word)[0], observation)


@pytest.mark.parametrize("kind", KINDS)
def test_an_episode_ends_in_its_last_observation_and_the_next_step_begins_another(kind):
    lanes = lanes_by(kind, seeds=(1001,), per_seed=1)
    for episode in (1, 2):
        steps, transition = 0, None
        while transition is None or not transition.terminated.item():  # pushed to the right, it falls after some 10
            transition = lanes.step(np.array([[1]]))
            steps += 1
        assert (lanes.record.lengths[0][-1], lanes.record.returns[0][-1]) == (steps, float(steps))
        assert len(lanes.record.lengths[0]) == episode
        assert abs(transition.next_observation[0, 0, 2]) > 0.2  # where it fell
        assert np.abs(lanes.observation).max() <= 0.05  # and a new start
    assert transition.reward.shape == transition.truncated.shape == (1, 1)
    assert transition.next_observation.shape == (1, 1, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_episode_ends_in_its_last_observation_too(kind):
    limit = {
        EngineLanes: describe("CartPole-v1", {"max_episode_steps": 5}),
        SingleLanes: describe(lambda: make_pole(5)),
    }
    lanes = lanes_by(kind, limit[kind])
    *_, last = play(lanes, 5)
    next_observation, _, terminated, truncated, observation = last
    assert truncated.all()
    assert not terminated.any()
    plain = make_pole(5)
    for seed, lane in np.ndindex(lanes.shape):
        plain.reset(seed=streams.integers(SEEDS[seed], streams.TRAIN, 3)[lane])
        for step in range(5):
            final, *_ = plain.step(int(np.random.default_rng(step).integers(2, size=lanes.shape)[seed, lane]))
        assert np.array_equal(final, next_observation[seed, lane])
        assert not np.array_equal(final, observation[seed, lane])
    assert lanes.record.lengths == [[5] * 3] * 2


def test_an_environment_may_write_into_the_array_that_it_returned():
    class InPlace(minigym.Env):
        observation_space, action_space = spaces.Box(0.0, 9.0, (1,)), spaces.Discrete(2)

        def __init__(self):
            self.array = np.zeros(1, np.float32)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.array[:] = 0
            return self.array, {}

        def step(self, action):
            self.array += 1
            return self.array, 1.0, False, bool(self.array[0] == 3), {}

    lanes = lanes_of(describe(InPlace), (0,), 1)
    seen = [(step[0].item(), step[-1].item()) for step in play(lanes, 4)]
    assert seen == [(1, 1), (2, 2), (3, 0), (1, 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_the_same_world_whoever_else_plays_and_whatever_came_before(kind):
    lanes, alone = lanes_by(kind), lanes_by(kind, seeds=(1001,))
    play(lanes, 25)
    worlds = []
    for part in ((), (0,), (1,), (1, 0)):
        lanes.begin(*part)
        alone.begin(*part)
        worlds.append(lanes.observation.copy())
        assert np.array_equal(alone.observation[0], lanes.observation[1])
        play(lanes, 3)
    assert len({world.tobytes() for world in worlds}) == 4
    first = lanes_by(kind)
    assert np.array_equal(first.observation, worlds[0])
    # an episode that was under way is forgotten
    lanes.record = Record(2)
    lanes.begin(5)
    play(lanes, 60)
    first.begin(5)
    play(first, 60)
    assert first.record.lengths == lanes.record.lengths
    assert first.record.returns == lanes.record.returns


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_counts_goes_on_record(kind):
    lanes, all_of_them = lanes_by(kind), lanes_by(kind)
    counted = np.array([[True, False, False], [False, False, False]])
    lone = []
    for step in range(60):
        actions = np.random.default_rng(step).integers(2, size=lanes.shape)
        transition = lanes.step(actions, counted)
        all_of_them.step(actions)
        if transition.terminated[0, 0]:
            lone.append(step + 1 - sum(lone))
    assert lanes.record.lengths == [lone, []]
    assert lanes.record.returns == [[float(length) for length in lone], []]
    assert len(lone) < len(all_of_them.record.lengths[0])


def test_a_record_says_how_it_goes_lately():
    record = Record(2)
    assert np.isnan(record.recent())
    record.returns = [[1000.0] + [1.0] * 50 + [3.0] * 50, [6.0]]
    assert record.recent() == 4.0


# Snapshots


@pytest.mark.parametrize("worlds", [KINDS, LAKE])
@pytest.mark.parametrize("kind", KINDS)
def test_lanes_go_on_from_their_snapshot_to_the_bit(kind, worlds):
    actions = 2 if worlds is KINDS else 4
    lanes = lanes_by(kind, worlds[kind])
    lanes.begin(4)  # other worlds than those that new lanes begin in
    for steps in range(45):
        if steps % 4 == 0:  # in the first episodes, and after some have ended
            snapshot = lanes.snapshot()
            assert not any(values.dtype.hasobject for values in snapshot.values())
            kept = {name: values.copy() for name, values in snapshot.items()}
            restored, again = lanes_by(kind, worlds[kind]), lanes_by(kind, worlds[kind])
            play(restored, 7, actions=actions)
            restored.restore(snapshot)
            assert np.array_equal(restored.observation, lanes.observation)
            again.restore(restored.snapshot())
            assert_equal(play(restored, 40, begin=99, actions=actions), play(again, 40, begin=99, actions=actions))
            lone = lanes_by(kind, worlds[kind])
            lone.restore(snapshot)
            assert_equal(play(lone, 2, begin=steps, actions=actions), play(lanes, 2, begin=steps, actions=actions))
            assert (lone.record.lengths, lone.record.returns) == (lanes.record.lengths, lanes.record.returns)
            assert all(np.array_equal(values, snapshot[name]) for name, values in kept.items())
        play(lanes, 1, begin=steps, actions=actions)
    assert lanes.record.lengths[0]


@pytest.mark.parametrize("kind", KINDS)
def test_an_uninterrupted_play_is_what_went_on_from_the_snapshot(kind):
    whole, half, rest = (lanes_by(kind) for _ in range(3))
    expected = play(whole, 80)
    play(half, 33)
    rest.restore(half.snapshot())
    assert_equal(play(rest, 47, begin=33), expected[33:])
    assert rest.record.lengths == whole.record.lengths
    assert rest.record.returns == whole.record.returns


class Chance(minigym.Env):
    """An environment whose chance comes from outside: what it shows, or only what it pays."""

    calls = 0

    def __init__(self, shown=0, paid=0):
        self.observation_space, self.action_space = spaces.Box(0.0, np.inf, (1,)), spaces.Discrete(2)
        self.shown, self.paid = shown, paid

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        Chance.calls += 1
        self.steps += 1
        shown = np.full(1, self.steps + self.shown * Chance.calls, np.float32)
        return shown, 1.0 + self.paid * Chance.calls, False, self.steps == 5, {}


@pytest.mark.parametrize("steps", [3, 8])
@pytest.mark.parametrize(("chance", "refused"), [({}, False), ({"shown": 1}, True), ({"paid": 1}, True)])
def test_a_world_that_does_not_play_the_same_again_is_refused(chance, refused, steps):
    def make():
        return Chance(**chance)

    lanes, restored = (lanes_of(describe(make), SEEDS, 2) for _ in range(2))
    play(lanes, steps)
    if refused:
        with pytest.raises(error.InvalidParameter, match=r"does not play the same episode again .* cannot be resumed"):
            restored.restore(lanes.snapshot())
    else:
        restored.restore(lanes.snapshot())
        assert_equal(play(lanes, 9), play(restored, 9))


def foreign(np_random):
    """An environment that knows nothing of minigym, with random numbers of its own; ``np_random`` is all it shows."""
    env = types.SimpleNamespace(
        observation_space=spaces.Discrete(3), action_space=spaces.Discrete(2), spec=None, close=lambda: None
    )
    env.unwrapped = env
    own = np.random.default_rng()

    def reset(seed=None):
        nonlocal own
        own = own if seed is None else np.random.default_rng(seed)
        return int(own.integers(3)), {}

    env.reset = reset
    env.step = lambda action: (int(own.integers(3)), 1.0, bool(own.random() < 0.3), False, {})
    if np_random is not None:
        env.np_random = np_random
    return env


@pytest.mark.parametrize("np_random", [None, np.random.RandomState(0), np.random.Generator(np.random.MT19937(0))])
def test_an_environment_without_random_numbers_to_keep_trains_and_is_refused_later(np_random):
    environment = describe(lambda: foreign(np_random))
    lanes, restored = (lanes_of(environment, SEEDS, 2) for _ in range(2))
    restored.restore(lanes.snapshot())  # before any episode has ended, its seed is enough
    assert_equal(play(lanes, 20), play(restored, 20))
    assert min(map(len, lanes.record.lengths)) > 2
    with pytest.raises(error.InvalidParameter, match="cannot be resumed"):
        restored.restore(lanes.snapshot())


def test_an_environment_whose_spaces_are_its_chance_is_refused():
    lanes, restored = (lanes_of(describe(Odd), SEEDS, 2) for _ in range(2))
    play(lanes, 60)
    with pytest.raises(error.InvalidParameter, match="cannot be resumed"):
        restored.restore(lanes.snapshot())
