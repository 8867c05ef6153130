"""Flat spaces and values, of all ten kinds, against Gymnasium's own: bit for bit."""

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minigym import error, spaces
from minigym.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    GraphInstance,
    MultiBinary,
    MultiDiscrete,
    OneOf,
    Sequence,
    Space,
    Text,
    Tuple,
    utils,
)
from minigym.spaces.utils import flatdim, flatten, flatten_space, is_space_dtype_shape_equiv, unflatten
from tests.strategies import SpaceRecipe, all_space_recipes, seeds, small_space_recipes

theirs = gymnasium.spaces.utils
examples = settings(max_examples=60)


def anywhere(recipe: SpaceRecipe, wanted: Any) -> bool:
    """Whether ``wanted`` holds of a recipe or of one inside it."""
    parts = recipe.parts.values() if isinstance(recipe.parts, dict) else recipe.parts
    return wanted(recipe) or any(anywhere(part, wanted) for part in parts if part)


def shifted_graph(recipe: SpaceRecipe) -> bool:
    """A Graph of a Discrete with a start or a narrow dtype: the reference draws and flattens it wrongly."""
    discrete = (
        [part.arguments for part in recipe.parts if part and part.name == "Discrete"] if recipe.name == "Graph" else []
    )
    return any(arguments["start"] != 0 or arguments["dtype"] != "int64" for arguments in discrete)


def no_numbers(recipe: SpaceRecipe) -> bool:
    """A Box of no entries, or a Text of none: the reference cannot flatten it in a OneOf or Graph."""
    if recipe.name == "Text":
        return recipe.arguments["max_length"] == 0
    return recipe.name == "Box" and 0 in (recipe.arguments.get("shape") or np.shape(recipe.arguments["low"]))


def uint64_counts(recipe: SpaceRecipe) -> bool:
    """The reference adds int32 offsets to them, and gets floats, which are no indices."""
    return recipe.name == "MultiDiscrete" and recipe.arguments["dtype"] == "uint64"


def text_in_one_of(recipe: SpaceRecipe) -> bool:
    return recipe.name == "OneOf" and any(part.name == "Text" for part in recipe.parts)


def text_among_others(recipe: SpaceRecipe) -> bool:
    """The reference cannot unflatten it where the others are floats."""
    return recipe.name in ("Tuple", "Dict", "OneOf") and anywhere(recipe, lambda part: part.name == "Text")


def uneven_stack(recipe: SpaceRecipe) -> bool:
    """The reference cannot write the index of a OneOf, int64, into a stack of a narrower dtype, nor take apart a flat
    stack with Graphs or Sequences in it.
    """
    stacked = recipe.name == "Sequence" and recipe.arguments["stack"]
    return stacked and anywhere(recipe.parts[0], lambda part: part.name in ("OneOf", "Graph", "Sequence"))


def unlike(recipe: SpaceRecipe) -> bool:
    """Whether the reference has no result to compare with."""
    return any(
        anywhere(recipe, case) for case in (shifted_graph, no_numbers, uint64_counts, text_in_one_of, uneven_stack)
    )


def bits(value: Any) -> Any:
    """All that there is to compare: structure, order, types, dtype, shape and bytes."""
    if isinstance(value, dict):
        return [(key, bits(part)) for key, part in value.items()]
    if isinstance(value, tuple):
        return type(value).__name__, [bits(part) for part in value]
    if value is None or isinstance(value, str):
        return type(value), value
    return type(value), value.dtype, value.shape, value.tobytes()


def reshaped(value: Any) -> Any:
    """The same but for NumPy scalars: a Box of shape () may draw one, and gets an array back."""
    if isinstance(value, dict):
        return {key: reshaped(part) for key, part in value.items()}
    if isinstance(value, GraphInstance):
        return value
    if isinstance(value, tuple):
        return tuple(map(reshaped, value))
    return value if value is None or isinstance(value, str) else np.asarray(value)


@settings(examples, max_examples=80)
@given(small_space_recipes, seeds)
def test_flat_forms_equal_the_reference(recipe, seed):
    assume(not unlike(recipe))
    space, reference = recipe.build(spaces, seed), recipe.build(gymnasium.spaces, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the reference warns of every OneOf of float32
        try:
            expected = str(theirs.flatten_space(reference))
        except ValueError:
            expected = ""
    if not expected:  # a OneOf of many bool Boxes, or with a Graph or Sequence: there is no flat space
        with pytest.raises(ValueError, match=r"Box: high|has no flat array"):
            flatten_space(space)
        return
    assert str(flatten_space(space)) == expected
    if space.is_np_flattenable:
        assert flatdim(space) == theirs.flatdim(reference)
    sample = space.sample()
    flat = flatten(space, sample)
    assert bits(flat) == bits(theirs.flatten(reference, to_reference(sample)))
    if not anywhere(recipe, text_among_others):
        assert bits(unflatten(space, flat)) == bits(theirs.unflatten(reference, to_reference(flat)))


def to_reference(value: Any) -> Any:
    """The same value with Gymnasium's class for graphs."""
    if isinstance(value, dict):
        return {key: to_reference(part) for key, part in value.items()}
    if isinstance(value, tuple):
        parts = [to_reference(part) for part in value]
        return gymnasium.spaces.GraphInstance(*parts) if isinstance(value, GraphInstance) else tuple(parts)
    return value


@examples
@given(small_space_recipes, seeds)
def test_flat_values_lie_in_the_flat_space_and_come_back(recipe, seed):
    """Save a OneOf: as in the reference its index is int64, whatever its flat space holds."""
    assume(not anywhere(recipe, no_numbers))
    assume(not anywhere(recipe, lambda part: part.name == "OneOf"))
    space = recipe.build(spaces, seed)
    sample = space.sample()
    flat = flatten(space, sample)
    assert flat in flatten_space(space)
    if space.is_np_flattenable:
        assert flat.shape == (flatdim(space),) == flatten_space(space).shape
    assume(not anywhere(recipe, wide_number))
    assert bits(reshaped(unflatten(space, flat))) == bits(reshaped(sample))


def wide_number(recipe: SpaceRecipe) -> bool:
    """64 bits, which do not survive among floats."""
    return recipe.name == "Box" and recipe.arguments["dtype"] in ("int64", "uint64")


@examples
@given(st.data(), all_space_recipes)
def test_equivalence_equals_the_reference(data, recipe):
    other = data.draw(st.just(recipe) | all_space_recipes)
    ours = [part.build(spaces) for part in (recipe, other)]
    reference = [part.build(gymnasium.spaces) for part in (recipe, other)]
    try:  # both ways: of two Tuples the reference looks no further than the first one's length
        expected = all(theirs.is_space_dtype_shape_equiv(*pair) for pair in (reference, reference[::-1]))
    except IndexError:
        expected = False
    assert is_space_dtype_shape_equiv(*ours) is is_space_dtype_shape_equiv(*ours[::-1]) is expected


ALIKE = [
    lambda kinds: kinds.Box(0, 1, (2,)),
    lambda kinds: kinds.Box(-1, 1, (2,)),
    lambda kinds: kinds.Box(0, 1, (2,), np.float64),
    lambda kinds: kinds.Box(0, 1, (3,)),
    lambda kinds: kinds.Discrete(2),
    lambda kinds: kinds.Discrete(3, start=1),
    lambda kinds: kinds.Discrete(3, dtype=np.int8),
    lambda kinds: kinds.MultiDiscrete([2, 3]),
    lambda kinds: kinds.MultiDiscrete([2, 3, 4]),
    lambda kinds: kinds.MultiBinary(2),
    lambda kinds: kinds.Box(0, 1, (2,), np.int8),
    lambda kinds: kinds.Text(3, charset="ab"),
    lambda kinds: kinds.Text(3, min_length=2, charset="ba"),
    lambda kinds: kinds.Text(4, charset="ab"),
    lambda kinds: kinds.Text(3, charset="abc"),
]
ALIKE += [
    lambda kinds, build=build, wrap=wrap: wrap(kinds, build(kinds))
    for wrap in (
        lambda kinds, part: kinds.Tuple([part, kinds.Discrete(2)]),
        lambda kinds, part: kinds.OneOf([part, kinds.Discrete(2)]),
        lambda kinds, part: kinds.OneOf([part]),
        lambda kinds, part: kinds.Dict(a=part),
        lambda kinds, part: kinds.Dict(b=part),
        lambda kinds, part: kinds.Sequence(part),
        lambda kinds, part: kinds.Sequence(part, stack=True),
        lambda kinds, part: kinds.Graph(part, None),
        lambda kinds, part: kinds.Graph(part, part),
        lambda kinds, part: kinds.Graph(kinds.Discrete(2), part),
    )
    for build in (ALIKE[0], ALIKE[1], ALIKE[2], ALIKE[5])
]


def test_equivalence_of_all_pairs_equals_the_reference():
    ours, reference = [build(spaces) for build in ALIKE], [build(gymnasium.spaces) for build in ALIKE]
    found = set()
    for i, mine in enumerate(ours):
        for j, other in enumerate(ours):
            answer = is_space_dtype_shape_equiv(mine, other)
            assert answer is theirs.is_space_dtype_shape_equiv(reference[i], reference[j]), (mine, other)
            found.add((type(mine), answer))
    assert len(found) == 2 * 10, "each kind of space has its like and its unlike"


def test_tuples_of_different_lengths_are_not_equivalent():
    assert not is_space_dtype_shape_equiv(Tuple([Discrete(2)]), Tuple([Discrete(2), Discrete(2)]))
    assert not is_space_dtype_shape_equiv(Tuple([Discrete(2), Discrete(2)]), Tuple([Discrete(2)]))


def test_a_graph_of_discrete_nodes_with_a_start():
    space = Graph(Discrete(3, start=5, dtype=np.int8), Discrete(2, start=-1))
    graph = GraphInstance(np.array([7, 5], np.int8), np.array([-1]), np.array([[0, 1]]))
    flat = flatten(space, graph)
    assert (flat.nodes.tolist(), flat.edges.tolist(), flat.edge_links.tolist()) == (
        [[0, 0, 1], [1, 0, 0]],
        [[1, 0]],
        [[0, 1]],
    )
    assert flat in flatten_space(space)
    assert bits(unflatten(space, flat)) == bits(graph)


def test_a_text_in_a_one_of():
    """The reference cannot flatten the space, for the dtype of a Text is str."""
    space = OneOf([Text(3, charset="ab"), Discrete(2)])
    assert str(flatten_space(space)) == "Box(0, [1 2 2 2], (4,), int64)"
    assert flatten(space, (0, "b")).tolist() == [0, 1, 2, 2]
    assert flatten(space, (0, "b")) in flatten_space(space)
    assert unflatten(space, np.array([0, 1, 2, 2])) == (0, "b")
    assert unflatten(space, np.array([1, 0, 1, 0])) == (1, 1)


def test_a_stack_of_one_ofs_and_an_empty_one():
    space = Sequence(OneOf([Box(0, 255, (2,), np.uint8), MultiBinary(1)]), stack=True)
    value = ((np.int64(0), np.array([3, 200], np.uint8)), (np.int64(1), np.array([1], np.int8)))
    assert flatten(space, value).tolist() == [[0, 3, 200], [1, 1, 1]]
    assert bits(unflatten(space, flatten(space, value))) == bits(value)
    assert flatten(Sequence(Box(0, 1, (2, 2)), stack=True), np.zeros((0, 2, 2))).shape == (0, 4)


def test_a_box_without_entries_in_a_one_of():
    space = OneOf([Box(0, 1, (0,)), Box(-3, 2, (2,))])
    assert str(flatten_space(space)) == "Box([ 0. -3. -3.], [1. 2. 2.], (3,), float32)"
    assert flatten(space, (0, np.zeros(0, np.float32))).tolist() == [0, 0, 0]
    assert unflatten(space, np.zeros(3))[1].shape == (0,)
    assert str(flatten_space(OneOf([Box(0, 1, (0,))]))) == "Box(0.0, 0.0, (1,), float32)"


def test_a_flat_array_may_come_with_more_axes():
    flat = np.arange(4).reshape(2, 2)
    expected = theirs.unflatten(gymnasium.spaces.Box(0, 9, (4,)), flat)
    assert bits(unflatten(Box(0, 9, (4,)), flat)) == bits(expected)


class Own(Space[int]):
    """A space that minigym does not know."""

    is_np_flattenable = True


def test_a_space_of_ones_own_can_be_registered():
    calls = {
        flatdim: (Own(),),
        flatten: (Own(), 3),
        unflatten: (Own(), 3),
        flatten_space: (Own(),),
        is_space_dtype_shape_equiv: (Own(), Own()),
    }
    for function, arguments in calls.items():
        with pytest.raises(
            error.CustomSpaceError, match=rf"{function.__name__} knows.*Own.*{function.__name__}.register\(Own"
        ):
            function(*arguments)
        with pytest.raises(error.CustomSpaceError, match="got 3 of type int"):
            function(3, *arguments[1:])

    class Registered(Own):
        pass

    utils.flatdim.register(Registered, lambda space: 7)
    assert flatdim(Tuple([Registered(), Discrete(2)])) == 9


NO_LENGTH = [
    Graph(Discrete(2), None),
    Sequence(Discrete(2)),
    Tuple([Sequence(Discrete(2))]),
    OneOf([Sequence(Text(2))]),
]
NO_LENGTH += [Dict(a=Graph(Discrete(2), None))]


@pytest.mark.parametrize("space", NO_LENGTH, ids=str)
def test_what_has_no_flat_array_says_so(space):
    with pytest.raises(error.InvalidParameter, match=r"no flat array of fixed length.*Graph or a Sequence") as refusal:
        flatdim(space)
    assert str(space) in str(refusal.value)


@pytest.mark.parametrize(
    ("space", "value"),
    [
        *((Discrete(3, start=1), value) for value in (0, 4, -1, 1.0, "a", None, np.array([1, 2]))),
        *((MultiDiscrete([2, 3], start=[0, 1]), value) for value in ([0, 0], [2, 1], [0, 4], [0], [0.0, 1.0], None)),
        *((Text(3, charset="ab"), value) for value in ("aaaa", "c", 3, ("a",))),
        *((Tuple([Discrete(2), Discrete(2)]), value) for value in ((0,), (0, 0, 0), (0, 2))),
        *((Dict(a=Discrete(2), b=Discrete(2)), value) for value in ({"a": 0}, {"a": 0, "b": 2})),
    ],
)
def test_what_is_no_value_is_not_flattened(space, value):
    with pytest.raises(error.InvalidParameter, match=r"expected a value of|is not among the characters"):
        flatten(space, value)


@pytest.mark.parametrize(
    ("space", "flat", "words"),
    [
        (Box(0, 1, (2,)), np.zeros(3), r"array of length 2.*Box\(0"),
        (MultiBinary(2), np.zeros(1), "array of length 2"),
        (Discrete(2), np.zeros(2), "a one-hot array was expected for Discrete"),
        (Discrete(2), np.eye(3)[0], "array of length 2"),
        (MultiDiscrete([2, 2]), np.array([1, 1, 0, 0]), "one-hot arrays one after the other"),
        (MultiDiscrete([2, 2]), np.array([0, 0, 1, 1]), "one-hot arrays one after the other"),
        (MultiDiscrete([2, 2]), np.array([1, 0, 0, 0]), "one-hot arrays one after the other"),
        (Text(2), np.zeros(3, int), "array of length 2"),
        (Tuple([Discrete(2), Discrete(2)]), np.zeros(3), "array of length 4"),
        (Tuple([Discrete(2), Sequence(Discrete(2))]), np.zeros(3), "a tuple of 2"),
        (Tuple([Sequence(Discrete(2))]), (), "a tuple of 1"),
        (Dict(a=Discrete(2)), np.zeros(3), "array of length 2"),
        (Dict(a=Sequence(Discrete(2))), (), r"a dict with the keys \['a'\]"),
        (OneOf([Discrete(2)]), np.zeros(2), "array of length 3"),
    ],
)
def test_what_is_no_flat_value_is_not_unflattened(space, flat, words):
    with pytest.raises(error.InvalidParameter, match=words):
        unflatten(space, flat)


def test_the_first_one_of_a_hot_array_counts():
    assert unflatten(Discrete(4, start=2), np.array([0, 0.5, 0, 1])) == 3


@pytest.mark.parametrize("space", [Tuple([]), Dict(), Tuple([Dict(), Discrete(2)])], ids=str)
def test_an_empty_space_has_no_dtype_to_be_flat_in(space):
    for function in (lambda: flatten(space, space.sample()), lambda: flatten_space(space)):
        with pytest.raises(error.InvalidParameter, match="is empty, and nothing says which dtype"):
            function()
