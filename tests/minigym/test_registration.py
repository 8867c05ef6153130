"""Ids and what they stand for."""

import re

import gymnasium
import numpy as np
import pytest

import minigym
from minigym import error
from minigym.core import EnvSpec, WrapperSpec
from minigym.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

LAKE = "minigym.envs.frozen_lake:FrozenLakeEnv"
POLE = "minigym.envs.cart_pole:CartPoleEnv"


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


def test_an_older_version_than_any_registered_is_deprecated(own_registry):
    minigym.register("Pole-v3", POLE)
    with pytest.raises(
        error.DeprecatedEnv, match="Pole-v2 is older than every registered version of Pole; there is v3"
    ):
        minigym.make("Pole-v2")
    minigym.register("Pole-v5", POLE)
    for version in (4, 6):
        with pytest.raises(error.VersionNotFound, match=f"there is no version v{version} of Pole; there is v3, v5"):
            minigym.make(f"Pole-v{version}")


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
    with pytest.raises(error.VersionNotFound, match="no version v1 of Bare; there is one without a version"):
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
        ("no_colon", error.RegistrationError, "\"module:attribute\", got 'no_colon'"),
        ("no_such_module_anywhere:Env", ModuleNotFoundError, "no_such_module_anywhere"),
        ("minigym.envs.cart_pole:NoSuchEnv", AttributeError, "NoSuchEnv"),
    ],
)
def test_an_entry_point_that_leads_nowhere(own_registry, entry_point, kind, message):
    minigym.register("Lost-v0", entry_point)
    with pytest.raises(kind, match=message):
        minigym.make("Lost-v0")


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


# The list -----------------------------------------------------------------------------------------------------------


def test_the_registry_is_a_dict_of_descriptions():
    assert type(minigym.registry) is dict
    assert {"FrozenLake-v0", "FrozenLake-v1", "FrozenLake8x8-v0", "FrozenLake8x8-v1"} <= minigym.registry.keys()
    assert {"CartPole-v0", "CartPole-v1"} <= minigym.registry.keys()
    for env_id, spec in minigym.registry.items():
        assert (type(spec), spec.id) == (EnvSpec, env_id)


def test_the_list_shows_every_id_by_group(own_registry, capsys):
    assert minigym.pprint_registry() is None
    printed = capsys.readouterr().out
    text = minigym.pprint_registry(disable_print=True)
    assert printed == text + "\n"
    assert capsys.readouterr().out == ""
    assert set(re.findall(r"\S+-v\d+", text)) == minigym.registry.keys()
    assert re.findall("===== (.*) =====", text) == ["frozen_lake", "cart_pole"]
    assert "===== cart_pole =====\nCartPole-v0  CartPole-v1" in text


def test_the_list_can_be_narrowed(own_registry):
    minigym.register("mylab/Pole-v0", POLE)
    minigym.register("Local-v0", lambda: None)
    text = minigym.pprint_registry(disable_print=True, num_cols=1, exclude_namespaces=["frozen_lake"])
    assert text.splitlines() == [
        "===== cart_pole =====",
        "CartPole-v0",
        "CartPole-v1",
        "===== mylab =====",
        "mylab/Pole-v0",
        "===== others =====",
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
