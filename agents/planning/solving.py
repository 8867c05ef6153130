"""The best policy of a table, by whichever method."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.planning import methods
from agents.planning.checks import (
    checked_epsilon,
    checked_gamma,
    checked_horizon,
    checked_mdp,
    checked_method,
    checked_tolerance,
)
from agents.planning.iteration import Watch, unwatched
from agents.planning.methods import Goal, relative
from agents.planning.model import model_of
from agents.planning.undiscounted import ceiling_of, undiscounted, without_traps
from minigym import MDP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOLERANCE = 1e-12


class _Pair(NamedTuple):
    values: NDArray[np.float64]
    policy: NDArray[np.int64]


class Plan(_Pair):
    """The best values and a policy that reaches them; unpacks as these two.

    Without a horizon ``values`` is (S,) float64 and ``policy`` (S,) int64. With one they are (horizon + 1, S) and
    (horizon, S): row t holds after t steps, so row 0 has all steps to go and the last row of ``values`` is 0.
    """

    errors: NDArray[np.float64]
    """(S,), with a horizon (horizon + 1, 1): how far ``values`` can be from the best possible ones, and from those of
    ``policy``. Proven, the rounding included (see :mod:`agents.planning.bounds`); infinite where there is no proof."""

    rows: tuple[str, ...] | None = None
    """The map, where ``agents.solve`` was given a lake."""

    def __new__(cls, values: Any, policy: Any, errors: Any = np.inf) -> "Plan":
        """A plan; without ``errors`` nothing is proven."""
        plan = super().__new__(cls, values, policy)
        plan.errors = np.asarray(errors)
        return plan

    def plot(self) -> "Figure":
        """The values and the moves on the map, of a lake; with a horizon, those with all steps to go."""
        from agents.common import plotting

        return plotting.plan(self)

    def _repr_html_(self) -> str:
        from agents.common import notebook

        return notebook.plan(self)

    @property
    def error_bound(self) -> float:
        """No value is farther than that from the true one."""
        return float(self.errors.max())

    @property
    def relative_error_bound(self) -> float:
        """No value is farther than this share of the true one from it; infinite where the sign is not certain."""
        return relative(self.values, np.broadcast_to(self.errors, np.shape(self.values)))


def solve(
    mdp: MDP,
    *,
    method: str = "policy_iteration",
    gamma: float = 0.99,
    horizon: int | None = None,
    epsilon: float = 0.0,
    tolerance: float | None = None,
    relative_tolerance: float | None = None,
    watch: Watch = unwatched,
) -> Plan:
    """The best policy of an MDP; ties go to the first action.

    The optimal values are found to a proven accuracy, the policy that is greedy for them is then evaluated itself, and
    ``values`` are its own. ``plan.errors`` says what is proven; where rounding does not allow the accuracy asked for,
    they say so by being larger.

    Args:
        mdp: the table.
        method: "policy_iteration" (Sutton and Barto, section 4.3), "value_iteration" (4.4), "gauss_seidel" (value
            iteration in place, 4.5) or "modified_policy_iteration" (4.6).
        gamma: the discount, in [0, 1]. With 1 and no horizon, the best among the policies that end for certain (or
            come to rest where nothing can be earned), and among those the one with the fewest expected steps: many
            others tie in value at every single state and still never arrive.
        horizon: the steps of an episode: backward induction then gives the best policy for each number of steps to
            go, whichever the method. None for no limit.
        epsilon: the probability of a uniformly random action at every step. The values are then those of the best
            policy that explores so (section 5.4), and ``policy`` is what it does otherwise.
        tolerance: no value may be farther than that from the true one.
        relative_tolerance: the same, as a share of the true value: on a wide lake, the first states are worth 1e-9.
            Of the two, what is given holds; with neither, ``tolerance`` is 1e-12, or 1e-12 of the largest expected
            reward where that is above 1.
        watch: called after each sweep over all states, with its largest relative change.
    """
    method, gamma, epsilon = checked_method(method), checked_gamma(gamma), checked_epsilon(epsilon)
    absolute = checked_tolerance("tolerance", tolerance)
    share = checked_tolerance("relative_tolerance", relative_tolerance)
    if horizon is not None:
        horizon = checked_horizon(horizon)
    model = model_of(checked_mdp(mdp))
    if horizon is not None:
        return Plan(*methods.backward_induction(model, gamma, epsilon, horizon, watch))
    if absolute is None and share is None:
        absolute = TOLERANCE * max(1.0, float(np.abs(model.reward).max()))
    goal = Goal(np.inf if absolute is None else absolute, np.inf if share is None else share)
    if gamma == 1:
        return Plan(*undiscounted(without_traps(model, mdp), method, epsilon, goal, watch, ceiling_of(mdp)))
    return Plan(*methods.discounted(model, method, gamma, epsilon, goal, watch))
