"""Each row of docs/differences.md, run against Gymnasium and against minigym."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import minigym

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"


def lake(library: Any, **kwargs: Any) -> Any:
    return library.make("FrozenLake-v1", **kwargs).unwrapped


def pole(library: Any, **kwargs: Any) -> Any:
    return library.make("CartPole-v1", **kwargs).unwrapped


def unknown_render_mode() -> None:
    with pytest.warns(UserWarning, match="render_mode"):
        lake(gymnasium, render_mode="svg")
    with pytest.raises(minigym.error.UnsupportedMode, match="'ansi'"):
        lake(minigym, render_mode="svg")


def unknown_letter_on_a_map() -> None:
    assert lake(gymnasium, desc=["SXG"]).P[0][2][1] == (1 / 3, 1, 0, False)
    with pytest.raises(minigym.error.InvalidMap, match="row 0, column 1: 'X'"):
        lake(minigym, desc=["SXG"])


def map_without_a_reachable_goal() -> None:
    lake(gymnasium, desc=["SHG"])
    with pytest.raises(minigym.error.InvalidMap, match="SHG"):
        lake(minigym, desc=["SHG"])


def success_rate_above_1() -> None:
    assert lake(gymnasium, success_rate=2).P[0][2][0][0] == -0.5
    with pytest.raises(minigym.error.InvalidProbability, match="between 0 and 1"):
        lake(minigym, success_rate=2)


def unknown_kinematics_integrator() -> None:
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


def wrong_action_on_frozenlake() -> None:
    refused(gymnasium.make("FrozenLake-v1", disable_env_checker=True), 4, KeyError)
    refused(minigym.make("FrozenLake-v1"), 4, minigym.error.InvalidAction)
    refused(minigym.make("FrozenLake-v1"), 1.0, minigym.error.InvalidAction)


def wrong_action_on_cartpole() -> None:
    refused(gymnasium.make("CartPole-v1", disable_env_checker=True), 2, AssertionError)
    refused(minigym.make("CartPole-v1"), 2, minigym.error.InvalidAction)
    refused(minigym.make("CartPole-v1"), 1.0, minigym.error.InvalidAction)


def refused(env: Any, action: Any, exception: type[Exception]) -> None:
    env.reset(seed=0)
    before = env.unwrapped.np_random.bit_generator.state
    with pytest.raises(exception):
        env.step(action)
    if isinstance(env, minigym.Env):
        assert env.unwrapped.np_random.bit_generator.state == before


def numpy_integer_as_a_seed() -> None:
    with pytest.raises(gymnasium.error.Error):
        gymnasium.make("CartPole-v1").reset(seed=np.int64(3))
    plain, _ = minigym.make("CartPole-v1").reset(seed=3)
    numpy, _ = minigym.make("CartPole-v1").reset(seed=np.int64(3))
    np.testing.assert_array_equal(plain, numpy)


def bool_as_a_seed() -> None:
    gymnasium.make("CartPole-v1").reset(seed=True)
    with pytest.raises(minigym.error.InvalidSeed, match="True of type bool"):
        minigym.make("CartPole-v1").reset(seed=True)


def physical_parameter_at_make() -> None:
    with pytest.raises(TypeError, match="gravity"):
        gymnasium.make("CartPole-v1", gravity=1.6)
    assert pole(minigym, gravity=1.6).gravity == 1.6


def mass_changed_on_a_made_environment() -> None:
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


def frozenlake_v0() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # both libraries call the id outdated
        with pytest.raises(gymnasium.error.DeprecatedEnv):
            gymnasium.make("FrozenLake-v0")
        env = minigym.make("FrozenLake-v0")
    assert env.spec is not None
    assert env.spec.reward_threshold == 0.78


def table_through_wrappers() -> None:
    theirs = gymnasium.make("FrozenLake-v1")
    assert not hasattr(theirs, "P")
    assert not hasattr(theirs, "mdp")
    ours: Any = minigym.make("FrozenLake-v1")
    assert ours.mdp.P == theirs.unwrapped.P  # type: ignore[attr-defined]


def in_place_change_of_cartpoles_state() -> None:
    theirs, ours = pole(gymnasium), pole(minigym)
    theirs.reset(seed=0)
    ours.reset(seed=0)
    theirs.state[0] = 1.0
    assert theirs.state[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        ours.state[0] = 1.0
    ours.state = [1.0, 0.0, 0.0, 0.0]
    assert ours.state[0] == 1.0


def reward_schedule_with_a_float_in_it() -> None:
    def kinds(library: Any) -> set[type]:
        table = lake(library, reward_schedule=(1.0, -1, 0)).P
        return {type(outcome[2]) for actions in table.values() for row in actions.values() for outcome in row}

    assert kinds(gymnasium) == {int, float}
    assert kinds(minigym) == {float}


def integer_box_at_the_end_of_its_dtype() -> None:
    assert gymnasium.spaces.Box(126, 127, (1,), np.int8, seed=0).sample() == [125]
    assert minigym.spaces.Box(126, 127, (1,), np.int8, seed=0).sample() == [126]


def question_whether_a_space_contains_a_strange_value() -> None:
    with pytest.raises(OverflowError):
        gymnasium.spaces.Discrete(3, dtype=np.uint8).contains(-1)
    assert not minigym.spaces.Discrete(3, dtype=np.uint8).contains(-1)


def generator_as_the_seed_of_a_tuple() -> None:
    def drawn(spaces: Any) -> list[int]:
        return [spaces.Tuple((spaces.Discrete(10**9),), seed=np.random.default_rng(0)).sample()[0] for _ in range(2)]

    theirs, ours = drawn(gymnasium.spaces), drawn(minigym.spaces)
    assert theirs[0] != theirs[1]  # by chance equal once in 10^9
    assert ours[0] == ours[1]


def reading_np_random_of_an_unseeded_tuple() -> None:
    def drawn(spaces: Any, read: bool) -> int:
        space = spaces.Tuple((spaces.Discrete(10**9, seed=3),))
        if read:
            _ = space.np_random
        return int(space.sample()[0])

    assert drawn(gymnasium.spaces, read=True) != drawn(gymnasium.spaces, read=False)  # equal once in 10^9
    assert drawn(minigym.spaces, read=True) == drawn(minigym.spaces, read=False)


def fractional_bounds_of_an_integer_box() -> None:
    assert gymnasium.spaces.Box(0.5, 1.5, (1,), np.int64).low == [0]
    with pytest.raises(minigym.error.InvalidBound, match=r"0\.5"):
        minigym.spaces.Box(0.5, 1.5, (1,), np.int64)


def lower_bound_of_inf() -> None:
    gymnasium.spaces.Box(np.inf, np.inf, (1,))
    with pytest.raises(minigym.error.InvalidBound, match="-inf"):
        minigym.spaces.Box(np.inf, np.inf, (1,))


def float_counts_of_a_multidiscrete() -> None:
    assert gymnasium.spaces.MultiDiscrete([2.5]).nvec == [2]
    with pytest.raises(minigym.error.InvalidParameter, match=r"2\.5"):
        minigym.spaces.MultiDiscrete([2.5])


def numpy_integer_as_the_seed_of_a_space() -> None:
    with pytest.raises(gymnasium.error.Error):
        gymnasium.spaces.Discrete(9, seed=np.int64(3))
    assert minigym.spaces.Discrete(9, seed=np.int64(3)).sample() == minigym.spaces.Discrete(9, seed=3).sample()


def set_of_characters_for_a_text() -> None:
    characters = set("abcdefghijklmnopqrstuvwxyz")  # their order is the alphabet's by chance once in 26! processes
    assert gymnasium.spaces.Text(3, charset=characters).character_list == tuple(characters)
    assert minigym.spaces.Text(3, charset=characters).character_list == tuple(sorted(characters)) != tuple(characters)


def characters_given_twice_to_a_text() -> None:
    with pytest.raises(ValueError, match="same size"):
        gymnasium.spaces.Text(3, charset="aab").sample()
    space = minigym.spaces.Text(3, charset="aab")
    assert space.character_list == ("a", "b")
    assert space.sample() in space


def nul_among_the_characters_of_a_text() -> None:
    assert gymnasium.spaces.Text(3, min_length=3, charset="\0").sample() == ""
    assert minigym.spaces.Text(3, min_length=3, charset="\0").sample() == "\0\0\0"


def generator_as_the_seed_of_a_sequence() -> None:
    """Equal by chance once in 10^9."""

    def drawn(spaces: Any) -> list[bool]:
        part = spaces.Discrete
        pairs = [
            [spaces.Sequence(part(10**9), seed=np.random.default_rng(0)).sample()[0] for _ in range(2)],
            [spaces.OneOf([part(10**9)], seed=np.random.default_rng(0)).sample()[1] for _ in range(2)],
        ]
        return [bool(first == second) for first, second in pairs]

    assert drawn(gymnasium.spaces) == [False, False]
    assert drawn(minigym.spaces) == [True, True]


def seeded_space_inside_an_unseeded_sequence() -> None:
    """Equal by chance once in 10^9."""

    def goes_on(spaces: Any) -> list[bool]:
        first = spaces.Discrete(10**9, seed=3).sample()
        sequence = spaces.Sequence(spaces.Discrete(10**9, seed=3))
        one_of = spaces.OneOf([spaces.Discrete(10**9, seed=3)])
        return [bool(sequence.sample()[0] == first), bool(one_of.sample()[1] == first)]

    assert goes_on(gymnasium.spaces) == [False, False]
    assert goes_on(minigym.spaces) == [True, True]


def empty_stack_of_a_sequence() -> None:
    with pytest.raises(ValueError, match="at least one array"):
        gymnasium.spaces.Sequence(gymnasium.spaces.Discrete(3), stack=True).sample(mask=(0, None))
    assert minigym.spaces.Sequence(minigym.spaces.Discrete(3), stack=True).sample(mask=(0, None)).shape == (0,)


def json_of_a_stacked_sequence_of_texts() -> None:
    def written(spaces: Any) -> Any:
        return spaces.Sequence(spaces.Text(3), stack=True).to_jsonable([("a", "b"), ("c",)])

    assert written(gymnasium.spaces) == [["a", "c"]]
    assert written(minigym.spaces) == [["a", "b"], ["c"]]


def json_of_a_dict_inside_a_oneof() -> None:
    def written(spaces: Any, **parts: Any) -> Any:
        one_of = spaces.OneOf([spaces.Dict(parts), spaces.Tuple(parts.values())])
        return one_of.to_jsonable([(1, (2, 3))]), one_of.to_jsonable([(0, {"a": 2, "b": 3})])

    with pytest.raises(KeyError):
        written(gymnasium.spaces, a=gymnasium.spaces.Discrete(4), b=gymnasium.spaces.Discrete(4))
    ours = written(minigym.spaces, a=minigym.spaces.Discrete(4), b=minigym.spaces.Discrete(4))
    assert ours == ([[1, [[2], [3]]]], [[0, {"a": [2], "b": [3]}]])


def graph_of_discrete_nodes_with_a_start() -> None:
    def space_and_graph(spaces: Any) -> tuple[Any, Any]:
        space = spaces.Graph(spaces.Discrete(3, start=1), None, seed=0)
        return space, space.sample()

    theirs, graph = space_and_graph(gymnasium.spaces)
    assert graph not in theirs
    assert gymnasium.spaces.flatten(theirs, type(graph)(np.array([1]), None, None)).nodes.shape != (1, 3)
    ours, graph = space_and_graph(minigym.spaces)
    assert graph in ours
    assert minigym.spaces.flatten(ours, type(graph)(np.array([1]), None, None)).nodes.tolist() == [[1, 0, 0]]


def space_of_the_stacks_of_a_sequence() -> None:
    theirs = gymnasium.spaces.Sequence(gymnasium.spaces.Discrete(3), stack=True)
    assert repr(theirs.stacked_feature_space) == "MultiDiscrete([3])"
    ours = minigym.spaces.Sequence(minigym.spaces.Discrete(3), stack=True)
    assert not hasattr(ours, "stacked_feature_space")
    assert np.array([0, 2]) in ours
    assert np.array([0, 3]) not in ours


def flat_space_of_a_text_inside_a_oneof() -> None:
    with pytest.raises(ValueError, match="dtype"):
        gymnasium.spaces.flatten_space(gymnasium.spaces.OneOf([gymnasium.spaces.Text(3)]))
    flat = minigym.spaces.flatten_space(minigym.spaces.OneOf([minigym.spaces.Text(3)]))
    assert repr(flat) == "Box(0, [ 0 62 62 62], (4,), int32)"


def box_without_entries_inside_a_oneof() -> None:
    def flat(spaces: Any) -> Any:
        space = spaces.OneOf([spaces.Box(0, 1, (0,)), spaces.Discrete(2)])
        return spaces.flatten(space, (0, np.zeros(0, np.float32)))

    with pytest.raises(IndexError):
        flat(gymnasium.spaces)
    assert flat(minigym.spaces).tolist() == [0, 0, 0]


def mask_for_a_multidiscrete_of_uint64() -> None:
    start = 2**53 + 1

    def drawn(spaces: Any) -> int:
        space = spaces.MultiDiscrete([1], dtype=np.uint64, start=np.array([start], np.uint64))
        return int(space.sample(mask=(np.ones(1, np.int8),))[0])

    assert drawn(gymnasium.spaces) == start - 1
    assert drawn(minigym.spaces) == start


def flattening_a_multidiscrete_of_uint64() -> None:
    def flat(spaces: Any) -> Any:
        return spaces.flatten(spaces.MultiDiscrete([2, 3], dtype=np.uint64), np.array([1, 2], np.uint64))

    with pytest.raises(IndexError):
        flat(gymnasium.spaces)
    assert flat(minigym.spaces).tolist() == [0, 1, 0, 0, 1]


def flattening_a_stack_of_oneofs() -> None:
    def flat(spaces: Any) -> Any:
        space = spaces.Sequence(spaces.OneOf([spaces.Box(0, 255, (1,), np.uint8)]), stack=True)
        return spaces.flatten(space, ((0, np.array([7], np.uint8)),))

    with pytest.raises(TypeError, match="cast"):
        flat(gymnasium.spaces)
    assert flat(minigym.spaces).tolist() == [[0, 7]]


def unflattening_a_text_among_floats() -> None:
    def restored(spaces: Any) -> Any:
        space = spaces.Tuple([spaces.Text(3, charset="ab"), spaces.Box(0, 1)])
        return spaces.unflatten(space, spaces.flatten(space, ("ba", np.ones(1, np.float32))))

    with pytest.raises(TypeError, match="indices"):
        restored(gymnasium.spaces)
    assert restored(minigym.spaces) == ("ba", 1.0)


def unflattening_a_stack_of_sequences() -> None:
    def restored(spaces: Any) -> Any:
        space = spaces.Sequence(spaces.Sequence(spaces.Discrete(3)), stack=True)
        return spaces.unflatten(space, spaces.flatten(space, ((0, 2), (1,))))

    with pytest.raises(gymnasium.error.CustomSpaceError):
        restored(gymnasium.spaces)
    assert restored(minigym.spaces) == ((0, 2), (1,))


def flattening_a_value_outside_its_space() -> None:
    assert gymnasium.spaces.flatten(gymnasium.spaces.Discrete(3), -1).tolist() == [0, 0, 1]
    with pytest.raises(minigym.error.InvalidParameter, match="got -1"):
        minigym.spaces.flatten(minigym.spaces.Discrete(3), -1)


def unflattening_what_is_not_one_hot() -> None:
    both_in_the_first = np.array([1, 1, 0, 0])
    assert gymnasium.spaces.unflatten(gymnasium.spaces.MultiDiscrete([2, 2]), both_in_the_first).tolist() == [0, -1]
    with pytest.raises(minigym.error.InvalidParameter, match="one-hot"):
        minigym.spaces.unflatten(minigym.spaces.MultiDiscrete([2, 2]), both_in_the_first)


def flattening_a_space_of_an_unknown_kind() -> None:
    with pytest.raises(NotImplementedError):
        gymnasium.spaces.flatten_space(gymnasium.spaces.Space())
    with pytest.raises(minigym.error.CustomSpaceError, match="register"):
        minigym.spaces.flatten_space(minigym.spaces.Space())


def equivalence_of_tuples_of_different_lengths() -> None:
    def answer(library: Any, first: int, second: int) -> Any:
        spaces = library.spaces
        tuples = [spaces.Tuple([spaces.Discrete(2)] * length) for length in (first, second)]
        return spaces.utils.is_space_dtype_shape_equiv(*tuples)

    assert answer(gymnasium, 1, 2)
    with pytest.raises(IndexError):
        answer(gymnasium, 2, 1)
    assert not answer(minigym, 1, 2)
    assert not answer(minigym, 2, 1)


def lanes(library: Any, mode: str, env_id: str = "CartPole-v1", count: int = 2) -> Any:
    make_lane = lambda: library.make(env_id)  # noqa: E731
    return library.vector.SyncVectorEnv([make_lane] * count, autoreset_mode=library.vector.AutoresetMode[mode])


def infos_of_a_batch_whose_lanes_have_different_number_types() -> None:
    def kinds(library: Any) -> set[str]:
        """Of the probabilities, over 60 steps in which a lane is often reset, and then says 1 and not 1.0."""
        envs = lanes(library, "NEXT_STEP", "FrozenLake-v1")
        envs.reset(seed=0)
        return {envs.step(np.array([2, 1]))[-1]["prob"].dtype.kind for _ in range(60)}

    assert "i" in kinds(gymnasium)
    assert kinds(minigym) == {"f"}


def episode_statistics_of_a_batch_in_same_step_mode() -> None:
    def lengths(library: Any) -> tuple[list[int], list[int]]:
        """What the wrapper says, and what was counted."""
        envs = library.wrappers.vector.RecordEpisodeStatistics(lanes(library, "SAME_STEP", count=1))
        envs.reset(seed=0)
        said, counted, steps = [], [], 0
        for _ in range(60):
            _, _, terminated, _, info = envs.step(np.array([1]))
            steps += 1
            if terminated[0]:
                said.append(int(info["episode"]["l"][0]))
                counted.append(steps)
                steps = 0
        return said, counted

    said, counted = lengths(gymnasium)
    assert said == counted[:1] + [length - 1 for length in counted[1:]]
    said, counted = lengths(minigym)
    assert said == counted
    assert len(said) > 3


def mask_in_the_options_of_a_batchs_reset() -> None:
    def left(library: Any) -> bool:
        envs = lanes(library, "DISABLED")
        envs.reset(seed=0)
        options = {"reset_mask": np.array([True, False])}
        envs.reset(options=options)
        return "reset_mask" in options

    assert not left(gymnasium)
    assert left(minigym)


def wrong_action_in_one_lane_of_a_batch() -> None:
    def moved(library: Any, exception: type[Exception]) -> bool:
        envs = lanes(library, "NEXT_STEP")
        envs.reset(seed=0)
        before = np.array(envs.envs[0].unwrapped.state)
        with pytest.raises(exception):
            envs.step(np.array([1, 7]))
        return not np.array_equal(before, envs.envs[0].unwrapped.state)

    assert moved(gymnasium, AssertionError)
    assert not moved(minigym, minigym.error.InvalidAction)


def one_environment_in_two_lanes() -> None:
    def build(library: Any) -> None:
        env = library.make("CartPole-v1")
        library.vector.SyncVectorEnv([lambda: env] * 2)

    build(gymnasium)
    with pytest.raises(minigym.error.InvalidParameter, match="the same environment"):
        build(minigym)


def autoreset_mode_in_a_batchs_metadata() -> None:
    def mode_of_the_first(library: Any) -> str:
        first, _ = lanes(library, "DISABLED"), lanes(library, "NEXT_STEP")
        return first.metadata["autoreset_mode"].name

    assert mode_of_the_first(gymnasium) == "NEXT_STEP"
    assert mode_of_the_first(minigym) == "DISABLED"


def make_vec_of_cartpole_without_a_mode() -> None:
    def first_observations(library: Any) -> np.ndarray:
        return library.make_vec("CartPole-v1", num_envs=2).reset(seed=5)[0]

    alone = [gymnasium.make("CartPole-v1").reset(seed=seed)[0] for seed in (5, 6)]
    np.testing.assert_array_equal(first_observations(minigym), alone)
    assert not np.array_equal(first_observations(gymnasium), alone)


def rows() -> dict[str, Callable[[], None]]:
    """Each row's first column, and the function above that is named after it."""
    names = re.findall(r"^\| ([^|]+?) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name: globals().get(re.sub(r"\W+", "_", name.lower().replace("'", ""))) for name in names}  # type: ignore[misc]


@pytest.mark.parametrize("name", rows())
def test_row(name: str) -> None:
    check = rows()[name]
    assert check is not None, f"no function in this file checks the row {name!r}"
    check()
