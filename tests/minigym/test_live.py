"""minigym and the installed Gymnasium side by side: the same numbers, types and texts, with no tolerance."""

import dataclasses
import warnings

import gymnasium
import numpy as np
import pytest

import minigym

STEPS = 100_000
MAP = ["SFFFFS", "FHFGFF", "FFFFHF", "HFSFFG"]

# A name, the id, the arguments of make, and whether resets get options.
CASES = {
    "FrozenLake-v1": ("FrozenLake-v1", {}, False),
    "FrozenLake8x8-v1": ("FrozenLake8x8-v1", {}, False),
    "firm ice": ("FrozenLake-v1", {"is_slippery": False}, False),
    "success_rate": ("FrozenLake-v1", {"success_rate": 0.8, "max_episode_steps": 20}, False),
    "a map and rewards of its own": ("FrozenLake-v1", {"desc": MAP, "reward_schedule": (5, -2, -1)}, False),
    "CartPole-v0": ("CartPole-v0", {}, False),
    "CartPole-v1": ("CartPole-v1", {}, False),
    "Sutton and Barto's reward": ("CartPole-v1", {"sutton_barto_reward": True}, False),
    "resets with options": ("CartPole-v1", {"max_episode_steps": 30}, True),
    "MountainCar-v0": ("MountainCar-v0", {}, False),
    "goal_velocity": ("MountainCar-v0", {"goal_velocity": 0.03}, False),
    "a car's resets with options": ("MountainCar-v0", {"max_episode_steps": 150}, True),
}


def make_both(env_id, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # CartPole-v0 is outdated
        return minigym.make(env_id, **arguments), gymnasium.make(env_id, **arguments)


def exactly(result):
    """A result of ``reset`` or ``step`` as something that is equal only where every bit and every type is."""
    observation, *rest = result
    if isinstance(observation, np.ndarray):
        observation = (observation.dtype, observation.shape, observation.tobytes())
    return repr((observation, rest))


def step_beyond(env, action):
    """A step after the end: its result, and how many warnings it gave."""
    with warnings.catch_warnings(record=True, action="always") as caught:
        result = env.step(action)
    return result, len(caught)


@pytest.mark.parametrize("name", CASES)
def test_random_steps_are_identical(name):
    """Resets with and without a seed, and now and then some steps beyond the end."""
    env_id, arguments, with_options = CASES[name]
    ours, theirs = make_both(env_id, **arguments)
    is_pole, is_car = env_id.startswith("CartPole"), env_id.startswith("MountainCar")
    rng = np.random.default_rng(2026)
    chosen = rng.integers(ours.action_space.n, size=STEPS).tolist()
    ends = {"terminated": 0, "truncated": 0}
    done, episode, beyond = True, -1, 0
    for random_action in chosen:
        action = random_action
        if done and beyond == 0:
            episode += 1
            seed = int(rng.integers(2**32)) if episode % 3 == 0 else None
            low, high = sorted(rng.uniform(-0.2, 0.2, 2).tolist())
            options = {"low": low, "high": high} if with_options else None
            # A random pole never reaches its time limit, so every tenth is held upright; nor a random car its goal,
            # so nine of ten swing up.
            balanced, swung = is_pole and episode % 10 == 0, is_car and episode % 10 != 0
            result = ours.reset(seed=seed, options=options)
            assert exactly(result) == exactly(theirs.reset(seed=seed, options=options))
            done, beyond = False, int(rng.integers(4)) * (episode % 5 == 0)
        elif done:
            beyond -= 1
        elif balanced:
            action = int(result[0] @ (0.1, 0.3, 1.0, 0.5) > 0)
        elif swung:
            action = 2 * int(result[0][1] >= 0)
        if done:
            (result, warned), (expected, expected_warned) = step_beyond(ours, action), step_beyond(theirs, action)
            assert warned == expected_warned
        else:
            result, expected = ours.step(action), theirs.step(action)
        assert exactly(result) == exactly(expected)
        ends["terminated"] += result[2]
        ends["truncated"] += result[3]
        done = done or result[2] or result[3]
    assert ends["terminated"] >= 100  # otherwise this would compare less than it says
    if is_pole or is_car or name == "success_rate":
        assert ends["truncated"] >= 10
    assert ours.np_random.bit_generator.state == theirs.np_random.bit_generator.state


@pytest.mark.parametrize("action", [np.int64(1), np.int32(0), np.array(1), np.uint8(1)])
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1", "MountainCar-v0"])
def test_actions_of_numpys_integer_types_give_the_same(env_id, action):
    ours, theirs = make_both(env_id)
    assert exactly(ours.reset(seed=5)) == exactly(theirs.reset(seed=5))
    expected = theirs.step(int(action))  # the lake's reference does not take an array
    assert exactly(ours.step(action)) == exactly(expected)


@pytest.mark.parametrize("name", CASES)
def test_texts_and_descriptions_are_identical(name):
    env_id, arguments, _ = CASES[name]
    ours, theirs = make_both(env_id, **arguments)
    while True:
        assert str(ours) == str(theirs)
        assert str(ours.observation_space) == str(theirs.observation_space)
        assert str(ours.action_space) == str(theirs.action_space)
        assert (ours.metadata, ours.render_mode) == (theirs.metadata, theirs.render_mode)
        # Only where the classes live differs.
        places = {"entry_point": theirs.spec.entry_point, "vector_entry_point": theirs.spec.vector_entry_point}
        assert str(dataclasses.replace(ours.spec, **places)) == str(theirs.spec)
        if theirs is theirs.unwrapped:
            break
        ours, theirs = ours.env, theirs.env
    assert ours is ours.unwrapped


@pytest.mark.parametrize(
    "env_id", ["FrozenLake-v1", "FrozenLake8x8-v1", "CartPole-v0", "CartPole-v1", "MountainCar-v0"]
)
def test_registrations_are_identical(env_id):
    ours, theirs = minigym.registry[env_id], gymnasium.registry[env_id]
    places = {"entry_point": theirs.entry_point, "vector_entry_point": theirs.vector_entry_point}
    assert str(dataclasses.replace(ours, **places)) == str(theirs)


@pytest.mark.parametrize("arguments", [{}, {"map_name": "8x8"}, {"is_slippery": False}, {"success_rate": 0.8}])
def test_tables_are_equal_entry_by_entry(arguments):
    """Maps at random are compared in test_frozen_lake.py."""
    ours, theirs = make_both("FrozenLake-v1", **arguments)
    assert ours.unwrapped.P == theirs.unwrapped.P
    assert repr(ours.unwrapped.P) == repr(theirs.unwrapped.P)
    assert repr(ours.get_wrapper_attr("P")) == repr(theirs.get_wrapper_attr("P"))
    assert repr(ours.mdp.P) == repr(theirs.unwrapped.P)


@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1", "MountainCar-v0"])
@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_action_spaces_draw_the_same(env_id, seed):
    ours, theirs = make_both(env_id)
    assert ours.action_space.seed(seed) == theirs.action_space.seed(seed)
    for _ in range(100):
        sample, expected = ours.action_space.sample(), theirs.action_space.sample()
        assert repr(sample) == repr(expected)


def test_a_render_mode_stands_in_the_spec():
    ours, theirs = make_both("FrozenLake-v1", render_mode="ansi", success_rate=0.5)
    assert ours.spec.kwargs == theirs.spec.kwargs
    assert (ours.render_mode, ours.unwrapped.render_mode) == ("ansi", "ansi")
