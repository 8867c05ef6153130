"""Descriptions beside Gymnasium's: as text, as JSON, and as what an environment is made of again."""

import contextlib
import copy
import dataclasses
import io
import itertools
import json
import pickle
import warnings
from functools import partial

import gymnasium
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.core import EnvSpec, RecordConstructorArgs, WrapperSpec
from tests.minigym.vector.compare import assert_same

LIBRARIES = {minigym: minigym.core, gymnasium: gymnasium.envs.registration}  # where each has its EnvSpec
SHORT = settings(max_examples=150)

# Any description -----------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=3),
    lambda parts: st.lists(parts, max_size=2) | st.dictionaries(st.text(max_size=2), parts, max_size=2),
    max_leaves=4,
)
json_kwargs = st.dictionaries(st.text("abc", min_size=1, max_size=2), json_values, max_size=3)
wrapper_fields = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Scale", "Clip"]),
        "entry_point": st.just("somewhere:Scale"),
        "kwargs": st.none() | json_kwargs,
    }
)
spec_fields = st.fixed_dictionaries(
    {"id": st.sampled_from(["Lake-v0", "Lake", "mylab/Pole-v12", "a-b/c.d:e-v3-v4"])},
    optional={
        "entry_point": st.none() | st.just("somewhere:Lake"),
        "reward_threshold": st.none() | st.floats() | st.integers(),
        "nondeterministic": st.sampled_from([False, True, 0]),  # 0 is printed, as it is not False
        "max_episode_steps": st.none() | st.integers(1, 99),
        "order_enforce": st.booleans(),
        "disable_env_checker": st.booleans(),
        "kwargs": json_kwargs,
        "additional_wrappers": st.lists(wrapper_fields, max_size=3),
        "vector_entry_point": st.none() | st.just("somewhere:Lakes"),
    },
)


def build(library, fields):
    """An EnvSpec of the library, from fields of its own."""
    kinds, fields = LIBRARIES[library], copy.deepcopy(fields)
    wrappers = tuple(kinds.WrapperSpec(**wrapper) for wrapper in fields.pop("additional_wrappers", ()))
    return kinds.EnvSpec(**fields, additional_wrappers=wrappers)


def printed(spec, **flags):
    """What ``pprint`` prints; it must return nothing."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert spec.pprint(**flags) is None
    return out.getvalue()


@SHORT
@given(spec_fields)
def test_texts_and_json_equal_the_references(fields):
    ours, theirs = build(minigym, fields), build(gymnasium, fields)
    assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
    assert list(map(repr, ours.additional_wrappers)) == list(map(repr, theirs.additional_wrappers))
    assert ours.to_json() == theirs.to_json()
    for entry_points, everything in itertools.product([False, True], repeat=2):
        flags = {"include_entry_points": entry_points, "print_all": everything}
        assert ours.pprint(disable_print=True, **flags) == theirs.pprint(disable_print=True, **flags)
        assert printed(ours, **flags) == printed(theirs, **flags)
    text = theirs.to_json()
    assert str(EnvSpec.from_json(text)) == str(gymnasium.envs.registration.EnvSpec.from_json(text)) == str(theirs)


@SHORT
@given(spec_fields, st.data())
def test_equality_is_the_references(fields, data):
    """And the same for what was copied, pickled, or read from JSON."""
    other_fields = data.draw(spec_fields | st.just(fields))
    ours, theirs = build(minigym, fields), build(gymnasium, fields)
    other, their_other = build(minigym, other_fields), build(gymnasium, other_fields)
    assert (ours == other) == (theirs == their_other)
    assert (ours != other) == (theirs != their_other)
    assert (ours.additional_wrappers == other.additional_wrappers) == (
        theirs.additional_wrappers == their_other.additional_wrappers
    )
    for again, their_again in (
        (copy.deepcopy(ours), copy.deepcopy(theirs)),
        (pickle.loads(pickle.dumps(ours)), pickle.loads(pickle.dumps(theirs))),
        (EnvSpec.from_json(ours.to_json()), type(theirs).from_json(theirs.to_json())),
    ):
        assert str(again) == str(ours)
        assert (again == ours) == (their_again == theirs)  # NaN is equal to the very same NaN alone
    for kind in (type(ours), WrapperSpec):
        assert kind.__hash__ is None


def test_arrays_among_the_arguments_are_compared_entry_by_entry():
    """The reference raises ValueError for what ``==`` of two arrays means."""

    def described(numbers):
        wrapper = WrapperSpec("Scale", "somewhere:Scale", {"by": [np.array(numbers)]})
        return EnvSpec("Lake-v0", kwargs={"map": {"tiles": np.array(numbers)}}, additional_wrappers=(wrapper,))

    assert described([1, 2]) == described([1, 2])
    assert described([1, 2]) != described([1, 3])
    assert described([1, 2]).additional_wrappers != described([1, 3]).additional_wrappers
    assert described([1, 2]) != described([1, 2, 3])
    assert EnvSpec("Lake-v0") != WrapperSpec("Lake-v0", "", None)
    assert EnvSpec("Lake-v0") != "Lake-v0"
    theirs = gymnasium.envs.registration.EnvSpec
    with pytest.raises(ValueError, match="ambiguous"):
        _ = theirs("Lake-v0", kwargs={"a": np.zeros(2)}) == theirs("Lake-v0", kwargs={"a": np.zeros(2)})


@pytest.mark.parametrize("field", ["entry_point", "vector_entry_point"])
@pytest.mark.parametrize("value", [minigym.envs.CartPoleEnv, lambda: None], ids=["class", "lambda"])
def test_a_callable_cannot_be_written_as_json(field, value):
    for library in LIBRARIES:
        with pytest.raises(ValueError, match="value=" if library is gymnasium else f"its {field} is .*my_module:MyEnv"):
            build(library, {"id": "Lake-v0", field: value}).to_json()


@pytest.mark.parametrize(
    "value", [print, np.zeros(2), {1, 2}, np.float32(1)], ids=["function", "array", "set", "number"]
)
def test_an_argument_that_json_cannot_hold_is_named(value):
    for fields in (
        {"id": "Lake-v0", "kwargs": {"a": value}},
        {
            "id": "Lake-v0",
            "additional_wrappers": [{"name": "Scale", "entry_point": "a:B", "kwargs": {"a": [value]}}],
        },
    ):
        with pytest.raises(TypeError, match="not JSON serializable"):
            build(gymnasium, fields).to_json()
        with pytest.raises(TypeError, match=r"Lake-v0 cannot be written as JSON: .*; its arguments and those"):
            build(minigym, fields).to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Lake-v0",
        "[]",
        "3",
        "{}",
        '{"id": "Lake-v0"}',
        '{"additional_wrappers": []}',
        '{"id": "no id", "additional_wrappers": []}',
        '{"id": "Lake-v0", "additional_wrappers": [], "name": "Lake"}',
        '{"id": "Lake-v0", "additional_wrappers": [{"name": "Scale"}]}',
        '{"id": "Lake-v0", "additional_wrappers": [3]}',
    ],
)
def test_what_is_no_description_is_refused(text):
    with pytest.raises(Exception):  # noqa: B017, PT011  # ValueError, KeyError, TypeError or AttributeError
        gymnasium.envs.registration.EnvSpec.from_json(text)
    with pytest.raises(error.InvalidParameter, match=r"expected the JSON text that EnvSpec.to_json\(\) writes, got "):
        EnvSpec.from_json(text)


# Made again ---------------------------------------------------------------------------------------------------------


def same_description(ours, theirs):
    """Equal but for where the environments and wrappers live."""
    assert (
        ours.pprint(disable_print=True, print_all=True).splitlines()[2:]
        == theirs.pprint(disable_print=True, print_all=True).splitlines()[2:]
    )
    assert (ours.id, ours.kwargs, ours.max_episode_steps) == (theirs.id, theirs.kwargs, theirs.max_episode_steps)
    assert [(wrapper.name, wrapper.kwargs) for wrapper in ours.additional_wrappers] == [
        (wrapper.name, wrapper.kwargs) for wrapper in theirs.additional_wrappers
    ]


def half(number):
    return number / 2


WRAPPERS = {
    "TimeLimit": st.fixed_dictionaries({"max_episode_steps": st.integers(1, 9)}),
    "OrderEnforcing": st.fixed_dictionaries({}, optional={"disable_render_order_enforcing": st.booleans()}),
    "PassiveEnvChecker": st.just({}),
    "TransformReward": st.just({"func": half}),
    "FlattenObservation": st.just({}),
    "ClipReward": st.fixed_dictionaries({"min_reward": st.floats(-1, 0), "max_reward": st.floats(0, 1)}),
}
# Not RecordEpisodeStatistics, whose arguments the reference does not record.
stacks = st.lists(
    st.sampled_from(list(WRAPPERS)).flatmap(lambda name: st.tuples(st.just(name), WRAPPERS[name])), max_size=4
)
arguments = {
    "FrozenLake-v1": st.fixed_dictionaries(
        {}, optional={"map_name": st.sampled_from(["4x4", "8x8"]), "is_slippery": st.booleans()}
    ),
    "CartPole-v1": st.fixed_dictionaries({}, optional={"sutton_barto_reward": st.booleans()}),
}
of_make = st.fixed_dictionaries(
    {},
    optional={"max_episode_steps": st.sampled_from([-1, 3, 20]), "disable_env_checker": st.booleans()},
)


def stacked(library, env_id, kwargs, stack):
    env = library.make(env_id, **kwargs)
    for name, own in stack:
        env = getattr(library.wrappers, name)(env, **own)
    return env


def played(env, seed):
    """What two episodes of the same actions show."""
    rng = np.random.default_rng(seed)
    seen = [env.reset(seed=seed)]
    for _ in range(30):
        action = int(rng.integers(env.action_space.n))
        seen.append(env.step(action))
        if seen[-1][2] or seen[-1][3]:
            seen.append(env.reset())
    return tuple(seen)


@pytest.mark.filterwarnings("ignore:.*step.* after|.*calling 'step\\(\\)':UserWarning")
@pytest.mark.parametrize("env_id", arguments)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), stack=stacks, seed=st.integers(0, 99))
def test_an_environment_is_made_again_as_in_the_reference(env_id, data, stack, seed):
    kwargs = data.draw(arguments[env_id]) | data.draw(of_make)
    ours, theirs = stacked(minigym, env_id, kwargs, stack), stacked(gymnasium, env_id, kwargs, stack)
    again, theirs_again = minigym.make(ours.spec), gymnasium.make(theirs.spec)
    assert str(ours) == str(theirs)  # the repr of a lake says more here: how slippery it is
    assert str(again) == str(theirs_again)
    same_description(ours.spec, theirs.spec)
    same_description(again.spec, theirs_again.spec)
    assert again.spec == ours.spec == minigym.make(pickle.loads(pickle.dumps(ours.spec))).spec
    assert str(ours.spec.make()) == str(theirs.spec.make())
    assert_same(played(again, seed), played(theirs_again, seed))
    texts = [
        _json_or_failure(dataclasses.replace(spec, entry_point="somewhere:Env", vector_entry_point=None))
        for spec in (ours.spec, theirs.spec)
    ]
    assert texts[0] == texts[1]
    if texts[0] is TypeError:  # a function among the arguments
        return
    third = minigym.make(EnvSpec.from_json(ours.spec.to_json()))
    assert third.spec == ours.spec
    assert str(third) == str(again)
    assert_same(played(third, seed), played(again, seed))


def _json_or_failure(spec):
    """The JSON of a spec without the modules of its wrappers, all else in its order; TypeError where it has none."""
    try:
        described = json.loads(spec.to_json())
    except TypeError:
        return TypeError
    for wrapper in described["additional_wrappers"]:
        wrapper["entry_point"] = wrapper["entry_point"].partition(":")[2]
    return json.dumps(described)


def test_arguments_of_make_win_over_those_of_a_description():
    spec = minigym.make("FrozenLake-v1", is_slippery=False, max_episode_steps=7).spec
    theirs = gymnasium.make("FrozenLake-v1", is_slippery=False, max_episode_steps=7).spec
    for kwargs in ({}, {"is_slippery": True}, {"max_episode_steps": 3}, {"max_episode_steps": -1}):
        same_description(spec.make(**kwargs).spec, theirs.make(**kwargs).spec)
    assert spec.kwargs == {"map_name": "4x4", "is_slippery": False}  # and stays as it was


class Unknown(minigym.Wrapper):
    """Records no arguments."""


class UnknownToGymnasium(gymnasium.Wrapper):
    """Likewise."""


def test_a_wrapper_of_unknown_arguments_is_named_and_refused():
    theirs = UnknownToGymnasium(gymnasium.make("CartPole-v1"))
    with pytest.raises(ValueError, match="UnknownToGymnasium"):
        gymnasium.make(theirs.spec)
    ours = Unknown(minigym.make("CartPole-v1"))
    assert [wrapper.kwargs for wrapper in ours.spec.additional_wrappers] == [None]
    with pytest.raises(error.InvalidParameter, match="wrapper Unknown of CartPole-v1 cannot be made again: its arg"):
        minigym.make(ours.spec)


# Entry points that wrap, themselves -----------------------------------------------------------------------------------


def clipped(library, env, bonus, layers):
    for layer in range(layers):
        env = library.wrappers.ClipReward(env, 0.0, bonus + layer)
    return env


def our_pole(bonus=1.0, layers=1):
    """A pole whose entry point puts wrappers around it."""
    return clipped(minigym, minigym.envs.CartPoleEnv(), bonus, layers)


def their_pole(bonus=1.0, layers=1):
    """Gymnasium's."""
    return clipped(gymnasium, gymnasium.envs.classic_control.CartPoleEnv(), bonus, layers)


@pytest.fixture
def registries(own_registry):
    """Both registries, which the test may change."""
    theirs = gymnasium.registry
    before = dict(theirs)
    yield own_registry, theirs
    theirs.clear()
    theirs.update(before)


def outcome(action):
    """What the action gives, or the kind of failure, in the words of both libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return action()
        except ValueError:
            return ValueError


CLIPS = [("ClipReward", (0.0, 1.0)), ("ClipReward", (0.0, 2.0)), ("ClipReward", (0.0, 5.0)), ("TimeLimit", (3,))]


@pytest.mark.usefixtures("registries")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    layers=st.integers(0, 2),
    named=st.lists(st.sampled_from(CLIPS), max_size=3),
    by_hand=st.lists(st.sampled_from(CLIPS), max_size=1),
    changed=st.fixed_dictionaries({}, optional={"layers": st.integers(0, 2), "bonus": st.sampled_from([1.0, 2.0])}),
)
def test_wrappers_of_the_entry_point_itself_are_not_put_on_twice(layers, named, by_hand, changed):
    """Where the spec names others than it puts on, both libraries refuse.

    Where it puts on more than the spec names, the reference drops what the spec names without a look; minigym looks.
    """

    def specs(library):
        names = {"ClipReward": ("min_reward", "max_reward"), "TimeLimit": ("max_episode_steps",)}
        return tuple(
            getattr(library.wrappers, name).wrapper_spec(**dict(zip(names[name], values, strict=True)))
            for name, values in named
        )

    def make_twice(library):
        library.register(
            "Wrapping-v0",
            our_pole if library is minigym else their_pole,
            max_episode_steps=9,
            kwargs={"layers": layers},
            additional_wrappers=specs(library),
        )
        env = library.make("Wrapping-v0")
        for name, values in by_hand:
            env = getattr(library.wrappers, name)(env, *values)
        again = outcome(lambda: str(library.make(env.spec, **changed)))
        description = [(wrapper.name, wrapper.kwargs) for wrapper in env.spec.additional_wrappers]
        return str(env), description, env.spec.max_episode_steps, again

    own = [("ClipReward", (0.0, 1.0 + layer)) for layer in range(layers)]
    if own[: len(named)] != named[: len(own)]:
        assert outcome(lambda: make_twice(minigym)) is ValueError
        if len(own) <= len(named):
            assert outcome(lambda: make_twice(gymnasium)) is ValueError
        return
    ours, theirs = outcome(lambda: make_twice(minigym)), outcome(lambda: make_twice(gymnasium))
    assert ours[:3] == theirs[:3]
    more = changed.get("layers", layers) > len(ours[1])
    if not more:
        assert ours[3] == theirs[3]


class Biased(minigym.ObservationWrapper, RecordConstructorArgs):
    """Adds an array, which a spec must compare entry by entry."""

    def __init__(self, env, bias):
        RecordConstructorArgs.__init__(self, bias=bias)
        super().__init__(env)
        self.bias = bias

    def observation(self, observation):
        return observation + self.bias


def test_an_entry_point_whose_wrappers_have_arrays(own_registry):
    minigym.register("Biased-v0", lambda bias=4: Biased(minigym.envs.CartPoleEnv(), np.arange(bias)))
    env = minigym.make("Biased-v0")
    again = minigym.make(env.spec)
    assert str(again) == str(env) == "<OrderEnforcing<PassiveEnvChecker<Biased<CartPoleEnv<Biased-v0>>>>>"
    with pytest.raises(error.InvalidParameter, match=r"Biased-v0 puts the wrapper .* where the spec says"):
        minigym.make(env.spec, bias=1)


# Batches --------------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    num_envs=st.integers(1, 3),
    vector_kwargs=st.none()
    | st.fixed_dictionaries(
        {}, optional={"copy": st.booleans(), "autoreset_mode": st.sampled_from(["SameStep", "NextStep"])}
    ),
    with_wrapper=st.booleans(),
    kwargs=st.fixed_dictionaries({}, optional={"max_episode_steps": st.integers(1, 9), "is_slippery": st.booleans()}),
)
def test_a_batch_is_described_as_in_the_reference(num_envs, vector_kwargs, with_wrapper, kwargs):
    def batch(library):
        wrappers = [library.wrappers.ClipReward] if with_wrapper else None
        wrappers = [partial(wrapper, max_reward=0.5) for wrapper in wrappers or ()] or None
        return library.make_vec(
            "FrozenLake-v1", num_envs, "sync", vector_kwargs=vector_kwargs, wrappers=wrappers, **kwargs
        )

    ours, theirs = batch(minigym), batch(gymnasium)
    for _ in range(2):
        assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
        assert (str(ours.envs[0]), len(ours.envs)) == (str(theirs.envs[0]), len(theirs.envs))
        our_kwargs, their_kwargs = dict(ours.spec.kwargs), dict(theirs.spec.kwargs)
        assert len(our_kwargs.pop("wrappers", ())) == len(their_kwargs.pop("wrappers", ())) == with_wrapper
        assert (our_kwargs, list(our_kwargs)) == (their_kwargs, list(their_kwargs))
        assert (
            ours.spec.pprint(disable_print=True, print_all=True).splitlines()[2:]
            == theirs.spec.pprint(disable_print=True, print_all=True).splitlines()[2:]
        )
        if not with_wrapper:
            places = {name: getattr(theirs.spec, name) for name in ("entry_point", "vector_entry_point")}
            assert str(dataclasses.replace(ours.spec, **places)) == str(theirs.spec)
            assert dataclasses.replace(ours.spec, **places).to_json() == theirs.spec.to_json()
            assert str(minigym.make_vec(EnvSpec.from_json(ours.spec.to_json()))) == str(ours)
        assert str(ours.env_fns[0]()) == str(ours.envs[0])  # still makes what it made
        ours, theirs = minigym.make_vec(ours.spec), gymnasium.make_vec(theirs.spec)


@pytest.mark.parametrize("name", ["RecordEpisodeStatistics"])
def test_wrapped_batches_are_named_as_in_the_reference(name):
    def texts(library):
        batch = library.make_vec("FrozenLake-v1", 2, "sync")
        wrapped = getattr(library.wrappers.vector, name)(batch)
        plain = getattr(library.wrappers.vector, name)(
            library.vector.SyncVectorEnv([lambda: library.make("CartPole-v1")])
        )
        return str(wrapped), repr(wrapped), str(plain), str(wrapped.spec.kwargs)

    assert texts(minigym) == texts(gymnasium)
