"""Every Hypothesis strategy of this test suite."""

from collections import OrderedDict
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigym.dynamics import mountain_car
from minigym.dynamics.cart_pole import Params
from minigym.dynamics.mdp import MDP

seeds = st.integers(0, 2**64)
# As likely of any width: a seed of up to 128 bits fills the pool of a SeedSequence, a longer one is mixed in.
wide_seeds = st.integers(0, 200).flatmap(lambda bits: st.integers(2**bits >> 1, 2**bits - 1 if bits else 0))

# Spaces ---------------------------------------------------------------------------------------------------------

_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_FLOATS = ("float16", "float32", "float64")
# Within these bounds float16, the narrowest, holds a sample beyond a bound too, and no difference overflows.
_LARGEST = {"float16": 2.0**14, "float32": 2.0**126, "float64": 2.0**1000}


@dataclass(frozen=True)
class SpaceRecipe:
    """A space as the name of its class and the arguments: it can be built from minigym and from Gymnasium alike.

    ``parts`` are the recipes inside a Tuple, OneOf, Sequence or Graph (a list, None for no edges) or a Dict (a dict).
    """

    name: str
    arguments: dict[str, Any]
    parts: Any = ()

    def build(self, spaces: ModuleType, seed: Any = None) -> Any:
        """The space, made of the classes in ``spaces``; the arrays it is given are its own."""
        kind = getattr(spaces, self.name)
        if self.name in ("Tuple", "OneOf"):
            return kind([part.build(spaces) for part in self.parts], seed=seed)
        if self.name in ("Sequence", "Graph"):
            return kind(*(part and part.build(spaces) for part in self.parts), **self.arguments, seed=seed)
        if self.name == "Dict":
            built = {key: part.build(spaces) for key, part in self.parts.items()}
            return {
                "dict": lambda: kind(built, seed=seed),
                "ordered": lambda: kind(OrderedDict(built), seed=seed),
                "pairs": lambda: kind(list(built.items()), seed=seed),
                "keywords": lambda: kind(seed=seed, **built),
            }[self.arguments["written_as"]]()
        copies = {key: v.copy() if isinstance(v, np.ndarray) else v for key, v in self.arguments.items()}
        return kind(**copies, seed=seed)


@st.composite
def discrete_recipes(draw: st.DrawFn, only_small: bool = False) -> SpaceRecipe:
    """Discrete spaces of every integer dtype, small and large."""
    dtype = draw(st.sampled_from(_INTEGERS))
    limits = np.iinfo(dtype)
    n = draw(st.integers(1, 8) if only_small else st.integers(1, 8) | st.integers(1, limits.max))
    # The reference computes start + n, which must fit as well.
    start = draw(st.integers(max(limits.min, -3), min(3, limits.max - n)) | st.integers(limits.min, limits.max - n))
    return SpaceRecipe("Discrete", {"n": n, "start": start, "dtype": dtype})


@st.composite
def multi_discrete_recipes(draw: st.DrawFn, only_small: bool = False) -> SpaceRecipe:
    """MultiDiscrete spaces of one or two axes, with and without ``start``."""
    dtype = draw(st.sampled_from(_INTEGERS))
    limits = np.iinfo(dtype)
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    size = int(np.prod(shape))
    counts = st.integers(1, 5) if only_small else st.integers(1, 5) | st.integers(1, limits.max)
    nvec = draw(st.lists(counts, min_size=size, max_size=size))
    start = [draw(st.integers(limits.min, limits.max - n) | st.just(0)) for n in nvec]
    arguments = {"nvec": np.array(nvec, dtype).reshape(shape), "dtype": dtype}
    if draw(st.booleans()):
        arguments["start"] = np.array(start, dtype).reshape(shape)
    return SpaceRecipe("MultiDiscrete", arguments)


@st.composite
def multi_binary_recipes(draw: st.DrawFn) -> SpaceRecipe:
    """MultiBinary spaces of one or two axes."""
    return SpaceRecipe(
        "MultiBinary", {"n": draw(st.integers(1, 5) | st.lists(st.integers(1, 3), min_size=1, max_size=2))}
    )


@st.composite
def box_recipes(draw: st.DrawFn) -> SpaceRecipe:
    """Boxes of every dtype, up to three axes or an empty one; bounds as numbers or arrays, finite or not."""
    dtype = draw(st.sampled_from([*_INTEGERS, *_FLOATS, "bool"]))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    as_arrays = draw(st.booleans())
    # The reference turns infinite int64 bounds in an array into nonsense (2**63 - 1 is no float64).
    may_be_infinite = dtype in _FLOATS or (dtype.startswith("int") and not (as_arrays and dtype == "int64"))
    bounds = [draw(_intervals(dtype, may_be_infinite)) for _ in range(int(np.prod(shape)) if as_arrays else 1)]
    lows, highs = zip(*bounds, strict=True) if bounds else ((), ())
    if not as_arrays:
        return SpaceRecipe("Box", {"low": lows[0], "high": highs[0], "shape": shape, "dtype": dtype})
    arguments: dict[str, Any] = {"dtype": dtype}
    for name, values in (("low", lows), ("high", highs)):
        held = dtype if dtype in _FLOATS or np.all(np.isfinite(values)) else np.float64
        arguments[name] = np.array(values, dtype=held).reshape(shape)
    return SpaceRecipe("Box", arguments)


def _intervals(dtype: str, may_be_infinite: bool) -> st.SearchStrategy[tuple[float, float]]:
    """(low, high), which the dtype holds exactly."""
    numbers: st.SearchStrategy[Any]
    if dtype in _FLOATS:
        limit = _LARGEST[dtype]
        numbers = st.floats(-limit, limit, width=np.finfo(dtype).bits, allow_subnormal=False)
    elif dtype == "bool":
        numbers = st.integers(0, 1)
    else:
        limits = np.iinfo(dtype)
        # Near the ends of the 64-bit types the reference's own arithmetic overflows.
        numbers = st.integers(max(limits.min, -(2**62)), min(limits.max, 2**62)) | st.integers(0, 3)
    pairs = st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))
    if not may_be_infinite:
        return pairs
    infinite = st.tuples(st.booleans(), st.booleans())
    return st.builds(
        lambda pair, ends: (-np.inf if ends[0] else pair[0], np.inf if ends[1] else pair[1]), pairs, infinite
    )


leaf_recipes = discrete_recipes() | box_recipes() | multi_discrete_recipes() | multi_binary_recipes()
_KEYS = st.text("abcde", min_size=1, max_size=3)


def _composites(parts: st.SearchStrategy[SpaceRecipe]) -> st.SearchStrategy[SpaceRecipe]:
    written_as = st.fixed_dictionaries({"written_as": st.sampled_from(["dict", "ordered", "pairs", "keywords"])})
    return st.builds(SpaceRecipe, st.just("Tuple"), st.just({}), st.lists(parts, min_size=1, max_size=3)) | st.builds(
        SpaceRecipe, st.just("Dict"), written_as, st.dictionaries(_KEYS, parts, min_size=1, max_size=3)
    )


space_recipes = st.recursive(leaf_recipes, _composites, max_leaves=5)


@st.composite
def text_recipes(draw: st.DrawFn) -> SpaceRecipe:
    """Texts over characters of any alphabet; NUL is not among them, which the reference cannot draw."""
    characters = st.characters(min_codepoint=1, exclude_categories=["Cs"])
    charset = "".join(draw(st.lists(characters, min_size=1, max_size=5, unique=True)))
    shortest, longest = sorted(draw(st.tuples(st.integers(0, 6), st.integers(0, 6))))
    return SpaceRecipe("Text", {"max_length": longest, "min_length": shortest, "charset": charset})


def graph_recipes(only_small: bool = False) -> st.SearchStrategy[SpaceRecipe]:
    """Graphs over Boxes, bounded if of integers, and Discretes of fewer than 2**63: else the reference overflows."""
    boxes = box_recipes().filter(
        lambda recipe: (
            recipe.arguments["dtype"] in _FLOATS
            or np.isfinite([*np.ravel(recipe.arguments["low"]), *np.ravel(recipe.arguments["high"])]).all()
        )
    )
    features = discrete_recipes(only_small).filter(lambda recipe: recipe.arguments["n"] < 2**63) | boxes
    parts = st.tuples(features, st.none() | features).map(list)
    return st.builds(SpaceRecipe, st.just("Graph"), st.just({}), parts)


def _more_composites(parts: st.SearchStrategy[SpaceRecipe]) -> st.SearchStrategy[SpaceRecipe]:
    stacked = st.fixed_dictionaries({"stack": st.booleans()})
    return (
        _composites(parts)
        | st.builds(SpaceRecipe, st.just("OneOf"), st.just({}), st.lists(parts, min_size=1, max_size=3))
        | st.builds(SpaceRecipe, st.just("Sequence"), stacked, st.lists(parts, min_size=1, max_size=1))
    )


# Of all ten kinds. The small ones have flat forms of a size that can be compared.
all_space_recipes = st.recursive(leaf_recipes | text_recipes() | graph_recipes(), _more_composites, max_leaves=4)
_small_leaves = discrete_recipes(True) | box_recipes() | multi_discrete_recipes(True) | multi_binary_recipes()
small_space_recipes = st.recursive(_small_leaves | text_recipes() | graph_recipes(True), _more_composites, max_leaves=4)


def steering(space: Any, kind: str) -> st.SearchStrategy[Any]:
    """What ``sample`` of ``space`` (Gymnasium's) takes as its ``kind``, "mask" or "probability"; None for a Box.

    Spaces too large for a mask are steered by None as well.
    """
    name = type(space).__name__
    if name in ("Tuple", "OneOf"):
        return st.tuples(*(steering(part, kind) for part in space.spaces))
    if name == "Dict":
        return st.fixed_dictionaries({key: steering(part, kind) for key, part in space.spaces.items()})
    if name == "Discrete" and space.n <= 8:
        return _vectors(int(space.n), kind)
    # Steered uint64 draws of the reference pass through float64.
    if name == "MultiDiscrete" and space.nvec.max() <= 8 and (space.dtype != np.uint64 or space.start.max() < 2**53):
        return _nested(space.nvec.tolist(), kind)
    if name == "MultiBinary":
        probabilities = _arrays(st.sampled_from([0.0, 1.0]) | st.floats(0, 1), space.shape, np.float64)
        return probabilities if kind == "probability" else _arrays(st.integers(0, 2), space.shape, np.int8)
    return _more_steering(space, kind) if name in ("Text", "Sequence", "Graph") else st.none()


def _more_steering(space: Any, kind: str) -> st.SearchStrategy[Any]:
    """The same for Text, Sequence and Graph."""
    if type(space).__name__ == "Text":
        weights = _vectors(len(space.character_list), kind)
        if space.min_length > 0:
            weights = weights.filter(np.any)
        return st.tuples(st.none() | st.integers(space.min_length, space.max_length), st.none() | weights)
    if type(space).__name__ == "Sequence":
        lengths = st.integers(int(space.stack), 4)  # the reference cannot stack nothing
        length = st.none() | lengths | st.lists(lengths, min_size=1, max_size=3).map(np.array)
        return st.tuples(length, steering(space.feature_space, kind))
    nodes = st.tuples(*[steering(space.node_space, kind)] * 10)  # a Graph draws 10 unless told otherwise
    nodes = nodes.map(lambda each: None if each[0] is None else each)
    return st.tuples(nodes, steering(space.edge_space, kind))


def _vectors(length: int, kind: str) -> st.SearchStrategy[Any]:
    """A mask or a distribution over ``length`` values."""
    if kind == "mask":
        return _arrays(st.integers(0, 1), (length,), np.int8)
    weights = _arrays(st.integers(0, 9), (length,), np.float64).filter(np.any)
    return weights.map(lambda array: array / array.sum())


def _nested(nvec: Any, kind: str) -> st.SearchStrategy[Any]:
    """Tuples nested as ``nvec`` is, a vector for each of its entries."""
    if isinstance(nvec, int):
        return _vectors(nvec, kind)
    return st.tuples(*(_nested(part, kind) for part in nvec))


def _arrays(elements: st.SearchStrategy[Any], shape: tuple[int, ...], dtype: Any) -> st.SearchStrategy[Any]:
    size = int(np.prod(shape))
    return st.lists(elements, min_size=size, max_size=size).map(lambda values: np.array(values, dtype).reshape(shape))


# Markov decision processes ----------------------------------------------------------------------------------------


@st.composite
def mdps(draw: st.DrawFn, smallest_reward: int = -3, must_end: bool = False) -> MDP:
    """Tables of up to 5 states, 3 actions and 3 outcomes. Rewards are whole: many sums are equal, or cancel.

    With ``must_end`` every step terminates with at least one chance in two, so that every policy ends.
    """
    shape = num_states, _, _ = tuple(draw(st.integers(1, largest)) for largest in (5, 3, 3))
    weights = draw(_arrays(st.integers(0, 3), shape, np.float64))
    weights[:, :, 0] += 1
    terminated = draw(_arrays(st.booleans(), shape, np.bool_))
    if must_end:
        weights[:, :, 0] += weights.sum(axis=2)
        terminated[:, :, 0] = True
    starts = draw(_arrays(st.integers(0, 3), (num_states,), np.float64).filter(np.any))
    return MDP(
        probability=weights / weights.sum(axis=2, keepdims=True),
        next_state=draw(_arrays(st.integers(0, num_states - 1), shape, np.int64)),
        reward=draw(_arrays(st.integers(smallest_reward, 3), shape, np.float64)),
        terminated=terminated,
        initial=starts / starts.sum(),
    )


# Frozen lakes -------------------------------------------------------------------------------------------------------

success_rates = st.floats(0, 1) | st.sampled_from([0.0, 1 / 3, 0.8, 1.0])


@st.composite
def lake_maps(draw: st.DrawFn, largest: int = 6) -> list[str]:
    """Playable maps of every shape up to ``largest`` by ``largest``, with any number of starts, holes and goals.

    Letters at random seldom leave a way to the goal, so one is melted through them: from a start along its row, then
    along the goal's column.
    """
    shapes = st.tuples(st.integers(1, largest), st.integers(1, largest)).filter(lambda shape: shape != (1, 1))
    nrow, ncol = draw(shapes)
    tiles = [[draw(st.sampled_from("FFHSG")) for _ in range(ncol)] for _ in range(nrow)]
    cells = st.tuples(st.integers(0, nrow - 1), st.integers(0, ncol - 1))
    (row, column), (goal_row, goal_column) = draw(st.lists(cells, min_size=2, max_size=2, unique=True))
    way = [(row, c) for c in range(min(column, goal_column), max(column, goal_column) + 1)]
    way += [(r, goal_column) for r in range(min(row, goal_row), max(row, goal_row) + 1)]
    for r, c in way:
        if tiles[r][c] == "H":
            tiles[r][c] = "F"
    tiles[row][column], tiles[goal_row][goal_column] = "S", "G"
    return ["".join(letters) for letters in tiles]


# Poles on carts -----------------------------------------------------------------------------------------------------

cart_pole_states = st.tuples(st.floats(-5, 5), st.floats(-10, 10), st.floats(-np.pi, np.pi), st.floats(-10, 10))
cart_pole_params = st.builds(
    Params,
    gravity=st.floats(-30, 30),
    masscart=st.floats(0.1, 10),
    masspole=st.floats(0.01, 10),
    length=st.floats(0.05, 5),
    force_mag=st.floats(0, 100),
    tau=st.floats(1e-4, 0.1),
    theta_threshold_radians=st.floats(0.01, 3),
    x_threshold=st.floats(0.1, 10),
    semi_implicit=st.booleans(),
)

# Cars in valleys ----------------------------------------------------------------------------------------------------

mountain_car_states = st.tuples(
    st.floats(-3, 3) | st.sampled_from([-1.2, 0.5, 0.6, 0.0, -0.0]),
    st.floats(-0.2, 0.2) | st.sampled_from([-0.07, 0.07, 0.0, -0.0]),
)
mountain_car_params = st.builds(
    mountain_car.Params,
    min_position=st.floats(-3, -0.5) | st.just(-1.2),
    max_position=st.floats(-0.25, 3) | st.just(0.6),
    max_speed=st.floats(1e-3, 0.5) | st.just(0.07),
    goal_position=st.floats(-1, 1),
    goal_velocity=st.floats(-0.1, 0.1) | st.just(0.0),
    force=st.floats(0, 0.01),
    gravity=st.floats(-0.01, 0.01),
)
