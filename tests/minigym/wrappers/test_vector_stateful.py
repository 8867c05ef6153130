"""The wrappers around batches that remember what came before, and the infos as a list, beside Gymnasium's."""

import copy
import re

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.wrappers import vector
from tests.minigym.vector.compare import assert_same, make_both, reset
from tests.minigym.wrappers import playing
from tests.minigym.wrappers.playing import LIBRARIES, Base, assert_same_attributes
from tests.minigym.wrappers.transforming import assert_same_space

MODES = ["NextStep", "SameStep", "Disabled"]
ARGUMENTS = {
    "DictInfoToList": st.just({}),
    "NormalizeObservation": st.fixed_dictionaries({}, optional={"epsilon": st.floats(1e-12, 2)}),
    "NormalizeReward": st.fixed_dictionaries(
        {},
        optional={"gamma": st.floats(0, 1) | st.just(np.float64(0.9)), "epsilon": st.floats(1e-12, 2)},
    ),
}
WORKS_IN = {"NormalizeObservation": ["NextStep"]}  # the others in every mode


def batches(base, limits, mode):
    """Both libraries' batch of one lane for each time limit."""
    if base.env_id != "Toy-v0":
        return make_both(base.env_id, limits, autoreset_mode=mode)
    return [
        library.vector.SyncVectorEnv(
            [lambda limit=limit, library=library: base.make(library, limit) for limit in limits], autoreset_mode=mode
        )
        for library in LIBRARIES
    ]


@st.composite
def games(draw, action_space, num_envs):
    """A seeded reset of all lanes, then any mixture of steps, resets with masks, and settings of the statistics."""
    seeds = st.integers(0, 2**31)
    action_space.seed(draw(seeds))
    masks = st.lists(st.booleans(), min_size=num_envs, max_size=num_envs).filter(any)
    resets = st.fixed_dictionaries(
        {"seed": st.none() | seeds, "options": st.none() | st.just({"unknown": 1}), "mask": st.none() | masks}
    )
    steps = st.builds(lambda _: ("step", action_space.sample()), st.none())
    others = st.tuples(st.just("reset"), resets) | st.tuples(st.just("update"), st.booleans())
    rest = draw(st.lists(steps | steps | steps | steps | steps | others, min_size=5, max_size=30))
    return [("reset", {"seed": draw(seeds), "options": None, "mask": None}), *rest]


def play_both(ours, theirs, game):
    """Make the calls on both and compare all that they return and remember; what the steps of ours returned."""
    mode = ours.metadata["autoreset_mode"].value
    whole = "NormalizeObservation" in str(theirs)  # which cannot reset some lanes
    done = np.zeros(ours.num_envs, np.bool_)
    results = []
    for kind, argument in game:
        if kind == "update":
            for envs in (ours, theirs):
                set_everywhere(envs, argument)
        elif kind == "reset":
            mask = None if whole else argument["mask"]
            arguments = argument["seed"], argument["options"], mask
            assert_same_infos(reset(ours, *arguments), reset(theirs, *arguments))
            done &= ~np.array(mask or [True] * ours.num_envs)
        else:
            if mode == "Disabled" and done.any():
                assert_same_infos(reset(ours, None, None, done), reset(theirs, None, None, done))
            result = ours.step(copy.deepcopy(argument))
            assert_same_infos(result, theirs.step(copy.deepcopy(argument)))
            results.append(result)
            done = result[2] | result[3]
        layers = ours, theirs
        while isinstance(layers[1], gymnasium.vector.VectorWrapper):
            assert_same_attributes(*layers)
            layers = layers[0].env, layers[1].env
    return results


def set_everywhere(envs, setting):
    """Keep or go on with the statistics of every layer that has some."""
    while hasattr(envs, "env"):
        if hasattr(envs, "update_running_mean"):
            envs.update_running_mean = setting
        envs = envs.env


def assert_same_infos(ours, theirs):
    """Equal results of a reset or a step, whose infos may be a list; seconds and the odd types of FrozenLake aside."""
    *our_rest, our_infos = ours
    *their_rest, their_infos = theirs
    assert_same(tuple(our_rest), tuple(their_rest))
    assert type(our_infos) is type(their_infos)
    if isinstance(their_infos, list):
        assert len(our_infos) == len(their_infos)
        our_infos, their_infos = tuple(map(comparable, our_infos)), tuple(map(comparable, their_infos))
        assert_same(our_infos, their_infos)
    else:
        assert_same(comparable(our_infos), comparable(their_infos), squeezed=("prob",))


def comparable(infos):
    """The infos without the seconds of an episode; and of a lane, the probability as the reference rounds it."""
    infos = dict(infos)
    if isinstance(infos.get("prob"), (int, float, np.number)):
        infos["prob"] = None
    for name in ("episode", "final_info"):
        if isinstance(infos.get(name), dict):
            infos[name] = comparable({**infos[name], **({"t": None} if name == "episode" else {})})
    return infos


def wrap_both(data, ours, theirs, name):
    arguments = data.draw(ARGUMENTS[name], label=name)
    ours = getattr(vector, name)(ours, **arguments)
    theirs = getattr(gymnasium.wrappers.vector, name)(theirs, **arguments)
    assert getattr(ours, "_saved_kwargs", None) == getattr(theirs, "_saved_kwargs", None)
    return ours, theirs


def assert_same_surface(ours, theirs):
    assert str(ours) == str(theirs)
    for name in ("observation_space", "single_observation_space", "action_space", "single_action_space"):
        assert_same_space(getattr(ours, name), getattr(theirs, name))
    assert (ours.spec is None) == (theirs.spec is None)


# Beside the reference -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name in sorted(ARGUMENTS) for mode in WORKS_IN.get(name, MODES)]
)
@settings(max_examples=40)
@given(data=st.data())
def test_any_sequence_of_calls_gives_what_the_reference_gives(name, mode, data):
    observations = playing.ARRAYS if name == "NormalizeObservation" else playing.ARRAYS[:3] + playing.PARTS
    base = data.draw(playing.toys(observations) | playing.toys(observations) | playing.REGISTERED, label="base")
    limits = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=4), label="limits")
    ours, theirs = wrap_both(data, *batches(base, limits, mode), name)
    assert_same_surface(ours, theirs)
    play_both(ours, theirs, data.draw(games(theirs.action_space, len(limits)), label="game"))
    ours.close()
    theirs.close()
    assert ours.closed
    assert theirs.closed


@pytest.mark.parametrize("mode", MODES)
def test_long_games_see_every_lane_end_at_its_own_time(mode):
    base = Base(observation=playing.ARRAYS[0], action=playing.ACTIONS[1])
    stacks = []
    for library, batch in zip(LIBRARIES, batches(base, [9, 12, 15], mode), strict=True):
        kinds = library.wrappers.vector
        # In the other modes the reference miscounts, or refuses.
        inner = kinds.NormalizeObservation(kinds.RecordEpisodeStatistics(batch)) if mode == "NextStep" else batch
        stacks.append(kinds.DictInfoToList(kinds.NormalizeReward(inner, gamma=0.9)))
    ours, theirs = stacks
    theirs.action_space.seed(2)
    game = [("step", theirs.action_space.sample()) for _ in range(120)]
    game[0] = ("reset", {"seed": 8, "options": None, "mask": None})
    game[40] = ("reset", {"seed": None, "options": None, "mask": [True, False, True]})
    game[60], game[75] = ("update", False), ("update", True)
    results = play_both(ours, theirs, game)
    done = np.array([result[2] | result[3] for result in results])
    assert done.sum(axis=0).min() > 5
    assert any(some.any() and not some.all() for some in done)
    infos = [info for result in results for info in result[4]]
    assert {"nested" in info for info in infos} == {True, False}
    key = {"NextStep": "episode", "SameStep": "final_info", "Disabled": "mine"}[mode]
    assert any(key in info for info in infos)


@settings(max_examples=30)
@given(st.data())
def test_rewards_normalized_by_hand_equal_the_references(data):
    ours, theirs = wrap_both(data, *batches(Base(), [5, 6], "NextStep"), "NormalizeReward")
    theirs.action_space.seed(0)
    for envs in (ours, theirs):
        envs.reset(seed=data.draw(st.just(3)))
    for _ in range(data.draw(st.integers(0, 8))):
        action = theirs.action_space.sample()
        assert_same_infos(ours.step(action), theirs.step(action))
        setting = data.draw(st.booleans())
        ours.update_running_mean = theirs.update_running_mean = setting
        rewards = np.array(data.draw(st.lists(st.floats(-9, 9), min_size=2, max_size=2)))
        assert_same(ours.normalize(rewards), theirs.normalize(rewards))
        assert_same(ours.normalize(rewards[0]), theirs.normalize(rewards[0]))
        assert_same_attributes(ours, theirs)


# Wrong arguments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["SameStep", "Disabled"])
def test_observations_are_normalized_in_next_step_autoreset_alone(mode):
    ours, theirs = make_both("CartPole-v1", [5, 6], autoreset_mode=mode)
    with pytest.raises(error.InvalidParameter, match=rf'with autoreset_mode="NextStep", got {mode!r}'):
        vector.NormalizeObservation(ours)
    with pytest.raises(AssertionError):
        gymnasium.wrappers.vector.NormalizeObservation(theirs)


def test_observations_are_not_normalized_after_a_reset_of_some_lanes():
    ours, theirs = make_both("CartPole-v1", [5, 6])
    ours, theirs = vector.NormalizeObservation(ours), gymnasium.wrappers.vector.NormalizeObservation(theirs)
    for envs in (ours, theirs):
        envs.reset(seed=0)
    before = ours.obs_rms.count, copy.deepcopy(ours.np_random)
    some, every = {"reset_mask": np.array([True, False])}, {"reset_mask": np.array([True, True])}
    with pytest.raises(error.InvalidParameter, match=r"all lanes or none, got reset_mask=array\(\[ True, False\]\)"):
        ours.reset(options=some)
    with pytest.raises(AssertionError):
        theirs.reset(options=some)
    assert ours.obs_rms.count == before[0]
    assert [one.bit_generator.state for one in ours.np_random] == [one.bit_generator.state for one in before[1]]
    assert_same(ours.reset(options=dict(every)), theirs.reset(options=dict(every)))


def test_a_batch_that_does_not_say_when_it_resets_gets_a_warning():
    ours, theirs = make_both("CartPole-v1", [5, 6])
    ours.metadata = theirs.metadata = {}
    with pytest.warns(UserWarning, match="does not say when it resets its lanes"):
        vector.NormalizeObservation(ours)
    with pytest.warns(UserWarning, match="autoreset_mode"):
        gymnasium.wrappers.vector.NormalizeObservation(theirs)


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("NormalizeReward", "gamma", 1.01),
        ("NormalizeReward", "gamma", np.nan),
        ("NormalizeReward", "epsilon", -1e-8),
        ("NormalizeObservation", "epsilon", -1e-8),
        ("NormalizeObservation", "epsilon", "small"),
    ],
)
def test_numbers_that_cannot_work_are_refused_at_once(name, argument, value):
    """The reference divides by NaN, or fails at the first step."""
    ours, theirs = make_both("CartPole-v1", [5, 6])
    getattr(gymnasium.wrappers.vector, name)(theirs, **{argument: value})
    with pytest.raises(error.InvalidParameter, match=re.escape(f"as {argument}, got {value!r}")):
        getattr(vector, name)(ours, **{argument: value})


def test_observations_without_a_shape_are_refused_at_once():
    ours, theirs = batches(Base(observation=playing.PARTS[0]), [4, 4], "NextStep")
    with pytest.raises(error.InvalidParameter, match=r"single observation space has a shape.*got Tuple"):
        vector.NormalizeObservation(ours)
    theirs = gymnasium.wrappers.vector.NormalizeObservation(theirs)
    with pytest.raises(ValueError, match="inhomogeneous"):
        theirs.reset(seed=0)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_what_is_no_batch_cannot_be_wrapped(name):
    with pytest.raises(TypeError, match=rf"{name} wraps a minigym\.vector\.VectorEnv"):
        getattr(vector, name)(minigym.make("CartPole-v1"))


# Infos as a list ------------------------------------------------------------------------------------------------------


def saying(library, infos):
    """A batch of three lanes whose infos are these."""

    class Scripted(library.vector.VectorEnv):
        num_envs = 3
        metadata = {"autoreset_mode": library.vector.AutoresetMode.NEXT_STEP}  # noqa: RUF012

        def reset(self, *, seed=None, options=None):
            return np.zeros(3), infos

        def step(self, actions):
            return np.zeros(3), np.zeros(3), np.zeros(3, np.bool_), np.zeros(3, np.bool_), infos

    return library.wrappers.vector.DictInfoToList(Scripted())


def test_every_lane_gets_what_its_mask_says():
    column, mask = np.array([1.5, 0.0, 2.5]), np.array([True, False, True])
    infos = {
        "a": column,
        "_a": mask,
        "all": np.array([[1, 2], [3, 4], [5, 6]]),
        "deep": {"b": column, "_b": mask, "c": column},
        "deeper": {"deep": {"b": column, "_b": mask}, "_deep": mask},
        "_deeper": ~mask,
        "_alone": column,
    }
    for library in LIBRARIES:
        listed = saying(library, infos).step(None)[4]
        assert_same(saying(library, infos).reset()[1][0], listed[0])
        assert [list(info) for info in listed] == [
            ["a", "all", "deep"],
            ["all", "deep", "deeper"],
            ["a", "all", "deep"],
        ]
        assert (listed[2]["a"], listed[1]["all"].tolist(), listed[1]["deeper"]) == (2.5, [3, 4], {})
        assert listed[0]["deep"] == {"b": 1.5, "c": 1.5}
        assert listed[1]["deep"] == {"c": 0.0}


@pytest.mark.parametrize(
    ("infos", "message"),
    [
        ([{}, {}, {}], r"expected a dict of infos, got \[{}, {}, {}\] of type list; is it wrapped twice"),
        ({"a": [1, 2, 3]}, r"infos\['a'\] must be an array with an entry for each of the 3 lanes, got \[1, 2, 3\]"),
        ({"a": np.zeros(2)}, r"infos\['a'\] must be an array"),
        ({"a": np.zeros(3), "_a": np.ones(4, np.bool_)}, r"infos\['_a'\] must be an array"),
        ({"a": {"b": 3}}, r"infos\['b'\] must be an array"),
    ],
)
def test_infos_of_another_form_are_refused_in_both(infos, message):
    with pytest.raises(error.InvalidParameter, match=message):
        saying(minigym, infos).step(None)
    with pytest.raises(AssertionError):
        saying(gymnasium, infos).step(None)


# Around it ------------------------------------------------------------------------------------------------------------


def test_frozen_statistics_stay_and_are_used():
    envs = vector.NormalizeReward(vector.NormalizeObservation(make_both("CartPole-v1", [5, 6])[0]))
    envs.reset(seed=0)
    envs.step([0, 1])
    envs.update_running_mean = envs.env.update_running_mean = False
    before = copy.deepcopy((envs.env.obs_rms.mean, envs.env.obs_rms.count, envs.return_rms.var))
    assert envs.accumulated_reward.tolist() == [1.0, 1.0]
    rewards = envs.step([0, 1])[1]
    assert_same((envs.env.obs_rms.mean, envs.env.obs_rms.count, envs.return_rms.var), before)
    assert_same(rewards, np.ones(2) / np.sqrt(before[2] + 1e-8))
    assert envs.accumulated_reward.tolist() == pytest.approx([1.99, 1.99])


def test_a_reset_that_is_refused_forgets_nothing():
    for library, kept in zip(LIBRARIES, [[1.0, 1.0], [0.0, 0.0]], strict=True):
        envs = library.wrappers.vector.NormalizeReward(library.make_vec("CartPole-v1", 2, vectorization_mode="sync"))
        envs.reset(seed=0)
        envs.step(np.array([0, 1]))
        with pytest.raises((error.InvalidBound, ValueError)):
            envs.reset(options={"low": 1, "high": 0})
        assert envs.accumulated_reward.tolist() == kept
