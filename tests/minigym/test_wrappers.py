"""The wrappers of ``make``, the short cut through them, the statistics, and where warnings point."""

import copy
import os
import pickle
import re
import sys

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.spaces import Discrete
from minigym.wrappers import OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit


class Scripted(minigym.Env):
    """Returns what it is told to; by default a correct environment that never ends."""

    def __init__(self, reset_result=(0, {}), step_result=(1, 1.0, False, False, {})):
        self.action_space, self.observation_space = Discrete(2), Discrete(3)
        self.reset_result, self.step_result = reset_result, step_result
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.reset_result

    def step(self, action):
        self.steps += 1
        return self.step_result

    def render(self):
        return "a picture"


# TimeLimit ----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 20))
def test_an_episode_is_truncated_from_its_last_step_on(limit):
    env = TimeLimit(Scripted(), limit)
    for _ in range(2):  # a reset starts the count anew
        env.reset()
        truncated = [env.step(0)[3] for _ in range(limit + 3)]
        assert truncated == [False] * (limit - 1) + [True] * 4


def test_both_flags_can_be_true():
    env = TimeLimit(Scripted(step_result=(1, 1.0, True, False, {})), 2)
    env.reset()
    assert [env.step(0)[2:4] for _ in range(2)] == [(True, False), (True, True)]


def test_a_truncation_by_the_environment_itself_passes_through():
    env = TimeLimit(Scripted(step_result=(1, 1.0, False, True, {"why": "storm"})), 5)
    env.reset()
    assert env.step(0) == (1, 1.0, False, True, {"why": "storm"})


def test_at_the_limit_everything_else_is_what_the_environment_returned():
    env = TimeLimit(Scripted(step_result=(2, 0.25, False, False, {"a": 1})), 1)
    env.reset()
    assert env.step(0) == (2, 0.25, False, True, {"a": 1})


def test_a_step_that_is_refused_is_not_counted():
    env = minigym.make("CartPole-v1", max_episode_steps=2)
    env.reset(seed=0)
    for _ in range(5):
        with pytest.raises(error.InvalidAction):
            env.step("left")
    assert env.step(0)[3] is False
    assert env.step(0)[3] is True


def test_a_reset_that_is_refused_does_not_begin_an_episode():
    env = minigym.make("CartPole-v1", max_episode_steps=3)
    env.reset(seed=0)
    env.step(0)
    with pytest.raises(error.InvalidBound):
        env.reset(options={"low": 1, "high": 0})
    assert [env.step(0)[3] for _ in range(2)] == [False, True]


@pytest.mark.parametrize("limit", [0, -1, 2.0, "5", None, True])
def test_a_limit_must_be_a_positive_integer(limit):
    with pytest.raises(error.InvalidParameter, match=re.escape(f"must be a positive integer, got {limit!r}")):
        TimeLimit(Scripted(), limit)


def test_a_step_before_the_first_reset_is_refused():
    env = Scripted()
    for wrapper in (TimeLimit(env, 5), OrderEnforcing(env)):
        with pytest.raises(error.ResetNeeded, match=r"call reset\(\) first"):
            wrapper.step(0)
    assert env.steps == 0


# OrderEnforcing -------------------------------------------------------------------------------------------------------


def test_order_is_enforced_for_render_unless_told_otherwise():
    env = OrderEnforcing(Scripted())
    assert env.has_reset is False
    with pytest.raises(error.ResetNeeded, match="disable_render_order_enforcing=True"):
        env.render()
    env.reset()
    assert env.has_reset is True
    assert env.render() == "a picture"
    assert OrderEnforcing(Scripted(), disable_render_order_enforcing=True).render() == "a picture"


# The short cut: TimeLimit skips layers that have become inert ---------------------------------------------------------


def doubling(kind):
    """A subclass of a check wrapper that does more, and therefore must never be skipped."""

    class Doubling(kind):
        def reset(self, *, seed=None, options=None):
            observation, info = super().reset(seed=seed, options=options)
            return observation, {**info, "doubled": True}

        def step(self, action):
            observation, reward, *rest = super().step(action)
            return observation, 2 * reward, *rest

    return Doubling


@pytest.mark.parametrize("kind", [OrderEnforcing, PassiveEnvChecker])
@pytest.mark.parametrize("inside", [lambda env: env, PassiveEnvChecker, OrderEnforcing])
def test_a_layer_that_overrides_step_is_never_skipped(kind, inside):
    env = TimeLimit(OrderEnforcing(doubling(kind)(inside(Scripted()))), 10)
    for _ in range(3):
        assert env.reset()[1] == {"doubled": True}
        assert [env.step(0)[1] for _ in range(3)] == [2.0] * 3


def test_a_wrapper_between_the_layers_is_never_skipped():
    class Counting(minigym.Wrapper):
        steps = resets = 0

        def reset(self, *, seed=None, options=None):
            self.resets += 1
            return super().reset(seed=seed, options=options)

        def step(self, action):
            self.steps += 1
            return super().step(action)

    middle = Counting(PassiveEnvChecker(Scripted()))
    env = TimeLimit(OrderEnforcing(middle), 100)
    for _ in range(3):
        env.reset()
        for _ in range(4):
            env.step(0)
    assert (middle.resets, middle.steps) == (3, 12)


def test_an_environment_replaced_between_episodes_is_the_one_that_is_played():
    env = minigym.make("FrozenLake-v1", desc=["SFG"], is_slippery=False)
    for _ in range(2):
        env.reset()
        env.step(2)
    env.env.env = Scripted()  # beneath two layers, one of which has been skipped
    assert env.reset() == (0, {})
    assert env.step(0) == (1, 1.0, False, False, {})
    env.env = Scripted((2, {}), (2, 5.0, False, False, {}))
    assert env.reset() == (2, {})
    assert env.step(0)[:2] == (2, 5.0)


def test_the_check_wrappers_are_skipped_once_they_have_checked():
    """What the short cut is for; without it each step pays for three layers."""
    env = minigym.make("FrozenLake-v1")
    seen = []

    def trace(frame, event, argument):
        if event == "call" and frame.f_code.co_name == "step":
            seen.append(type(frame.f_locals["self"]).__name__)

    env.reset(seed=0)
    env.step(0)
    env.reset()
    sys.setprofile(trace)
    env.step(0)
    sys.setprofile(None)
    assert seen == ["TimeLimit", "FrozenLakeEnv"]


def test_copies_in_mid_episode_step_their_own_environment():
    """The short cut is an attribute, and must lead into the copy."""
    env = minigym.make("CartPole-v1")
    env.reset(seed=0)
    env.step(0)
    for duplicate in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        before = env.unwrapped.state.tolist()
        duplicate.step(1)
        assert env.unwrapped.state.tolist() == before
        assert duplicate.unwrapped.state.tolist() != before


# PassiveEnvChecker ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["action_space", "observation_space"])
@pytest.mark.parametrize("value", [None, 2, "missing", gymnasium.spaces.Discrete(2)])
def test_an_environment_without_a_space_is_refused(name, value):
    env = Scripted()
    if value == "missing":
        delattr(env, name)
    else:
        setattr(env, name, value)
    with pytest.raises(TypeError, match=rf"Scripted\.{name} must be a minigym\.spaces\.Space.*self\.{name} = "):
        PassiveEnvChecker(env)


@pytest.mark.parametrize("result", [0, (0,), (0, {}, {}), None, [0, {}]])
def test_a_reset_of_the_wrong_form_is_refused(result):
    with pytest.raises(TypeError, match=r"Scripted\.reset\(\) must return \(observation, info\)"):
        PassiveEnvChecker(Scripted(reset_result=result)).reset()


@pytest.mark.parametrize("info", [None, [], "info"])
def test_an_info_that_is_no_dict_is_refused(info):
    with pytest.raises(TypeError, match=r"Scripted\.reset\(\) must return an info dict"):
        PassiveEnvChecker(Scripted(reset_result=(0, info))).reset()
    env = PassiveEnvChecker(Scripted(step_result=(0, 1.0, False, False, info)))
    env.reset()
    with pytest.raises(TypeError, match=r"Scripted\.step\(\) must return an info dict"):
        env.step(0)


@pytest.mark.parametrize("result", [0, (0, 1.0, False, {}), (0, 1.0, False, False, {}, {}), None])
def test_a_step_of_the_wrong_form_is_refused(result):
    env = PassiveEnvChecker(Scripted(step_result=result))
    env.reset()
    with pytest.raises(TypeError, match=r"must return \(observation, reward, terminated, truncated, info\)"):
        env.step(0)


@pytest.mark.parametrize("reward", [None, "1", [1.0, 2.0], {}, np.ones(2)])
def test_a_reward_that_is_no_number_is_refused(reward):
    env = PassiveEnvChecker(Scripted(step_result=(0, reward, False, False, {})))
    env.reset()
    with pytest.raises(TypeError, match="must return a number as reward"):
        env.step(0)


@pytest.mark.parametrize("observation", [3, -1, 0.5, None, np.array([0])])
def test_an_observation_outside_its_space_gets_a_warning(observation):
    env = PassiveEnvChecker(Scripted(reset_result=(observation, {})))
    with pytest.warns(UserWarning, match=r"Scripted\.reset\(\) returned an observation .* outside .* Discrete\(3\)"):
        env.reset()
    env = PassiveEnvChecker(Scripted(step_result=(observation, 1.0, False, False, {})))
    env.reset()
    with pytest.warns(UserWarning, match=r"Scripted\.step\(\) returned an observation") as caught:
        env.step(0)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("reward", [float("nan"), float("inf"), np.float32("-inf")])
def test_a_reward_that_is_not_finite_gets_a_warning(reward):
    env = PassiveEnvChecker(Scripted(step_result=(0, reward, False, False, {})))
    env.reset()
    with pytest.warns(UserWarning, match="which is not finite"):
        env.step(0)


@pytest.mark.parametrize("position", [2, 3])
@pytest.mark.parametrize("flag", [0, 1, None, "False"])
def test_a_flag_that_is_no_bool_gets_a_warning(position, flag):
    result = [0, 1.0, False, False, {}]
    result[position] = flag
    env = PassiveEnvChecker(Scripted(step_result=tuple(result)))
    env.reset()
    name = ("terminated", "truncated")[position - 2]
    with pytest.warns(UserWarning, match=f"should return {name} as a bool, got {flag!r}"):
        env.step(0)


@pytest.mark.parametrize(
    ("metadata", "render_mode", "message"),
    [
        ({"render_modes": ["ansi"], "render_fps": 4}, "rgb_array", "renders in the mode 'rgb_array', but its metadata"),
        ({}, "ansi", "names only None"),
        ({"render_modes": ["ansi"]}, "ansi", 'no "render_fps"'),
    ],
)
def test_metadata_that_contradict_the_rendering_get_a_warning(metadata, render_mode, message):
    env = Scripted()
    env.metadata, env.render_mode = metadata, render_mode
    with pytest.warns(UserWarning, match=message):
        assert PassiveEnvChecker(env).render() == "a picture"


@pytest.mark.parametrize(
    "step_result",
    [
        (1, 1.0, False, True, {}),
        (np.int64(1), np.float32(1), np.True_, np.False_, {"a": 1}),
        (2, 3, True, True, {}),
        (0, np.array(0.5), False, False, {}),
    ],
)
def test_a_correct_environment_is_passed_through_in_silence(step_result):
    env = Scripted((2, {"b": 2}), step_result)
    env.metadata, env.render_mode = {"render_modes": ["ansi"], "render_fps": 1}, "ansi"
    checker = PassiveEnvChecker(env)
    assert checker.reset() == (2, {"b": 2})
    assert checker.step(0) is step_result
    assert checker.render() == "a picture"


def test_only_the_first_call_is_checked():
    env = Scripted()
    checker = PassiveEnvChecker(env)
    checker.reset()
    checker.step(0)
    env.reset_result, env.step_result = (9, {}), (9, 1.0, False, False, {})
    checker.reset()
    checker.step(0)


def test_a_check_that_failed_is_made_again():
    env = Scripted(reset_result=0, step_result=0)
    checker = TimeLimit(OrderEnforcing(PassiveEnvChecker(env)), 5)
    for _ in range(2):
        with pytest.raises(TypeError, match="reset"):
            checker.reset()
    env.reset_result = (0, {})
    checker.reset()
    for _ in range(2):
        with pytest.raises(TypeError, match="step"):
            checker.step(0)
        checker.reset()


# RecordEpisodeStatistics ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
def test_the_statistics_equal_the_references(env_id):
    arguments = {"max_episode_steps": 12}
    ours = RecordEpisodeStatistics(minigym.make(env_id, **arguments), buffer_length=5)
    theirs = gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make(env_id, **arguments), buffer_length=5)
    rng = np.random.default_rng(0)
    for episode in range(8):
        assert repr(ours.reset(seed=episode)) == repr(theirs.reset(seed=episode))
        done = False
        while not done:
            action = int(rng.integers(ours.action_space.n))
            observation, reward, terminated, truncated, info = ours.step(action)
            expected_observation, *expected, expected_info = theirs.step(action)
            assert repr((observation, reward, terminated, truncated)) == repr((expected_observation, *expected))
            done = terminated or truncated
            assert list(info) == list(expected_info)
            assert ("episode" in info) == done
        assert list(info["episode"]) == list(expected_info["episode"]) == ["r", "l", "t"]
        assert 0 < info["episode"]["t"] < 60
        for key in ("r", "l"):
            assert repr(info["episode"][key]) == repr(expected_info["episode"][key])
        assert ours.episode_count == theirs.episode_count == episode + 1
        assert repr(ours.return_queue) == repr(theirs.return_queue)
        assert repr(ours.length_queue) == repr(theirs.length_queue)
        assert ours.time_queue[-1] == info["episode"]["t"]
        assert len(ours.time_queue) == len(theirs.time_queue) <= 5


def test_the_seconds_are_those_since_the_reset(monkeypatch):
    clock = iter([10.0, 12.5, 20.0, 30.0])
    monkeypatch.setattr("minigym.wrappers.common.time.perf_counter", lambda: next(clock))
    env = RecordEpisodeStatistics(Scripted(step_result=(0, 1.0, True, False, {})))
    env.reset()
    assert env.step(0)[4]["episode"]["t"] == 2.5


def test_the_key_can_be_chosen_and_a_second_wrapper_needs_another():
    env = RecordEpisodeStatistics(Scripted(step_result=(0, 1.0, True, False, {})), stats_key="mine")
    env.reset()
    assert env.step(0)[4]["mine"]["l"] == 1
    twice = RecordEpisodeStatistics(RecordEpisodeStatistics(minigym.make("CartPole-v1", max_episode_steps=1)))
    twice.reset()
    with pytest.raises(error.Error, match=r"already has the key 'episode'.*stats_key"):
        twice.step(0)


# Where warnings point -----------------------------------------------------------------------------------------------


def test_a_warning_names_the_line_of_the_user():
    """Also of a program that lies beside the package, in a directory whose name begins with the same letters."""
    program = os.path.dirname(minigym.__file__) + "_lessons/lesson.py"
    lesson = compile("import minigym\n\nminigym.make('CartPole-v0')\n", program, "exec")
    with pytest.warns(DeprecationWarning, match="outdated") as caught:
        exec(lesson)
    assert [(warning.filename, warning.lineno) for warning in caught] == [(program, 3)]


def test_a_warning_from_deep_inside_names_the_line_of_the_user():
    """Through all layers of a made environment; ``warnings`` shows each place once, so a wrong one hides the next."""
    env = minigym.make("CartPole-v1")
    env.reset(seed=0)
    while not env.step(1)[2]:
        pass
    with pytest.warns(UserWarning, match="terminated") as caught:
        env.step(1)
    line = sys._getframe().f_lineno - 1
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line)]
