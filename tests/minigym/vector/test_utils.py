"""Batched spaces and batches of values beside Gymnasium's."""

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
from tests.strategies import space_recipes


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
