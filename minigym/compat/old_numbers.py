"""The numbers of gym, and of Gymnasium before 1.0, where their last bits are other than today's."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym.dynamics import cart_pole
from minigym.dynamics.cart_pole import Params
from minigym.dynamics.mdp import MDP


class _Powered(float):
    """A float whose product with itself is its power ``** 2``, as the originals wrote their squares.

    The two differ in the last bit of one number in a thousand, and such a bit grows along a trajectory. So the one
    physics of ``minigym.dynamics``, which writes ``v * v``, gives the old numbers as well.
    """

    __slots__ = ()

    def __mul__(self, other: float) -> float:
        return float(self) ** 2 if other is self else float.__mul__(self, other)


def pole_step(state: Any, force: float, params: Params) -> tuple[float, float, float, float]:
    """The state of the pole ``params.tau`` seconds after the four numbers of ``state``."""
    x, x_dot, theta, theta_dot = (float(number) for number in state)
    sine, cosine = math.sin(theta), _Powered(math.cos(theta))
    return cart_pole.step(x, x_dot, theta, _Powered(theta_dot), force, sine, cosine, params)


def lake_table(mdp: MDP, desc: NDArray[np.bytes_], is_slippery: bool) -> dict[int, dict[int, list[Any]]]:
    """``P`` of a lake, with 1/3 three times on slippery ice (today's has 0.33333333333333337 at the sides)."""
    probability = 1 / 3 if is_slippery else 1.0
    ends = np.isin(desc.ravel(), (b"G", b"H"))
    return {
        state: {
            action: [(1.0, state, 0, True)]
            if ends[state]
            else [(probability, *rest) for _, *rest in mdp.outcomes(state, action)]
            for action in range(4)
        }
        for state in range(mdp.num_states)
    }
