"""Text, Sequence, Graph and OneOf, alone and among the other six, against Gymnasium's own: bit for bit."""

import copy
import json
import pickle
import subprocess
import sys
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigym import error, spaces
from minigym.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    GraphInstance,
    MultiDiscrete,
    OneOf,
    Sequence,
    Space,
    Text,
    Tuple,
)
from tests.strategies import SpaceRecipe, all_space_recipes, graph_recipes, seeds, steering

examples = settings(max_examples=50)


def reference(recipe: SpaceRecipe, seed: Any = None) -> Any:
    """Gymnasium's space."""
    return recipe.build(gymnasium.spaces, seed)


def expected_sample(space: Any, sample: Any, stacked: bool = False) -> Any:
    """The reference's ``sample``, or a stack of them, brought back into ``space`` where the reference drew outside it:
    integer Boxes at the end of their dtype, and Graphs of Discrete spaces that have a start or a narrow dtype.
    """
    kinds = gymnasium.spaces
    if isinstance(space, kinds.Tuple):
        return tuple(expected_sample(part, value, stacked) for part, value in zip(space.spaces, sample, strict=True))
    if isinstance(space, kinds.Dict):
        return {key: expected_sample(space[key], value, stacked) for key, value in sample.items()}
    if isinstance(space, kinds.Box):
        return sample.clip(space.low, space.high) if space.dtype.kind == "i" else sample
    if not isinstance(space, (kinds.OneOf, kinds.Sequence, kinds.Graph)):
        return sample
    return tuple(_expected_sample(space, value) for value in sample) if stacked else _expected_sample(space, sample)


def _expected_sample(space: Any, sample: Any) -> Any:
    """The same for the spaces whose samples have no common shape."""
    if isinstance(space, gymnasium.spaces.OneOf):
        return sample[0], expected_sample(space[sample[0]], sample[1])
    if isinstance(space, gymnasium.spaces.Graph):
        nodes, edges, links = sample
        return type(sample)(_features(space.node_space, nodes), _features(space.edge_space, edges), links)
    if space.stack:
        return expected_sample(space.feature_space, sample, stacked=True)
    return tuple(expected_sample(space.feature_space, item) for item in sample)


def _features(space: Any, values: Any) -> Any:
    if values is None or isinstance(space, gymnasium.spaces.Box):
        return values if values is None else expected_sample(space, values)
    return values.astype(space.dtype) + space.start


def bits(value: Any, types: bool = True) -> Any:
    """All that there is to compare: structure, order, dtype, shape and bytes; and the types, unless told otherwise."""
    if isinstance(value, dict):
        return [(key, bits(part, types)) for key, part in value.items()]
    if isinstance(value, tuple):
        return type(value).__name__, [bits(part, types) for part in value]
    if value is None or isinstance(value, str):
        return type(value), value
    array = np.asarray(value)
    return types and type(value), array.dtype, array.shape, array.tobytes()


def assert_same(ours: Any, theirs: Any) -> None:
    assert bits(ours) == bits(theirs)
    assert str(ours) == str(theirs)


# Construction, text, draws -------------------------------------------------------------------------------------------


@examples
@given(all_space_recipes)
def test_attributes_and_text_equal_the_reference(recipe):
    ours, theirs = recipe.build(spaces), reference(recipe)
    assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
    assert (ours.shape, ours.dtype, ours.is_np_flattenable) == (theirs.shape, theirs.dtype, theirs.is_np_flattenable)
    for name in ("min_length", "max_length", "character_list", "character_set", "characters", "stack"):
        assert getattr(ours, name, None) == getattr(theirs, name, None)
    for name in ("feature_space", "node_space", "edge_space", "spaces"):
        assert str(getattr(ours, name, "absent")) == str(getattr(theirs, name, "absent"))
    if isinstance(ours, Text):
        assert_same(
            tuple(map(ours.character_index, ours.characters)), tuple(map(theirs.character_index, theirs.characters))
        )


@settings(examples, max_examples=80)
@given(all_space_recipes, seeds)
def test_samples_equal_the_reference_and_are_contained(recipe, seed):
    ours, theirs = recipe.build(spaces, seed), reference(recipe, seed)
    for _ in range(3):
        sample = ours.sample()
        assert_same(sample, expected_sample(theirs, theirs.sample()))
        assert sample in ours


@settings(examples, max_examples=80)
@given(st.data(), all_space_recipes, seeds, st.sampled_from(["mask", "probability"]))
def test_steered_samples_equal_the_reference(data, recipe, seed, kind):
    ours, theirs = recipe.build(spaces, seed), reference(recipe, seed)
    steer = {kind: data.draw(steering(theirs, kind))}
    for _ in range(3):
        sample = ours.sample(**steer)
        assert_same(sample, expected_sample(theirs, theirs.sample(**steer)))
        if not (isinstance(ours, Text) and sample == ""):  # no character was allowed
            assert sample in ours


@examples
@given(graph_recipes(), seeds, st.integers(1, 6), st.none() | st.integers(0, 6))
def test_graphs_of_any_size_equal_the_reference(recipe, seed, num_nodes, num_edges):
    ours, theirs = recipe.build(spaces, seed), reference(recipe, seed)
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # both tell of edges without an edge space
            sample = ours.sample(num_nodes=num_nodes, num_edges=num_edges)
            assert_same(sample, expected_sample(theirs, theirs.sample(num_nodes=num_nodes, num_edges=num_edges)))
        assert sample in ours
        assert len(sample.nodes) == num_nodes


@pytest.mark.parametrize("kind", ["mask", "probability"])
def test_edges_whose_number_is_given_are_steered_one_by_one(kind):
    only = {"mask": np.eye(3, dtype=np.int8), "probability": np.eye(3)}[kind]
    steer = {kind: ((only[2], only[0]), (only[1], only[2], only[1]))}
    for kinds in (spaces, gymnasium.spaces):
        space = kinds.Graph(kinds.Discrete(3), kinds.Discrete(3), seed=0)
        graph = space.sample(**steer, num_nodes=2, num_edges=3)
        assert (graph.nodes.tolist(), graph.edges.tolist()) == ([2, 0], [1, 2, 1])


def test_edges_without_an_edge_space_are_warned_of():
    with pytest.warns(UserWarning, match=r"2 edges were asked for.*no edge space.*leave out num_edges"):
        assert Graph(Discrete(2), None).sample(num_edges=2).edges is None


def test_a_text_of_no_characters_is_empty_and_still_draws_its_length():
    ours, theirs = (
        Text(5, min_length=0, charset="ab", seed=3),
        gymnasium.spaces.Text(5, min_length=0, charset="ab", seed=3),
    )
    for _ in range(3):
        assert ours.sample(mask=(None, np.zeros(2, np.int8))) == theirs.sample(mask=(None, np.zeros(2, np.int8))) == ""
        assert_same(ours.sample(), theirs.sample())


def test_the_characters_of_a_set_are_the_same_in_every_process():
    """The reference keeps the order of the set, which changes with PYTHONHASHSEED."""
    program = """if True:
        from minigym.spaces import Text
        print([Text(9, seed=3).sample(), Text(9, charset={"x", "y", "z"}, seed=3).sample()])
    """
    drawn = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    theirs = [
        gymnasium.spaces.Text(9, charset=characters, seed=3).sample() for characters in (Text(9).characters, "xyz")
    ]
    assert drawn == {f"{theirs}\n"}


def test_characters_are_kept_once_and_nul_is_one_of_them():
    space = Text(4, min_length=4, charset="b\0ab\0", seed=0)
    assert space.character_list == ("b", "\0", "a")
    drawn = {character for _ in range(100) for character in space.sample()}
    assert drawn == set("ab\0")  # a false alarm once in 10**70 seeds
    assert Text(0, min_length=0, charset="").sample() == ""


# Seeds and streams ---------------------------------------------------------------------------------------------------


@examples
@given(all_space_recipes, seeds)
def test_seed_returns_what_the_reference_returns_and_restarts_the_stream(recipe, seed):
    ours, theirs = recipe.build(spaces), reference(recipe)
    first = []
    for _ in range(2):
        used = ours.seed(seed)
        assert used == theirs.seed(seed)
        first.append([bits(ours.sample()) for _ in range(3)])
    assert first[0] == first[1]
    if isinstance(used, tuple):  # all the seeds, as they were used, do the same
        assert ours.seed(used) == used
        assert [bits(ours.sample()) for _ in range(3)] == first[0]


@examples
@given(all_space_recipes)
def test_a_seed_from_entropy_can_be_given_again(recipe):
    space = recipe.build(spaces)
    used = space.seed()
    first = [bits(space.sample()) for _ in range(3)]
    space.seed(used)
    assert [bits(space.sample()) for _ in range(3)] == first


PARTED = [
    SpaceRecipe("Sequence", {}, [SpaceRecipe("Discrete", {"n": 10**6})]),
    SpaceRecipe("OneOf", {}, [SpaceRecipe("Discrete", {"n": 10**6}), SpaceRecipe("Box", {"low": 0, "high": 1})]),
    SpaceRecipe("Graph", {}, [SpaceRecipe("Box", {"low": 0, "high": 1}), None]),
    SpaceRecipe("Graph", {}, [SpaceRecipe("Box", {"low": 0, "high": 1}), SpaceRecipe("Discrete", {"n": 10**6})]),
]


@pytest.mark.parametrize("recipe", PARTED, ids=lambda recipe: str(recipe.build(spaces)))
def test_one_seed_for_the_space_and_each_part(recipe):
    ours, theirs = recipe.build(spaces), reference(recipe)
    count = len([part for part in recipe.parts if part])
    given = tuple(range(5, 6 + count))
    assert ours.seed(given) == theirs.seed(list(given)) == given
    assert ours.seed(list(given)) == given
    for _ in range(3):
        assert_same(ours.sample(), theirs.sample())
    with pytest.raises(error.InvalidSeed, match=rf"each of its {count} parts, got {count}"):
        ours.seed(given[1:])
    for seed in (-1, 1.0, True, "0"):
        with pytest.raises(error.InvalidSeed):
            ours.seed(seed)
    assert ours.seed(np.int64(5)) == ours.seed(5)


@pytest.mark.parametrize("recipe", PARTED, ids=lambda recipe: str(recipe.build(spaces)))
def test_a_generator_as_seed_does_what_its_seed_does(recipe):
    """A false alarm needs three draws, one out of 10**6 at least among them, to agree by chance."""

    def drawn(seed):
        space = recipe.build(spaces, seed)
        part = (
            space.spaces[0] if isinstance(space, OneOf) else getattr(space, "feature_space", None) or space.node_space
        )
        return [bits(space.sample()) for _ in range(3)], bits(part.sample())

    assert drawn(np.random.default_rng(3)) == drawn(3) != drawn(np.random.default_rng(4))


def test_drawing_leaves_the_stream_of_a_seeded_part_alone():
    """The reference seeds the part anew at the first draw; a false alarm once in 10**6."""
    for build in (Sequence, lambda part: OneOf([part])):
        part, twin = Discrete(10**6, seed=3), Discrete(10**6, seed=3)
        value = build(part).sample()
        assert value[-1] == [twin.sample() for _ in range(len(value) if build is Sequence else 1)][-1]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda space: pickle.loads(pickle.dumps(space))])
@examples
@given(recipe=all_space_recipes, seed=seeds, before=st.integers(0, 2))
def test_copies_continue_the_stream_on_their_own(duplicate, recipe, seed, before):
    space, untouched = recipe.build(spaces, seed), recipe.build(spaces, seed)
    for _ in range(before):
        assert bits(space.sample()) == bits(untouched.sample())
    twin = duplicate(space)
    assert (twin, repr(twin)) == (space, repr(space))
    ahead = [bits(twin.sample()) for _ in range(3)]
    assert [bits(space.sample()) for _ in range(3)] == ahead
    assert [bits(untouched.sample()) for _ in range(3)] == ahead


# Membership, equality ------------------------------------------------------------------------------------------------


SMALL = [
    lambda kinds: kinds.Text(3, charset="ab"),
    lambda kinds: kinds.Text(1, min_length=0, charset="ba"),
    lambda kinds: kinds.Text(1, charset="ba"),
    lambda kinds: kinds.Text(3, charset="ba"),
    lambda kinds: kinds.Text(3, charset="abc"),
    lambda kinds: kinds.Sequence(kinds.Discrete(3)),
    lambda kinds: kinds.Sequence(kinds.Discrete(2)),
    lambda kinds: kinds.Sequence(kinds.Discrete(3), stack=True),
    lambda kinds: kinds.Sequence(kinds.Box(0, 1, (2,)), stack=True),
    lambda kinds: kinds.Sequence(kinds.Text(1, charset="ab"), stack=True),
    lambda kinds: kinds.Sequence(kinds.Tuple([kinds.Discrete(3), kinds.Discrete(2)]), stack=True),
    lambda kinds: kinds.Sequence(kinds.Dict(a=kinds.Discrete(3), b=kinds.Discrete(2)), stack=True),
    lambda kinds: kinds.OneOf([kinds.Discrete(3), kinds.Text(3, charset="ab")]),
    lambda kinds: kinds.OneOf([kinds.Discrete(3)]),
    lambda kinds: kinds.OneOf([kinds.Discrete(2)]),
    lambda kinds: kinds.Graph(kinds.Discrete(3), None),
    lambda kinds: kinds.Graph(kinds.Discrete(3), kinds.Box(0, 1, (2,))),
    lambda kinds: kinds.Graph(kinds.Discrete(3), kinds.Discrete(2)),
    lambda kinds: kinds.Graph(kinds.Box(0, 1, (2,)), None),
    lambda kinds: kinds.Tuple([kinds.Discrete(3), kinds.Discrete(2)]),
]


def values(kinds: Any) -> list[Any]:
    """What the spaces above may be asked for; the graphs are of the library's own class."""
    ints, pairs, floats = np.array([0, 2]), np.array([[0, 1], [1, 0]]), np.array([[0.5, 0.5]] * 2, np.float32)
    graph = kinds.GraphInstance
    return [
        *("", "a", "ab", "abab", "abc", "c", np.str_("ab"), b"ab", None, 0, 1.0, object(), [], {}, ["a"], {"a": 1}),
        *((), (0,), (0, 2), (0, 3), (0, "a"), (1, "a"), (1, "abc"), (1, 1), (2, 0), (-1, 0), (True, "a"), (0, 0, 0)),
        *((np.int64(1), "a"), (np.int32(1), "a"), (0.0, 1), ("a", "b"), ["a", "b"], ("a", "c"), (np.int64(2), 1)),
        *(
            ints,
            ints - 1,
            pairs,
            floats,
            floats * 9,
            floats[0],
            floats.astype(np.float64),
            np.array(0),
            np.array(["a"]),
        ),
        *((ints, ints // 2), (ints, ints), (ints, ints[:1]), (ints,), (ints, ints // 2, ints), [ints, ints // 2]),
        *({"a": ints, "b": ints // 2}, {"a": ints, "b": ints}, {"a": ints}, {"b": ints // 2, "a": ints, "c": ints}),
        *({"a": ints, "b": ints[:1]}, {"a": 0, "b": 0}, (0, 1)),
        *(graph(ints, None, None), graph(ints + 1, None, None), graph(floats, None, None), graph(None, None, None)),
        *(
            graph(ints, floats, pairs),
            graph(ints, ints // 2, pairs),
            graph(ints, ints, pairs),
            graph(ints, floats, None),
        ),
        *(graph(ints, None, pairs), graph(ints, floats, pairs + 1), graph(ints, floats, pairs - 1)),
        *(graph(ints, floats, pairs[:1]), graph(ints, floats, pairs * 1.0), graph(ints, floats, pairs[0])),
        *(
            graph([0, 2], None, None),
            graph(np.array(0), None, None),
            graph(ints, [0, 1], pairs),
            tuple(graph(ints, None, None)),
        ),
        *(graph(ints[:0], None, None), graph(ints, floats[:0], pairs[:0]), graph(floats, floats, pairs)),
    ]


def contained(space: Any, value: Any) -> bool:
    """``value in space``; where the reference raises, the value is not contained."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a Box warns of what is no array
        try:
            return bool(value in space)
        except (gymnasium.error.CustomSpaceError, LookupError, TypeError, ValueError):
            assert not isinstance(space, Space), "ours never raises"
            return False


@pytest.mark.parametrize("build", SMALL, ids=lambda build: str(build(spaces)))
def test_membership_equals_the_reference(build):
    ours, theirs = build(spaces), build(gymnasium.spaces)
    for value, twin in zip(values(spaces), values(gymnasium.spaces), strict=True):
        assert contained(ours, value) is contained(theirs, twin), value


def test_equality_equals_the_reference():
    ours, theirs = [build(spaces) for build in SMALL], [build(gymnasium.spaces) for build in SMALL]
    for i, mine in enumerate(ours):
        for j, other in enumerate(ours):
            assert (mine == other) is bool(theirs[i] == theirs[j]), (mine, other)
        assert mine != str(mine)


@examples
@given(all_space_recipes)
def test_a_space_equals_one_made_alike_and_has_no_hash(recipe):
    assert recipe.build(spaces, 0) == recipe.build(spaces, 1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(recipe.build(spaces))


def test_one_of_holds_its_spaces():
    parts = (Discrete(2), Box(0, 1), Text(3))
    space = OneOf(iter(parts))
    assert (space.spaces, len(space), list(space), space[-1], space[:2]) == (parts, 3, list(parts), parts[2], parts[:2])


# JSON ----------------------------------------------------------------------------------------------------------------


def loses_parts(space: Any) -> bool:
    """Whether the JSON form of the reference's ``space`` holds its samples in part, or is none."""
    kinds = gymnasium.spaces
    if isinstance(space, kinds.OneOf):
        by_part = [part.feature_space if getattr(part, "stack", False) else part for part in space.spaces]
        return any(isinstance(part, (kinds.Tuple, kinds.Dict)) for part in by_part) or any(
            map(loses_parts, space.spaces)
        )
    if isinstance(space, kinds.Sequence):
        return loses_parts(space.feature_space) or (space.stack and not stacks_into_arrays(space.feature_space))
    if isinstance(space, (kinds.Tuple, kinds.Dict)):
        return any(map(loses_parts, space.spaces.values() if isinstance(space, kinds.Dict) else space.spaces))
    return False


def stacks_into_arrays(space: Any) -> bool:
    kinds = gymnasium.spaces
    if isinstance(space, (kinds.Tuple, kinds.Dict)):
        return all(map(stacks_into_arrays, space.spaces.values() if isinstance(space, kinds.Dict) else space.spaces))
    return isinstance(space, (kinds.Box, kinds.Discrete, kinds.MultiDiscrete, kinds.MultiBinary))


@settings(examples, max_examples=80)
@given(all_space_recipes, seeds, st.integers(0, 3))
def test_samples_survive_json(recipe, seed, count):
    ours, theirs = recipe.build(spaces, seed), reference(recipe, seed)
    samples = [ours.sample() for _ in range(count)]
    written = json.dumps(ours.to_jsonable(samples))
    if not loses_parts(theirs):
        # Without the order of keys: in stacks of Dicts the reference sorts them.
        ordered = json.dumps(json.loads(written), sort_keys=True)
        assert ordered == json.dumps(theirs.to_jsonable(samples), sort_keys=True)
    again = ours.from_jsonable(json.loads(written))
    assert [bits(sample, types=False) for sample in again] == [bits(sample, types=False) for sample in samples]
    assert all(sample in ours for sample in again)


def test_an_empty_stack():
    """The reference cannot draw one."""
    space = Sequence(Dict(a=Box(0, 1, (2,)), b=Text(3), c=Tuple([Discrete(3)])), stack=True)
    empty = space.sample(mask=(0, {"a": None, "b": None, "c": (None,)}))
    assert (empty["a"].shape, empty["a"].dtype, empty["b"]) == ((0, 2), np.float32, ())
    assert empty in space
    assert bits(space.from_jsonable(json.loads(json.dumps(space.to_jsonable([empty]))))[0]) == bits(empty)


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Text(2.0), "Text: max_length must be an integer, got 2.0 of type float; write 2"),
        (lambda: Text(True), "max_length must be an integer, got True"),
        (lambda: Text(3, min_length="1"), "min_length must be an integer, got '1'"),
        (lambda: Text(3, min_length=-1), "0 <= min_length.*got min_length=-1, max_length=3"),
        (lambda: Text(3, min_length=4), "got min_length=4, max_length=3"),
        (lambda: Text(3, charset=["a", "bc"]), r"single characters, got \['a', 'bc'\]; write"),
        (lambda: Text(3, charset={"a", ""}), "single characters"),
        (lambda: Text(3, charset=5), "single characters, got 5"),
        (lambda: Text(3, charset=[1]), "single characters"),
        (lambda: Text(3, charset=""), "min_length=1 need characters, got an empty charset; write min_length=0"),
        (lambda: Text(3, charset="ab").character_index("c"), "'c' is not among the characters of Text"),
        (lambda: Sequence(3), "Sequence: space must be a Space, got 3 of type int"),
        (lambda: OneOf(Discrete(2)), r"got Discrete\(2\); write OneOf\(\[Discrete\(2\)\]\)"),
        (lambda: OneOf([]), "at least one space"),
        (lambda: OneOf([Discrete(2), 3]), "OneOf: part 1 must be a Space, got 3"),
        (
            lambda: Graph(MultiDiscrete([2]), None),
            r"node_space must be a Box or a Discrete, got MultiDiscrete\(\[2\]\)",
        ),
        (lambda: Graph(None, None), "node_space must be"),
        (lambda: Graph(Discrete(2), 3), "edge_space must be a Box or a Discrete, got 3 of type int"),
        (
            lambda: Graph(Discrete(2), None).from_jsonable([{"nodes": [0], "edges": [0], "edge_links": [[0, 0]]}]),
            "no edge",
        ),
    ],
)
def test_a_bad_argument_is_refused(build, words):
    with pytest.raises(error.InvalidParameter, match=words):
        build()


ONES = np.ones(2, np.int8)


@pytest.mark.parametrize(
    ("space", "steer", "kind", "words"),
    [
        (Text(3, charset="ab"), {"mask": ONES}, error.InvalidParameter, "tuple of a length and an array"),
        (Text(3, charset="ab"), {"mask": (2,)}, error.InvalidParameter, "tuple of a length"),
        (Text(3, charset="ab"), {"mask": (4, None)}, error.InvalidParameter, "between 1 and 3, got 4"),
        (Text(3, charset="ab"), {"probability": (0, None)}, error.InvalidParameter, "length in probability.*got 0"),
        (Text(3, charset="ab"), {"mask": (2.0, None)}, error.InvalidParameter, "an integer, got 2.0.*write 2"),
        (Text(3, charset="ab"), {"mask": (None, np.ones(3, np.int8))}, error.InvalidParameter, r"shape \(2,\)"),
        (Text(3, charset="ab"), {"mask": (None, 2 * ONES)}, error.InvalidParameter, r"0 \(forbidden\)"),
        (Text(3, charset="ab"), {"mask": (None, 0 * ONES)}, error.InvalidParameter, "forbids every.*at least 1"),
        (Text(3, charset="ab"), {"probability": (None, np.array([0.5, 0.4]))}, error.InvalidProbability, "sum to 1"),
        (Text(3, charset="ab"), {"probability": (None, np.array([2, -1.0]))}, error.InvalidProbability, r"\[0, 1\]"),
        (Sequence(Discrete(2)), {"mask": 3}, error.InvalidParameter, "tuple of a length and a mask"),
        (Sequence(Discrete(2)), {"probability": (1,)}, error.InvalidParameter, "a probability for the items"),
        (Sequence(Discrete(2)), {"mask": (-1, None)}, error.InvalidParameter, "must not be negative, got -1"),
        (Sequence(Discrete(2)), {"mask": (1.0, None)}, error.InvalidParameter, "an integer, got 1.0.*write 1"),
        (Sequence(Discrete(2)), {"mask": ([1, 2], None)}, error.InvalidParameter, r"an integer, got \[1, 2\]"),
        (Sequence(Discrete(2)), {"mask": (np.array([1, -1]), None)}, error.InvalidParameter, "integers >= 0"),
        (Sequence(Discrete(2)), {"mask": (np.array([1.0]), None)}, error.InvalidParameter, "integers >= 0"),
        (Sequence(Discrete(2)), {"mask": (np.array([[1]]), None)}, error.InvalidParameter, "one-dimensional"),
        (Sequence(Discrete(2)), {"mask": (np.array([], int), None)}, error.InvalidParameter, "write for instance"),
        (OneOf([Discrete(2)]), {"mask": [None]}, error.InvalidParameter, "mask must be a tuple.*each of the 1 spaces"),
        (OneOf([Discrete(2)]), {"probability": (None, None)}, error.InvalidParameter, "probability must be a tuple"),
        (
            Graph(Discrete(2), None),
            {"mask": ONES},
            error.InvalidParameter,
            "entry.*for the nodes and one for the edges",
        ),
        (Graph(Discrete(2), None), {"probability": (None,)}, error.InvalidParameter, "probability must be a tuple"),
        (Graph(Discrete(2), None), {"mask": ((ONES,), None)}, error.InvalidParameter, "tuple of 10"),
        (Graph(Box(0, 1), None), {"mask": ((ONES,), None)}, error.InvalidParameter, "Box takes no mask"),
        (Graph(Discrete(2), None), {"num_nodes": 0}, error.InvalidParameter, "num_nodes must be at least 1, got 0"),
        (Graph(Discrete(2), Discrete(2)), {"num_edges": -1}, error.InvalidParameter, "num_edges must be at least 0"),
        (Graph(Discrete(2), None), {"num_nodes": 2.0}, error.InvalidParameter, "an integer, got 2.0.*write 2"),
        *(
            (space, {"mask": (1, 1), "probability": (1, 1)}, error.InvalidParameter, "not both")
            for space in (Text(3), Sequence(Discrete(2)), OneOf([Discrete(2)]), Graph(Discrete(2), None))
        ),
    ],
)
def test_a_bad_mask_or_probability_is_refused(space, steer, kind, words):
    with pytest.raises(kind, match=words):
        space.sample(**steer)


def test_a_graph_instance_is_a_named_tuple():
    nodes = np.zeros(2)
    graph = GraphInstance(nodes=nodes, edges=None, edge_links=None)
    assert graph.nodes is nodes
    assert repr(graph) == repr(gymnasium.spaces.GraphInstance(nodes, None, None))
