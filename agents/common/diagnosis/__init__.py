"""Why little or nothing was learned: each cause with the numbers that speak for it, and what to change.

A seed counts as failing where its last policy is worth less than nine tenths of what learning can add: with a table,
of the way from random play to the best stationary policy, both exact; without one, where it is not solved. Nothing is
said of seeds that do not fail, so a run that is fine is met with silence.
"""

import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from agents.common import wording
from agents.common.diagnosis.case import Case, Finding
from agents.common.diagnosis.goal import (
    exploration_spent,
    goal_never_reached,
    limit_too_short,
    mostly_truncated,
    threshold_unreachable,
)
from agents.common.diagnosis.learning import (
    all_values_tied,
    alpha_too_large,
    budget_too_small,
    diverged,
    gamma_out_of_place,
    learned_then_lost,
    unexplained,
    values_unsettled,
)
from agents.common.terminal import WIDTH

if TYPE_CHECKING:
    from agents.common.run import Run

__all__ = ["Diagnosis", "Finding", "diagnose"]

_CHECKS: tuple[Callable[[Case], Finding | None], ...] = (
    diverged,
    goal_never_reached,
    gamma_out_of_place,
    exploration_spent,
    all_values_tied,
    alpha_too_large,
    budget_too_small,
    mostly_truncated,
)
_FOR_WANT_OF_THOSE = (
    values_unsettled,
    learned_then_lost,
)  # they often come with one of the above, and add nothing then


class Diagnosis(list[Finding]):
    """The findings, most telling first; as text at most 80 columns wide. Empty where there is nothing to report."""

    def __init__(self, findings: Iterable[Finding] = (), headline: str = "") -> None:
        super().__init__(findings)
        self.headline = headline

    def __str__(self) -> str:
        if not self:
            return "Diagnosis: nothing to report."
        lines = textwrap.wrap(f"Diagnosis: {self.headline}", WIDTH)
        for finding in self:
            lines.append(f"  {finding.name.replace('_', ' ')}")
            lines += textwrap.wrap(finding.evidence, WIDTH, initial_indent="    ", subsequent_indent="    ")
            lines += textwrap.wrap(finding.advice, WIDTH, initial_indent="    -> ", subsequent_indent="       ")
        return "\n".join(lines)

    __repr__ = __str__


def diagnose(run: "Run") -> Diagnosis:
    """The findings about a run; see :class:`Diagnosis`."""
    case = Case(run)
    if case.hopeless:
        return Diagnosis([limit_too_short(case)], f"no policy can succeed on {wording.world(run.environment)}.")
    unreachable = threshold_unreachable(case)
    beside = (
        [] if unreachable is None else [unreachable]
    )  # it explains why nothing is solved, not why little is learned
    if not case.failing.size:
        return Diagnosis(beside, "what counts as solved cannot be reached." if beside else "")
    causes = [finding for check in _CHECKS if (finding := check(case)) is not None]
    for check in _FOR_WANT_OF_THOSE:
        if not causes and (finding := check(case)) is not None:
            causes = [finding]
    return Diagnosis((causes or [unexplained()]) + beside, case.headline)
