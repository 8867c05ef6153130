"""The lenient environments of ``install_as_gymnasium`` beside the originals: equal where minigym would refuse."""

import copy
import pickle
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.classic_control import cartpole, mountain_car
from gymnasium.envs.toy_text import frozen_lake
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym.compat.modern import envs
from minigym.compat.modern.cart_pole_batch import CartPoleVectorEnv
from tests.minigym.vector.compare import assert_same

seeds = st.integers(0, 2**32)
bounds = st.fixed_dictionaries({"low": st.floats(-0.3, 0.0), "high": st.floats(0.0, 0.3)})


def outcome(call, *arguments):
    """What a call returns, or that it raised AssertionError."""
    try:
        return call(*arguments)
    except AssertionError:
        return "AssertionError"


@st.composite
def maps(draw):
    """Maps that minigym refuses as well: with strange letters, without a goal, with several starts."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(2, 4))  # one column is an error in both
    tiles = draw(st.lists(st.sampled_from("SFHGFFX."), min_size=rows * columns, max_size=rows * columns))
    tiles[draw(st.integers(0, len(tiles) - 1))] = "S"
    return ["".join(tiles[row * columns : (row + 1) * columns]) for row in range(rows)]


@given(
    maps(),
    st.booleans(),
    st.floats(0.0, 1.0),
    st.tuples(*[st.integers(-3, 3)] * 3),
    st.lists(st.one_of(seeds, st.integers(0, 3), st.sampled_from([np.int64(2), np.array(1)])), max_size=30),
)
def test_any_map_is_played_like_the_original(desc, is_slippery, success_rate, reward_schedule, calls):
    arguments = {
        "desc": desc,
        "is_slippery": is_slippery,
        "success_rate": success_rate,
        "reward_schedule": reward_schedule,
    }
    ours, theirs = envs.FrozenLakeEnv(**arguments), frozen_lake.FrozenLakeEnv(**arguments)
    assert ours.P == theirs.P
    assert [type(o[2]) for s in ours.P for o in ours.P[s][0]] == [type(o[2]) for s in theirs.P for o in theirs.P[s][0]]
    assert_same(ours.initial_state_distrib, theirs.initial_state_distrib)
    assert ours.desc.tolist() == theirs.desc.tolist()
    assert ours.reward_range == theirs.reward_range
    assert_same(ours.reset(seed=0), theirs.reset(seed=0))
    for call in calls:
        if type(call) is int and call > 3:
            assert_same(ours.reset(seed=call), theirs.reset(seed=call))
        else:
            key = call.item() if isinstance(call, np.ndarray) else call  # the original takes no 0-d array here
            assert_same(ours.step(call), theirs.step(key))
        assert ours.s == theirs.s


@pytest.mark.parametrize("action", [4, -1, "left", None, 0.5])
def test_no_action_on_the_lake_is_a_key_error(action):
    ours, theirs = envs.FrozenLakeEnv(), frozen_lake.FrozenLakeEnv()
    for env in (ours, theirs):
        env.reset(seed=0)
        with pytest.raises(KeyError):
            env.step(action)


def test_the_table_of_the_lake_may_be_changed_and_its_maps_extended(monkeypatch):
    for module in (envs, frozen_lake):
        monkeypatch.setitem(module.MAPS, "mine", ["SF", "FG"])
    ours, theirs = envs.FrozenLakeEnv(map_name="mine"), frozen_lake.FrozenLakeEnv(map_name="mine")
    for env in (ours, theirs):
        env.P[0][0] = [(0.25, 1, -7, False), (0.75, 2, 0.5, True)]
        env.initial_state_distrib[:] = [0, 0.5, 0.5, 0]
    for seed in range(20):
        assert_same(ours.reset(seed=seed), theirs.reset(seed=seed))
        ours.s = theirs.s = 0
        assert_same(ours.step(0), theirs.step(0))
    assert "mine" not in minigym.envs.frozen_lake.MAPS
    assert minigym.envs.FrozenLakeEnv().P[0][0] != ours.P[0][0]


@given(st.integers(2, 6), st.data())
def test_whether_a_map_is_valid(size, data):
    board = data.draw(st.lists(st.text("FH", min_size=size, max_size=size), min_size=size, max_size=size))
    board = [list(row) for row in board]
    board[0][0], board[-1][-1] = "S", "G"
    assert envs.is_valid(board, size) is frozen_lake.is_valid(board, size)


@given(
    seeds,
    st.sampled_from(["euler", "semi-implicit", "anything"]),
    st.booleans(),
    st.lists(
        st.one_of(
            st.sampled_from([0, 1, np.int64(1), np.array(0), 2, -1, 1.0, "right", None]),
            st.tuples(st.just("reset"), st.none() | seeds, st.none() | bounds),
            st.tuples(st.just("write"), st.integers(0, 3), st.floats(-3, 3)),
            st.tuples(st.just("assign"), st.lists(st.floats(-2, 2), min_size=4, max_size=4)),
            st.tuples(st.just("set"), st.sampled_from(["gravity", "force_mag", "tau", "x_threshold"]), st.floats(1, 9)),
        ),
        max_size=40,
    ),
)
def test_the_pole_is_played_like_the_original(seed, integrator, sutton_barto_reward, calls):
    ours, theirs = envs.CartPoleEnv(sutton_barto_reward), cartpole.CartPoleEnv(sutton_barto_reward)
    pair = ours, theirs
    assert ours.observation_space == minigym.spaces.Box(theirs.observation_space.low, theirs.observation_space.high)
    for env in pair:
        env.kinematics_integrator = integrator
    assert_same(ours.reset(seed=seed), theirs.reset(seed=seed))
    for call in calls:
        if not isinstance(call, tuple):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # both warn of steps after the end
                assert_same(outcome(ours.step, call), outcome(theirs.step, call))
        elif call[0] == "reset":
            assert_same(*[env.reset(seed=call[1], options=copy.copy(call[2])) for env in pair])
        elif call[0] == "write":
            for env in pair:
                env.state[call[1]] = call[2]
        elif call[0] == "assign":
            for env in pair:
                env.state = list(call[1])
                env.state = np.array(env.state)  # the original could not be written into a list's numbers later
        else:
            for env in pair:
                setattr(env, call[1], call[2])
        assert_same(np.array(ours.state), np.array(theirs.state))
        assert ours.steps_beyond_terminated == theirs.steps_beyond_terminated
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_same(*[env.step(0) for env in copy.deepcopy(pair)])


@given(
    seeds,
    st.floats(-0.05, 0.05) | st.just(0),
    st.lists(
        st.one_of(
            st.sampled_from([0, 1, 2, np.int64(1), np.array(0), 3, -1, 1.0, "right", None]),
            st.tuples(st.just("reset"), st.none() | seeds, st.none() | bounds),
            st.tuples(st.just("write"), st.integers(0, 1), st.floats(-1.5, 0.7)),
            st.tuples(st.just("assign"), st.sampled_from([tuple, list, np.array]), st.floats(-1.3, 0.6)),
            st.tuples(st.just("set"), st.sampled_from(["gravity", "force", "max_speed"]), st.floats(1e-3, 0.1)),
        ),
        max_size=40,
    ),
)
def test_the_car_is_played_like_the_original(seed, goal_velocity, calls):
    pair = ours, theirs = [
        kind(goal_velocity=goal_velocity) for kind in (envs.MountainCarEnv, mountain_car.MountainCarEnv)
    ]
    assert_same(*[(env.low, env.high, env.observation_space.low, env.observation_space.high) for env in pair])
    assert_same(ours.reset(seed=seed), theirs.reset(seed=seed))
    for call in calls:
        if not isinstance(call, tuple):
            assert_same(outcome(ours.step, call), outcome(theirs.step, call))
        elif call[0] == "reset":
            assert_same(*[env.reset(seed=call[1], options=copy.copy(call[2])) for env in pair])
        elif call[0] == "write":
            assert isinstance(ours.state, tuple) == isinstance(theirs.state, tuple)
            if isinstance(ours.state, np.ndarray):  # after a reset; a tuple cannot be written into
                for env in pair:
                    env.state[call[1]] = call[2]
        elif call[0] == "assign":
            for env in pair:
                env.state = call[1]([call[2], -0.03])
            ours.state, theirs.state = np.array(ours.state), np.array(theirs.state)
        else:
            for env in pair:
                setattr(env, call[1], call[2])
        assert_same(np.array(ours.state), np.array(theirs.state, np.float64))
        assert_same(*[env.step(0) for env in copy.deepcopy(pair)])


@pytest.mark.parametrize("action", [3, -1, 0.5, "left", None, np.array([0])])
def test_no_action_on_the_pole_or_the_car_is_an_assertion_error(action):
    for env in (
        envs.CartPoleEnv(),
        cartpole.CartPoleEnv(),
        envs.MountainCarEnv(),
        mountain_car.MountainCarEnv(),
    ):
        env.reset(seed=0)
        with pytest.raises(AssertionError):
            env.step(action)
    assert issubclass(envs.WrongActionError, minigym.error.InvalidAction)


@pytest.mark.parametrize("kind", [envs.CartPoleEnv, envs.FrozenLakeEnv, envs.MountainCarEnv])
def test_an_unknown_render_mode_draws_nothing(kind):
    env = kind(render_mode="hologram")
    env.reset(seed=0)
    assert env.render() is None
    env.step(0)
    assert pickle.loads(pickle.dumps(env)).render_mode == "hologram"
    assert kind(render_mode="rgb_array").render_mode == "rgb_array"


@pytest.mark.parametrize(("kind", "position"), [(envs.CartPoleEnv, 2.0), (envs.MountainCarEnv, 0.2)])
def test_what_was_written_into_the_state_is_drawn(kind, position):
    env = kind(render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    state = env.state
    state[0] = position
    assert (env.render() != before).any()
    assert env.state[0] == position
    state[0] = 0.0  # the array handed out before the picture still counts
    assert env.state[0] == 0.0
    assert (env.render() == kind_at(kind, 0.0, state)).all()


def kind_at(kind, position, state):
    """The picture of a fresh environment in a state."""
    env = kind(render_mode="rgb_array")
    env.reset(seed=0)
    env.state = [position, *state[1:]]
    return env.render()


@settings(max_examples=60)
@given(st.data())
def test_the_batch_of_poles_is_played_like_the_original(data):
    num_envs = data.draw(st.integers(1, 5))
    arguments = {
        "num_envs": num_envs,
        "max_episode_steps": data.draw(st.integers(1, 12)),
        "sutton_barto_reward": data.draw(st.booleans()),
    }
    ours, theirs = CartPoleVectorEnv(**arguments), cartpole.CartPoleVectorEnv(**arguments)
    integrator = data.draw(st.sampled_from(["euler", "other"]))
    for envs_ in (ours, theirs):
        envs_.kinematics_integrator = integrator
        envs_.tau = 0.1  # so that poles fall within the few steps
    first = data.draw(seeds)
    assert_same(ours.reset(seed=first), theirs.reset(seed=first))
    for _ in range(data.draw(st.integers(0, 25))):
        if data.draw(st.integers(0, 9)) == 0:
            seed, options = data.draw(st.none() | seeds), data.draw(st.none() | bounds)
            assert_same(*[each.reset(seed=seed, options=copy.copy(options)) for each in (ours, theirs)])
        else:
            actions = np.array(data.draw(st.lists(st.integers(0, 1), min_size=num_envs, max_size=num_envs)))
            assert_same(ours.step(actions), theirs.step(actions))
        assert_same(ours.state, theirs.state)
    wrong = np.full(num_envs, 2)
    for each in (ours, theirs):
        with pytest.raises(AssertionError):
            each.step(wrong)
    assert str(ours.observation_space) == str(theirs.observation_space)
    assert str(ours.action_space) == str(theirs.action_space)


def test_the_batch_of_poles_draws_a_frame_a_lane():
    batch = CartPoleVectorEnv(2, render_mode="rgb_array")
    assert batch.render() is None  # before the first reset there is nothing
    batch.reset(seed=0)
    batch.state[0] = [-1.0, 1.0]
    left, right = batch.render()
    assert left.shape == (400, 600, 3)
    assert (left != right).any()
    assert gymnasium.make_vec("CartPole-v1", 2).unwrapped.metadata["autoreset_mode"].value == "NextStep"
    assert batch.metadata["autoreset_mode"].value == "NextStep"
