"""The wrappers that remember what came before, beside Gymnasium's; and where those go wrong."""

import copy
import importlib
import inspect
import pickle
import re

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym import error, wrappers
from minigym.wrappers import utils
from tests.minigym.vector.compare import assert_same
from tests.minigym.wrappers import playing
from tests.minigym.wrappers.playing import LIBRARIES, Base, assert_same_attributes, call
from tests.minigym.wrappers.transforming import assert_same_space
from tests.strategies import all_space_recipes

# Beside the reference -----------------------------------------------------------------------------------------------

_probabilities = st.floats(0, 1, exclude_max=True)
_small = st.integers(1, 3)
ARGUMENTS = {
    "Autoreset": st.just({}),
    "DelayObservation": st.fixed_dictionaries({"delay": st.integers(0, 4)}),
    "FrameStackObservation": st.fixed_dictionaries(
        {"stack_size": st.integers(1, 4)},
        optional={"padding_type": st.sampled_from(["reset", "zero", "an observation"])},
    ),
    "MaxAndSkipObservation": st.fixed_dictionaries({}, optional={"skip": st.integers(2, 5)}),
    "NormalizeObservation": st.fixed_dictionaries({}, optional={"epsilon": st.floats(1e-12, 2)}),
    "NormalizeReward": st.fixed_dictionaries(
        {}, optional={"gamma": st.floats(0, 1) | st.just(np.float32(0.9)), "epsilon": st.floats(1e-12, 2)}
    ),
    "RecordEpisodeStatistics": st.fixed_dictionaries(
        {}, optional={"buffer_length": st.integers(1, 4), "stats_key": st.sampled_from(["episode", "mine too"])}
    ),
    "RepeatAction": st.fixed_dictionaries({"num_repeats": st.integers(1, 4)}),
    "StickyAction": st.fixed_dictionaries(
        {"repeat_action_probability": st.sampled_from([0, 0.25, 0.5, 0.9]) | _probabilities},
        optional={"repeat_action_duration": _small | st.tuples(_small, _small).map(lambda ends: tuple(sorted(ends)))},
    ),
    "TimeAwareObservation": st.fixed_dictionaries(
        {},
        optional={
            "flatten": st.booleans(),
            "normalize_time": st.booleans(),
            "dict_time_key": st.sampled_from(["time", "clock"]),
        },
    ),
}
# Arguments without which a wrapper cannot be made.
NEEDED = {
    "DelayObservation": {"delay": 3},
    "FrameStackObservation": {"stack_size": 3},
    "RepeatAction": {"num_repeats": 3},
    "StickyAction": {"repeat_action_probability": 0.5, "repeat_action_duration": (1, 3)},
}
ON_ANYTHING = set(ARGUMENTS) - {"MaxAndSkipObservation", "NormalizeObservation", "TimeAwareObservation"}


@st.composite
def wrapped(draw, base, first=None):
    """The environment in both libraries, with the same time limit and the same one or two wrappers around it."""
    limit = draw(st.integers(1, 12))
    ours, theirs = (base.make(library, limit) for library in LIBRARIES)
    for name in draw(st.sampled_from([[first], [first, None]])):
        space = theirs.observation_space
        fitting = set(ARGUMENTS) if space.shape is not None else ON_ANYTHING
        if isinstance(space, (gymnasium.spaces.Dict, gymnasium.spaces.Tuple)) and base.observation in playing.PARTS:
            fitting = fitting | {"TimeAwareObservation"}
        # Two of them would need the same key.
        fitting = fitting - {
            kind for kind in ("TimeAwareObservation", "RecordEpisodeStatistics") if kind in str(theirs)
        }
        kind = name or draw(st.sampled_from(sorted(fitting)))
        arguments = draw(ARGUMENTS[kind])
        if arguments.get("padding_type") == "an observation":
            arguments = {**arguments, "padding_type": space.sample()}
        ours = getattr(wrappers, kind)(ours, **copy.deepcopy(arguments))
        theirs = getattr(gymnasium.wrappers, kind)(theirs, **arguments)
    return ours, theirs


def without_times(result):
    """The result of a call without the seconds that an episode took."""
    if isinstance(result, tuple):
        *rest, info = result
        for key in ("episode", "mine too"):
            if key in info:
                assert info[key]["t"] > 0
                info = {**info, key: {**info[key], "t": None}}
        return (*rest, info)
    return result


def play_both(ours, theirs, calls):
    """Make the calls on both and compare all that they return and remember.

    Returns:
        The calls that were made, each with its result.
    """
    made = []
    for drawn in calls:
        # A pole that has fallen must not be stepped on: both libraries warn.
        fallen = getattr(theirs.unwrapped, "steps_beyond_terminated", None) is not None
        kind, argument = ("reset", {}) if fallen and drawn[0] == "step" else drawn
        result = without_times(call(ours, kind, argument))
        assert_same(result, without_times(call(theirs, kind, argument)))
        made.append((kind, argument, result))
        layers = ours, theirs
        while isinstance(layers[1], gymnasium.Wrapper):
            assert_same_attributes(*layers)
            layers = layers[0].env, layers[1].env
    return made


def assert_same_specs(ours, theirs):
    """The wrappers in both specs have the same names, places and arguments."""
    assert ours.max_episode_steps == theirs.max_episode_steps
    assert len(ours.additional_wrappers) == len(theirs.additional_wrappers)
    for our, their in zip(ours.additional_wrappers, theirs.additional_wrappers, strict=True):
        assert our.name == their.name
        assert our.entry_point == their.entry_point.replace("gymnasium.", "minigym.", 1)
        forgotten = FORGOTTEN.get(our.name, set())
        assert_same({key: value for key, value in our.kwargs.items() if key not in forgotten}, their.kwargs)
        assert set(our.kwargs) == set(their.kwargs) | forgotten


FORGOTTEN = {"RecordEpisodeStatistics": {"buffer_length", "stats_key"}, "StickyAction": {"repeat_action_duration"}}


def compare_and_make_again(data, ours, theirs):
    assert str(ours) == str(theirs)
    assert_same_space(ours.observation_space, theirs.observation_space)
    assert_same_space(ours.action_space, theirs.action_space)
    assert_same_specs(ours.spec, theirs.spec)
    made = play_both(ours, theirs, data.draw(playing.calls(theirs.action_space), label="calls"))
    again = minigym.make(ours.spec)
    assert (str(again), again.spec) == (str(ours), ours.spec)
    assert_same_space(again.observation_space, theirs.observation_space)
    for kind, argument, result in made:
        assert_same(without_times(call(again, kind, argument)), result)
    for env in (ours, theirs):
        env.close()


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
@settings(max_examples=40)
@given(data=st.data())
def test_on_arrays_every_wrapper_equals_the_references(name, data):
    base = data.draw(playing.toys(playing.ARRAYS) | playing.toys(playing.ARRAYS) | playing.REGISTERED, label="base")
    compare_and_make_again(data, *data.draw(wrapped(base, first=name)))


@settings(max_examples=100)
@given(data=st.data())
def test_on_dicts_tuples_and_others_they_equal_the_references(data):
    base = data.draw(playing.toys(playing.PARTS) | playing.toys(playing.OTHERS), label="base")
    compare_and_make_again(data, *data.draw(wrapped(base)))


@settings(max_examples=40)
@given(data=st.data())
def test_the_time_becomes_a_part_of_dicts_and_tuples(data):
    base = data.draw(playing.toys(playing.PARTS), label="base")
    compare_and_make_again(data, *data.draw(wrapped(base, first="TimeAwareObservation")))


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_long_games_reach_every_kind_of_end(name):
    """Two hundred steps, among them steps past the end, resets and statistics that are kept as they are."""
    base = Base(observation=playing.ARRAYS[4], action=playing.ACTIONS[1])
    ours, theirs = (
        getattr(library.wrappers, name)(base.make(library, 20), **NEEDED.get(name, {})) for library in LIBRARIES
    )
    theirs.action_space.seed(5)
    game = [("step", theirs.action_space.sample()) for _ in range(200)]
    game[::25] = [("reset", {"seed": 3 if step == 0 else None}) for step in range(0, 200, 25)]
    game[85], game[105] = ("update", False), ("update", True)
    made = play_both(ours, theirs, game)
    ends = {result[2:4] for kind, _, result in made if kind == "step"}
    assert ends == {(True, False), (False, True), (True, True), (False, False)}


# Names ----------------------------------------------------------------------------------------------------------------

MODULES = {
    "common": ["TimeLimit", "Autoreset", "PassiveEnvChecker", "OrderEnforcing", "RecordEpisodeStatistics"],
    "stateful_action": ["StickyAction", "RepeatAction"],
    "stateful_observation": [
        "DelayObservation",
        "TimeAwareObservation",
        "FrameStackObservation",
        "NormalizeObservation",
        "MaxAndSkipObservation",
    ],
    "stateful_reward": ["NormalizeReward"],
    "utils": ["RunningMeanStd", "update_mean_var_count_from_moments", "create_zero_array"],
    "vector.common": ["RecordEpisodeStatistics"],
    "vector.dict_info_to_list": ["DictInfoToList"],
    "vector.stateful_observation": ["NormalizeObservation"],
    "vector.stateful_reward": ["NormalizeReward"],
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in MODULES.items() for name in names])
def test_modules_names_and_parameters_are_the_references(module, name):
    ours, theirs = (importlib.import_module(f"{library.__name__}.wrappers.{module}") for library in LIBRARIES)
    assert set(theirs.__all__) == set(MODULES[module])
    our_parameters, their_parameters = (inspect.signature(getattr(one, name)).parameters for one in (ours, theirs))
    assert [(one.name, one.kind, one.default) for one in our_parameters.values()] == [
        (one.name, one.kind, one.default) for one in their_parameters.values()
    ]
    if module != "utils":
        package = importlib.import_module(f"minigym.wrappers.{module}".rpartition(".")[0])
        assert getattr(package, name) is getattr(ours, name)
        assert name in package.__all__


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_public_attributes_are_the_references(name):
    ours, theirs = (
        getattr(library.wrappers, name)(library.make("CartPole-v1"), **NEEDED.get(name, {})) for library in LIBRARIES
    )
    theirs_alone = {key for key in vars(theirs) if not key.startswith("_")} - set(vars(ours))
    assert not theirs_alone


@pytest.mark.parametrize(
    "name", ["DictInfoToList", "NormalizeObservation", "NormalizeReward", "RecordEpisodeStatistics"]
)
def test_public_attributes_of_wrappers_around_batches_are_the_references(name):
    ours, theirs = (
        getattr(library.wrappers.vector, name)(library.make_vec("CartPole-v1", 2, vectorization_mode="sync"))
        for library in LIBRARIES
    )
    assert not {key for key in vars(theirs) if not key.startswith("_")} - set(vars(ours))
    assert {key for key in dir(theirs) if not key.startswith("_")} <= set(dir(ours))


# RunningMeanStd and create_zero_array -------------------------------------------------------------------------------


@st.composite
def batches(draw):
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    dtype = draw(st.sampled_from(["float32", "float64", "int64", "uint8"]))
    numbers = st.integers(0, 200) if dtype in ("int64", "uint8") else st.floats(-1e6, 1e6, width=32)
    count = int(np.prod(shape))
    made = []
    for _ in range(draw(st.integers(1, 5))):
        rows = draw(st.integers(1, 4))
        values = draw(st.lists(numbers, min_size=rows * count, max_size=rows * count))
        made.append(np.array(values, dtype).reshape(rows, *shape))
    return made


@given(batches(), st.sampled_from(["float32", "float64"]), st.floats(1e-9, 10))
def test_running_statistics_equal_the_references_and_those_of_all_values(batches, dtype, epsilon):
    shape = batches[0].shape[1:]
    ours = utils.RunningMeanStd(epsilon=epsilon, shape=shape, dtype=dtype)
    theirs = gymnasium.wrappers.utils.RunningMeanStd(epsilon=epsilon, shape=shape, dtype=dtype)
    exact = utils.RunningMeanStd(epsilon=0.0, shape=shape)
    assert_same((ours.mean, ours.var, ours.count), (theirs.mean, theirs.var, theirs.count))
    for batch in batches:
        ours.update(batch)
        theirs.update(batch)
        exact.update(batch.astype(np.float64))
        assert_same((ours.mean, ours.var, ours.count), (theirs.mean, theirs.var, theirs.count))
    together = np.concatenate(batches).astype(np.float64)
    scale = np.abs(together).max() + 1
    np.testing.assert_allclose(exact.mean, together.mean(axis=0), rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(exact.var, together.var(axis=0), rtol=0, atol=1e-12 * scale**2)
    assert exact.count == len(together)


def test_moments_can_be_given_as_numbers():
    arguments = (1.5, 0.25, 3, 4.0, 1.0, 2)
    expected = gymnasium.wrappers.utils.update_mean_var_count_from_moments(*arguments)
    assert_same(utils.update_mean_var_count_from_moments(*arguments), expected)
    running = utils.RunningMeanStd()
    running.mean, running.var, running.count = arguments[:3]
    running.update_from_moments(*arguments[3:])
    assert (running.mean, running.var, running.count) == expected
    assert utils.RunningMeanStd().count == gymnasium.wrappers.utils.RunningMeanStd().count == 1e-4


def without_graphs(value):
    """The value with graphs as plain tuples."""
    if isinstance(value, tuple):
        return tuple(map(without_graphs, value))
    return {key: without_graphs(part) for key, part in value.items()} if isinstance(value, dict) else value


@given(all_space_recipes)
def test_zeros_equal_the_references_and_lie_in_the_space(recipe):
    ours, theirs = recipe.build(minigym.spaces), recipe.build(gymnasium.spaces)
    zero = utils.create_zero_array(ours)
    assert_same(without_graphs(zero), without_graphs(gymnasium.wrappers.utils.create_zero_array(theirs)))
    assert zero in ours


def test_other_spaces_have_no_zero_until_it_is_taught():
    class Colour(minigym.spaces.Space):
        pass

    with pytest.raises(TypeError, match=r"takes a minigym\.spaces\.Space, got 3 of type int"):
        utils.create_zero_array(3)
    with pytest.raises(error.CustomSpaceError, match=r"does not know Colour.*create_zero_array\.register\(Colour\)"):
        utils.create_zero_array(Colour((), None))
    utils.create_zero_array.register(Colour)(lambda space: "black")
    assert utils.create_zero_array(minigym.spaces.Tuple([Colour((), None)])) == ("black",)


# Wrong arguments ----------------------------------------------------------------------------------------------------

WRONG = [
    ("DelayObservation", {"delay": 1.0}, TypeError, "integer as delay, got 1.0 of type float"),
    ("DelayObservation", {"delay": True}, TypeError, "integer as delay, got True"),
    ("DelayObservation", {"delay": -1}, error.InvalidParameter, "at least 0 as delay, got -1"),
    ("FrameStackObservation", {"stack_size": "2"}, TypeError, "integer as stack_size, got '2'"),
    ("FrameStackObservation", {"stack_size": 0}, error.InvalidParameter, "at least 1 as stack_size, got 0"),
    (
        "FrameStackObservation",
        {"stack_size": 2, "padding_type": "resett"},
        error.InvalidParameter,
        '"reset", "zero" or an observation in Box.*got \'resett\'',
    ),
    (
        "FrameStackObservation",
        {"stack_size": 2, "padding_type": np.full(3, 99, np.float32)},
        error.InvalidParameter,
        "got array.*99",
    ),
    ("MaxAndSkipObservation", {"skip": None}, TypeError, "integer as skip, got None"),
    ("MaxAndSkipObservation", {"skip": 1}, error.InvalidParameter, "at least 2 as skip, got 1"),
    ("RepeatAction", {"num_repeats": 2.5}, TypeError, "integer as num_repeats, got 2.5"),
    ("RepeatAction", {"num_repeats": 0}, error.InvalidParameter, "at least 1 as num_repeats, got 0"),
    ("StickyAction", {"repeat_action_probability": 1}, error.InvalidProbability, "from 0 to below 1, got 1"),
    ("StickyAction", {"repeat_action_probability": -0.1}, error.InvalidProbability, "got -0.1"),
    ("StickyAction", {"repeat_action_probability": np.nan}, error.InvalidProbability, "got nan"),
    *(
        ("StickyAction", {"repeat_action_probability": 0.5, "repeat_action_duration": duration}, kind, message)
        for duration, kind, message in [
            (0, error.InvalidParameter, "positive integer or a pair.*got 0"),
            ((0, 2), error.InvalidParameter, r"got \(0, 2\)"),
            ((1, 2, 3), error.InvalidParameter, r"got \(1, 2, 3\)"),
            (1.0, error.InvalidParameter, "got 1.0"),
            ((3, 2), error.InvalidBound, r"write \(2, 3\)"),
        ]
    ),
    ("TimeAwareObservation", {"dict_time_key": "a", "of": 2}, error.InvalidParameter, "already have the key 'a'"),
    *(
        (name, {"of": 1}, error.InvalidParameter, "shape, as that of a Box has; got Dict")
        for name in ("MaxAndSkipObservation", "NormalizeObservation")
    ),
]


@pytest.mark.filterwarnings("ignore:a str is read as an array", "ignore:.*Casting input x")
@pytest.mark.parametrize(("name", "arguments", "exception", "message"), WRONG)
def test_wrong_arguments_are_refused_in_both(name, arguments, exception, message):
    arguments = dict(arguments)
    base = Base(observation=[playing.ARRAYS[0], *playing.PARTS[1:]][arguments.pop("of", 0)])
    with pytest.raises(exception, match=message):
        getattr(wrappers, name)(base.make(minigym, 5), **arguments)
    expected = {error.InvalidParameter: (ValueError, AssertionError)}.get(exception)
    if expected is None:
        expected = getattr(gymnasium.error, exception.__name__, exception)
    with pytest.raises(expected):
        getattr(gymnasium.wrappers, name)(base.make(gymnasium, 5), **arguments)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_what_is_no_environment_cannot_be_wrapped(name):
    with pytest.raises(TypeError, match=rf"{name} wraps a minigym\.Env"):
        getattr(wrappers, name)("CartPole-v1", **NEEDED.get(name, {}))


@pytest.mark.parametrize("limited", ["spec", "inner", "outer", None])
def test_the_time_limit_is_found_wherever_it_is(limited):
    envs = []
    for library in LIBRARIES:
        env = playing.toy(library, Base())
        if limited == "spec":
            env = Base().make(library, 7)
        elif limited is not None:
            env = library.wrappers.TimeLimit(env, 7)
            env = library.wrappers.OrderEnforcing(env) if limited == "inner" else env
        envs.append(env)
    if limited is None:
        with pytest.raises(error.InvalidParameter, match=r"with a time limit.*TimeLimit\(env, max_episode_steps=100\)"):
            wrappers.TimeAwareObservation(envs[0])
        with pytest.raises(ValueError, match="TimeLimit"):
            gymnasium.wrappers.TimeAwareObservation(envs[1])
        return
    ours, theirs = (library.wrappers.TimeAwareObservation(env) for library, env in zip(LIBRARIES, envs, strict=True))
    assert ours.max_timesteps == theirs.max_timesteps == 7
    assert_same_space(ours.observation_space, theirs.observation_space)


# Where the two differ, on purpose -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("NormalizeReward", {"gamma": 1.5}),
        ("NormalizeReward", {"gamma": -0.5}),
        ("NormalizeReward", {"gamma": np.nan}),
        ("NormalizeReward", {"gamma": "0.9"}),
        ("NormalizeReward", {"epsilon": -1e-9}),
        ("NormalizeObservation", {"epsilon": -1.0}),
        ("NormalizeObservation", {"epsilon": None}),
    ],
)
def test_numbers_that_cannot_work_are_refused_at_once(name, arguments):
    getattr(gymnasium.wrappers, name)(Base().make(gymnasium), **arguments)
    ((argument, value),) = arguments.items()
    with pytest.raises(error.InvalidParameter, match=re.escape(f"as {argument}, got {value!r}")):
        getattr(wrappers, name)(Base().make(minigym), **arguments)


def test_specs_name_all_arguments():
    """The reference forgets these, and makes another environment of the spec."""
    for library, durations in zip(LIBRARIES, [(2, 5), (1, 1)], strict=True):
        env = library.wrappers.StickyAction(Base("FrozenLake-v1").make(library), 0.5, (2, 5))
        env = library.wrappers.RecordEpisodeStatistics(env, buffer_length=3, stats_key="mine")
        again = library.make(env.spec)
        assert again.env.repeat_action_duration_range == durations
        assert again.return_queue.maxlen == (3 if library is minigym else 100)
    sticky = wrappers.StickyAction(Base("FrozenLake-v1").make(minigym), 0.5, (2, 5))
    read = minigym.EnvSpec.from_json(sticky.spec.to_json())  # in which the pair is a list
    assert minigym.make(read).repeat_action_duration_range == (2, 5)


def test_a_duration_may_be_a_numpy_integer():
    with pytest.raises(ValueError, match="integer or a tuple"):
        gymnasium.wrappers.StickyAction(Base().make(gymnasium), 0.5, np.int64(2))
    assert wrappers.StickyAction(Base().make(minigym), 0.5, np.int64(2)).repeat_action_duration_range == (2, 2)


class InPlace:
    """Observes one array that it counts up in place, and keeps the actions that it got."""

    @staticmethod
    def make(library):
        class Counter(library.Env):
            observation_space = library.spaces.Box(0, 99, (1,), np.float64)
            action_space = library.spaces.Box(-9, 9, (1,), np.float64)

            def reset(self, *, seed=None, options=None):
                super().reset(seed=seed)
                self.array, self.actions = np.zeros(1), []
                return self.array, {}

            def step(self, action):
                self.actions.append(action.item())
                self.array += 1
                return self.array, 0.0, False, False, {}

        return Counter()


@pytest.mark.parametrize(
    ("library", "delayed", "stacked", "played"),
    [
        (minigym, [0, 1, 2], [[0, 1], [1, 2], [2, 3]], [0, 0, 0]),
        (gymnasium, [1, 2, 3], [[1, 1], [2, 2], [3, 3]], [0, 1, 2]),
    ],
)
def test_arrays_that_change_in_place_are_kept_as_they_were(library, delayed, stacked, played):
    delay = library.wrappers.DelayObservation(InPlace.make(library), 1)
    stack = library.wrappers.FrameStackObservation(InPlace.make(library), 2)
    sticky = library.wrappers.StickyAction(InPlace.make(library), 1 - 2**-53)
    for env in (delay, stack, sticky):
        env.reset(seed=0)
    action = np.zeros(1)
    assert [delay.step(action)[0].item() for _ in range(3)] == delayed
    assert [stack.step(action)[0].ravel().tolist() for _ in range(3)] == stacked
    for value in range(3):  # the caller's buffer
        action[:] = value
        sticky.step(action)
    assert sticky.unwrapped.actions == played


def test_a_refused_action_changes_nothing():
    for library in LIBRARIES:
        timed = library.wrappers.TimeAwareObservation(library.make("CartPole-v1"))
        timed.reset(seed=0)
        with pytest.raises((error.InvalidAction, AssertionError)):
            timed.step(7)
        assert timed.timesteps == (0 if library is minigym else 1)
    env = wrappers.StickyAction(minigym.make("FrozenLake-v1"), 0.5, (1, 3))
    untouched = copy.deepcopy(env)
    for one in (env, untouched):
        one.reset(seed=4)
    for step in range(60):
        if env.last_action is None or step % 2:
            before = copy.deepcopy([getattr(env, name) for name in playing.ATTRIBUTES["StickyAction"]])
            try:
                env.step(9)
            except error.InvalidAction:
                assert [getattr(env, name) for name in playing.ATTRIBUTES["StickyAction"]] == before
            else:  # a repeat: the wrong action was not played
                untouched.step(0)
        assert_same(env.step(step % 4), untouched.step(step % 4))


@pytest.mark.parametrize(
    ("name", "arguments", "attribute"),
    [
        ("Autoreset", {}, "autoreset"),
        ("DelayObservation", {"delay": 2}, "observation_queue"),
        ("FrameStackObservation", {"stack_size": 2}, "obs_queue"),
        ("StickyAction", {"repeat_action_probability": 0.9, "repeat_action_duration": 9}, "last_action"),
        ("TimeAwareObservation", {}, "timesteps"),
    ],
)
def test_a_reset_that_is_refused_forgets_nothing(name, arguments, attribute):
    env = getattr(wrappers, name)(minigym.make("CartPole-v1", max_episode_steps=3), **arguments)
    env.reset(seed=0)
    for _ in range(3):
        env.step(1)
    before = copy.deepcopy(getattr(env, attribute))
    assert before
    with pytest.raises(error.InvalidBound):
        env.reset(options={"low": 1, "high": 0})
    assert str(getattr(env, attribute)) == str(before)


# What the reference's oddities look like; equal, so that its results can be compared --------------------------------


def test_the_maximum_of_an_episode_that_ended_early_is_made_of_old_observations():
    for library in LIBRARIES:
        env = library.wrappers.MaxAndSkipObservation(InPlace.make(library), skip=3)
        env.reset(seed=0)
        assert env.step(np.zeros(1))[0].tolist() == [3.0]
        env.env.step = lambda action: (np.array([50.0]), 0.0, True, False, {})
        assert env.step(np.zeros(1))[0].tolist() == [3.0]


# Around it ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_wrapped_environments_can_be_pickled_in_an_episode(name):
    env = getattr(wrappers, name)(minigym.make("FrozenLake-v1"), **NEEDED.get(name, {}))
    env.reset(seed=1)
    env.step(0)
    again = pickle.loads(pickle.dumps(env))
    for action in (1, 2, 3, 0, 2):
        assert_same(without_times(env.step(action)), without_times(again.step(action)))


def test_frozen_statistics_stay_and_are_used():
    observed = wrappers.NormalizeObservation(Base().make(minigym))
    rewarded = wrappers.NormalizeReward(observed)
    rewarded.reset(seed=0)
    for _ in range(5):
        rewarded.step(0)
    observed.update_running_mean = rewarded.update_running_mean = False
    before = copy.deepcopy((observed.obs_rms.mean, observed.obs_rms.var, rewarded.return_rms.var))
    observation, reward, *_, info = rewarded.step(0)
    assert_same((observed.obs_rms.mean, observed.obs_rms.var, rewarded.return_rms.var), before)
    assert reward == info["mine"] / np.sqrt(before[2] + 1e-8)
    observed.update_running_mean = True
    rewarded.step(0)
    assert observed.obs_rms.count == pytest.approx(7 + 1e-4)
    assert rewarded.return_rms.var == before[2]
    assert observation.dtype == np.float32


def test_autoreset_ignores_the_action_after_the_end():
    env = wrappers.Autoreset(minigym.make("CartPole-v1", max_episode_steps=1))
    env.reset(seed=0)
    assert env.step(0)[3] is True
    observation, reward, terminated, truncated, info = env.step("no action at all")
    assert (reward, terminated, truncated, info) == (0.0, False, False, {})
    assert observation in env.observation_space
    with pytest.raises(error.InvalidAction):
        env.step("no action at all")
