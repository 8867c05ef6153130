"""Pictures of runs and of MDPs, drawn without pyplot: nothing global is touched, and no display is needed.

Every function returns a :class:`Picture`, a matplotlib Figure that a notebook shows inline; ``savefig`` writes it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agents.common.plotting.curves import comparison, exploration, learning_curve, scores
from agents.common.plotting.graph import mdp_graph
from agents.common.plotting.lake import plan, policy, policy_share, visits
from agents.common.plotting.plane import plane
from agents.common.plotting.style import Picture
from agents.common.registry import did_you_mean
from minigym import error

if TYPE_CHECKING:
    from agents.common.run import Run

__all__ = ["KINDS", "Picture", "comparison", "learning_curve", "mdp_graph", "plan", "plot"]

KINDS: dict[str, Callable[..., Picture]] = {
    "learning_curve": learning_curve,
    "exploration": exploration,
    "scores": scores,
    "policy": policy,
    "policy_share": policy_share,
    "visits": visits,
    "plane": plane,
}


def plot(run: "Run", kind: str, **options: Any) -> Picture:
    """The picture of a run by its name."""
    if kind not in KINDS:
        raise error.InvalidParameter(f"there is no picture {kind!r} of a run; {did_you_mean(kind, KINDS)}")
    return KINDS[kind](run, **options)
