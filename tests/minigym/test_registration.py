"""Ids and what they stand for."""

import inspect
import re
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.envs import registration as reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minigym
from minigym import error, registration
from minigym.core import EnvSpec, WrapperSpec
from minigym.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

LAKE = "minigym.envs.frozen_lake:FrozenLakeEnv"
POLE = "minigym.envs.cart_pole:CartPoleEnv"


@pytest.fixture
def registries(own_registry):
    """Both registries, which the test may change."""
    before = dict(gymnasium.registry)
    yield own_registry, gymnasium.registry
    gymnasium.registry.clear()
    gymnasium.registry.update(before)


def layers(env):
    found = []
    while env is not env.unwrapped:
        found.append(type(env).__name__)
        env = env.env
    return found


# Unknown ids --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env_id", "kind", "message"),
    [
        ("CartPoll-v1", error.NameNotFound, "no environment is named 'CartPoll'; did you mean 'CartPole'?"),
        ("frozenlake-v1", error.NameNotFound, "did you mean 'FrozenLake'?"),
        ("Xyzzy-v1", error.NameNotFound, "minigym.pprint_registry() lists what there is"),
        ("CartPole-v7", error.VersionNotFound, "there is no version v7 of CartPole; there is v0, v1"),
        ("mylab/CartPole-v1", error.NamespaceNotFound, "'mylab'; import the package that registers it first"),
        ("CartPole v1", error.Error, "for instance \"CartPole-v1\"; got 'CartPole v1'"),
    ],
)
def test_an_unknown_id_is_refused_as_in_the_reference_with_a_suggestion(env_id, kind, message):
    for find in (minigym.make, minigym.spec):
        with pytest.raises(error.Error, match=re.escape(message)) as refused:
            find(env_id)
        assert type(refused.value) is kind
    with pytest.raises(gymnasium.error.Error) as theirs:
        gymnasium.spec(env_id)
    assert type(theirs.value).__name__ == kind.__name__


def test_namespaces_are_suggested_too(own_registry):
    minigym.register("mylab/Pole-v0", POLE)
    with pytest.raises(error.NamespaceNotFound, match="did you mean 'mylab'"):
        minigym.make("mylap/Pole-v0")
    with pytest.raises(error.NameNotFound, match="did you mean 'Pole'"):
        minigym.make("mylab/Poole-v0")
    assert isinstance(minigym.make("mylab/Pole-v0").unwrapped, minigym.envs.CartPoleEnv)


def test_a_version_that_a_later_one_has_replaced_is_deprecated(own_registry):
    minigym.register("Pole-v3", POLE)
    with pytest.raises(
        error.DeprecatedEnv, match="no version v2 of Pole, and later ones have replaced it; there is v3"
    ):
        minigym.make("Pole-v2")
    minigym.register("Pole-v5", POLE)
    with pytest.raises(error.DeprecatedEnv, match=r"no version v4 of Pole, and later ones .*; there is v3, v5"):
        minigym.make("Pole-v4")
    with pytest.raises(error.VersionNotFound, match="there is no version v6 of Pole; there is v3, v5"):
        minigym.make("Pole-v6")


def test_the_errors_form_the_references_tree():
    for name in ("NamespaceNotFound", "NameNotFound", "VersionNotFound"):
        assert issubclass(getattr(error, name), error.UnregisteredEnv)
    for name, kind in vars(gymnasium.error).items():
        if isinstance(kind, type) and hasattr(error, name):
            ours = [parent.__name__ for parent in getattr(error, name).__mro__]
            assert "Error" in ours or not issubclass(kind, gymnasium.error.Error), name


# Versions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", ["FrozenLake-v0", "FrozenLake8x8-v0", "CartPole-v0"])
def test_an_outdated_version_warns_at_the_callers_line_and_works(env_id):
    with pytest.warns(DeprecationWarning, match=f"{env_id} is outdated; the latest version is v1") as caught:
        env = minigym.make(env_id)
    assert [warning.filename for warning in caught] == [__file__]
    assert env.spec.id == env_id


def test_an_id_without_a_version_means_the_latest(own_registry):
    minigym.register("CartPole-v12", POLE, max_episode_steps=7)  # the latest by number, not by text or time
    minigym.register("CartPole-v3", POLE)
    with pytest.warns(UserWarning, match="'CartPole' names no version; using the latest, CartPole-v12") as caught:
        env = minigym.make("CartPole")
    assert [warning.filename for warning in caught] == [__file__]
    assert env.spec.id == "CartPole-v12"


def test_an_id_registered_without_a_version_is_found_without_a_warning(own_registry):
    minigym.register("Bare", POLE)
    assert minigym.make("Bare").spec.version is None
    with pytest.raises(error.DeprecatedEnv, match="no version v1 of Bare; there is one without a version"):
        minigym.make("Bare-v1")


def test_versioned_and_unversioned_ids_do_not_mix(own_registry):
    with pytest.raises(error.RegistrationError, match=r"CartPole cannot be registered beside CartPole-v"):
        minigym.register("CartPole", POLE)
    minigym.register("Bare", POLE)
    with pytest.raises(error.RegistrationError, match="Bare-v0 cannot be registered beside Bare"):
        minigym.register("Bare-v0", POLE)
    minigym.register("other/CartPole", POLE)  # another namespace, another name


# register -----------------------------------------------------------------------------------------------------------


def test_everything_registered_stands_in_the_registry(own_registry):
    wrapper = WrapperSpec("OrderEnforcing", "minigym.wrappers:OrderEnforcing", {})
    minigym.register(
        "mylab/Lake-v3",
        entry_point=LAKE,
        reward_threshold=0.5,
        nondeterministic=True,
        max_episode_steps=9,
        order_enforce=False,
        disable_env_checker=True,
        additional_wrappers=(wrapper,),
        vector_entry_point="some:thing",
        kwargs={"is_slippery": False},
    )
    spec = minigym.spec("mylab/Lake-v3")
    assert spec is own_registry["mylab/Lake-v3"]
    expected = EnvSpec(
        "mylab/Lake-v3", LAKE, 0.5, True, 9, False, True, {"is_slippery": False}, (wrapper,), "some:thing"
    )
    assert spec == expected
    assert (spec.namespace, spec.name, spec.version) == ("mylab", "Lake", 3)


def test_registering_an_id_again_warns_and_replaces(own_registry):
    minigym.register("Twice-v0", LAKE)
    with pytest.warns(UserWarning, match="Twice-v0 was registered before") as caught:
        minigym.register("Twice-v0", POLE)
    assert [warning.filename for warning in caught] == [__file__]
    assert minigym.spec("Twice-v0").entry_point == POLE


def test_an_id_needs_an_entry_point(own_registry):
    with pytest.raises(
        error.RegistrationError, match=r'Nowhere-v0 needs an entry_point.*entry_point="my_module:MyEnv"'
    ):
        minigym.register("Nowhere-v0")
    assert "Nowhere-v0" not in own_registry
    minigym.register("Batches-v0", vector_entry_point="some:thing")
    with pytest.raises(error.Error, match="Batches-v0 has no single environment"):
        minigym.make("Batches-v0")


@pytest.mark.parametrize("env_id", ["a b-v0", "a/b/c", ""])
def test_a_malformed_id_is_not_registered(own_registry, env_id):
    before = dict(own_registry)
    with pytest.raises(error.Error, match="must look like"):
        minigym.register(env_id, POLE)
    assert own_registry == before


@pytest.mark.parametrize(
    ("entry_point", "kind", "message"),
    [
        ("no_such_module_anywhere:Env", ModuleNotFoundError, "no_such_module_anywhere"),
        ("minigym.envs.cart_pole:NoSuchEnv", AttributeError, "NoSuchEnv"),
    ],
)
def test_an_entry_point_that_leads_nowhere(own_registry, entry_point, kind, message):
    minigym.register("Lost-v0", entry_point)
    with pytest.raises(kind, match=message):
        minigym.make("Lost-v0")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"entry_point": "no_colon"},
            "entry_point must be a class, a function or \"module:attribute\", got 'no_colon'",
        ),
        ({"entry_point": "a:b:c"}, "entry_point must be"),
        ({"entry_point": 3}, "entry_point must be"),
        ({"vector_entry_point": "no_colon"}, "vector_entry_point must be"),
        ({"kwargs": [("map_name", "4x4")]}, "kwargs must be a dict of the environment's arguments, got [("),
        ({"max_episode_steps": 0}, "max_episode_steps must be a positive integer, or None for no limit, got 0"),
        ({"max_episode_steps": 2.5}, "got 2.5"),
        ({"max_episode_steps": True}, "got True"),
        ({"additional_wrappers": [TimeLimit]}, "must be a tuple of WrapperSpecs, such as minigym.wrappers"),
    ],
)
def test_arguments_that_could_not_be_made_an_environment_of_are_refused(own_registry, arguments, message):
    before = dict(own_registry)
    with pytest.raises(error.RegistrationError, match=re.escape(message)):
        minigym.register("Mine-v0", **{"entry_point": POLE, **arguments})
    assert own_registry == before


def test_additional_wrappers_may_come_in_a_list(own_registry):
    minigym.register("Mine-v0", POLE, additional_wrappers=[TimeLimit.wrapper_spec(max_episode_steps=3)])
    assert minigym.spec("Mine-v0").additional_wrappers == (TimeLimit.wrapper_spec(max_episode_steps=3),)
    assert layers(minigym.make("Mine-v0"))[0] == "TimeLimit"


# Beside the reference -----------------------------------------------------------------------------------------------


def our_pole():
    return minigym.envs.CartPoleEnv()


def their_pole():
    return gymnasium.envs.classic_control.CartPoleEnv()


def outcome(action):
    """What an action gives, or the name of its failure; and the kinds of its warnings, where it succeeds."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = action()
        except (error.Error, gymnasium.error.Error) as failure:
            return type(failure).__name__, []
    return result, [warning.category for warning in caught]


parts = st.tuples(
    st.sampled_from([None, "mylab", "c3"]), st.sampled_from(["Pole", "A.b"]), st.sampled_from([None, 0, 2, 5])
)
some_ids = parts.map(lambda parts: registration.get_env_id(*parts))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    registered=st.lists(some_ids, max_size=5), around=st.none() | st.just("mylab"), others=st.lists(parts, max_size=3)
)
def test_any_registrations_and_requests(registries, registered, around, others):
    """Which are accepted, with a warning or without; and what an id then stands for."""
    our_registry, their_registry = registries
    our_registry.clear()
    their_registry.clear()
    for number, env_id in enumerate(registered):
        options = {"max_episode_steps": number + 1, "reward_threshold": 0.5}
        results = []
        for library, creator in ((registration, our_pole), (reference, their_pole)):
            if around is None:
                results.append(outcome(lambda: library.register(env_id, creator, **options)))  # noqa: B023  # called at once
            else:
                with library.namespace(around):
                    assert library.current_namespace == around
                    results.append(outcome(lambda: library.register(env_id, creator, **options)))  # noqa: B023
            assert library.current_namespace is None
        assert results[0] == results[1]
    assert list(our_registry) == list(their_registry)
    for env_id, spec in our_registry.items():
        assert (spec.namespace, spec.name, spec.version) == registration.parse_env_id(env_id)
    for namespace, name, version in [*map(registration.parse_env_id, our_registry), *others]:
        assert registration.find_highest_version(namespace, name) == reference.find_highest_version(namespace, name)
        env_id = registration.get_env_id(namespace, name, version)
        assert env_id == reference.get_env_id(namespace, name, version)
        made = outcome(lambda: str(minigym.make(env_id)))  # noqa: B023
        assert made == outcome(lambda: str(gymnasium.make(env_id)))  # noqa: B023
        described, their_description = (
            outcome(lambda: library.spec(env_id).max_episode_steps)  # noqa: B023
            for library in (minigym, gymnasium)
        )
        if their_description != ("Error", []):  # an id without a version, which minigym's spec takes for the latest
            assert described == their_description


entry_points = st.sampled_from(["pole:Env", "mylab.pole:Env", "a.b.c:Env", "a.b.c.d.e:Env", None])


@settings(max_examples=100)
@given(
    listed=st.dictionaries(some_ids | st.just("AVeryLongNameIndeed-v10"), entry_points, max_size=7),
    num_cols=st.integers(1, 4),
    left_out=st.none() | st.lists(st.sampled_from(["mylab", "c", "Pole", None]), max_size=2),
)
def test_the_list_is_laid_out_as_the_references(listed, num_cols, left_out):
    def text(library):
        specs = {
            env_id: library.EnvSpec(
                env_id, entry_point=test_the_list_is_laid_out_as_the_references if at is None else at
            )
            for env_id, at in listed.items()
        }
        return library.pprint_registry(specs, num_cols=num_cols, exclude_namespaces=left_out, disable_print=True)

    assert text(registration) == text(reference)


def test_every_name_of_the_references_module_is_there():
    assert set(reference.__all__) <= set(registration.__all__)
    for name in registration.__all__:
        ours, theirs = getattr(registration, name), getattr(reference, name)
        assert type(ours).__name__ == type(theirs).__name__, name
        if inspect.isfunction(theirs):
            assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters), name
    for name in ("make", "register", "make_vec"):
        defaults = [
            [parameter.default for parameter in inspect.signature(getattr(library, name)).parameters.values()]
            for library in (registration, reference)
        ]
        assert defaults[0] == defaults[1]
    assert registration.load_env_creator("json:dumps") is reference.load_env_creator("json:dumps")
    assert [mode.value for mode in minigym.VectorizeMode] == [mode.value for mode in gymnasium.VectorizeMode]


def test_register_envs_does_nothing_to_the_module():
    assert minigym.register_envs(minigym) is gymnasium.register_envs(gymnasium) is None


def test_a_namespace_ends_with_its_block(own_registry):
    """Also after an exception, where the reference's stays."""
    with registration.namespace("mylab"):
        with pytest.raises(error.RegistrationError), registration.namespace("other"):
            minigym.register("Nowhere-v0")
        assert registration.current_namespace == "mylab"
        with registration.namespace("other"):
            minigym.register("mine/Pole-v0", POLE)
        minigym.register("Pole-v0", POLE)
    assert registration.current_namespace is None
    assert {"other/Pole-v0", "mylab/Pole-v0"} <= own_registry.keys()
    with pytest.raises(AttributeError, match="no attribute 'current_name'"):
        _ = registration.current_name


# make ---------------------------------------------------------------------------------------------------------------


def test_the_layers_follow_the_arguments(own_registry):
    standard = ["TimeLimit", "OrderEnforcing", "PassiveEnvChecker"]
    assert layers(minigym.make("CartPole-v1")) == standard
    assert layers(minigym.make("CartPole-v1", max_episode_steps=-1)) == standard[1:]
    assert layers(minigym.make("CartPole-v1", disable_env_checker=True)) == standard[:2]
    minigym.register("Plain-v0", POLE, order_enforce=False, disable_env_checker=True)
    assert layers(minigym.make("Plain-v0")) == []
    assert layers(minigym.make("Plain-v0", max_episode_steps=4)) == ["TimeLimit"]
    assert layers(minigym.make("Plain-v0", disable_env_checker=False)) == ["PassiveEnvChecker"]
    minigym.register("Free-v0", POLE)
    assert layers(minigym.make("Free-v0")) == standard[1:]


@pytest.mark.parametrize(("asked", "expected"), [(None, 100), (7, 7), (np.int64(7), 7), (-1, None)])
def test_the_time_limit_can_be_changed(asked, expected):
    env = minigym.make("FrozenLake-v1", max_episode_steps=asked, desc=["SFFFFG"], success_rate=0.0)  # never ahead
    assert env.spec.max_episode_steps == expected
    env.reset(seed=0)
    truncated = [env.step(2)[3] for _ in range(120)]
    assert truncated == [expected is not None and step + 1 >= expected for step in range(120)]
    assert minigym.registry["FrozenLake-v1"].max_episode_steps == 100


@pytest.mark.parametrize("limit", [0, -2, 1.5, "10", True])
def test_an_impossible_time_limit_is_refused(limit):
    with pytest.raises(
        error.InvalidParameter, match=re.escape(f"got {limit!r}; make(id, max_episode_steps=-1) leaves")
    ):
        minigym.make("CartPole-v1", max_episode_steps=limit)


@pytest.mark.parametrize(
    ("env_id", "name", "hint"),
    [
        ("FrozenLake-v1", "slippery", "did you mean 'is_slippery'?"),
        ("CartPole-v1", "gravitiy", "did you mean 'gravity'?"),
        ("FrozenLake-v1", "xyzzy", "it takes render_mode, desc, map_name"),
    ],
)
def test_an_argument_that_the_environment_does_not_take_is_refused(env_id, name, hint):
    with pytest.raises(TypeError, match=re.escape(f"{env_id} takes no argument {name!r}; {hint}")):
        minigym.make(env_id, **{name: 1})


def test_an_environment_that_takes_any_argument_gets_them(own_registry):
    def create(**arguments):
        return minigym.envs.FrozenLakeEnv(desc=[arguments["anything"]])

    minigym.register("Any-v0", create)
    assert minigym.make("Any-v0", anything="SFG").unwrapped.ncol == 3
    assert minigym.spec("Any-v0").entry_point is create


def test_the_arguments_of_make_win_over_the_registered_ones_and_change_neither(own_registry):
    registered = {"desc": ["SFG"], "is_slippery": False}
    minigym.register("Mine-v0", LAKE, kwargs=registered)
    env = minigym.make("Mine-v0", is_slippery=True)
    assert env.spec.kwargs == {"desc": ["SFG"], "is_slippery": True}
    env.spec.kwargs["desc"].append("FFF")
    assert minigym.spec("Mine-v0").kwargs == registered == {"desc": ["SFG"], "is_slippery": False}
    assert minigym.make("Mine-v0").unwrapped.nrow == 1


def test_an_entry_point_must_make_an_environment(own_registry):
    minigym.register("Five-v0", lambda: 5)
    with pytest.raises(TypeError, match=r"Five-v0 must make a minigym\.Env, got 5 of type int"):
        minigym.make("Five-v0")
    minigym.register("Theirs-v0", lambda: gymnasium.make("CartPole-v1"))
    with pytest.raises(TypeError, match=r"derive your class from minigym\.Env"):
        minigym.make("Theirs-v0")


def test_a_description_makes_the_environment_again():
    env = minigym.make("FrozenLake-v1", success_rate=0.8, max_episode_steps=5)
    again = minigym.make(env.spec)
    assert again.spec == env.spec
    assert again.unwrapped.P == env.unwrapped.P
    assert layers(again) == layers(env)
    assert minigym.make(env.spec, success_rate=0.5).spec.kwargs["success_rate"] == 0.5
    free = minigym.make("FrozenLake-v1", max_episode_steps=-1)
    assert layers(minigym.make(free.spec)) == layers(free)
    unchecked = minigym.make("FrozenLake-v1", disable_env_checker=True)
    assert layers(minigym.make(unchecked.spec)) == layers(unchecked)


MODULE = """
import minigym

class Wrapped(minigym.Wrapper):
    def __init__(self, env, bonus=0):
        super().__init__(env)
        self.bonus = bonus

minigym.register(
    "Elsewhere-v0",
    entry_point="minigym.envs.cart_pole:CartPoleEnv",
    max_episode_steps=50,
    additional_wrappers=(minigym.WrapperSpec("Wrapped", __name__ + ":Wrapped", {"bonus": 4}),),
)
"""


@pytest.fixture
def elsewhere(tmp_path, monkeypatch, own_registry):
    """A module outside the package, which registers an environment when it is imported."""
    (tmp_path / "elsewhere_of_minigym.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "elsewhere_of_minigym", raising=False)
    return "elsewhere_of_minigym"


def test_a_module_in_front_of_an_id_is_imported_first(elsewhere):
    with pytest.raises(error.NameNotFound):
        minigym.make("Elsewhere-v0")
    env = minigym.make(f"{elsewhere}:Elsewhere-v0")
    assert env.spec.id == "Elsewhere-v0"
    assert minigym.spec(f"{elsewhere}:Elsewhere-v0").max_episode_steps == 50
    assert minigym.make("Elsewhere-v0").spec.id == "Elsewhere-v0"


def test_additional_wrappers_stand_outside_the_others(elsewhere):
    env = minigym.make(f"{elsewhere}:Elsewhere-v0")
    assert layers(env) == ["Wrapped", "TimeLimit", "OrderEnforcing", "PassiveEnvChecker"]
    assert env.bonus == 4


def test_a_wrapper_whose_arguments_are_unknown_cannot_be_made_again():
    env = minigym.Wrapper(minigym.make("CartPole-v1"))
    with pytest.raises(ValueError, match="the wrapper Wrapper of CartPole-v1 cannot be made again"):
        minigym.make(env.spec)


def test_a_module_in_front_of_an_id_that_does_not_exist_is_named():
    with pytest.raises(
        ModuleNotFoundError, match="asks to import 'no_such_module' first, which should register 'A-v0'"
    ):
        minigym.make("no_such_module:A-v0")


# How to render -------------------------------------------------------------------------------------------------------


def drawing(library, metadata):
    """A class whose environments have these metadata, and draw a small frame."""

    class Drawing(library.Env):
        def __init__(self, render_mode=None):
            self.render_mode = render_mode
            self.observation_space = library.spaces.Discrete(2)
            self.action_space = library.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return 0, {}

        def step(self, action):
            return int(action), 1.0, False, False, {}

        def render(self):
            if self.render_mode in ("rgb_array", "rgb_array_list"):
                return np.full((2, 3, 3), 7, np.uint8)
            return f"drawn as {self.render_mode}"

    Drawing.metadata = metadata
    return Drawing


MODES = ["human", "rgb_array", "ansi", "rgb_array_list", "ansi_list", "svg"]


@pytest.mark.usefixtures("registries")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    modes=st.lists(st.sampled_from(MODES[:4]), unique=True),
    asked=st.none() | st.sampled_from(MODES),
)
def test_a_render_mode_that_is_not_there_is_made_of_one_that_is(modes, asked):
    """As in the reference; only that minigym refuses what no wrapper gives, where the metadata name any mode."""

    def make(library):
        library.registry.pop("Drawing-v0", None)
        library.register("Drawing-v0", drawing(library, {"render_modes": modes, "render_fps": 9}))
        env = library.make("Drawing-v0", render_mode=asked, disable_env_checker=True)  # which has words of its own
        wrappers = [(wrapper.name, wrapper.kwargs) for wrapper in env.spec.additional_wrappers]
        again = library.make(env.spec)
        seen = []
        if env.render_mode != "human":  # no windows here
            for each in (env, again):
                each.reset(seed=0)
                each.step(1)
                seen.append(repr(each.render()))
        return str(env), str(again), env.render_mode, env.spec.kwargs, wrappers, env.metadata, seen

    ours, theirs = outcome(lambda: make(minigym)), outcome(lambda: make(gymnasium))
    collects = asked is not None and asked.removesuffix("_list") in modes
    shows = asked == "human" and {"rgb_array", "rgb_array_list"} & set(modes)
    if asked is None or not modes or asked in modes or collects or shows:
        if not {"rgb_array", "rgb_array_list"} <= set(modes):  # the reference takes either, by chance
            assert ours == theirs
        assert ours[1] == theirs[1]
    else:
        assert ours == ("UnsupportedMode", [])
        assert theirs[1][0] is UserWarning


def test_frames_of_both_kinds_are_shown_one_by_one(own_registry):
    minigym.register("Drawing-v0", drawing(minigym, {"render_modes": ["rgb_array_list", "rgb_array"], "render_fps": 9}))
    with pytest.warns(
        UserWarning, match=r"Drawing-v0 has no window of its own: minigym\.wrappers\.HumanRendering"
    ) as caught:
        env = minigym.make("Drawing-v0", render_mode="human")
    assert [warning.filename for warning in caught] == [__file__]
    assert env.spec.kwargs == {"render_mode": "rgb_array"}


@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
def test_the_builtin_environments_collect_what_they_draw(env_id):
    def frames(library, mode):
        env = library.make(env_id, render_mode=mode)
        env.reset(seed=3)
        for action in (1, 0, 1):
            env.step(action)
        return str(env), env.render_mode, env.spec.kwargs["render_mode"], len(env.render()), len(env.render())

    for mode in ["rgb_array_list"] + ["ansi_list"] * (env_id == "FrozenLake-v1"):
        assert frames(minigym, mode) == frames(gymnasium, mode)
        assert frames(minigym, mode)[3:] == (4, 0)


@pytest.mark.parametrize(
    ("metadata", "category", "message"),
    [
        ({}, UserWarning, r"the metadata of Drawing-v0 do not name its \"render_modes\", only \[\]"),
        ({"fps": 3}, UserWarning, r"only \['fps'\]"),
        (
            {"render_modes": 3},
            UserWarning,
            r"metadata\[\"render_modes\"\] of Drawing-v0 should be a list of modes, got 3",
        ),
        (
            "ansi",
            error.InvalidMetadata,
            "metadata of Drawing-v0 must be a dict, got 'ansi' of type str; write for instance",
        ),
    ],
)
@pytest.mark.usefixtures("registries")
def test_metadata_that_say_nothing_are_told(metadata, category, message):
    for library in (minigym, gymnasium):
        library.register("Drawing-v0", drawing(library, metadata))
    if category is UserWarning:
        with pytest.warns(UserWarning, match="render_modes"):
            gymnasium.make("Drawing-v0")
        with pytest.warns(UserWarning, match=message) as caught:
            env = minigym.make("Drawing-v0")
        assert [warning.filename for warning in caught] == [__file__]
        assert layers(env) == ["OrderEnforcing", "PassiveEnvChecker"]
    else:
        with pytest.raises(gymnasium.error.InvalidMetadata):
            gymnasium.make("Drawing-v0")
        with pytest.raises(category, match=message):
            minigym.make("Drawing-v0")


def test_a_window_is_not_collected(own_registry):
    """The reference collects what a window returns, which is None."""
    minigym.register("Drawing-v0", drawing(minigym, {"render_modes": ["human"]}))
    with pytest.raises(error.UnsupportedMode, match="in the mode 'human_list'; use one of 'human', or None"):
        minigym.make("Drawing-v0", render_mode="human_list")


def test_a_mode_where_none_is_named_passes_with_a_warning(own_registry):
    minigym.register("Drawing-v0", drawing(minigym, {"render_modes": []}))
    with pytest.warns(UserWarning, match="Drawing-v0 names no render mode .* but was asked for 'svg'"):
        assert minigym.make("Drawing-v0", render_mode="svg").render_mode == "svg"


def test_an_entry_point_may_be_a_wrapper_or_a_function(own_registry):
    """The metadata of a wrapper's class are a property, for which the reference says InvalidMetadata."""

    class Pole(TimeLimit):
        def __init__(self, **kwargs):
            super().__init__(minigym.envs.CartPoleEnv(**kwargs), 5)

    minigym.register("Pole-v0", Pole)
    minigym.register("Function-v0", our_pole)
    assert layers(minigym.make("Pole-v0", render_mode="rgb_array"))[-1] == "Pole"
    assert layers(minigym.make("Function-v0")) == ["OrderEnforcing", "PassiveEnvChecker"]


def test_how_strict_make_is_can_be_told(own_registry):
    """What the stand-in for Gymnasium does."""
    minigym.register("Drawing-v0", drawing(minigym, {"render_modes": ["ansi"]}))
    told = []
    lenient = registration.making.Manner(told.append)
    env = registration.making.make_env(minigym.spec("Drawing-v0"), None, None, {"render_mode": "svg"}, lenient)
    assert env.render_mode == "svg"
    assert told == [
        "Drawing-v0 cannot be rendered in the mode 'svg'; use one of 'ansi', or None for no pictures; an environment "
        'that can names the mode in metadata["render_modes"]'
    ]
    with pytest.raises(error.UnsupportedMode, match="in the mode 'svg'; use one of 'ansi', or None"):
        minigym.make("Drawing-v0", render_mode="svg")
    with pytest.raises(error.UnsupportedMode, match="in the mode 3"):
        minigym.make("Drawing-v0", render_mode=3)


# The list -----------------------------------------------------------------------------------------------------------


def test_the_registry_is_a_dict_of_descriptions():
    assert type(minigym.registry) is dict
    assert {"FrozenLake-v0", "FrozenLake-v1", "FrozenLake8x8-v0", "FrozenLake8x8-v1"} <= minigym.registry.keys()
    assert {"CartPole-v0", "CartPole-v1"} <= minigym.registry.keys()
    for env_id, spec in minigym.registry.items():
        assert (type(spec), spec.id) == (EnvSpec, env_id)


def test_the_list_shows_every_id_by_group(capsys):
    assert minigym.pprint_registry() is None
    printed = capsys.readouterr().out
    text = minigym.pprint_registry(disable_print=True)
    assert printed == text + "\n"
    assert capsys.readouterr().out == ""
    assert set(re.findall(r"\S+-v\d+", text)) == minigym.registry.keys()
    assert re.findall("===== (.*) =====", text) == ["frozen_lake", "cart_pole", "mountain_car"]
    assert "===== cart_pole =====\nCartPole-v0   CartPole-v1" in text


def test_the_list_can_be_narrowed(own_registry):
    minigym.register("mylab/Pole-v0", POLE)
    minigym.register("Local-v0", lambda: None)
    text = minigym.pprint_registry(disable_print=True, num_cols=1, exclude_namespaces=["frozen_lake", "mountain_car"])
    assert text.splitlines() == [
        "===== cart_pole =====",
        "CartPole-v0",
        "CartPole-v1",
        "===== mylab =====",
        "mylab/Pole-v0",
        "===== None =====",
        "Local-v0",
    ]
    only = {"CartPole-v1": minigym.spec("CartPole-v1")}
    assert minigym.pprint_registry(only, disable_print=True) == "===== cart_pole =====\nCartPole-v1"


def test_the_wrappers_of_make_come_from_minigym():
    env = minigym.make("CartPole-v1")
    assert isinstance(env, TimeLimit)
    assert isinstance(env.env, OrderEnforcing)
    assert isinstance(env.env.env, PassiveEnvChecker)


def test_leading_zeros_of_a_version_do_not_matter():
    assert minigym.spec("CartPole-v01") is minigym.spec("CartPole-v1")


def test_an_environment_with_recorded_statistics_is_made_again_from_its_spec():
    env = minigym.wrappers.RecordEpisodeStatistics(minigym.make("CartPole-v1"), buffer_length=7, stats_key="mine")
    again = minigym.make(env.spec)
    assert str(again) == str(env)
    assert again.return_queue.maxlen == 7
    again.reset(seed=0)
    terminated = False
    while not terminated:
        _, _, terminated, _, info = again.step(1)
    assert "mine" in info
