"""The six spaces, against Gymnasium's own: the same arguments and seeds must give the same values, bit for bit."""

import copy
import json
import pickle
import warnings
from collections import OrderedDict
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigym import error, spaces
from minigym.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Tuple
from tests.strategies import SpaceRecipe, leaf_recipes, seeds, space_recipes, steering

# Fewer than Hypothesis's 100, since every example builds and draws twice.
examples = settings(max_examples=60)


def reference(recipe: SpaceRecipe, seed: Any = None) -> Any:
    """Gymnasium's space."""
    return recipe.build(gymnasium.spaces, seed)


def expected_sample(space: Any, sample: Any) -> Any:
    """The reference's ``sample``, brought back into ``space`` where the reference drew outside it.

    That happens in Boxes of the signed integer types but int64, which it clips to the dtype's limits less two and
    then not to the bounds: ``Box(126, 127, dtype=np.int8)`` draws 125.
    """
    if isinstance(space, gymnasium.spaces.Tuple):
        return tuple(expected_sample(part, value) for part, value in zip(space.spaces, sample, strict=True))
    if isinstance(space, gymnasium.spaces.Dict):
        return {key: expected_sample(space[key], value) for key, value in sample.items()}
    if isinstance(space, gymnasium.spaces.Box) and space.dtype.kind == "i":
        return sample.clip(space.low, space.high)
    return sample


def assert_same(ours: Any, theirs: Any) -> None:
    """Equal in every bit, type, dtype and order."""
    assert type(ours) is type(theirs)
    assert str(ours) == str(theirs)
    if isinstance(ours, dict):
        assert list(ours) == list(theirs)
        ours, theirs = tuple(ours.values()), tuple(theirs.values())
    if isinstance(ours, tuple):
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
    else:
        assert (ours.dtype, ours.shape, ours.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())


def as_arrays(sample: Any) -> Any:
    """The sample with an array at each leaf: an integer Box of shape () draws a NumPy scalar, as the reference's."""
    if isinstance(sample, dict):
        return {key: as_arrays(value) for key, value in sample.items()}
    return tuple(map(as_arrays, sample)) if isinstance(sample, tuple) else np.asarray(sample)


def streams_equal(a: Any, b: Any, draws: int = 3) -> bool:
    return all(str(a.sample()) == str(b.sample()) for _ in range(draws))


# Construction, text, draws --------------------------------------------------------------------------------------


@examples
@given(space_recipes)
def test_attributes_and_text_equal_the_reference(recipe):
    ours, theirs = recipe.build(spaces), reference(recipe)
    assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    assert ours.is_np_flattenable == theirs.is_np_flattenable
    for name in ("n", "start", "nvec", "low", "high", "bounded_below", "bounded_above"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        if hasattr(ours, name) and recipe.name != "MultiBinary":
            value = getattr(theirs, name)
            # The reference's flags of a Box of shape () are arrays or NumPy bools, depending on how its bounds came.
            assert_same(getattr(ours, name), np.asarray(value) if name.startswith("bounded") else value)
    if isinstance(ours, MultiBinary):
        assert ours.n == theirs.n
    if isinstance(ours, Box):
        for manner in ("both", "below", "above"):
            assert ours.is_bounded(manner) is theirs.is_bounded(manner)


@settings(examples, max_examples=200)
@given(space_recipes, seeds)
def test_samples_equal_the_reference_and_are_contained(recipe, seed):
    ours, theirs = recipe.build(spaces, seed), reference(recipe, seed)
    for _ in range(3):
        sample = ours.sample()
        assert_same(sample, expected_sample(theirs, theirs.sample()))
        assert sample in ours


@settings(examples, max_examples=200)
@given(st.data(), space_recipes, seeds, st.sampled_from(["mask", "probability"]))
def test_steered_samples_equal_the_reference(data, recipe, seed, kind):
    ours, theirs = recipe.build(spaces, seed), reference(recipe, seed)
    steer = {kind: data.draw(steering(theirs, kind))}
    for _ in range(3):
        sample = ours.sample(**steer)
        assert_same(sample, expected_sample(theirs, theirs.sample(**steer)))
        assert sample in ours


def test_probabilities_rounded_to_float32_steer_a_multi_discrete():
    """They miss the sum of 1 by more than NumPy's own draw forgives; the reference divides by their sum."""
    rounded = np.array([0.3, 0.3, 0.4 + 1e-6], np.float32).astype(np.float64)
    ours, theirs = MultiDiscrete([3], seed=0), gymnasium.spaces.MultiDiscrete([3], seed=0)
    for _ in range(10):
        assert_same(ours.sample(probability=(rounded,)), theirs.sample(probability=(rounded,)))


def test_a_box_at_the_end_of_its_dtype_draws_within_its_bounds():
    assert reference(SpaceRecipe("Box", {"low": 126, "high": 127, "dtype": np.int8}), 0).sample() == [125]
    assert Box(126, 127, dtype=np.int8, seed=0).sample() == [126]


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(0, 2**64 - 1, np.uint64), (-(2**63), 2**63 - 1, np.int64), (2**63 - 2, 2**63 - 1, np.int64)],
)
def test_boxes_as_wide_as_64_bits_can_be_drawn_from(low, high, dtype):
    """The reference raises, or always draws the same value, where ``high + 1`` wraps around."""
    space = Box(low, high, (1000,), dtype, seed=0)
    sample = space.sample()
    assert sample in space
    if high - low > 1:  # uniform: no more than 600 of 1,000 below the middle, wrong once in 10**10 seeds
        assert 400 < np.count_nonzero(sample < (low + high) // 2) < 600


def test_an_infinite_int64_bound_in_an_array():
    """The reference puts ``2**63 - 1`` into a float64 array, which cannot hold it."""
    space = Box(np.array([0.0, -np.inf]), np.array([np.inf, 3.0]), dtype=np.int64, seed=0)
    assert space.high.tolist() == [2**63 - 1, 3]
    assert space.low.tolist() == [0, -(2**63)]
    assert space.sample() in space


# Seeds and streams ----------------------------------------------------------------------------------------------


@examples
@given(space_recipes, seeds)
def test_seed_returns_what_the_reference_returns_and_restarts_the_stream(recipe, seed):
    ours, theirs = recipe.build(spaces), reference(recipe)
    assert ours.seed(seed) == theirs.seed(seed)
    first = str([ours.sample() for _ in range(3)])
    assert ours.seed(seed) == theirs.seed(seed)
    assert str([ours.sample() for _ in range(3)]) == first


@examples
@given(space_recipes)
def test_a_seed_from_entropy_can_be_given_again(recipe):
    space = recipe.build(spaces)
    used = space.seed()
    first = str([space.sample() for _ in range(3)])
    space.seed(used)
    assert str([space.sample() for _ in range(3)]) == first


def test_tuple_and_dict_take_a_seed_for_each_part():
    parts = [Discrete(1000), Tuple([Discrete(1000), Box(0, 1)])]
    ours, theirs = (
        Tuple(copy.deepcopy(parts)),
        gymnasium.spaces.Tuple(
            [
                gymnasium.spaces.Discrete(1000),
                gymnasium.spaces.Tuple([gymnasium.spaces.Discrete(1000), gymnasium.spaces.Box(0, 1)]),
            ]
        ),
    )
    assert ours.seed([7, (8, 9)]) == theirs.seed([7, (8, 9)]) == (7, (8, 9))
    assert_same(ours.sample(), theirs.sample())
    named, reference_named = (
        Dict(a=parts[0], b=Discrete(9)),
        gymnasium.spaces.Dict(a=gymnasium.spaces.Discrete(1000), b=gymnasium.spaces.Discrete(9)),
    )
    assert named.seed({"b": 1, "a": 2}) == reference_named.seed({"b": 1, "a": 2}) == {"a": 2, "b": 1}
    assert_same(named.sample(), reference_named.sample())


@examples
@given(leaf_recipes, seeds)
def test_a_generator_as_seed_is_drawn_from(recipe, seed):
    ours = recipe.build(spaces, np.random.default_rng(seed))
    assert streams_equal(ours, recipe.build(spaces, seed))


@pytest.mark.parametrize(
    "build", [lambda seed: Tuple([Discrete(10**6)], seed), lambda seed: Dict({"a": Discrete(10**6)}, seed)]
)
def test_a_generator_as_seed_reaches_the_parts(build):
    """The reference leaves the parts to chance; a false alarm needs two draws out of 10**6 to agree by chance."""
    generator = np.random.default_rng
    assert str(build(generator(3)).sample()) == str(build(generator(3)).sample()) == str(build(3).sample())
    assert str(build(generator(3)).sample()) != str(build(generator(4)).sample())


@pytest.mark.parametrize("seed", [np.int64(5), np.uint8(5), np.array(5)])
def test_numpy_integers_are_seeds(seed):
    for space in (Discrete(10**6), Tuple([Discrete(10**6)]), Dict(a=Discrete(10**6))):
        assert space.seed(seed) == space.seed(5)


@pytest.mark.parametrize("seed", [-1, 1.0, True, "0", np.float64(2), np.bool_(True)])
def test_what_is_no_seed_is_refused(seed):
    for space in (
        Discrete(2),
        Box(0, 1),
        MultiDiscrete([2]),
        MultiBinary(2),
        Tuple([Discrete(2)]),
        Dict(a=Discrete(2)),
    ):
        with pytest.raises(error.InvalidSeed, match="seed"):
            space.seed(seed)
    with pytest.raises(error.InvalidSeed):
        Discrete(2, seed=seed)


def test_seeds_that_do_not_fit_the_parts_are_refused():
    with pytest.raises(error.InvalidSeed, match="2 spaces"):
        Tuple([Discrete(2), Discrete(2)]).seed([1, 2, 3])
    with pytest.raises(error.InvalidSeed, match=r"\['a'\].*\['b'\]"):
        Dict(a=Discrete(2)).seed({"b": 1})


def test_the_generator_is_made_at_the_first_use():
    for space in (Discrete(2), Tuple([Discrete(2)])):
        assert space._np_random is None
        assert space.np_random is space.np_random
    assert space[0]._np_random is None, "asking a Tuple for its generator leaves its parts alone"


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda space: pickle.loads(pickle.dumps(space))])
@examples
@given(recipe=space_recipes, seed=seeds, before=st.integers(0, 3))
def test_copies_continue_the_stream_on_their_own(duplicate, recipe, seed, before):
    space, untouched = recipe.build(spaces, seed), recipe.build(spaces, seed)
    for _ in range(before):
        assert str(space.sample()) == str(untouched.sample())
    twin = duplicate(space)
    assert twin == space
    assert repr(twin) == repr(space)
    ahead = [str(twin.sample()) for _ in range(3)]
    assert [str(space.sample()) for _ in range(3)] == ahead
    assert [str(untouched.sample()) for _ in range(3)] == ahead


# Membership -----------------------------------------------------------------------------------------------------


SCALARS = [
    *(-(2**70), -(2**63) - 1, -129, -1, 0, 1, 2, 7, 127, 128, 255, 256, 2**62, 2**63, 2**64, 10**400),
    *(0.0, 1.0, 0.5, -0.0, 1e300, float("nan"), float("inf"), 1j, True, False, None, "1", "a", b"1"),
    *(kind(1) for kind in (np.int8, np.int64, np.uint8, np.uint64, np.float16, np.float32, np.float64, np.bool_)),
    *(np.int64(-1), np.uint64(2**64 - 1), np.str_("1"), np.timedelta64(1), np.datetime64("2020")),
]
WRONG = [
    [],
    (),
    {},
    {"a": 0},
    {"a": 0, "b": 1},
    set(),
    object(),
    [[0], [0, 1]],
    ["a"],
    [0, 1],
    (0, 1),
    (1.0, 0.0),
    [None],
]
OBJECTS = [
    *SCALARS,
    *WRONG,
    *(np.array(value) for value in SCALARS),
    *(
        np.zeros(shape, dtype)
        for shape in [(0,), (1,), (2,), (1, 1), (2, 2)]
        for dtype in (bool, int, float, "f4", "u1")
    ),
    *(np.array(["0"]), np.array([None]), np.array([1j]), np.array([np.nan])),
]
EDGE_SPACES = [
    SpaceRecipe("Discrete", {"n": 2}),
    SpaceRecipe("Discrete", {"n": 3, "start": -1, "dtype": np.int8}),
    SpaceRecipe("Discrete", {"n": 5, "dtype": np.uint8}),
    SpaceRecipe("Discrete", {"n": 2**62, "start": -(2**61)}),
    SpaceRecipe("Box", {"low": 0, "high": 1}),
    SpaceRecipe("Box", {"low": 0, "high": 1, "shape": ()}),
    SpaceRecipe("Box", {"low": -np.inf, "high": np.inf, "shape": (2,), "dtype": np.float64}),
    SpaceRecipe("Box", {"low": 0, "high": 255, "shape": (2, 2), "dtype": np.uint8}),
    SpaceRecipe("Box", {"low": 0, "high": 1, "shape": (1,), "dtype": bool}),
    SpaceRecipe("Box", {"low": 0, "high": 1, "shape": (0,)}),
    SpaceRecipe("MultiDiscrete", {"nvec": [2, 2]}),
    SpaceRecipe("MultiDiscrete", {"nvec": [[1]], "start": [[-1]], "dtype": np.int8}),
    SpaceRecipe("MultiBinary", {"n": 2}),
    SpaceRecipe("MultiBinary", {"n": [1, 1]}),
    SpaceRecipe("MultiBinary", {"n": []}),
]
EDGE_SPACES += [
    SpaceRecipe("Tuple", {}, []),
    SpaceRecipe("Tuple", {}, [EDGE_SPACES[0], EDGE_SPACES[0]]),
    SpaceRecipe("Dict", {"written_as": "dict"}, {}),
    SpaceRecipe("Dict", {"written_as": "dict"}, {"a": EDGE_SPACES[0], "b": EDGE_SPACES[0]}),
]


def contained(space: Any, value: Any) -> bool:
    """``value in space``; where the reference raises, the value is not contained."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a Box warns of what is no array, and NumPy of complex parts it drops
        try:
            return value in space
        except (OverflowError, TypeError, ValueError):
            assert not isinstance(space, Space), "ours never raises"
            return False


@pytest.mark.parametrize("recipe", EDGE_SPACES, ids=lambda recipe: str(recipe.build(spaces)))
def test_membership_equals_the_reference(recipe):
    ours, theirs = recipe.build(spaces), reference(recipe)
    for value in OBJECTS:
        assert contained(ours, value) is contained(theirs, value), repr(value)


@examples
@given(st.data(), leaf_recipes)
def test_membership_at_the_boundaries_equals_the_reference(data, recipe):
    """One coordinate of a sample is put on a bound, or just inside or outside it."""
    ours, theirs = recipe.build(spaces, 0), reference(recipe)
    value = np.array(ours.sample())
    low, high = {
        "Box": lambda: (ours.low, ours.high),
        "Discrete": lambda: (ours.start, ours.start + (ours.n - 1)),
        "MultiDiscrete": lambda: (ours.start, ours.start + (ours.nvec - 1)),
        "MultiBinary": lambda: (np.zeros(ours.shape), np.ones(ours.shape)),
    }[recipe.name]()
    for bound in (low, high):
        at = tuple(data.draw(st.integers(0, length - 1)) for length in value.shape if length)
        if len(at) < value.ndim:
            return  # an empty array has no coordinate
        edge = np.asarray(bound)[at]
        if value.dtype.kind == "f":
            nearby = [
                np.nextafter(edge, -np.inf, dtype=value.dtype),
                edge,
                np.nextafter(edge, np.inf, dtype=value.dtype),
            ]
        else:
            limits = (0, 1) if value.dtype.kind == "b" else (np.iinfo(value.dtype).min, np.iinfo(value.dtype).max)
            nearby = [n for n in range(int(edge) - 1, int(edge) + 2) if limits[0] <= n <= limits[1]]
        for number in nearby:
            value[at] = number
            assert contained(ours, value) is contained(theirs, value)
            assert ours.contains(value) is bool(np.all(low <= value) and np.all(value <= high))


def test_members_beyond_what_the_reference_can_compare():
    """It overflows where ``start + nvec`` leaves the dtype, and then lets 127 pass."""
    assert MultiDiscrete([100], dtype=np.int8, start=[-128]).contains(np.array([-29], np.int8))
    assert not MultiDiscrete([100], dtype=np.int8, start=[-128]).contains(np.array([127], np.int8))
    assert MultiDiscrete([127], dtype=np.int8, start=[1]).contains(np.array([127], np.int8))
    assert Discrete(127, start=1, dtype=np.int8).contains(127)


def test_a_subclass_of_int_is_not_searched_one_by_one():
    """As ``x in range(...)`` does with an IntEnum, for a minute where there are 10**9 elements."""

    class Uncomparable(int):
        __hash__ = int.__hash__

        def __eq__(self, other):
            raise AssertionError("compared")

    assert Uncomparable(5) in Discrete(10)


def test_a_box_warns_of_what_is_no_array():
    with pytest.warns(UserWarning, match=r"list.*np\.array\(\.\.\., dtype=np\.float32\)"):
        assert [0.5] in Box(0, 1)


# Discrete.checked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", OBJECTS, ids=[f"{i}-{type(value).__name__}" for i, value in enumerate(OBJECTS)])
def test_checked_accepts_exactly_what_the_space_contains(value):
    space = Discrete(2)
    if contained(space, value):
        assert space.checked(value) == value
        assert type(space.checked(value)) is int
    else:
        with pytest.raises(error.InvalidAction):
            space.checked(value)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (1.0, ["Discrete(4)", "from 0 to 3", "got 1.0 of type float", "write int(action)"]),
        (np.float32(2), ["float32", "write int(action)"]),
        (np.uint64(1), ["uint64", "write int(action)"]),
        (np.array([1]), ["shape (1,)", "int64", "write int(action.item())"]),
        (np.zeros(4, np.float32), ["shape (4,)", "float32", "sample()"]),
        (4, ["got 4 of type int", "sample()"]),
        (-1, ["got -1 of type int", "sample()"]),
        (0.5, ["got 0.5 of type float", "sample()"]),
        (float("nan"), ["nan", "sample()"]),
        (None, ["None", "NoneType"]),
        (list(range(10_000)), ["list"]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_refused_action_is_told_what_to_write(action, words):
    with pytest.raises(error.InvalidAction) as refusal:
        Discrete(4).checked(action)
    for word in words:
        assert word in str(refusal.value)
    assert len(str(refusal.value)) < 300


# Equality, JSON, containers -------------------------------------------------------------------------------------

ALIKE = [
    *EDGE_SPACES,
    SpaceRecipe("Discrete", {"n": 2, "dtype": np.int32}),
    SpaceRecipe("Discrete", {"n": 2, "start": 1}),
    SpaceRecipe("Discrete", {"n": 3}),
    SpaceRecipe("Box", {"low": 0, "high": 1 + 1e-7, "dtype": np.float64}),
    SpaceRecipe("Box", {"low": 0, "high": 1, "dtype": np.float64}),
    SpaceRecipe("Box", {"low": 0, "high": 2, "dtype": np.float64}),
    SpaceRecipe("Box", {"low": -1, "high": 1, "dtype": np.float64}),
    SpaceRecipe("Box", {"low": 0, "high": 1, "shape": (2,)}),
    SpaceRecipe("MultiDiscrete", {"nvec": [2, 2], "dtype": np.int32}),
    SpaceRecipe("MultiDiscrete", {"nvec": [2, 3]}),
    SpaceRecipe("MultiDiscrete", {"nvec": [2]}),
    SpaceRecipe("MultiDiscrete", {"nvec": [2, 2], "start": [0, 1]}),
    SpaceRecipe("MultiBinary", {"n": [2]}),
    SpaceRecipe("Tuple", {}, [EDGE_SPACES[0], EDGE_SPACES[1]]),
    SpaceRecipe("Dict", {"written_as": "pairs"}, {"b": EDGE_SPACES[0], "a": EDGE_SPACES[0]}),
    SpaceRecipe("Dict", {"written_as": "pairs"}, {"a": EDGE_SPACES[0], "b": EDGE_SPACES[1]}),
]


def test_equality_equals_the_reference():
    ours, theirs = [recipe.build(spaces) for recipe in ALIKE], [reference(recipe) for recipe in ALIKE]
    for i in range(len(ALIKE)):
        for j in range(len(ALIKE)):
            assert (ours[i] == ours[j]) is bool(theirs[i] == theirs[j]), (ours[i], ours[j])
            assert (ours[i] != ours[j]) is bool(theirs[i] != theirs[j])
        assert ours[i] != str(ours[i])


@examples
@given(space_recipes)
def test_a_space_equals_one_made_alike_and_has_no_hash(recipe):
    assert recipe.build(spaces, 0) == recipe.build(spaces, 1)
    for space in (recipe.build(spaces), reference(recipe)):
        with pytest.raises(TypeError, match="unhashable"):
            hash(space)


@examples
@given(space_recipes, seeds, st.integers(0, 3))
def test_samples_survive_json(recipe, seed, count):
    ours, theirs = recipe.build(spaces, seed), reference(recipe)
    samples = [ours.sample() for _ in range(count)]
    written = json.dumps(ours.to_jsonable(samples))
    assert written == json.dumps(theirs.to_jsonable(samples))
    again = ours.from_jsonable(json.loads(written))
    assert len(again) == count
    for sample, original in zip(again, samples, strict=True):
        assert sample in ours
        assert_same(as_arrays(sample), as_arrays(original))


def test_tuple_is_a_sequence_of_its_spaces():
    parts = (Discrete(2), Box(0, 1), Discrete(3))
    space = Tuple(iter(parts))
    assert (space.spaces, len(space), list(space)) == (parts, 3, list(parts))
    assert space[-1] is parts[2]
    assert space[:2] == parts[:2]
    assert list(reversed(space)) == list(reversed(parts))
    assert space.index(parts[1]) == 1
    assert (0, np.zeros(1, np.float32), 2) in space


def test_dict_is_a_mapping_of_its_spaces():
    space = Dict({"b": Discrete(2), "a": Box(0, 1)}, c=Discrete(3))
    assert list(space) == list(space.keys()) == list(space.spaces) == ["a", "b", "c"]
    assert list(space.items()) == list(zip(space, space.values(), strict=True))
    assert (space["c"], space.get("d"), len(space)) == (Discrete(3), None, 3)
    assert "a" in space.keys()  # noqa: SIM118  `in space` asks for values, as in the reference
    assert "a" not in space
    space["d"] = Discrete(4)
    assert space["d"] == Discrete(4)
    with pytest.raises(error.InvalidParameter, match="must be a Space"):
        space["e"] = 3


@pytest.mark.parametrize("keys", [["b", "a"], ["b", 1, "a"]])
@pytest.mark.parametrize("kind", [dict, OrderedDict, list])
def test_the_order_of_dict_keys_equals_the_reference(keys, kind):
    ours = Dict(kind([(key, Discrete(2)) for key in keys]))
    theirs = gymnasium.spaces.Dict(kind([(key, gymnasium.spaces.Discrete(2)) for key in keys]))
    assert list(ours.keys()) == list(theirs.keys())


@pytest.mark.parametrize("index", [0, -1, (1, 2), (0, slice(1, 3)), slice(0, 1)])
def test_a_part_of_a_multi_discrete_continues_its_stream(index):
    arguments = {"nvec": [[900, 800, 700], [600, 500, 400]], "start": [[1, 2, 3], [4, 5, 6]], "dtype": np.int32}
    ours, theirs = MultiDiscrete(**arguments, seed=3), gymnasium.spaces.MultiDiscrete(**arguments, seed=3)
    ours.sample(), theirs.sample()
    assert repr(ours[index]) == repr(theirs[index])
    for _ in range(2):  # a copy of the stream: drawing from the part leaves the whole where it was
        assert_same(ours[index].sample(), theirs[index].sample())


def test_the_length_of_a_multi_discrete():
    assert len(MultiDiscrete([2, 3])) == 2
    with pytest.warns(UserWarning, match=r"first axis.*\(1, 2\)"):
        assert len(MultiDiscrete([[2, 3]])) == 1


def test_the_base_class_is_generic_and_abstract():
    space = Space[int]((2,), np.int8, seed=3)
    assert (space.shape, space.dtype, space.np_random.integers(10**9)) == ((2,), np.int8, 811_504_540)
    assert space == space  # noqa: PLR0124
    assert space != Space[int]((2,), np.int8)
    assert isinstance(hash(space), int)
    assert space.from_jsonable(space.to_jsonable([1, 2])) == [1, 2]
    for use in (space.sample, lambda: 1 in space, lambda: space.is_np_flattenable):
        with pytest.raises(NotImplementedError):
            use()


# Refusals -------------------------------------------------------------------------------------------------------

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("build", "kind", "words"),
    [
        (lambda: Discrete(0), error.InvalidParameter, "n must be positive, got 0"),
        (lambda: Discrete(2.0), error.InvalidParameter, "n must be an integer, got 2.0 of type float; write 2"),
        (lambda: Discrete(True), error.InvalidParameter, "n must be an integer, got True of type bool"),
        (lambda: Discrete(2, start=0.5), error.InvalidParameter, "start must be an integer, got 0.5"),
        (lambda: Discrete(2, dtype=np.float32), error.InvalidParameter, "integer type.*float32.*dtype=np.int64"),
        (lambda: Discrete(2, dtype=None), error.InvalidParameter, "integer type, got None"),
        (lambda: Discrete(2, dtype="no"), error.InvalidParameter, "integer type, got 'no'"),
        (lambda: Discrete(200, start=100, dtype=np.uint8), error.InvalidBound, "uint8 holds 0 .. 255.*100 .. 299"),
        (lambda: Discrete(2, start=-1, dtype=np.uint8), error.InvalidBound, "-1 .. 0"),
        (lambda: Discrete(128, start=-128, dtype=np.int8), error.InvalidBound, "n itself"),
        (lambda: Box(1, 0), error.InvalidBound, r"low must not exceed high.*low\[0\]=1.0.*high\[0\]=0.0"),
        (lambda: Box(np.array([0, 3]), 2, dtype=int), error.InvalidBound, r"low\[1\]=3.*high\[1\]=2"),
        (lambda: Box(NAN, 1), error.InvalidBound, r"low\[0\] must be a number or -inf, got nan"),
        (lambda: Box(0, np.array([[1, NAN]])), error.InvalidBound, r"high\[0, 1\] must be a number or inf, got nan"),
        (lambda: Box(INF, INF), error.InvalidBound, "low.*got inf"),
        (lambda: Box(-INF, -INF, shape=()), error.InvalidBound, "high must be .* got -inf"),
        (lambda: Box(0, INF, dtype=np.uint8), error.InvalidBound, "high.*finite.*uint8"),
        (lambda: Box(-INF, 1, dtype=bool), error.InvalidBound, "low.*finite.*bool"),
        (lambda: Box(0, 256, dtype=np.uint8), error.InvalidBound, "high.*from 0 to 255.*uint8, got 256"),
        (lambda: Box(-1, 0, dtype=np.uint64), error.InvalidBound, "low.*from 0 to.*got -1"),
        (lambda: Box(0, 2.0**63, dtype=np.int64), error.InvalidBound, "high.*from -9223372036854775808"),
        (lambda: Box(0.5, 2, dtype=np.int32), error.InvalidBound, "low.*integer.*got 0.5"),
        (lambda: Box(0, 2, dtype=bool), error.InvalidBound, "from 0 to 1"),
        (lambda: Box(0, 1e300), error.InvalidBound, "high.*fit into float32; write inf.*1e\\+300"),
        (lambda: Box(0, 2**70), error.InvalidBound, "64 bits"),
        (lambda: Box([0, 0], 1), error.InvalidBound, r"low.*got \[0, 0\] of type list; write.*np.array"),
        (lambda: Box(False, True), error.InvalidBound, "low.*got False of type bool"),
        (lambda: Box(0, "1"), error.InvalidBound, "high.*'1'"),
        (lambda: Box(0, np.array(["1"])), error.InvalidBound, "high"),
        (lambda: Box(np.zeros(2), np.ones(3)), error.InvalidBound, r"same shape, got \(2,\) and \(3,\)"),
        (lambda: Box(np.zeros(2), 1, shape=(3,)), error.InvalidBound, r"low must have the shape \(3,\), got \(2,\)"),
        (lambda: Box(0, 1, shape=3), error.InvalidParameter, r"shape must be a tuple.*got 3; write \(3,\)"),
        (lambda: Box(0, 1, shape=(2.0,)), error.InvalidParameter, "entry of shape must be an integer, got 2.0"),
        (lambda: Box(0, 1, shape=(-1,)), error.InvalidParameter, "negative"),
        (lambda: Box(0, 1, dtype=None), error.InvalidParameter, "dtype must be a float, integer or bool"),
        (lambda: Box(0, 1, dtype=complex), error.InvalidParameter, "dtype must be a float, integer or bool"),
        (lambda: Box(0, 1).is_bounded("sideways"), error.InvalidParameter, "both.*below.*above.*sideways"),
        (lambda: MultiDiscrete([2, 0]), error.InvalidParameter, r"positive, got \[2, 0\]"),
        (lambda: MultiDiscrete([2.5]), error.InvalidParameter, r"nvec must be.*integers, got \[2.5\]"),
        (lambda: MultiDiscrete(5), error.InvalidParameter, "nvec must be a list or an array.*got 5"),
        (lambda: MultiDiscrete([[1], [2, 3]]), error.InvalidParameter, "rows of equal length"),
        (lambda: MultiDiscrete([2], start=[1, 2]), error.InvalidParameter, r"nvec's shape \(1,\), got \(2,\)"),
        (lambda: MultiDiscrete([2], start=[0.0]), error.InvalidParameter, "start must be"),
        (lambda: MultiDiscrete([2], dtype=float), error.InvalidParameter, "integer type"),
        (lambda: MultiDiscrete(np.array([300]), dtype=np.uint8), error.InvalidBound, "uint8 holds 0 .. 255.*nvec=300"),
        (lambda: MultiDiscrete([2], np.int8, start=[127]), error.InvalidBound, "127 .. 128"),
        (lambda: MultiDiscrete([128], np.int8, start=[-128]), error.InvalidBound, "128 itself"),
        (lambda: MultiBinary(0), error.InvalidParameter, "positive, got n=0"),
        (lambda: MultiBinary([2, -1]), error.InvalidParameter, "negative"),
        (lambda: MultiBinary([2.0]), error.InvalidParameter, "integer, got 2.0"),
        (lambda: MultiBinary("ab"), error.InvalidParameter, "integer, got 'a'"),
        (lambda: MultiBinary(None), error.InvalidParameter, "n must be an integer, got None"),
        (lambda: Tuple(Discrete(2)), error.InvalidParameter, r"got Discrete\(2\); write Tuple\(\[Discrete\(2\)\]\)"),
        (lambda: Tuple([Discrete(2), 3]), error.InvalidParameter, "part 1 must be a Space, got 3 of type int"),
        (lambda: Dict({"a": 3}), error.InvalidParameter, "value of 'a' must be a Space, got 3 of type int"),
        (lambda: Dict({"a": Discrete(2)}, a=Discrete(2)), error.InvalidParameter, "'a'"),
        (lambda: Dict(5), error.InvalidParameter, "pairs, got 5"),
        (lambda: Dict([Discrete(2)]), error.InvalidParameter, "pairs"),
    ],
)
def test_a_bad_argument_is_refused(build, kind, words):
    with pytest.raises(kind, match=words) as refusal:
        build()
    assert isinstance(refusal.value, ValueError)


BYTES, FLOATS = np.int8, np.float64


@pytest.mark.parametrize(
    ("space", "steer", "kind", "words"),
    [
        (
            Discrete(2),
            {"mask": [1, 0]},
            error.InvalidParameter,
            "mask must be a NumPy array.*of type list; write np.array",
        ),
        (Discrete(2), {"mask": np.array([1, 0])}, error.InvalidParameter, "dtype int8, got shape.*int64"),
        (Discrete(2), {"mask": np.ones(3, BYTES)}, error.InvalidParameter, r"shape \(2,\).*got shape \(3,\)"),
        (Discrete(2), {"mask": np.array([2, 0], BYTES)}, error.InvalidParameter, r"0 \(forbidden\).*\[2, 0\]"),
        (Discrete(2), {"mask": np.array([-1, 0], BYTES)}, error.InvalidParameter, r"\[-1, 0\]"),
        (Discrete(2), {"probability": np.array([0.5, 0.4])}, error.InvalidProbability, "sum to 1.*probability.sum()"),
        (Discrete(2), {"probability": np.array([1 + 1e-7, 0])}, error.InvalidProbability, r"\[0, 1\]"),
        (Discrete(2), {"probability": np.array([0.5, 0.5 + 1e-7])}, error.InvalidProbability, "sum to 1"),
        (Discrete(2), {"probability": np.array([NAN, 1])}, error.InvalidProbability, "nan"),
        (Discrete(2), {"probability": np.array([-0.5, 1.5])}, error.InvalidProbability, "-0.5"),
        (Discrete(2), {"probability": np.array([1, 0])}, error.InvalidParameter, "dtype float64.*int64"),
        (Discrete(2), {"mask": np.ones(2, BYTES), "probability": np.ones(2)}, error.InvalidParameter, "not both"),
        (MultiDiscrete([2]), {"mask": 1, "probability": 1}, error.InvalidParameter, "not both"),
        (MultiBinary(2), {"mask": 1, "probability": 1}, error.InvalidParameter, "not both"),
        (Tuple([]), {"mask": (), "probability": ()}, error.InvalidParameter, "not both"),
        (Dict(), {"mask": {}, "probability": {}}, error.InvalidParameter, "not both"),
        (Box(0, 1), {"mask": np.ones(1, BYTES)}, error.InvalidParameter, "Box takes no mask"),
        (Box(0, 1), {"probability": np.ones(1)}, error.InvalidParameter, "no probability"),
        (MultiDiscrete([2, 3]), {"mask": [np.ones(2, BYTES)] * 2}, error.InvalidParameter, "tuple of 2"),
        (MultiDiscrete([2, 3]), {"mask": (np.ones(2, BYTES),)}, error.InvalidParameter, "tuple of 2"),
        (MultiDiscrete([2]), {"mask": (np.ones(3, BYTES),)}, error.InvalidParameter, r"shape \(2,\)"),
        (MultiDiscrete([2]), {"probability": (np.array([0.5, 0.4]),)}, error.InvalidProbability, "sum to 1"),
        (MultiBinary(2), {"mask": np.array([3, 0], BYTES)}, error.InvalidParameter, r"2 \(either\).*\[3, 0\]"),
        (MultiBinary(2), {"mask": np.ones(3, BYTES)}, error.InvalidParameter, r"shape \(2,\)"),
        (MultiBinary(2), {"probability": np.array([0, 1.5])}, error.InvalidProbability, r"\[0, 1\]"),
        (Tuple([Discrete(2)]), {"mask": [None]}, error.InvalidParameter, "tuple with one entry"),
        (Tuple([Discrete(2)]), {"probability": (None, None)}, error.InvalidParameter, "each of the 1 spaces"),
        (Dict(a=Discrete(2)), {"mask": {"b": None}}, error.InvalidParameter, r"keys \['a'\]"),
        (Dict(a=Discrete(2)), {"probability": (None,)}, error.InvalidParameter, r"keys \['a'\]"),
    ],
)
def test_a_bad_mask_or_probability_is_refused(space, steer, kind, words):
    with pytest.raises(kind, match=words):
        space.sample(**steer)


def test_a_box_too_wide_to_draw_from_says_so():
    with pytest.raises(error.InvalidBound, match=r"too wide.*write inf"):
        Box(-1e308, 1e308, dtype=np.float64).sample()


def test_a_box_leaves_the_callers_arrays_alone():
    """The reference writes the dtype's limits into them."""
    low, high = np.array([-INF, 0.0]), np.array([5.0, 5.0])
    space = Box(low, high, dtype=np.int32)
    space.low[1] = 3
    assert (low.tolist(), high.tolist()) == ([-INF, 0.0], [5.0, 5.0])


def test_a_box_warns_of_bounds_that_rounding_changes():
    with pytest.warns(UserWarning, match=r"float32 changes high; write high\.astype\(np\.float32\)"):
        Box(np.array([0.0]), np.array([0.1]))
    Box(np.array([0.0]), np.array([0.5]))  # held exactly: no warning, where the reference gives one
    Box(0.0, 0.1)  # a number is taken for what float32 makes of it
