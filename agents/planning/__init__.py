"""Exact planning on a table: the best that any agent could do, and what a given policy is really worth.

Sutton and Barto (2018), chapter 4. :mod:`~agents.planning.model` looks one step ahead, :mod:`~agents.planning.sweeps`
does so at every state, :mod:`~agents.planning.methods` and :mod:`~agents.planning.undiscounted` repeat that until
:mod:`~agents.planning.bounds` proves that nothing much can change.
"""

from agents.planning.checks import METHODS
from agents.planning.evaluation import (
    expected_steps,
    greedy_policy,
    hitting_probability,
    policy_return,
    policy_value,
    soft_policy,
)
from agents.planning.solving import Plan, solve
from agents.planning.stationary import Optimum, optimum

__all__ = [
    "METHODS",
    "Optimum",
    "Plan",
    "expected_steps",
    "greedy_policy",
    "hitting_probability",
    "optimum",
    "policy_return",
    "policy_value",
    "soft_policy",
    "solve",
]
