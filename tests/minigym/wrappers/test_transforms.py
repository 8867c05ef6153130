"""The wrappers that transform observations, actions and rewards, beside Gymnasium's; and where those go wrong."""

import copy
import pickle
import re

import gymnasium
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minigym
from minigym import error, wrappers
from minigym.wrappers.utils import rescale_box
from tests.minigym.vector.compare import assert_same
from tests.minigym.wrappers import transforming
from tests.minigym.wrappers.transforming import Base, assert_same_space, tried, without_warnings, wrapper_class
from tests.strategies import SpaceRecipe, leaf_recipes

# Beside the reference -------------------------------------------------------------------------------------------------


def play_both(ours, theirs, calls):
    """Make the calls on both and compare all that they return; how many episodes ended."""
    ended = 0
    for kind, argument in calls:
        if kind == "reset":
            assert_same(ours.reset(**argument), theirs.reset(**argument))
        else:
            result = ours.step(copy.deepcopy(argument))
            assert_same(result, theirs.step(copy.deepcopy(argument)))
            ended += result[2] or result[3]
    return ended


def draw_calls(data, action_space):
    resets = st.tuples(st.just("reset"), transforming.reset_arguments(st.none() | st.integers(0, 2**31)))
    steps = st.tuples(st.just("step"), transforming.actions(action_space))
    first = data.draw(transforming.reset_arguments(st.integers(0, 2**31)))
    return [
        ("reset", first),
        *data.draw(st.lists(steps | steps | steps | resets, min_size=3, max_size=12), label="calls"),
    ]


def assert_same_specs(ours, theirs):
    """The wrappers in both specs have the same names, places and arguments."""
    assert ours.id == theirs.id
    assert len(ours.additional_wrappers) == len(theirs.additional_wrappers)
    for our, their in zip(ours.additional_wrappers, theirs.additional_wrappers, strict=True):
        assert our.name == their.name
        assert our.entry_point == their.entry_point.replace("gymnasium.", "minigym.", 1)
        arguments = dict(our.kwargs)
        if our.name.startswith("Discretize"):
            arguments.pop("multidiscrete")  # which the reference forgets; see the test of the spec below
        assert list(arguments) == list(their.kwargs)
        for key, value in their.kwargs.items():
            same = assert_same_space if isinstance(value, gymnasium.Space) else assert_same
            same(arguments[key], value)


@pytest.mark.parametrize("name", transforming.NAMES)
@settings(max_examples=25)
@given(data=st.data())
def test_wrapped_environments_equal_the_references(name, data):
    """The wrapper, and one or two others that fit what it makes."""
    base = data.draw(transforming.bases_for(name), label="base")
    ours, theirs = (base.make(library) for library in transforming.LIBRARIES)
    for _ in range(data.draw(st.integers(1, 3))):
        arguments = data.draw(transforming.arguments_of(name, theirs.observation_space, theirs.action_space))
        ours = wrapper_class(minigym, name)(ours, **arguments(minigym))
        theirs = without_warnings(wrapper_class(gymnasium, name), theirs, **arguments(gymnasium))
        if name.startswith("Transform"):
            break  # what comes out need not lie in the space that the next wrapper would be told
        names = transforming.fitting(theirs.observation_space, theirs.action_space, str(theirs))
        name = data.draw(st.sampled_from(names), "next")
    assert str(ours) == str(theirs)
    assert_same_space(ours.observation_space, theirs.observation_space)
    assert_same_space(ours.action_space, theirs.action_space)
    assert_same_specs(ours.spec, theirs.spec)
    calls = draw_calls(data, theirs.action_space)
    play_both(ours, theirs, calls)
    again = minigym.make(ours.spec)
    assert (str(again), str(again.observation_space), str(again.action_space)) == (
        str(ours),
        str(ours.observation_space),
        str(ours.action_space),
    )
    play_both(again, theirs, calls)
    ours.close()
    theirs.close()


_DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint64", "float16", "float32", "float64"]


@given(leaf_recipes, st.sampled_from(_DTYPES))
def test_dtypes_that_can_hold_the_observations_are_the_references(recipe, name):
    dtype, arguments = np.dtype(name), dict(recipe.arguments)
    if recipe.name == "Box":
        # With one infinite bound the reference no longer sees that others do not fit.
        bounds = [*np.ravel(arguments["low"]), *np.ravel(arguments["high"])]
        assume(np.isfinite(bounds).all() or np.can_cast(arguments["dtype"], dtype))
    if recipe.name == "MultiDiscrete":
        arguments.pop("start", None)  # which the reference forgets: see below; and it cuts counts off to fit
        assume(dtype.kind not in "iu" or arguments["nvec"].max() <= np.iinfo(dtype).max)
    base = Base(observation=SpaceRecipe(recipe.name, arguments), action=SpaceRecipe("Discrete", {"n": 2}))
    ours, theirs = (
        tried(library.wrappers.DtypeObservation, base.make(library), dtype.type) for library in (minigym, gymnasium)
    )
    if isinstance(ours, Exception):
        assert isinstance(ours, error.InvalidParameter | error.InvalidBound)
        assert isinstance(theirs, Exception)
    elif isinstance(theirs, Exception):
        # An unsigned integer can hold bools, and the 0 that observations between -1 and 0 become.
        low = ours.env.observation_space.low
        assert dtype.kind in "ub"
        assert low.dtype == np.bool_ or -1 < low.min() < 0
    else:
        assert_same_space(ours.observation_space, theirs.observation_space)
        space = ours.env.observation_space
        for value in (space.low, space.high) if recipe.name == "Box" else (space.sample(),):
            assert_same(without_warnings(ours.observation, value), without_warnings(theirs.observation, value))


@given(st.data())
def test_bounds_that_cannot_be_rescaled_are_those_that_the_reference_rescales_wrongly(data):
    """Any new bounds, fitting or not: what the reference maps right is mapped with the same bits."""
    recipe = data.draw(transforming.tame_boxes(axes=1))
    low, high = recipe.arguments["low"], recipe.arguments["high"]
    numbers = st.integers(-60, 60) | st.floats(-60, 60) | st.sampled_from([-np.inf, np.inf, 0, 1e-30])
    ends = data.draw(st.lists(numbers, min_size=2 * low.size, max_size=2 * low.size))
    dtype = data.draw(st.sampled_from(["int8", "int64", "float32", "float64"]))
    assume(np.isfinite(ends).all() or dtype.startswith("float"))
    new_low, new_high = np.array(ends).astype(dtype).reshape(2, -1)
    ours = tried(rescale_box, recipe.build(minigym.spaces), new_low, new_high)
    theirs = tried(gymnasium.wrappers.utils.rescale_box, recipe.build(gymnasium.spaces), new_low, new_high)
    if isinstance(theirs, Exception):
        assert isinstance(ours, error.InvalidParameter | error.InvalidBound)
        return
    with np.errstate(all="ignore"):
        values = [low, high, low + (high - low) // 3]
        mapped = [theirs[1](value) for value in values]
        back = [theirs[2](value) for value in mapped]
        if not isinstance(ours, Exception):
            assert_same_space(ours[0], theirs[0])
            assert_same(tuple(map(ours[1], values)), tuple(mapped))
            # From within the new bounds ours does not leave the old ones.
            inside = [(theirs[0].low <= value) & (value <= theirs[0].high) for value in mapped]
            kept = [np.where(at, value.clip(low, high), value) for at, value in zip(inside, back, strict=True)]
            assert_same(tuple(map(ours[2], mapped)), tuple(kept))
            return
    both = np.isfinite(low) & np.isfinite(high)
    # Integers that the wrong factor moves, or ends that it loses in the rounding; or there is no width to speak of.
    right = [np.allclose(mapped[k][both], end[both], 1e-2, 1e-2) for k, end in enumerate((new_low, new_high))]
    has_width = (new_high[both].astype(float) - new_low[both] > 1e-6).all() and (new_low < new_high).all()
    is_whole = low.dtype.kind == "f" or (np.array([new_low, new_high]) % 1 == 0).all()
    assert not (all(right) and has_width and is_whole)


TWO = SpaceRecipe("Discrete", {"n": 2})
THREE = SpaceRecipe("Discrete", {"n": 3})
UNIT = SpaceRecipe("Box", {"low": 0.0, "high": 1.0, "shape": (2,)})
HALF = SpaceRecipe("Box", {"low": 0.0, "high": np.inf, "shape": (2,)})
BYTES = SpaceRecipe("Box", {"low": 0, "high": 255, "shape": (2,), "dtype": "uint8"})
PICTURE = SpaceRecipe("Box", {"low": 0, "high": 255, "shape": (4, 5, 3), "dtype": "uint8"})
PAIR = SpaceRecipe("Tuple", {}, [TWO, THREE])
DICT = SpaceRecipe("Dict", {"written_as": "dict"}, {"a": TWO, "b": THREE})


def toy(library, observation=UNIT, action=TWO):
    """A toy with these spaces."""
    return Base(observation=observation, action=action).make(library)


def around(ends):
    """The numbers, those next to them, those far beyond, and NaN, all as floats of the numbers' type."""
    ends = np.array(ends)
    ends = ends.astype(np.result_type(ends, np.float16))
    beside = [np.nextafter(ends, ends.dtype.type(way)) for way in (-np.inf, np.inf)]
    return [*np.concatenate([ends, *beside, ends - 300, ends + 300]), ends.dtype.type(np.nan)]


@given(st.data())
def test_an_observation_at_the_end_of_a_bin_falls_where_the_reference_lets_it_fall(data):
    recipe = data.draw(transforming.tame_boxes(bounded=True, axes=1))
    size = len(recipe.arguments["low"])
    arguments = {
        "bins": data.draw(st.integers(1, 9) | st.lists(st.integers(1, 9), min_size=size, max_size=size)),
        "multidiscrete": data.draw(st.booleans()),
    }
    ours, theirs = (
        library.wrappers.DiscretizeObservation(toy(library, recipe), **arguments) for library in (minigym, gymnasium)
    )
    assert_same(tuple(ours.bin_edges), tuple(theirs.bin_edges))
    for name in ("bins", "low", "high", "n_dims", "multidiscrete"):
        assert_same(getattr(ours, name), getattr(theirs, name))
    observation = [
        data.draw(st.sampled_from(around([*edges, low, high])))
        for edges, low, high in zip(ours.bin_edges, ours.low, ours.high, strict=True)
    ]
    observation = np.array(observation)
    assert_same(ours.observation(observation), theirs.observation(observation))
    number = ours.observation(observation)
    assert_same(ours.revert_observation(number), theirs.revert_observation(number))


@given(st.data())
def test_actions_go_to_the_middles_of_the_bins_and_back_as_in_the_reference(data):
    recipe = data.draw(transforming.tame_boxes(bounded=True, axes=1))
    size = len(recipe.arguments["low"])
    arguments = {
        "bins": data.draw(st.integers(1, 9) | st.lists(st.integers(1, 9), min_size=size, max_size=size)),
        "multidiscrete": data.draw(st.booleans()),
    }
    ours, theirs = (
        library.wrappers.DiscretizeAction(toy(library, UNIT, recipe), **arguments) for library in (minigym, gymnasium)
    )
    assert_same(tuple(ours.bin_centers), tuple(theirs.bin_centers))
    for name in ("bins", "low", "high", "n_dims", "multidiscrete"):
        assert_same(getattr(ours, name), getattr(theirs, name))
    theirs.action_space.seed(data.draw(st.integers(0, 2**31)))
    action = theirs.action_space.sample()
    assert_same(ours.action(action), theirs.action(action))
    anywhere = np.array(data.draw(st.lists(st.floats(-200, 200), min_size=size, max_size=size)))
    assert_same(ours.revert_action(anywhere), theirs.revert_action(anywhere))
    if recipe.arguments["dtype"].startswith("float"):  # the middles of bins of integers are rounded
        assert_same(np.asarray(ours.revert_action(ours.action(action))), np.asarray(action))


def test_a_coordinate_without_width_falls_where_the_reference_lets_it_fall():
    """And one with next to none: what decides is the margin at the upper bound."""
    bounds = {"low": np.array([0.0, 0.0, 2.0]), "high": np.array([0.0, 1e-9, 2.0])}
    recipe = SpaceRecipe("Box", {**bounds, "dtype": "float64"})
    ours, theirs = (
        library.wrappers.DiscretizeObservation(toy(library, recipe), 3, True) for library in (minigym, gymnasium)
    )
    for observation in (*bounds.values(), np.array([0.0, 5e-10, 2.0])):
        assert_same(ours.observation(observation), theirs.observation(observation))


def test_bools_fall_into_bins():
    recipe = SpaceRecipe("Box", {"low": 0, "high": 1, "shape": (2,), "dtype": "bool"})
    ours, theirs = (library.wrappers.DiscretizeObservation(toy(library, recipe), 2) for library in (minigym, gymnasium))
    for observation in np.array([[False, True], [True, False]]):
        assert_same(ours.observation(observation), theirs.observation(observation))


@pytest.mark.parametrize("keys", [["b", "a"], ("b", "a", "b"), ["a"]])
def test_a_filtered_dict_has_the_order_of_the_keys(keys):
    ours, theirs = (library.wrappers.FilterObservation(toy(library, DICT), keys) for library in (minigym, gymnasium))
    assert_same(ours.reset(seed=0), theirs.reset(seed=0))
    assert ours.filter_keys is keys
    assert_same_space(ours.observation_space, theirs.observation_space)


def test_gray_is_the_same_for_many_colours():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (200, 150, 3), dtype=np.uint8)
    picture[0] = np.arange(150)[:, None]  # grays, which rounding down may darken
    recipe = SpaceRecipe("Box", {"low": 0, "high": 255, "shape": picture.shape, "dtype": "uint8"})
    for keep_dim in (False, True):
        ours, theirs = (
            library.wrappers.GrayscaleObservation(toy(library, recipe), keep_dim) for library in (minigym, gymnasium)
        )
        assert_same(ours.observation(picture), theirs.observation(picture))
        assert ours.keep_dim is theirs.keep_dim is keep_dim


# What is refused ------------------------------------------------------------------------------------------------------

REFUSED_BY_BOTH = [
    ("FilterObservation", DICT, (["c"],), "at least one of ['a', 'b']"),
    ("FilterObservation", DICT, ([],), "at least one"),
    ("FilterObservation", DICT, ([0],), "got [0]"),
    ("FilterObservation", DICT, ("ca",), "got 'ca'"),
    ("FilterObservation", PAIR, ([2],), "at least one of [-2, -1, 0, 1]"),
    ("FilterObservation", PAIR, ([-3],), "got [-3]"),
    ("FilterObservation", PAIR, (["0"],), "got ['0']"),
    ("FilterObservation", PAIR, ([1.0],), "got [1.0]"),
    ("FilterObservation", PAIR, ([np.int64(1)],), "got [np.int64(1)]"),
    ("FilterObservation", PAIR, ([0, 0],), "no index of a Tuple twice"),
    ("FilterObservation", PAIR, ([],), "at least one"),
    ("FilterObservation", UNIT, ([0],), "observation_space is a Dict or Tuple, got"),
    ("GrayscaleObservation", UNIT, (), "Box(0, 255, (height, width, 3), np.uint8), got Box(0.0, 1.0, (2,), float32)"),
    ("GrayscaleObservation", BYTES, (), "needs pictures"),
    ("GrayscaleObservation", SpaceRecipe("Box", PICTURE.arguments | {"shape": (4, 5, 4)}), (), "needs pictures"),
    ("GrayscaleObservation", SpaceRecipe("Box", PICTURE.arguments | {"low": 1}), (), "needs pictures"),
    ("GrayscaleObservation", SpaceRecipe("Box", PICTURE.arguments | {"high": 254}), (), "needs pictures"),
    ("GrayscaleObservation", SpaceRecipe("Box", PICTURE.arguments | {"dtype": "int64"}), (), "needs pictures"),
    ("GrayscaleObservation", TWO, (), "observation_space is a Box, got <Toy<Toy-v0>> with Discrete(2)"),
    *(
        (
            "ReshapeObservation",
            UNIT,
            (shape,),
            f"the product 2 as shape, to reshape Box(0.0, 1.0, (2,), float32); got {shape!r}",
        )
        for shape in (2, [2], (3,), (-1,), (2, 0), (1, -2, -1), (2.0,), (True, 2), None, "2", ())
    ),
    ("ReshapeObservation", PAIR, ((2,),), "observation_space is a Box"),
    *(
        ("RescaleObservation", UNIT, ends, "must be a number, or a NumPy array of numbers of shape (2,), got")
        for ends in (
            (True, 2.0),
            ("0", 1.0),
            (0.0, None),
            ([0.0, 0.0], 1.0),
            (np.zeros(3), 1.0),
            (0.0, np.ones((1, 2))),
        )
    ),
    *(
        ("RescaleObservation", UNIT, ends, "lower bound below its upper one")
        for ends in ((1.0, 0.0), (np.nan, 1.0), (0.0, np.nan), (np.array([0.0, 2.0]), 1.0))
    ),
    *(
        ("RescaleObservation", UNIT, ends, "where a coordinate has no bound")
        for ends in ((-np.inf, 1.0), (0.0, np.inf))
    ),
    ("RescaleObservation", HALF, (0.0, 1.0), "the new maximum must be infinite too, and only there"),
    ("RescaleObservation", BYTES, (0, 256), "must be an integer from 0 to 255"),
    ("RescaleObservation", TWO, (0.0, 1.0), "observation_space is a Box"),
    ("DtypeObservation", PAIR, (np.float32,), "observation_space is a Box or Discrete or MultiBinary or MultiDiscrete"),
    *(
        ("DtypeObservation", UNIT, (dtype,), "dtype must be a float, integer or bool type")
        for dtype in (None, "f9", "U", complex)
    ),
    ("DtypeObservation", SpaceRecipe("MultiDiscrete", {"nvec": [2]}), (np.float32,), "dtype must be an integer type"),
    ("DtypeObservation", UNIT, (object,), "dtype must be"),
    ("DiscretizeObservation", TWO, (3,), "observation_space is a Box"),
    ("DiscretizeObservation", HALF, (3,), "bounded on both sides"),
    ("DiscretizeObservation", SpaceRecipe("Box", UNIT.arguments | {"shape": (0,)}), (3,), "with n of at least 1"),
    ("DiscretizeObservation", SpaceRecipe("Box", UNIT.arguments | {"shape": ()}), (3,), "needs a Box of shape (n,)"),
    *(
        ("DiscretizeObservation", UNIT, (bins,), f"a tuple of 2 of them, got {bins!r}")
        for bins in (0, 2.5, None, "3", (3,), (3, 0), (2.5, 2), (1, 2, 3))
    ),
    (
        "DiscretizeObservation",
        SpaceRecipe("Box", UNIT.arguments | {"shape": (63,)}),
        (2,),
        "too many to number; write multidiscrete=True",
    ),
]
REFUSED_BY_BOTH += [
    ("TransformObservation", UNIT, (abs,), "missing 1 required positional argument: 'observation_space'"),
    ("TransformAction", UNIT, (abs,), "missing 1 required positional argument: 'action_space'"),
    ("ClipAction", TWO, (), "action_space is a Box, got <Toy<Toy-v0>> with Discrete(2)"),
    ("ClipAction", BYTES, (), "must be finite for the dtype uint8"),
    ("RescaleAction", TWO, (0.0, 1.0), "action_space is a Box"),
    ("RescaleAction", UNIT, (1.0, 0.0), "lower bound below its upper one"),
    ("RescaleAction", UNIT, (0.0, np.inf), "where a coordinate has no bound"),
    ("DiscretizeAction", TWO, (3,), "action_space is a Box"),
    ("DiscretizeAction", HALF, (3,), "bounded on both sides"),
    ("DiscretizeAction", UNIT, ((3,),), "a tuple of 2 of them, got (3,)"),
    *(
        ("ClipReward", UNIT, bounds, f"got min_reward={bounds[0]!r} and max_reward={bounds[1]!r}")
        for bounds in ((None, None), (1, 0), (np.array([0, 2]), 1), ("0", 1), (1.5, 1))
    ),
]
"""A wrapper, a space (of the actions where the wrapper changes these), arguments, and what our message says."""


@pytest.mark.parametrize(("name", "recipe", "arguments", "message"), REFUSED_BY_BOTH)
def test_what_the_reference_refuses_is_refused(name, recipe, arguments, message):
    spaces = {"action": recipe} if name.endswith("Action") else {"observation": recipe}
    assert isinstance(tried(wrapper_class(gymnasium, name), toy(gymnasium, **spaces), *arguments), Exception)
    env = toy(minigym, **spaces)
    with pytest.raises((error.Error, TypeError), match=re.escape(message)):
        wrapper_class(minigym, name)(env, *arguments)


@pytest.mark.parametrize("keys", [{"a"}, {"a": 1}, np.array(["a"]), iter(["a"]), None, 0])
def test_filter_keys_must_be_a_sequence(keys):
    for library in (gymnasium, minigym):
        with pytest.raises(TypeError, match="filter_keys"):
            library.wrappers.FilterObservation(toy(library, DICT), keys)


@pytest.mark.parametrize(
    ("name", "spaces", "arguments", "message"),
    [
        ("TransformObservation", {}, (None, None), "needs a function of one argument as func, got None"),
        ("TransformObservation", {}, (abs, "Box"), "needs a minigym.spaces.Space as observation_space, or None"),
        ("TransformAction", {}, (3, None), "needs a function of one argument as func, got 3"),
        ("TransformAction", {}, (abs, gymnasium.spaces.Discrete(2)), "needs a minigym.spaces.Space as action_space"),
        ("TransformReward", {}, ("abs",), "needs a function of one argument as func, got 'abs'"),
        ("RescaleObservation", {"observation": BYTES}, (0, 1), "change the dtype first, for instance with Dtype"),
        ("RescaleObservation", {"observation": BYTES}, (0.0, 0.5), "must be an integer from 0 to 255"),
        ("RescaleObservation", {}, (1.0, 1.0), "lower bound below its upper one"),
        ("RescaleAction", {"action": SpaceRecipe("Box", {"low": 1.0, "high": 1.0})}, (0.0, 1.0), "lower bound below"),
        ("RescaleObservation", {}, (0.0, 1e-50), "which does not hold the factors"),
        ("DiscretizeObservation", {}, (True,), "needs a positive integer as bins"),
        ("DiscretizeObservation", {}, (-1,), "needs a positive integer as bins"),
        ("DiscretizeAction", {"action": SpaceRecipe("Box", UNIT.arguments | {"shape": (2, 2)})}, (3,), "shape (n,)"),
        (
            "DiscretizeObservation",
            {"observation": SpaceRecipe("Box", UNIT.arguments | {"low": -3e38, "high": 3e38})},
            (3,),
            "bounded on both sides",
        ),
        ("ClipReward", {}, (np.nan, 1.0), "the lower one first; got min_reward=nan"),
        ("ClipReward", {}, (None, np.nan), "max_reward=nan"),
        ("ClipReward", {}, ("0",), "min_reward='0'"),
    ],
)
def test_what_cannot_work_is_refused_at_once(name, spaces, arguments, message):
    """The reference makes these, and fails later or gives nonsense."""
    assert not isinstance(tried(wrapper_class(gymnasium, name), toy(gymnasium, **spaces), *arguments), AssertionError)
    with pytest.raises(error.Error, match=re.escape(message)):
        wrapper_class(minigym, name)(toy(minigym, **spaces), *arguments)


@pytest.mark.parametrize("name", ["FlattenObservation", "ClipAction"])
@pytest.mark.parametrize("env", [3, "CartPole-v1", None, gymnasium.spaces.Discrete(2)])
def test_what_is_no_environment_is_refused(name, env):
    with pytest.raises(error.InvalidParameter, match=r"needs an environment whose .* got "):
        wrapper_class(minigym, name)(env)
    with pytest.raises(TypeError, match=r"wraps a minigym\.Env, got"):
        wrappers.TransformReward(env, abs)


def test_a_batch_is_no_environment():
    envs = minigym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
    with pytest.raises(TypeError, match=r"wraps a minigym\.Env, got SyncVectorEnv"):
        wrappers.FlattenObservation(envs)


@pytest.mark.parametrize("multidiscrete", [False, True])
@pytest.mark.parametrize(
    "action", [9, -1, 2.0, "a", None, [0, 3], [-1, 0], [0.7, 1.0], [0], [0, 1, 2], [[0, 1]], [[0], [1, 2]]]
)
def test_an_action_that_names_no_bins_is_refused_before_anything_moves(action, multidiscrete):
    """The reference takes some for others: 9 for 0, and [0, 3] for [0, 2]."""
    env = wrappers.DiscretizeAction(toy(minigym, action=UNIT), 3, multidiscrete)
    env.reset(seed=0)
    before = env.np_random.bit_generator.state
    with pytest.raises(
        error.InvalidAction, match=re.escape(f"expected an action in {env.action_space}, got {action!r}")
    ):
        env.step(action)
    assert env.np_random.bit_generator.state == before
    env.step([2, 0] if multidiscrete else np.int32(8))


@pytest.mark.parametrize(
    ("multidiscrete", "number"), [(False, 9), (False, -1), (False, [0, 1]), (True, 3), (True, [0, 3])]
)
def test_an_observation_that_names_no_bins_is_refused(multidiscrete, number):
    env = wrappers.DiscretizeObservation(toy(minigym), 3, multidiscrete)
    with pytest.raises(error.InvalidParameter, match="expected an observation in"):
        env.revert_observation(number)


# Where the reference goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["DiscretizeObservation", "DiscretizeAction"])
def test_a_spec_remembers_what_makes_a_multidiscrete(name):
    """The reference's forgets it, and makes another environment."""
    made = {}
    for library in (minigym, gymnasium):
        env = wrapper_class(library, name)(toy(library, action=UNIT), bins=(2, 3), multidiscrete=True)
        again = library.make(env.spec)
        made[library.__name__] = again.action_space if name == "DiscretizeAction" else again.observation_space
    assert str(made["minigym"]) == "MultiDiscrete([2 3])"
    assert str(made["gymnasium"]) == "Discrete(6)"


def test_a_multidiscrete_keeps_its_start_in_another_dtype():
    recipe = SpaceRecipe("MultiDiscrete", {"nvec": [3, 4], "start": [5, -5]})
    ours, theirs = (
        library.wrappers.DtypeObservation(toy(library, recipe), np.int8) for library in (minigym, gymnasium)
    )
    observation, _ = ours.reset(seed=0)
    assert_same(observation, theirs.reset(seed=0)[0])
    assert ours.observation_space.contains(observation)
    assert not theirs.observation_space.contains(observation)


@pytest.mark.parametrize("dtype", ["float32", np.dtype("float32"), float])
def test_every_name_of_a_dtype_is_understood(dtype):
    """The reference calls it like a function."""
    ours, theirs = (
        without_warnings(library.wrappers.DtypeObservation, toy(library), dtype) for library in (minigym, gymnasium)
    )
    observation, _ = ours.reset(seed=0)
    assert observation.dtype == ours.observation_space.dtype == np.dtype(dtype)
    with pytest.raises(TypeError):
        theirs.reset(seed=0)


def test_a_numpy_integer_is_a_number_of_bins():
    assert str(wrappers.DiscretizeObservation(toy(minigym), np.int64(3)).observation_space) == "Discrete(9)"
    with pytest.raises(TypeError):
        gymnasium.wrappers.DiscretizeObservation(toy(gymnasium), np.int64(3))


def test_new_bounds_of_small_integers_do_not_wrap():
    """100 - (-100) is -56 in eight bits."""
    ends = np.full((2, 2), 100, np.int8) * np.array([[-1], [1]], np.int8)
    ours, theirs = (library.wrappers.RescaleObservation(toy(library), *ends) for library in (minigym, gymnasium))
    assert ours.observation(np.array([0.25, 1.0], np.float32)).tolist() == [-50.0, 100.0]
    assert theirs.observation(np.array([0.25, 1.0], np.float32)).tolist() == [-114.0, -156.0]


# Copies ---------------------------------------------------------------------------------------------------------------


def wrapped_pole():
    """CartPole in every wrapper that fits, innermost first; none of them holds a function of this file."""
    env = minigym.make("CartPole-v1", max_episode_steps=30)
    env = wrappers.RescaleObservation(env, env.observation_space.low / 2, env.observation_space.high / 2)
    env = wrappers.DtypeObservation(wrappers.ReshapeObservation(env, (2, 2)), np.float64)
    return wrappers.ClipReward(wrappers.FlattenObservation(env), 0.0, 0.5)


def wrapped_toy():
    """Actions and observations in bins."""
    recipe = SpaceRecipe("Dict", {"written_as": "dict"}, {"a": TWO, "b": UNIT})
    env = wrappers.FlattenObservation(wrappers.FilterObservation(toy(minigym, recipe, UNIT), ["b"]))
    return wrappers.DiscretizeAction(wrappers.DiscretizeObservation(env, 3), 4, True)


def play(env, action):
    return [env.step(action) for _ in range(5)]


@pytest.mark.parametrize(("make", "action"), [(wrapped_pole, 1), (wrapped_toy, [0, 3])])
def test_a_copy_in_mid_episode_goes_on_by_itself(make, action):
    env, twin = make(), make()
    for each in (env, twin):
        each.reset(seed=3)
        each.step(action)
    duplicate = copy.deepcopy(env)
    played = play(duplicate, action)
    assert repr(played) == repr(play(env, action)) == repr(play(twin, action))  # the first left the second untouched
    assert getattr(duplicate.func, "__self__", duplicate) is duplicate


def test_a_wrapped_environment_can_be_pickled():
    env = wrapped_pole()
    env.reset(seed=3)
    env.step(0)
    again = pickle.loads(pickle.dumps(env))
    assert str(again.observation_space) == str(env.observation_space)
    assert repr(play(again, 1)) == repr(play(env, 1))
    discrete = wrappers.DiscretizeAction(wrappers.RescaleAction(StillPendulum(), -1.0, 1.0), 5)
    assert pickle.loads(pickle.dumps(discrete)).action(3).tolist() == discrete.action(3).tolist()


class StillPendulum(minigym.Env):
    """Has a space for its actions, and can be pickled."""

    action_space = minigym.spaces.Box(-2.0, 2.0, (1,))


@given(st.data())
def test_an_action_within_the_new_bounds_stays_within_the_old_ones(data):
    """In the reference the rounding may carry it beyond, where a batch refuses it."""
    recipe = data.draw(
        transforming.tame_boxes(bounded=True, axes=1).filter(lambda box: "float" in box.arguments["dtype"])
    )
    box = toy(gymnasium, UNIT, recipe).action_space
    arguments = data.draw(transforming.arguments_of("RescaleAction", None, box))(minigym)
    ours, theirs = (
        without_warnings(library.wrappers.RescaleAction, toy(library, UNIT, recipe), **arguments)
        for library in (minigym, gymnasium)
    )
    fraction = data.draw(st.sampled_from([0.0, 1.0]) | st.floats(0, 1))
    low, high = (end.astype(np.float64) for end in (ours.action_space.low, ours.action_space.high))
    action = (low + fraction * (high - low)).astype(box.dtype).clip(ours.action_space.low, ours.action_space.high)
    assert ours.env.action_space.contains(ours.action(action))
    assert_same(ours.action(action), theirs.action(action).clip(box.low, box.high))
    beyond = ours.action_space.high + box.dtype.type(1)
    assert_same(ours.action(beyond), theirs.action(beyond))
