"""The rows of docs/differences.md about environments."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import minigym


def lake(library: Any, **kwargs: Any) -> Any:
    return library.make("FrozenLake-v1", **kwargs).unwrapped


def pole(library: Any, **kwargs: Any) -> Any:
    return library.make("CartPole-v1", **kwargs).unwrapped


def car(library: Any, **kwargs: Any) -> Any:
    return library.make("MountainCar-v0", **kwargs).unwrapped


def test_unknown_render_mode() -> None:
    with pytest.warns(UserWarning, match="render_mode"):
        lake(gymnasium, render_mode="svg")
    with pytest.raises(minigym.error.UnsupportedMode, match="'ansi'"):
        lake(minigym, render_mode="svg")


def test_unknown_letter_on_a_map() -> None:
    assert lake(gymnasium, desc=["SXG"]).P[0][2][1] == (1 / 3, 1, 0, False)
    with pytest.raises(minigym.error.InvalidMap, match="row 0, column 1: 'X'"):
        lake(minigym, desc=["SXG"])


def test_map_without_a_reachable_goal() -> None:
    lake(gymnasium, desc=["SHG"])
    with pytest.raises(minigym.error.InvalidMap, match="SHG"):
        lake(minigym, desc=["SHG"])


def test_success_rate_above_1() -> None:
    assert lake(gymnasium, success_rate=2).P[0][2][0][0] == -0.5
    with pytest.raises(minigym.error.InvalidProbability, match="between 0 and 1"):
        lake(minigym, success_rate=2)


def test_unknown_kinematics_integrator() -> None:
    theirs = pole(gymnasium)
    theirs.reset(seed=0)
    start = np.array(theirs.state)
    theirs.kinematics_integrator = "runge-kutta"
    theirs.step(1)
    ours = pole(minigym, kinematics_integrator="semi-implicit")
    ours.reset(seed=0)
    ours.state = start
    ours.step(1)
    np.testing.assert_array_equal(ours.state, theirs.state)
    with pytest.raises(minigym.error.InvalidParameter, match="'euler' or 'semi-implicit'"):
        ours.kinematics_integrator = "runge-kutta"


def test_wrong_action_on_frozenlake() -> None:
    refused(gymnasium.make("FrozenLake-v1", disable_env_checker=True), 4, KeyError)
    refused(minigym.make("FrozenLake-v1"), 4, minigym.error.InvalidAction)
    refused(minigym.make("FrozenLake-v1"), 1.0, minigym.error.InvalidAction)


def test_wrong_action_on_cartpole() -> None:
    refused(gymnasium.make("CartPole-v1", disable_env_checker=True), 2, AssertionError)
    refused(minigym.make("CartPole-v1"), 2, minigym.error.InvalidAction)
    refused(minigym.make("CartPole-v1"), 1.0, minigym.error.InvalidAction)


def test_wrong_action_on_mountaincar() -> None:
    refused(gymnasium.make("MountainCar-v0", disable_env_checker=True), 3, AssertionError)
    refused(minigym.make("MountainCar-v0"), 3, minigym.error.InvalidAction)
    refused(minigym.make("MountainCar-v0"), 1.0, minigym.error.InvalidAction)


def test_unsigned_action_on_mountaincar() -> None:
    theirs, ours, usual = car(gymnasium), car(minigym), car(minigym)
    for env in (theirs, ours, usual):
        env.reset(seed=0)
    with pytest.warns(RuntimeWarning, match="overflow"):
        theirs.step(np.uint8(0))
    assert theirs.state[1] == theirs.max_speed
    ours.step(np.uint8(0))
    usual.step(0)
    assert ours.state[1] < 0
    np.testing.assert_array_equal(ours.state, usual.state)


def refused(env: Any, action: Any, exception: type[Exception]) -> None:
    env.reset(seed=0)
    before = env.unwrapped.np_random.bit_generator.state
    with pytest.raises(exception):
        env.step(action)
    if isinstance(env, minigym.Env):
        assert env.unwrapped.np_random.bit_generator.state == before


def test_numpy_integer_as_a_seed() -> None:
    with pytest.raises(gymnasium.error.Error):
        gymnasium.make("CartPole-v1").reset(seed=np.int64(3))
    plain, _ = minigym.make("CartPole-v1").reset(seed=3)
    numpy, _ = minigym.make("CartPole-v1").reset(seed=np.int64(3))
    np.testing.assert_array_equal(plain, numpy)


def test_bool_as_a_seed() -> None:
    gymnasium.make("CartPole-v1").reset(seed=True)
    with pytest.raises(minigym.error.InvalidSeed, match="True of type bool"):
        minigym.make("CartPole-v1").reset(seed=True)


def test_physical_parameter_at_make() -> None:
    with pytest.raises(TypeError, match="gravity"):
        gymnasium.make("CartPole-v1", gravity=1.6)
    assert pole(minigym, gravity=1.6).gravity == 1.6
    with pytest.raises(TypeError, match="gravity"):
        gymnasium.make("MountainCar-v0", gravity=0.002)
    assert car(minigym, gravity=0.002).gravity == 0.002
    assert car(gymnasium, goal_velocity=0.02).goal_velocity == car(minigym, goal_velocity=0.02).goal_velocity == 0.02


def test_physical_parameter_that_no_world_can_have() -> None:
    for make, name, value in ((pole, "masspole", -1.0), (car, "max_speed", -1.0), (car, "min_position", 0.7)):
        setattr(make(gymnasium), name, value)
        with pytest.raises(minigym.error.InvalidParameter, match=name):
            setattr(make(minigym), name, value)
        with pytest.raises(minigym.error.InvalidParameter, match=name):
            make(minigym, **{name: value})


def test_limit_changed_on_a_made_environment() -> None:
    for make, name, value, high in ((pole, "x_threshold", 5.0, 10.0), (car, "max_position", 2.0, 2.0)):
        theirs, ours = make(gymnasium), make(minigym)
        before = theirs.observation_space.high[0]
        for env in (theirs, ours):
            setattr(env, name, value)
        assert theirs.observation_space.high[0] == before
        assert ours.observation_space.high[0] == high


def test_mass_changed_on_a_made_environment() -> None:
    def after_one_step(library: Any, masscart: float, through_attribute: bool) -> np.ndarray:
        env = pole(library) if through_attribute else pole(library, masscart=masscart)
        env.reset(seed=0)
        if through_attribute:
            env.masscart = masscart
        env.step(1)
        return np.array(env.state)

    stale = after_one_step(gymnasium, 5.0, through_attribute=True)
    np.testing.assert_array_equal(stale, after_one_step(gymnasium, 1.0, through_attribute=True))
    fresh = after_one_step(minigym, 5.0, through_attribute=True)
    np.testing.assert_array_equal(fresh, after_one_step(minigym, 5.0, through_attribute=False))
    assert not np.array_equal(fresh, stale)


def test_table_through_wrappers() -> None:
    theirs = gymnasium.make("FrozenLake-v1")
    assert not hasattr(theirs, "P")
    assert not hasattr(theirs, "mdp")
    ours: Any = minigym.make("FrozenLake-v1")
    assert ours.mdp.P == theirs.unwrapped.P  # type: ignore[attr-defined]


def test_in_place_change_of_cartpoles_state() -> None:
    theirs, ours = pole(gymnasium), pole(minigym)
    theirs.reset(seed=0)
    ours.reset(seed=0)
    theirs.state[0] = 1.0
    assert theirs.state[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        ours.state[0] = 1.0
    ours.state = [1.0, 0.0, 0.0, 0.0]
    assert ours.state[0] == 1.0


def test_state_of_mountaincar_after_a_step() -> None:
    theirs, ours = car(gymnasium), car(minigym)
    for env in (theirs, ours):
        env.reset(seed=0)
        assert isinstance(env.state, np.ndarray)
        env.step(2)
    assert isinstance(theirs.state, tuple)
    np.testing.assert_array_equal(ours.state, theirs.state)
    assert isinstance(ours.state, np.ndarray)


def test_reward_schedule_with_a_float_in_it() -> None:
    def kinds(library: Any) -> set[type]:
        table = lake(library, reward_schedule=(1.0, -1, 0)).P
        return {type(outcome[2]) for actions in table.values() for row in actions.values() for outcome in row}

    assert kinds(gymnasium) == {int, float}
    assert kinds(minigym) == {float}
