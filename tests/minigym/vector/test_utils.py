"""Batched spaces and batches of values beside Gymnasium's."""

import inspect
import multiprocessing
import os
import pickle
import sys

import gymnasium
import gymnasium.vector.utils as reference
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from minigym.vector import utils
from tests.minigym.vector.compare import assert_same
from tests.strategies import SpaceRecipe, all_space_recipes, space_recipes


def examples(library):
    """A space of every kind, with bounds of every sort, seeded."""
    s = library.spaces
    bounds = np.array([[-np.inf, 0.0], [-1.0, -np.inf]]), np.array([[np.inf, np.inf], [2.0, 5.0]])
    found = [
        s.Box(-1, 1, (3,)),
        s.Box(bounds[0], bounds[1], dtype=np.float64),
        s.Box(0, 255, (2, 2), np.uint8),
        s.Box(-5, 5, (), np.int64),
        s.Discrete(5),
        s.Discrete(3, start=-2),
        s.Discrete(2, dtype=np.int8),
        s.MultiDiscrete([2, 9]),
        s.MultiDiscrete([[2, 3], [4, 5]], start=[[0, 1], [-2, 3]], dtype=np.int32),
        s.MultiBinary(4),
        s.MultiBinary((2, 3)),
        s.Tuple([s.Discrete(2), s.Box(0, 1, (2,))]),
        s.Dict({"b": s.MultiBinary(2), "a": s.Tuple([s.Discrete(7)])}),
    ]
    for number, space in enumerate(found):
        space.seed(number)
    return found


NAMES = [str(space) for space in examples(minigym)]


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_the_batched_space_draws_what_the_references_draws(index, n):
    ours, theirs = examples(minigym)[index], examples(gymnasium)[index]
    batch, expected = utils.batch_space(ours, n), reference.batch_space(theirs, n)
    assert (str(batch), batch.shape, str(batch.dtype)) == (str(expected), expected.shape, str(expected.dtype))
    for _ in range(3):
        assert_same(batch.sample(), expected.sample())
    assert_same(ours.sample(), theirs.sample())  # the streams are two


@given(space_recipes, st.integers(1, 4))
def test_batches_of_any_space_equal_the_references(recipe, n):
    """Written, joined into arrays, and taken apart again."""
    ours, theirs = recipe.build(minigym.spaces), recipe.build(gymnasium.spaces)
    batch, expected = utils.batch_space(ours, n), reference.batch_space(theirs, n)
    assert str(batch) == str(expected)
    ours.seed(0)
    values = [ours.sample() for _ in range(n)]
    empty = utils.create_empty_array(ours, n)
    assert_same(empty, reference.create_empty_array(theirs, n))
    joined = utils.concatenate(ours, values, empty)
    assert_same(joined, reference.concatenate(theirs, values, reference.create_empty_array(theirs, n)))
    assert joined in batch
    assert utils.is_space_dtype_shape_equiv(ours, recipe.build(minigym.spaces))
    if "Box" not in recipe.name or recipe.arguments.get("shape") != ():
        parts = list(utils.iterate(batch, joined))
        assert_same(tuple(parts), tuple(reference.iterate(expected, joined)))
        assert len(parts) == n


def test_arrays_are_made_by_the_function_that_is_given():
    made = utils.create_empty_array(Tuple([Discrete(2), Box(0, 1, (2,))]), n=3, fn=np.ones)
    assert [array.tolist() for array in made] == [[1, 1, 1], [[1.0, 1.0]] * 3]


def comparable(value):
    """A value with its graphs as plain tuples, whose classes differ."""
    if type(value).__name__ == "GraphInstance":
        return ("graph", *map(comparable, value))
    if isinstance(value, tuple):
        return tuple(map(comparable, value))
    if isinstance(value, dict):
        return {key: comparable(part) for key, part in value.items()}
    return value


@given(all_space_recipes, st.integers(1, 3), st.sampled_from([np.zeros, np.ones]))
def test_empty_batches_of_every_kind_equal_the_references(recipe, n, fn):
    made = utils.create_empty_array(recipe.build(minigym.spaces), n, fn)
    expected = reference.create_empty_array(recipe.build(gymnasium.spaces), n, fn)
    assert_same(comparable(made), comparable(expected))


@given(all_space_recipes, st.integers(0, 99))
def test_a_stacked_sequence_keeps_the_space_of_a_stack_of_one(recipe, seed):
    """Its stream is a copy of where the items' stood."""
    ours, theirs = (
        spaces.Sequence(recipe.build(spaces, seed=seed), seed=seed + 1, stack=True)
        for spaces in (minigym.spaces, gymnasium.spaces)
    )
    assert repr(ours.stacked_feature_space) == repr(theirs.stacked_feature_space)
    # The reference's integer Boxes draw beyond their bounds where their dtype ends.
    if recipe.name in ("Discrete", "MultiBinary", "Text") or recipe.arguments.get("dtype") in ("float32", "float64"):
        assert_same(ours.stacked_feature_space.sample(), theirs.stacked_feature_space.sample())
    assert not hasattr(minigym.spaces.Sequence(ours.feature_space), "stacked_feature_space")


def test_values_are_written_into_the_arrays_that_are_given():
    space = Dict({"a": Box(0, 1, (1,)), "b": Tuple([Discrete(3)])})
    out = utils.create_empty_array(space, 2)
    joined = utils.concatenate(space, iter([space.sample(), space.sample()]), out)
    assert joined["a"] is out["a"]
    assert joined["b"][0] is out["b"][0]


def differing(library):
    s = library.spaces
    return [
        [s.Box(0, high, (2,), seed=3) for high in (1, 5, 3)],
        [s.Discrete(n, start=-n, seed=3) for n in (2, 4)],
        [s.Discrete(3, dtype=np.int8, seed=3), s.Discrete(9, dtype=np.int32)],
        [s.MultiDiscrete([2, n], start=[n, 0], seed=3) for n in (2, 4)],
        [s.MultiBinary(3, seed=3)] * 2,
        [s.Tuple([s.Discrete(n, seed=3), s.Box(0, n, (1,), seed=4)]) for n in (2, 3)],
        [s.Dict({"x": s.Discrete(n, seed=3)}) for n in (2, 3)],
    ]


@pytest.mark.parametrize("index", range(len(differing(minigym))))
def test_spaces_that_differ_are_batched_as_in_the_reference(index):
    ours, theirs = differing(minigym)[index], differing(gymnasium)[index]
    batch, expected = utils.batch_differing_spaces(ours), reference.batch_differing_spaces(theirs)
    assert (str(batch), str(batch.dtype)) == (str(expected), str(expected.dtype))
    for _ in range(3):
        assert_same(batch.sample(), expected.sample())
    equivalent = gymnasium.spaces.utils.is_space_dtype_shape_equiv(theirs[0], theirs[1])
    assert utils.is_space_dtype_shape_equiv(ours[0], ours[1]) == equivalent


@pytest.mark.parametrize(
    "pair",
    [
        (Box(0, 1, (2,)), Box(0, 1, (3,))),
        (Box(0, 1, (2,)), Box(0, 1, (2,), np.float64)),
        (Box(0, 1, (2,)), MultiBinary(2)),
        (MultiDiscrete([2]), MultiDiscrete([2, 2])),
        (MultiBinary(2), MultiBinary((2, 1))),
        (Tuple([Discrete(2)]), Tuple([Discrete(2), Discrete(2)])),
        (Tuple([MultiBinary(2)]), Tuple([MultiBinary(3)])),
        (Dict({"a": Discrete(2)}), Dict({"b": Discrete(2)})),
        (Dict({"a": MultiBinary(2)}), Dict({"a": MultiBinary(3)})),
    ],
)
def test_spaces_that_do_not_fit_together_are_refused(pair):
    assert not utils.is_space_dtype_shape_equiv(*pair)
    with pytest.raises(error.InvalidParameter, match="spaces of one batch must have the same kind, shape and keys"):
        utils.batch_differing_spaces(pair)


class Letters(minigym.Space):
    """A space of one's own; draws one of its letters."""

    def __init__(self, letters="abcdefghij"):
        super().__init__()
        self.letters = letters

    def sample(self, mask=None, probability=None):
        return self.letters[self.np_random.integers(len(self.letters))]

    def contains(self, x):
        return x in tuple(self.letters)

    def __eq__(self, other):
        return isinstance(other, Letters) and other.letters == self.letters

    __hash__ = None


class ReferenceLetters(Letters, gymnasium.Space):
    """The same one for Gymnasium."""

    def __init__(self, letters="abcdefghij"):
        gymnasium.Space.__init__(self)
        self.letters = letters

    seed, np_random = gymnasium.Space.seed, gymnasium.Space.np_random


def test_a_space_of_ones_own_becomes_a_tuple_of_spaces_with_streams_of_their_own():
    ours, theirs = Letters(), ReferenceLetters()
    ours.seed(4)
    theirs.seed(4)
    batch, expected = utils.batch_space(ours, 5), reference.batch_space(theirs, 5)
    draws = [batch.sample() for _ in range(4)]
    assert draws == [expected.sample() for _ in range(4)]
    assert len(set(map(str, zip(*draws, strict=True)))) > 1
    assert utils.create_empty_array(ours, 5) is None
    assert utils.concatenate(ours, ["a", "b"], None) == ("a", "b")
    assert list(utils.iterate(batch, ("a", "b", "c", "d", "e"))) == list("abcde")
    assert [space.letters for space in utils.batch_differing_spaces([Letters("ab"), Letters("c")])] == ["ab", "c"]
    with pytest.raises(error.CustomSpaceError, match="is_space_dtype_shape_equiv"):  # a rule that is not known
        utils.is_space_dtype_shape_equiv(ours, Letters())
    nested = Tuple([Letters(), Discrete(3)])
    assert list(utils.iterate(utils.batch_space(nested, 2), (("a", "b"), np.array([0, 1])))) == [("a", 0), ("b", 1)]
    with pytest.raises(error.CustomSpaceError, match=r"Letters values is a tuple: iterate over batch_space"):
        utils.iterate(ours, ["a"])


def test_a_single_space_cannot_be_iterated_over():
    with pytest.raises(TypeError, match=r"Discrete\(3\) is the space of a single value"):
        utils.iterate(Discrete(3), [1])
    with pytest.raises(TypeError):
        utils.iterate(Box(0, 1, (2,)), 3)


def test_what_is_no_space_is_refused():
    for call in (
        lambda: utils.batch_space(3),
        lambda: utils.batch_differing_spaces([Discrete(2), 3]),
        lambda: utils.iterate("Discrete", [0]),
        lambda: utils.concatenate(None, [], None),
        lambda: utils.create_empty_array(gymnasium.spaces.Discrete(2)),
    ):
        with pytest.raises(TypeError, match=r"takes a minigym.spaces.Space, got"):
            call()
    with pytest.raises(error.InvalidParameter, match="at least one value, got n=0"):
        utils.batch_space(Discrete(2), 0)
    with pytest.raises(error.InvalidParameter, match="at least one space"):
        utils.batch_differing_spaces([])


# Memory that processes share ----------------------------------------------------------------------------------------


def kinds(memory):
    """The types of the arrays, nested as they are."""
    if isinstance(memory, tuple):
        return tuple(map(kinds, memory))
    if isinstance(memory, dict):
        return {key: kinds(part) for key, part in memory.items()}
    return type(memory).__name__, memory.get_obj()._type_, len(memory)


def holds(recipe, condition):
    """Whether the recipe, or one inside it, fulfils the condition."""
    parts = recipe.parts.values() if isinstance(recipe.parts, dict) else recipe.parts
    return condition(recipe) or any(part is not None and holds(part, condition) for part in parts)


@given(all_space_recipes, st.integers(1, 3), st.data())
def test_shared_memory_holds_what_is_written(recipe, n, data):
    """As in the reference, which has no memory for float16 and cannot read Tuples and Dicts inside a OneOf."""
    ours, theirs = recipe.build(minigym.spaces, seed=0), recipe.build(gymnasium.spaces)
    if holds(recipe, lambda recipe: recipe.name in ("Graph", "Sequence")):
        for library, space in ((utils, ours), (reference, theirs)):
            with pytest.raises(TypeError):
                library.create_shared_memory(space, n)
        return
    memory = utils.create_shared_memory(space=ours, n=n, ctx=multiprocessing)
    values = [ours.sample() for _ in range(n)]
    for lane in data.draw(st.permutations(range(n))):
        utils.write_to_shared_memory(ours, lane, values[lane], memory)
    batch = utils.read_from_shared_memory(ours, memory, n)
    assert_same(batch, utils.concatenate(ours, values, utils.create_empty_array(ours, n)))
    if holds(recipe, lambda recipe: recipe.arguments.get("dtype") == "float16"):
        return
    their_memory = reference.create_shared_memory(theirs, n)
    assert kinds(memory) == kinds(their_memory)
    if holds(recipe, lambda recipe: recipe.name == "OneOf"):
        return
    for lane in range(n):
        reference.write_to_shared_memory(theirs, lane, values[lane], their_memory)
    assert_same(batch, reference.read_from_shared_memory(theirs, their_memory, n))


def test_shared_memory_for_half_floats():
    """For which the reference finds no type."""
    with pytest.raises(TypeError):
        reference.create_shared_memory(gymnasium.spaces.Box(0, 1, (2,), np.float16))
    space = Box(0, 1, (2,), np.float16)
    memory = utils.create_shared_memory(space, 2)
    utils.write_to_shared_memory(space, 1, [0.1, 0.5], memory)
    assert_same(utils.read_from_shared_memory(space, memory, 2), np.array([[0, 0], [0.1, 0.5]], np.float16))


leaves = st.sampled_from(
    [
        SpaceRecipe("Discrete", {"n": 3}),
        SpaceRecipe("Text", {"max_length": 3}),
        SpaceRecipe("Box", {"low": 0, "high": 1}),
    ]
)


@given(st.lists(leaves, min_size=1, max_size=3))
def test_parts_of_a_oneof_are_shared_as_in_the_reference(parts):
    recipe = SpaceRecipe("OneOf", {}, parts)
    ours, theirs = recipe.build(minigym.spaces, seed=0), recipe.build(gymnasium.spaces)
    memories = utils.create_shared_memory(ours, 2), reference.create_shared_memory(theirs, 2)
    for lane in (1, 0):
        value = ours.sample()
        utils.write_to_shared_memory(ours, lane, value, memories[0])
        reference.write_to_shared_memory(theirs, lane, value, memories[1])
    assert_same(
        utils.read_from_shared_memory(ours, memories[0], 2), reference.read_from_shared_memory(theirs, memories[1], 2)
    )


def test_parts_inside_a_oneof_are_taken_lane_by_lane():
    """The reference takes the lane for the part of a Tuple, and for the key of a Dict."""
    space = minigym.spaces.OneOf([Dict({"a": Box(0, 9, (2,)), "b": Tuple([Discrete(9), minigym.spaces.Text(3)])})])
    values = [(0, {"a": np.full(2, lane, np.float32), "b": (np.int64(lane), "x" * lane)}) for lane in range(3)]
    memory = utils.create_shared_memory(space, 3)
    for lane, value in enumerate(values):
        utils.write_to_shared_memory(space, lane, value, memory)
    assert_same(utils.read_from_shared_memory(space, memory, 3), tuple((np.int64(0), value) for _, value in values))


def test_arrays_that_were_read_change_with_the_memory():
    space = Dict({"a": Box(0, 9, (2,)), "b": Tuple([Discrete(9)])})
    memory = utils.create_shared_memory(space, 2)
    batch = utils.read_from_shared_memory(space, memory, 2)
    utils.write_to_shared_memory(space, 1, {"a": [3, 4], "b": (5,)}, memory)
    assert batch["a"].tolist() == [[0, 0], [3, 4]]
    assert batch["b"][0].tolist() == [0, 5]
    batch["a"][0] = 7
    assert utils.read_from_shared_memory(space, memory, 2)["a"].tolist() == [[7, 7], [3, 4]]


def test_what_cannot_be_shared_is_named():
    for function, arguments in (
        (utils.create_shared_memory, ()),
        (utils.read_from_shared_memory, (None,)),
        (utils.write_to_shared_memory, (0, "a", None)),
    ):
        with pytest.raises(error.CustomSpaceError, match=f"{function.__name__} does not know .*shared_memory=False"):
            function(Letters(), *arguments)
        with pytest.raises(TypeError, match=r"takes a minigym.spaces.Space, got 3 of type int"):
            function(3, *arguments)
        their_function = getattr(reference, function.__name__)
        with pytest.raises(gymnasium.error.CustomSpaceError):
            their_function(ReferenceLetters(), *arguments)
    with pytest.raises(TypeError, match=r"values of Sequence\(Discrete\(2\), stack=False\) have no fixed size"):
        utils.create_shared_memory(minigym.spaces.Sequence(Discrete(2)))


def test_an_unknown_space_is_also_what_the_reference_calls_not_implemented():
    with pytest.raises(NotImplementedError):
        gymnasium.spaces.flatten_space(gymnasium.Space())
    with pytest.raises(NotImplementedError):
        minigym.spaces.flatten_space(minigym.Space())


# What else the reference's module has ---------------------------------------------------------------------------------


def test_every_name_of_the_reference_is_there_with_its_arguments():
    assert set(reference.__all__) <= set(utils.__all__)
    for name in reference.__all__:
        ours, theirs = getattr(utils, name), getattr(reference, name)
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters), name
    with pytest.raises(AttributeError, match="no attribute 'Cloudpickle'"):
        _ = utils.Cloudpickle


def test_cloudpickle_wrapper_carries_what_pickle_does_not(monkeypatch):
    pytest.importorskip("cloudpickle")
    number = 3
    function = lambda: number  # noqa: E731
    for library in (utils, reference):
        again = pickle.loads(pickle.dumps(library.CloudpickleWrapper(function)))
        assert (again(), again.fn()) == (3, 3)
    monkeypatch.setitem(sys.modules, "cloudpickle", None)  # as if it was not installed
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(utils.CloudpickleWrapper(function))
    assert pickle.loads(pickle.dumps(utils.CloudpickleWrapper(os.getpid)))() == os.getpid()


def test_the_variables_of_mpi_are_gone_for_a_while(monkeypatch):
    for name in ("OMPI_RANK", "PMI_SIZE", "XMPI_SIZE"):
        monkeypatch.setenv(name, "3")
    before = dict(os.environ)
    for library in (utils, reference):
        with library.clear_mpi_env_vars():
            assert before.keys() - os.environ.keys() == {"OMPI_RANK", "PMI_SIZE"}
        assert dict(os.environ) == before
    with pytest.raises(ZeroDivisionError), utils.clear_mpi_env_vars():
        _ = 1 / 0
    assert dict(os.environ) == before
