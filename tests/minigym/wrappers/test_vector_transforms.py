"""The wrappers that transform the observations, actions and rewards of batches, beside Gymnasium's."""

import itertools
import re
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.vector import AutoresetMode, SyncVectorEnv
from minigym.wrappers import vector
from tests.minigym.vector.compare import assert_same, play_both
from tests.minigym.wrappers import transforming
from tests.minigym.wrappers.transforming import (
    Base,
    assert_same_space,
    times,
    tried,
    without_warnings,
    wrapper_class,
)
from tests.strategies import SpaceRecipe

MODES = [mode.value for mode in AutoresetMode]
# Those whose reference can be vectorized: Discretize... have no function there.
NAMES = [name for name in transforming.NAMES if not name.startswith("Discretize")]


def make_batch(library, base, num_envs, mode):
    return library.vector.SyncVectorEnv([lambda: base.make(library)] * num_envs, autoreset_mode=mode)


def wrap(library, envs, name, arguments):
    """The wrapper around the batch, lane by lane."""
    kind = getattr(library.wrappers.vector, name)
    if name.startswith("Transform"):
        arguments = {"wrapper": getattr(library.wrappers, name), **arguments}
        kind = getattr(library.wrappers.vector, f"Vectorize{name}")
    mode = envs.metadata["autoreset_mode"]
    if library is minigym or mode.value != "SameStep" or not name.endswith("Observation"):
        return without_warnings(kind, envs, **arguments)
    # The reference can change the last observations of a batch that is reset within a step, but refuses that batch.
    envs.metadata["autoreset_mode"] = gymnasium.vector.AutoresetMode.NEXT_STEP
    wrapped = without_warnings(kind, envs, **arguments)
    envs.metadata["autoreset_mode"] = wrapped.autoreset_mode = mode
    return wrapped


def arguments_for(data, name, env):
    """Arguments whose functions return what fits into the arrays of the space, and actions that the batch accepts.

    Args:
        data: what Hypothesis draws from.
        name: the wrapper.
        env: Gymnasium's, a single one or a batch.
    """
    observation = getattr(env, "single_observation_space", env.observation_space)
    action = getattr(env, "single_action_space", env.action_space)
    if name == "TransformObservation":
        func, new = times(data.draw(st.integers(1, 3))), None
        if isinstance(observation, gymnasium.spaces.Box) and data.draw(st.booleans()):
            new = SpaceRecipe("Box", {"low": -np.inf, "high": np.inf, "shape": observation.shape, "dtype": "float64"})
        return lambda library: {"func": func, "observation_space": new and new.build(library.spaces)}
    if name == "TransformAction":
        func = moved_inwards(action) if isinstance(action, gymnasium.spaces.Box) else times(1)
        return lambda library: {"func": func, "action_space": None}
    if name == "FilterObservation" and isinstance(observation, gymnasium.spaces.Tuple):
        # In order: the reference makes two copies of one part of two that trade places; see below.
        keys = [*range(data.draw(st.integers(0, len(observation) - 1)), len(observation))]
        return lambda library: {"filter_keys": keys}
    return data.draw(transforming.arguments_of(name, observation, action))


def moved_inwards(box):
    """A function from values of the box to values that do not lie on its bounds."""
    if box.dtype.kind != "f":
        return lambda value: (2 * value).clip(box.low, box.high)
    ends = [np.where(np.isinf(end), other, end) for end, other in ((box.low, box.high), (box.high, box.low))]
    with np.errstate(invalid="ignore"):
        middle = np.nan_to_num(sum(ends) / 2).astype(box.dtype)  # NaN, where there is no bound, becomes 0
    return lambda value: value / 2 + middle / 2


def fitting(envs):
    """The names of the wrappers that fit the batch, Gymnasium's."""
    names = transforming.fitting(envs.single_observation_space, envs.single_action_space, str(envs))
    # What leaves integers as floats does not fit into their arrays, in both libraries.
    whole = envs.single_action_space.dtype.kind != "f"
    return [name for name in names if name in NAMES and not (whole and name in ("RescaleAction", "ClipAction"))]


def bases_for(name):
    bases = transforming.bases_for(name)
    if name in ("RescaleAction", "ClipAction"):
        bases = bases.filter(lambda base: base.action.arguments["dtype"].startswith("float"))
    return bases


@st.composite
def calls(draw, space, num_envs):
    """A seeded reset of all lanes, then any mixture of steps and of resets with seeds, options and masks."""
    seeds = st.integers(0, 2**31)
    resets = st.fixed_dictionaries(
        {
            "seed": st.none() | seeds | st.lists(st.none() | seeds, min_size=num_envs, max_size=num_envs),
            "options": st.none() | st.just({"unknown": 1}),
            "mask": st.none() | st.lists(st.booleans(), min_size=num_envs, max_size=num_envs).filter(any),
        }
    )
    steps = st.tuples(st.just("step"), transforming.actions(space, within=True))
    rest = draw(st.lists(steps | steps | steps | steps | st.tuples(st.just("reset"), resets), min_size=3, max_size=15))
    return [("reset", {"seed": draw(seeds), "options": None, "mask": None}), *rest]


def assert_same_spaces(ours, theirs):
    for name in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert_same_space(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8)
@given(data=st.data())
def test_wrapped_batches_equal_the_references(name, mode, data):
    """The wrapper, and one or two others that fit what it makes."""
    base, num_envs = data.draw(bases_for(name), label="base"), data.draw(st.integers(1, 4), label="num_envs")
    ours, theirs = (make_batch(library, base, num_envs, mode) for library in (minigym, gymnasium))
    for _ in range(data.draw(st.integers(1, 3))):
        arguments = arguments_for(data, name, theirs)
        ours, theirs = (
            wrap(library, envs, name, arguments(library)) for library, envs in ((minigym, ours), (gymnasium, theirs))
        )
        if name.startswith("Transform"):
            break
        name = data.draw(st.sampled_from(fitting(theirs)), "next")
    assert str(ours) == str(theirs)
    assert_same_spaces(ours, theirs)
    play_both(ours, theirs, data.draw(calls(theirs.action_space, num_envs), label="calls"), squeezed=("prob",))
    ours.close()
    theirs.close()
    assert ours.closed is theirs.closed is True


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (name, mode)
        for name in transforming.NAMES
        for mode in MODES
        # Around a batch the reward 0 of a reset step is transformed too, as in the reference.
        if not (name.endswith("Reward") and mode == "NextStep")
    ],
)
@settings(max_examples=8)
@given(data=st.data())
def test_a_lane_of_a_wrapped_batch_is_a_wrapped_environment(name, mode, data):
    """The wrapper around the batch, and a batch of wrapped environments.

    The numbers that are not of the space's own type are rounded to it in the one and not in the other.
    """
    base = replace(data.draw(bases_for(name), label="base"), reward=float)
    num_envs = data.draw(st.integers(1, 4), label="num_envs")
    arguments = arguments_for(data, name, base.make(gymnasium))(minigym)
    if name == "ClipReward":
        bounds = sorted(float(bound) for bound in arguments.values() if bound is not None)
        arguments = {"min_reward": bounds[0], "max_reward": bounds[-1]}
    kind = wrapper_class(minigym, name)
    vectorized = getattr(vector, "VectorizeTransform" + re.search("Observation|Action|Reward", name)[0])
    ours = vectorized(make_batch(minigym, base, num_envs, mode), kind, **arguments)
    lanes = SyncVectorEnv([lambda: kind(base.make(minigym), **arguments)] * num_envs, autoreset_mode=mode)
    for space in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert str(getattr(ours, space)) == str(getattr(lanes, space))
    dtype = ours.action_space.dtype
    sequence = [
        (call, np.asarray(argument, dtype) if call == "step" else argument)
        for call, argument in data.draw(calls(ours.action_space, num_envs), label="calls")
    ]
    play_both(ours, lanes, sequence)


# Functions of whole batches -------------------------------------------------------------------------------------------

UNIT = SpaceRecipe("Box", {"low": 0.0, "high": 1.0, "shape": (2,)})
WIDE = SpaceRecipe("Box", {"low": -9.0, "high": 9.0, "shape": (2,)})
TWO = SpaceRecipe("Discrete", {"n": 2})


def toys(library, mode="NextStep", num_envs=3, observation=UNIT, action=UNIT):
    """A batch of toys."""
    return make_batch(library, Base(observation=observation, action=action), num_envs, mode)


@pytest.mark.parametrize("given_spaces", ["none", "single", "both"])
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("Observation", "NextStep"), ("Observation", "Disabled"), *itertools.product(["Action", "Reward"], MODES)],
)
def test_functions_of_batches_equal_the_references(kind, given_spaces, mode):
    """Each lane gets its own factor, which no function of one lane could do."""
    batches = []
    for library in (minigym, gymnasium):
        envs = toys(library, mode)
        arguments = {"func": lambda values: values * np.array([[0.25], [0.5], [1.0]], np.float32)}
        if kind == "Reward":
            arguments["func"] = lambda rewards: rewards - rewards.mean()
        elif given_spaces != "none":
            single = WIDE.build(library.spaces)
            arguments[f"single_{kind.lower()}_space"] = single
            if given_spaces == "both":
                arguments[f"{kind.lower()}_space"] = library.vector.utils.batch_space(single, 3)
        batches.append(getattr(library.wrappers.vector, f"Transform{kind}")(envs, **arguments))
    ours, theirs = batches
    assert str(ours) == str(theirs)
    assert_same_spaces(ours, theirs)
    rng = np.random.default_rng(0)
    steps = [("step", rng.random((3, 2), np.float32)) for _ in range(40)]
    assert play_both(ours, theirs, [("reset", {"seed": 0, "options": None, "mask": None}), *steps]) > 5


def test_a_function_of_batches_cannot_change_the_last_observations_of_a_batch_reset_within_a_step():
    envs = toys(minigym, "SameStep")
    with pytest.raises(error.InvalidParameter, match=r'not the single ones in infos\["final_obs"\].*Vectorize'):
        vector.TransformObservation(envs, times(2))
    with pytest.raises(AssertionError):
        gymnasium.wrappers.vector.TransformObservation(toys(gymnasium, "SameStep"), times(2))


def test_last_observations_are_changed_lane_by_lane():
    """The reference has the code for it, and refuses the batch before that runs."""
    with pytest.raises(AssertionError):
        gymnasium.wrappers.vector.DtypeObservation(toys(gymnasium, "SameStep"), np.float64)
    plain, changed = toys(minigym, "SameStep"), vector.DtypeObservation(toys(minigym, "SameStep"), np.float64)
    seen = 0
    for envs in (plain, changed):
        envs.reset(seed=0)
    for _ in range(30):
        infos, expected = (envs.step(np.zeros((3, 2), np.float32))[4] for envs in (changed, plain))
        if "final_obs" in expected:
            assert_same(infos["_final_obs"], expected["_final_obs"])
            for lane, ended in enumerate(expected["_final_obs"]):
                final = infos["final_obs"][lane]
                assert (final is None) == (not ended)
                if ended:
                    assert_same(final, expected["final_obs"][lane].astype(np.float64))
                    seen += 1
    assert seen > 5


@pytest.mark.parametrize("kind", ["Observation", "Action"])
def test_spaces_that_do_not_fit_together_get_a_warning(kind):
    """From both; they differ in the words."""
    for library, words in (
        (minigym, f"should be a batch of single_{kind.lower()}_space.*give both"),
        (gymnasium, "don't match"),
    ):
        space = library.vector.utils.batch_space(WIDE.build(library.spaces), 3)
        with pytest.warns(UserWarning, match=words) as caught:
            envs = getattr(library.wrappers.vector, f"Transform{kind}")(toys(library), times(1), space)
        assert len(caught) == 1
        assert getattr(envs, f"{kind.lower()}_space") is space


# The bases ------------------------------------------------------------------------------------------------------------


def bases(library):
    """A subclass of each base class, written for either library."""

    class Observations(library.vector.VectorObservationWrapper):
        def observations(self, observations):
            return observations + 1

    class Actions(library.vector.VectorActionWrapper):
        def actions(self, actions):
            return actions[::-1]

    class Rewards(library.vector.VectorRewardWrapper):
        def rewards(self, rewards):
            return -rewards

    return Observations, Actions, Rewards


@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
def test_wrappers_of_ones_own_equal_the_references(mode):
    ours, theirs = (toys(library, mode) for library in (minigym, gymnasium))
    for our_kind, their_kind in zip(bases(minigym), bases(gymnasium), strict=True):
        ours, theirs = our_kind(ours), their_kind(theirs)
    assert str(ours) == str(theirs) == "<Rewards, <Actions, <Observations, SyncVectorEnv(num_envs=3)>>>"
    rng = np.random.default_rng(1)
    steps = [("step", rng.random((3, 2), np.float32)) for _ in range(40)]
    assert play_both(ours, theirs, [("reset", {"seed": 7, "options": None, "mask": None}), *steps]) > 5


@pytest.mark.parametrize("position", range(3))
def test_the_bases_do_nothing_by_themselves(position):
    for library in (minigym, gymnasium):
        names = ["VectorObservationWrapper", "VectorActionWrapper", "VectorRewardWrapper"]
        envs = getattr(library.vector, names[position])(toys(library))
        with pytest.raises(NotImplementedError):  # noqa: PT012  # the first fails at reset already
            envs.reset(seed=0)
            envs.step(np.zeros((3, 2), np.float32))


@pytest.mark.parametrize("name", ["VectorObservationWrapper", "VectorActionWrapper", "VectorRewardWrapper"])
def test_an_environment_is_no_batch(name):
    with pytest.raises(TypeError, match=r"wraps a minigym\.vector\.VectorEnv, got"):
        getattr(minigym.vector, name)(minigym.make("CartPole-v1"))


@pytest.mark.parametrize("make", [bases(minigym)[0], vector.FlattenObservation])
def test_the_autoreset_mode_must_be_known(make):
    envs = toys(minigym)
    envs.metadata = {"autoreset_mode": "NextStep"}
    make(envs)
    envs.metadata = {"autoreset_mode": "Sometimes"}
    with pytest.raises(error.InvalidParameter, match="autoreset_mode must be one of"):
        make(envs)
    envs.metadata = {}
    with pytest.warns(UserWarning, match=r"does not say when it resets its lanes.*NEXT_STEP"):
        make(envs)


# What belongs to others -----------------------------------------------------------------------------------------------


def test_the_callers_actions_stay_as_they_are():
    """The reference writes into them where the wrapper leaves the space as it is."""
    after = {}
    for library in (minigym, gymnasium):
        wrapper = library.wrappers.TransformAction
        envs = library.wrappers.vector.VectorizeTransformAction(
            toys(library), wrapper, func=times(0.5), action_space=None
        )
        envs.reset(seed=0)
        actions = np.ones((3, 2), np.float32)
        infos = envs.step(actions)[4]
        assert infos["action"].tolist() == [[0.5, 0.5]] * 3
        after[library] = actions.tolist()
    assert after == {minigym: [[1, 1]] * 3, gymnasium: [[0.5, 0.5]] * 3}


class Still(minigym.VectorEnv):
    """Returns the same arrays every time, and keeps them: a batch may reuse its own."""

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(self):
        self.num_envs = 2
        self.single_observation_space = self.single_action_space = minigym.spaces.Box(0.0, 1.0, (1,))
        self.observation_space = self.action_space = minigym.spaces.Box(0.0, 1.0, (2, 1))
        self.kept = [np.ones((2, 1), np.float32), np.ones(2), np.zeros(2, bool), np.zeros(2, bool)]

    def reset(self, *, seed=None, options=None):
        return self.kept[0], {}

    def step(self, actions):
        return (*self.kept, {})


def test_the_batchs_own_arrays_stay_as_they_are():
    inner = Still()
    envs = vector.VectorizeTransformObservation(
        inner, minigym.wrappers.TransformObservation, func=times(2), observation_space=None
    )
    envs = vector.VectorizeTransformReward(envs, minigym.wrappers.TransformReward, func=times(3))
    assert envs.reset()[0].tolist() == [[2], [2]]
    for _ in range(2):
        observations, rewards, *_ = envs.step(np.zeros((2, 1)))
        assert (observations.tolist(), rewards.tolist()) == ([[2], [2]], [3, 3])
    assert [array.tolist() for array in inner.kept[:2]] == [[[1], [1]], [1, 1]]


def test_a_batch_of_the_same_space_keeps_the_dtype_that_it_came_in():
    """Although the space says float32."""
    made = []
    for library in (minigym, gymnasium):
        envs = library.wrappers.vector.TransformObservation(
            toys(library), lambda observations: observations / np.float64(3)
        )
        wrapper = library.wrappers.TransformObservation
        envs = library.wrappers.vector.VectorizeTransformObservation(
            envs, wrapper, func=times(2), observation_space=None
        )
        made.append(envs.reset(seed=0)[0])
    assert made[0].dtype == np.float64
    assert_same(*made)


def test_parts_of_an_observation_can_trade_places():
    """The reference writes the first over the second before it reads the second."""
    pair = SpaceRecipe("Tuple", {}, [UNIT, UNIT])
    plain = toys(minigym, observation=pair).reset(seed=0)[0]
    ours, theirs = (
        library.wrappers.vector.FilterObservation(toys(library, observation=pair), [1, 0]).reset(seed=0)[0]
        for library in (minigym, gymnasium)
    )
    assert_same(ours, plain[::-1])
    assert_same(theirs, (plain[1], plain[1]))


def test_observations_of_two_steps_are_two_arrays():
    envs = vector.FlattenObservation(toys(minigym, observation=TWO))
    first, _ = envs.reset(seed=0)
    before = first.copy()
    for _ in range(5):
        envs.step(np.zeros((3, 2), np.float32))
    assert first.tolist() == before.tolist()


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Observation", "Action", "Reward"])
def test_only_a_wrapper_of_the_kind_can_be_vectorized(kind):
    """The reference takes whatever has an attribute func, or fails at the first step."""
    vectorize = getattr(vector, f"VectorizeTransform{kind}")
    for wrapper in (minigym.wrappers.OrderEnforcing, lambda env: env):
        with pytest.raises(
            error.InvalidParameter, match=rf"needs minigym\.wrappers\.Transform{kind}, or a class derived"
        ):
            vectorize(toys(minigym), wrapper)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("FilterObservation", ([0],), "observation_space is a Dict or Tuple"),
        ("GrayscaleObservation", (), "needs pictures"),
        ("ReshapeObservation", ((3,),), "the product 2"),
        ("RescaleObservation", (1.0, 0.0), "lower bound below"),
        ("DtypeObservation", ("f9",), "dtype must be"),
        ("RescaleAction", (1.0, 0.0), "lower bound below"),
        ("ClipReward", (), "needs a number as min_reward"),
    ],
)
def test_what_the_single_wrappers_refuse_is_refused(name, arguments, message):
    assert isinstance(tried(getattr(gymnasium.wrappers.vector, name), toys(gymnasium), *arguments), Exception)
    with pytest.raises(error.Error, match=re.escape(message)):
        getattr(vector, name)(toys(minigym), *arguments)


@pytest.mark.parametrize("kind", ["Observation", "Action", "Reward"])
def test_functions_and_spaces_are_looked_at_when_they_come(kind):
    transform = getattr(vector, f"Transform{kind}")
    with pytest.raises(error.InvalidParameter, match="needs a function of one argument as func, got None"):
        transform(toys(minigym), None)
    if kind != "Reward":
        for position, name in enumerate((f"{kind.lower()}_space", f"single_{kind.lower()}_space")):
            with pytest.raises(error.InvalidParameter, match=f"needs a minigym.spaces.Space as {name}, or None"):
                transform(toys(minigym), abs, *[None] * position, "Box")


@pytest.mark.parametrize("wrapper", [vector.ClipAction, lambda envs: vector.RescaleAction(envs, -1.0, 1.0)])
def test_every_lane_needs_an_action(wrapper):
    envs = wrapper(toys(minigym))
    envs.reset(seed=0)
    for count in (2, 4):
        with pytest.raises(error.InvalidAction, match=f"one action for each of the 3 lanes, got {count}"):
            envs.step(np.zeros((count, 2), np.float32))
    envs.step([[0.0, 1.0]] * 3)  # lists will do


def test_a_batch_in_its_bounds_takes_a_list_of_actions():
    """Where the wrapper leaves the space as it is; the reference fails, since it writes into the actions."""
    single = {"func": times(1), "action_space": None}
    envs = vector.VectorizeTransformAction(toys(minigym), minigym.wrappers.TransformAction, **single)
    envs.reset(seed=0)
    assert envs.step([[0.0, 1.0]] * 3)[4]["action"].tolist() == [[0.0, 1.0]] * 3
