"""The rows of docs/differences.md about spaces."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import minigym


def test_integer_box_at_the_end_of_its_dtype() -> None:
    assert gymnasium.spaces.Box(126, 127, (1,), np.int8, seed=0).sample() == [125]
    assert minigym.spaces.Box(126, 127, (1,), np.int8, seed=0).sample() == [126]


def test_question_whether_a_space_contains_a_strange_value() -> None:
    with pytest.raises(OverflowError):
        gymnasium.spaces.Discrete(3, dtype=np.uint8).contains(-1)
    assert not minigym.spaces.Discrete(3, dtype=np.uint8).contains(-1)


def test_generator_as_the_seed_of_a_tuple() -> None:
    def drawn(spaces: Any) -> list[int]:
        return [spaces.Tuple((spaces.Discrete(10**9),), seed=np.random.default_rng(0)).sample()[0] for _ in range(2)]

    theirs, ours = drawn(gymnasium.spaces), drawn(minigym.spaces)
    assert theirs[0] != theirs[1]  # by chance equal once in 10^9
    assert ours[0] == ours[1]


def test_reading_np_random_of_an_unseeded_tuple() -> None:
    def drawn(spaces: Any, read: bool) -> int:
        space = spaces.Tuple((spaces.Discrete(10**9, seed=3),))
        if read:
            _ = space.np_random
        return int(space.sample()[0])

    assert drawn(gymnasium.spaces, read=True) != drawn(gymnasium.spaces, read=False)  # equal once in 10^9
    assert drawn(minigym.spaces, read=True) == drawn(minigym.spaces, read=False)


def test_fractional_bounds_of_an_integer_box() -> None:
    assert gymnasium.spaces.Box(0.5, 1.5, (1,), np.int64).low == [0]
    with pytest.raises(minigym.error.InvalidBound, match=r"0\.5"):
        minigym.spaces.Box(0.5, 1.5, (1,), np.int64)


def test_lower_bound_of_inf() -> None:
    gymnasium.spaces.Box(np.inf, np.inf, (1,))
    with pytest.raises(minigym.error.InvalidBound, match="-inf"):
        minigym.spaces.Box(np.inf, np.inf, (1,))


def test_float_counts_of_a_multidiscrete() -> None:
    assert gymnasium.spaces.MultiDiscrete([2.5]).nvec == [2]
    with pytest.raises(minigym.error.InvalidParameter, match=r"2\.5"):
        minigym.spaces.MultiDiscrete([2.5])


def test_numpy_integer_as_the_seed_of_a_space() -> None:
    with pytest.raises(gymnasium.error.Error):
        gymnasium.spaces.Discrete(9, seed=np.int64(3))
    assert minigym.spaces.Discrete(9, seed=np.int64(3)).sample() == minigym.spaces.Discrete(9, seed=3).sample()


def test_set_of_characters_for_a_text() -> None:
    characters = set("abcdefghijklmnopqrstuvwxyz")  # their order is the alphabet's by chance once in 26! processes
    assert gymnasium.spaces.Text(3, charset=characters).character_list == tuple(characters)
    assert minigym.spaces.Text(3, charset=characters).character_list == tuple(sorted(characters)) != tuple(characters)


def test_characters_given_twice_to_a_text() -> None:
    with pytest.raises(ValueError, match="same size"):
        gymnasium.spaces.Text(3, charset="aab").sample()
    space = minigym.spaces.Text(3, charset="aab")
    assert space.character_list == ("a", "b")
    assert space.sample() in space


def test_nul_among_the_characters_of_a_text() -> None:
    assert gymnasium.spaces.Text(3, min_length=3, charset="\0").sample() == ""
    assert minigym.spaces.Text(3, min_length=3, charset="\0").sample() == "\0\0\0"


def test_generator_as_the_seed_of_a_sequence() -> None:
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


def test_seeded_space_inside_an_unseeded_sequence() -> None:
    """Equal by chance once in 10^9."""

    def goes_on(spaces: Any) -> list[bool]:
        first = spaces.Discrete(10**9, seed=3).sample()
        sequence = spaces.Sequence(spaces.Discrete(10**9, seed=3))
        one_of = spaces.OneOf([spaces.Discrete(10**9, seed=3)])
        return [bool(sequence.sample()[0] == first), bool(one_of.sample()[1] == first)]

    assert goes_on(gymnasium.spaces) == [False, False]
    assert goes_on(minigym.spaces) == [True, True]


def test_empty_stack_of_a_sequence() -> None:
    with pytest.raises(ValueError, match="at least one array"):
        gymnasium.spaces.Sequence(gymnasium.spaces.Discrete(3), stack=True).sample(mask=(0, None))
    assert minigym.spaces.Sequence(minigym.spaces.Discrete(3), stack=True).sample(mask=(0, None)).shape == (0,)


def test_json_of_a_stacked_sequence_of_texts() -> None:
    def written(spaces: Any) -> Any:
        return spaces.Sequence(spaces.Text(3), stack=True).to_jsonable([("a", "b"), ("c",)])

    assert written(gymnasium.spaces) == [["a", "c"]]
    assert written(minigym.spaces) == [["a", "b"], ["c"]]


def test_json_of_a_dict_inside_a_oneof() -> None:
    def written(spaces: Any, **parts: Any) -> Any:
        one_of = spaces.OneOf([spaces.Dict(parts), spaces.Tuple(parts.values())])
        return one_of.to_jsonable([(1, (2, 3))]), one_of.to_jsonable([(0, {"a": 2, "b": 3})])

    with pytest.raises(KeyError):
        written(gymnasium.spaces, a=gymnasium.spaces.Discrete(4), b=gymnasium.spaces.Discrete(4))
    ours = written(minigym.spaces, a=minigym.spaces.Discrete(4), b=minigym.spaces.Discrete(4))
    assert ours == ([[1, [[2], [3]]]], [[0, {"a": [2], "b": [3]}]])


def test_graph_of_discrete_nodes_with_a_start() -> None:
    def space_and_graph(spaces: Any) -> tuple[Any, Any]:
        space = spaces.Graph(spaces.Discrete(3, start=1), None, seed=0)
        return space, space.sample()

    theirs, graph = space_and_graph(gymnasium.spaces)
    assert graph not in theirs
    assert gymnasium.spaces.flatten(theirs, type(graph)(np.array([1]), None, None)).nodes.shape != (1, 3)
    ours, graph = space_and_graph(minigym.spaces)
    assert graph in ours
    assert minigym.spaces.flatten(ours, type(graph)(np.array([1]), None, None)).nodes.tolist() == [[1, 0, 0]]


def test_flat_space_of_a_text_inside_a_oneof() -> None:
    with pytest.raises(ValueError, match="dtype"):
        gymnasium.spaces.flatten_space(gymnasium.spaces.OneOf([gymnasium.spaces.Text(3)]))
    flat = minigym.spaces.flatten_space(minigym.spaces.OneOf([minigym.spaces.Text(3)]))
    assert repr(flat) == "Box(0, [ 0 62 62 62], (4,), int32)"


def test_box_without_entries_inside_a_oneof() -> None:
    def flat(spaces: Any) -> Any:
        space = spaces.OneOf([spaces.Box(0, 1, (0,)), spaces.Discrete(2)])
        return spaces.flatten(space, (0, np.zeros(0, np.float32)))

    with pytest.raises(IndexError):
        flat(gymnasium.spaces)
    assert flat(minigym.spaces).tolist() == [0, 0, 0]


def test_mask_for_a_multidiscrete_of_uint64() -> None:
    start = 2**53 + 1

    def drawn(spaces: Any) -> int:
        space = spaces.MultiDiscrete([1], dtype=np.uint64, start=np.array([start], np.uint64))
        return int(space.sample(mask=(np.ones(1, np.int8),))[0])

    assert drawn(gymnasium.spaces) == start - 1
    assert drawn(minigym.spaces) == start


def test_flattening_a_multidiscrete_of_uint64() -> None:
    def flat(spaces: Any) -> Any:
        return spaces.flatten(spaces.MultiDiscrete([2, 3], dtype=np.uint64), np.array([1, 2], np.uint64))

    with pytest.raises(IndexError):
        flat(gymnasium.spaces)
    assert flat(minigym.spaces).tolist() == [0, 1, 0, 0, 1]


def test_flattening_a_stack_of_oneofs() -> None:
    def flat(spaces: Any) -> Any:
        space = spaces.Sequence(spaces.OneOf([spaces.Box(0, 255, (1,), np.uint8)]), stack=True)
        return spaces.flatten(space, ((0, np.array([7], np.uint8)),))

    with pytest.raises(TypeError, match="cast"):
        flat(gymnasium.spaces)
    assert flat(minigym.spaces).tolist() == [[0, 7]]


def test_unflattening_a_text_among_floats() -> None:
    def restored(spaces: Any) -> Any:
        space = spaces.Tuple([spaces.Text(3, charset="ab"), spaces.Box(0, 1)])
        return spaces.unflatten(space, spaces.flatten(space, ("ba", np.ones(1, np.float32))))

    with pytest.raises(TypeError, match="indices"):
        restored(gymnasium.spaces)
    assert restored(minigym.spaces) == ("ba", 1.0)


def test_unflattening_a_stack_of_sequences() -> None:
    def restored(spaces: Any) -> Any:
        space = spaces.Sequence(spaces.Sequence(spaces.Discrete(3)), stack=True)
        return spaces.unflatten(space, spaces.flatten(space, ((0, 2), (1,))))

    with pytest.raises(gymnasium.error.CustomSpaceError):
        restored(gymnasium.spaces)
    assert restored(minigym.spaces) == ((0, 2), (1,))


def test_flattening_a_value_outside_its_space() -> None:
    assert gymnasium.spaces.flatten(gymnasium.spaces.Discrete(3), -1).tolist() == [0, 0, 1]
    with pytest.raises(minigym.error.InvalidParameter, match="got -1"):
        minigym.spaces.flatten(minigym.spaces.Discrete(3), -1)


def test_unflattening_what_is_not_one_hot() -> None:
    both_in_the_first = np.array([1, 1, 0, 0])
    assert gymnasium.spaces.unflatten(gymnasium.spaces.MultiDiscrete([2, 2]), both_in_the_first).tolist() == [0, -1]
    with pytest.raises(minigym.error.InvalidParameter, match="one-hot"):
        minigym.spaces.unflatten(minigym.spaces.MultiDiscrete([2, 2]), both_in_the_first)


def test_flattening_a_space_of_an_unknown_kind() -> None:
    with pytest.raises(NotImplementedError):
        gymnasium.spaces.flatten_space(gymnasium.spaces.Space())
    with pytest.raises(minigym.error.CustomSpaceError, match="register"):
        minigym.spaces.flatten_space(minigym.spaces.Space())


def test_equivalence_of_tuples_of_different_lengths() -> None:
    def answer(library: Any, first: int, second: int) -> Any:
        spaces = library.spaces
        tuples = [spaces.Tuple([spaces.Discrete(2)] * length) for length in (first, second)]
        return spaces.utils.is_space_dtype_shape_equiv(*tuples)

    assert answer(gymnasium, 1, 2)
    with pytest.raises(IndexError):
        answer(gymnasium, 2, 1)
    assert not answer(minigym, 1, 2)
    assert not answer(minigym, 2, 1)
