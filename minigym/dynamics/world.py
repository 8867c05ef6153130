"""What every batch engine has to know of an environment: its functions, and a declaration of its state.

The functions are plain arithmetic that imports nothing numeric. What they need beyond ``+ - * /`` and comparisons comes
in as their last argument, :class:`Ops`, of which each engine has its own: so the same function object runs on Python's
floats, on arrays of one number a lane, on tensors, and compiled to machine code.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

# A scalar engine passes numbers, a batched one arrays of one number a lane: the arithmetic is the same.
Number = Any
Numbers = tuple[Number, ...]


class Ops(NamedTuple):
    """The functions that a world may call, in one engine's implementation."""

    sin: Callable[[Number], Number]  # of radians
    cos: Callable[[Number], Number]  # of radians
    where: Callable[[Any, Number, Number], Number]  # where(condition, if true, if false); both are computed
    search: Callable[[Any, Number], Any]  # search(sorted values, x): how many of the values are at most x


def _choose(condition: Any, if_true: Number, if_false: Number) -> Number:
    return if_true if condition else if_false


SCALAR_OPS = Ops(sin=math.sin, cos=math.cos, where=_choose, search=bisect_right)
"""For Python's own numbers."""


class World(NamedTuple):
    """An environment as its functions. Those of cart-pole stand in ``dynamics/cart_pole.py``, as an example.

    A state is a tuple of numbers. Wherever a function takes several numbers it takes a tuple, empty where there are
    none.
    """

    start: Callable[..., Numbers]
    """``start(uniforms, low, high, params, ops)``: the first state of an episode. ``uniforms`` are ``start_draws``
    random numbers in [0, 1); ``low`` and ``high`` are ``start_bounds``, or what the options of ``reset`` say."""

    transition: Callable[..., tuple[Numbers, Number, Any, Numbers]]
    """``transition(state, action, values, uniforms, params, ops)``: the next state, the reward, whether the episode
    ends there, and one number for each key of ``infos``. ``values`` come from ``prepare``, and ``uniforms`` are
    ``step_draws`` random numbers in [0, 1)."""

    params: Any
    """A NamedTuple of what the functions take as ``params``: numbers (a batch may have an array of one a lane for
    each), or, with ``has_tables``, arrays that all lanes share."""

    state_size: int
    """How many numbers a state has; they are floats, or integers if ``is_discrete``."""

    start_draws: int
    """How many random numbers a first state needs."""

    step_draws: int = 0
    """How many random numbers a step needs."""

    start_bounds: tuple[float, float] | None = None
    """Between what a first state is drawn; None where the options of ``reset`` have no say in it (``low`` and
    ``high`` are 0 then)."""

    prepare: Callable[..., Numbers] | None = None
    """``prepare(state, params, ops)``: sines and the like, computed before ``transition`` and given to it as
    ``values``. It may be left out; a compiled engine is faster with it, since a loop without calls can use the
    processor's vector instructions."""

    prepare_size: int = 0
    """How many numbers ``prepare`` returns."""

    observe: Callable[..., Numbers] | None = None
    """``observe(state, ops)``: the numbers of an observation; None where they are those of the state. A Discrete
    observation is the first of them."""

    observation_bounds: Callable[[Any], tuple[Numbers, Numbers]] | None = None
    """``observation_bounds(params)``: the lowest and the highest observation, where they depend on the parameters."""

    check_params: Callable[[Any], Any] | None = None
    """``check_params(params)`` raises InvalidParameter for parameters that no such world can have."""

    infos: Mapping[str, float] = {}  # never written to
    """The keys of the info dict, each with its value after a reset."""

    is_discrete: bool = False
    """Whether the numbers of a state are integers."""

    has_tables: bool = False
    """Whether ``params`` are arrays that all lanes share, rather than numbers."""
