"""The rows of docs/differences.md about ids, specs and `make`."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs import registration as reference

import minigym
from minigym import registration

REGISTRATIONS = {gymnasium: reference, minigym: registration}


@pytest.fixture(autouse=True)
def _registries(own_registry: Any) -> Iterator[None]:
    """Both registries, which the tests may change."""
    before = dict(gymnasium.registry)
    yield
    gymnasium.registry.clear()
    gymnasium.registry.update(before)


def drawing(library: Any, modes: list[str]) -> Any:
    """A class of environments that say how they can be rendered."""

    class Drawing(library.Env):
        metadata = {"render_modes": modes, "render_fps": 9}  # noqa: RUF012

        def __init__(self, render_mode: Any = None) -> None:
            self.render_mode = render_mode
            self.observation_space = self.action_space = library.spaces.Discrete(2)

        def reset(self, *, seed: Any = None, options: Any = None) -> Any:
            return 0, {}

        def render(self) -> Any:
            return None

    return Drawing


def test_frozenlake_v0() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # both libraries call the id outdated
        with pytest.raises(gymnasium.error.DeprecatedEnv):
            gymnasium.make("FrozenLake-v0")
        env = minigym.make("FrozenLake-v0")
    assert env.spec is not None
    assert env.spec.reward_threshold == 0.78


def test_id_without_a_version_given_to_spec() -> None:
    with pytest.raises(gymnasium.error.Error, match="No registered env"):
        gymnasium.spec("CartPole")
    with pytest.warns(UserWarning, match="using the latest, CartPole-v1"):
        assert minigym.spec("CartPole").id == "CartPole-v1"


def test_version_with_a_leading_zero() -> None:
    with pytest.raises(gymnasium.error.Error, match="CartPole-v01"):
        gymnasium.make("CartPole-v01")
    spec = minigym.make("CartPole-v01").spec
    assert spec is not None
    assert spec.id == "CartPole-v1"


def test_wrong_argument_of_register() -> None:
    for argument in (
        {"entry_point": 3},
        {"entry_point": "no_colon"},
        {"kwargs": [("map_name", "4x4")]},
        {"max_episode_steps": 2.5},
        {"additional_wrappers": [minigym.wrappers.TimeLimit]},
    ):
        arguments: dict[str, Any] = {"id": "Wrong-v0", "entry_point": "my_module:MyEnv", **argument}
        gymnasium.register(**arguments)
        del gymnasium.registry["Wrong-v0"]
        with pytest.raises(minigym.error.RegistrationError, match=f"{next(iter(argument))} must be"):
            minigym.register(**arguments)


def test_namespace_that_an_exception_leaves() -> None:
    def left(library: Any) -> Any:
        kinds = REGISTRATIONS[library]
        with pytest.raises(ZeroDivisionError), kinds.namespace("mylab"):
            raise ZeroDivisionError
        return kinds.current_namespace

    try:
        assert left(gymnasium) == "mylab"
    finally:
        reference.current_namespace = None
    assert left(minigym) is None


def test_equality_of_specs_with_arrays() -> None:
    def equal(library: Any, *rewards: Any) -> bool:
        first, second = (REGISTRATIONS[library].EnvSpec("Lake-v0", kwargs={"map": np.array(each)}) for each in rewards)
        return first == second

    with pytest.raises(ValueError, match="ambiguous"):
        equal(gymnasium, [1, 2], [1, 2])
    assert equal(minigym, [1, 2], [1, 2])
    assert not equal(minigym, [1, 2], [1, 3])


def test_text_that_is_no_spec() -> None:
    for text, kind in (("", ValueError), ("3", AttributeError), ("{}", KeyError), ("[]", TypeError)):
        with pytest.raises(kind):
            reference.EnvSpec.from_json(text)
        with pytest.raises(minigym.error.InvalidParameter, match="expected the JSON text"):
            minigym.EnvSpec.from_json(text)


def test_entry_point_that_wraps_in_another_way_than_its_spec_says() -> None:
    def make(library: Any) -> str:
        def wrapped() -> Any:
            env = library.wrappers.ClipReward(drawing(library, [])(), 0.0, 1.0)
            return library.wrappers.ClipReward(env, 0.0, 0.5)

        named = (library.wrappers.ClipReward.wrapper_spec(min_reward=0.0, max_reward=0.1),)
        library.register("Clipped-v0", wrapped, additional_wrappers=named, disable_env_checker=True)
        return str(library.make("Clipped-v0"))

    assert make(gymnasium) == "<OrderEnforcing<ClipReward<ClipReward<Drawing<Clipped-v0>>>>>"
    with pytest.raises(minigym.error.InvalidParameter, match="where the spec says"):
        make(minigym)


def test_window_for_frames_of_two_kinds() -> None:
    program = """
import gymnasium, minigym, warnings
warnings.simplefilter("ignore")
for library in (gymnasium, minigym):
    class Drawing(library.Env):
        metadata = {"render_modes": ["rgb_array_list", "rgb_array"], "render_fps": 9}
        def __init__(self, render_mode):
            self.render_mode = render_mode
            self.observation_space = self.action_space = library.spaces.Discrete(2)
    library.register("Drawing-v0", Drawing)
    print(library.make("Drawing-v0", render_mode="human").unwrapped.render_mode)
"""
    theirs, ours = set(), set()
    for seed in range(20):  # all alike by chance once in 2^19
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path(minigym.__file__).parents[1])},
            capture_output=True,
            text=True,
            check=True,
        )
        their_mode, our_mode = done.stdout.split()
        theirs.add(their_mode)
        ours.add(our_mode)
        if len(theirs) == 2:
            break
    assert theirs == {"rgb_array", "rgb_array_list"}
    assert ours == {"rgb_array"}


def test_list_of_what_a_window_shows() -> None:
    for library in (gymnasium, minigym):
        library.register("Drawing-v0", drawing(library, ["human"]))
    theirs = gymnasium.make("Drawing-v0", render_mode="human_list", disable_env_checker=True)
    theirs.reset()
    assert theirs.render() == [None]
    with pytest.raises(minigym.error.UnsupportedMode, match="human_list"):
        minigym.make("Drawing-v0", render_mode="human_list")


def test_wrapper_as_an_entry_point() -> None:
    def make(library: Any) -> Any:
        class Short(library.wrappers.TimeLimit):
            def __init__(self) -> None:
                super().__init__(drawing(library, [])(), 5)

        library.register("Short-v0", Short)
        return library.make("Short-v0")

    with pytest.raises(gymnasium.error.InvalidMetadata):
        make(gymnasium)
    assert make(minigym).spec.max_episode_steps == 5
