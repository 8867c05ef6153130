"""The statistics of many seeds: intervals that assume nothing about how scores are distributed.

A share of seeds has the exact binomial interval (Clopper and Pearson 1934): of 100 seeds solved out of 100 it says at
least 96.4 %. Everything else has a percentile bootstrap interval, stratified: where scores come from several
environments, each environment's seeds are drawn anew among themselves (Agarwal et al. 2021, "Deep reinforcement
learning at the edge of the statistical precipice", section 4.1; the package rliable). Intervals are two-sided.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.common.registry import did_you_mean
from minigym import error

CONFIDENCE = 0.95
REPETITIONS = 5_000
_MOST_ELEMENTS = 4_000_000  # drawn at a time: 32 MiB


class Interval(NamedTuple):
    """An estimate and the ends of its interval."""

    estimate: float
    low: float
    high: float


def share(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The share of successes with its exact binomial interval, after Clopper and Pearson.

    Args:
        successes: how many of the trials succeeded.
        trials: how many there were.
        confidence: of the two-sided interval. Its lower end alone is a bound that holds with (1 + confidence) / 2.
    """
    successes, trials = operator.index(successes), operator.index(trials)
    if not 0 <= successes <= trials or trials == 0:
        raise error.InvalidParameter(
            f"a share needs at least one trial, and 0 to as many successes, got {successes} of {trials}"
        )
    tail = (1 - _checked_confidence(confidence)) / 2
    try:
        from scipy.special import betaincinv  # scipy.stats has the whole test, and takes seconds to import
    except ImportError as missing:
        raise error.DependencyNotInstalled(
            'an interval needs SciPy, which is not installed: pip install "minigym[agents]"'
        ) from missing
    failures = trials - successes
    low = 0.0 if successes == 0 else float(betaincinv(successes, failures + 1, tail))
    high = 1.0 if failures == 0 else float(betaincinv(successes + 1, failures, 1 - tail))
    return Interval(successes / trials, low, high)


def mean(scores: NDArray[np.float64]) -> Any:
    """(..., n) to (...): the mean."""
    return scores.mean(axis=-1)


def median(scores: NDArray[np.float64]) -> Any:
    """(..., n) to (...): the median; infinite scores are allowed."""
    return np.median(scores, axis=-1)


def percentile_5(scores: NDArray[np.float64]) -> Any:
    """(..., n) to (...): what 5 % of the scores lie below: how bad the bad seeds are."""
    return np.quantile(scores, 0.05, axis=-1)


def iqm(scores: NDArray[np.float64]) -> Any:
    """(..., n) to (...): the interquartile mean, of what is left without the lowest and the highest quarter.

    Of n scores, n // 4 are left out at each end, as in rliable. It says nothing about failures: a quarter of all
    seeds may fail without a trace.
    """
    size = scores.shape[-1]
    cut = size // 4
    return np.sort(scores, axis=-1)[..., cut : size - cut].mean(axis=-1)


STATISTICS: dict[str, Callable[[NDArray[np.float64]], Any]] = {
    "median": median,
    "percentile_5": percentile_5,
    "mean": mean,
    "iqm": iqm,
}


def bootstrap(
    scores: ArrayLike | Sequence[ArrayLike],
    statistic: str = "median",
    *,
    confidence: float = CONFIDENCE,
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> Interval:
    """A statistic of all scores together, with its stratified percentile bootstrap interval.

    Args:
        scores: (n,), one score a seed; or several of them, one for each environment, of any lengths.
        statistic: "median", "percentile_5", "mean" or "iqm".
        confidence: of the two-sided interval.
        repetitions: how many times the seeds are drawn anew, with replacement, within each environment.
        seed: of the drawing: the same interval each time.

    Returns:
        The interval. Infinite scores are allowed for the median: it and its ends may then be infinite.
    """
    if statistic not in STATISTICS:
        raise error.InvalidParameter(f"there is no statistic {statistic!r}; {did_you_mean(statistic, STATISTICS)}")
    strata, function = _strata(scores), STATISTICS[statistic]
    generator = np.random.default_rng(seed)
    drawn = [
        function(np.concatenate([_redrawn(stratum, count, generator) for stratum in strata], axis=1))
        for count in _portions(repetitions, sum(map(len, strata)))
    ]
    return Interval(float(function(np.concatenate(strata))), *_ends(np.concatenate(drawn), confidence))


def probability_of_improvement(
    first: ArrayLike | Sequence[ArrayLike],
    second: ArrayLike | Sequence[ArrayLike],
    *,
    confidence: float = CONFIDENCE,
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> Interval:
    """The probability that a random seed of the first agent scores higher than one of the second; ties count half.

    It is Mann and Whitney's U / (n m). Over several environments it is the mean of each environment's. An interval
    that does not hold 0.5 says that one agent is better, not by how much.

    Args:
        first, second: the scores of each, as in :func:`bootstrap`, with the same environments in the same order.
        confidence, repetitions, seed: as there; both agents' seeds are drawn anew.
    """
    ours, theirs = _strata(first), _strata(second)
    if len(ours) != len(theirs):
        raise error.InvalidParameter(
            f"both agents need scores from the same environments, got {len(ours)} and {len(theirs)} of them"
        )
    generator = np.random.default_rng(seed)
    estimates, drawn = [], []
    for x, y in zip(ours, theirs, strict=True):
        wins = np.where(x[:, None] == y, 0.5, x[:, None] > y)  # (n, m)
        # Drawing seeds anew means counting each of them 0, 1, 2, ... times.
        x_counts = generator.multinomial(len(x), np.full(len(x), 1 / len(x)), repetitions)
        y_counts = generator.multinomial(len(y), np.full(len(y), 1 / len(y)), repetitions)
        drawn.append(((x_counts @ wins) * y_counts).sum(axis=1) / wins.size)
        estimates.append(wins.mean())
    return Interval(float(np.mean(estimates)), *_ends(np.mean(drawn, axis=0), confidence))


def _strata(scores: ArrayLike | Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    """One float array for each environment."""
    given = list(scores) if isinstance(scores, (list, tuple)) else scores
    nested = isinstance(given, list) and any(np.ndim(part) for part in given)
    strata = [np.asarray(part, dtype=np.float64) for part in (given if nested else [given])]
    for stratum in strata:
        if stratum.ndim != 1 or stratum.size == 0 or np.isnan(stratum).any():
            raise error.InvalidParameter(
                "scores must be one number a seed, (n,), or a list of such arrays, one for each environment, without "
                f"NaN; got an array {stratum.shape}{' with NaN' if np.isnan(stratum).any() else ''}"
            )
    return strata


def _redrawn(stratum: NDArray[np.float64], count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(count, n): the scores drawn anew, with replacement."""
    return stratum[generator.integers(len(stratum), size=(count, len(stratum)))]


def _portions(repetitions: int, size: int) -> list[int]:
    """The repetitions in portions that fit into memory."""
    most = max(1, _MOST_ELEMENTS // size)
    return [min(most, repetitions - begun) for begun in range(0, repetitions, most)]


def _ends(drawn: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    tail = (1 - _checked_confidence(confidence)) / 2
    # No interpolation: between a finite and an infinite value it would give NaN.
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)


def _checked_confidence(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise error.InvalidParameter(f"confidence must lie between 0 and 1, got {confidence!r}; write 0.95")
    return confidence
