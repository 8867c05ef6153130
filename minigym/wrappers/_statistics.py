"""Means and variances that are updated as values come, and what the wrappers that normalize by them share."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigym import error

Moment: TypeAlias = NDArray[Any] | np.floating[Any]  # NumPy gives numbers, not arrays, where the shape is ()


def update_mean_var_count_from_moments(
    mean: Moment, var: Moment, count: float, batch_mean: Moment, batch_var: Moment, batch_count: float
) -> tuple[Any, Any, float]:
    """Mean, variance (of the population) and number of two sets of values taken together.

    Chan, Golub and LeVeque (1979), "Updating formulae and a pairwise algorithm for computing sample variances",
    equation 2.1. The order of the operations is the reference's, on which the last bits depend.

    Args:
        mean, var, count: of the first set.
        batch_mean, batch_var, batch_count: of the second one.
    """
    delta = batch_mean - mean
    total = count + batch_count
    squares = var * count + batch_var * batch_count + np.square(delta) * count * batch_count / total
    return mean + delta * batch_count / total, squares / total, total


class RunningMeanStd:
    """``mean``, ``var`` (of the population) and ``count`` of the values seen so far.

    Args:
        epsilon: the count to begin with, which is what the first mean, 0, and the first variance, 1, weigh.
        shape: of a value.
        dtype: of the first mean and variance; those after an update have the dtype that NumPy gives them.
    """

    def __init__(self, epsilon: float = 1e-4, shape: tuple[int, ...] = (), dtype: DTypeLike = np.float64) -> None:
        self.mean: Any = np.zeros(shape, dtype)
        self.var: Any = np.ones(shape, dtype)
        self.count = epsilon

    def update(self, x: NDArray[Any]) -> None:
        """Take in a batch of values, an array (n, *shape)."""
        self.update_from_moments(np.mean(x, axis=0), np.var(x, axis=0), x.shape[0])

    def update_from_moments(self, batch_mean: Moment, batch_var: Moment, batch_count: float) -> None:
        """Take in values of which the mean, the variance and the number are known."""
        self.mean, self.var, self.count = update_mean_var_count_from_moments(
            self.mean, self.var, self.count, batch_mean, batch_var, batch_count
        )


class Freezable:
    """A wrapper whose statistics can be kept as they are, for instance while a policy is evaluated."""

    _update_running_mean: bool = True

    @property
    def update_running_mean(self) -> bool:
        """Whether what comes still changes the statistics; set it to False to go on with them as they are."""
        return self._update_running_mean

    @update_running_mean.setter
    def update_running_mean(self, setting: bool) -> None:
        self._update_running_mean = setting


def checked_shape(wrapper: Any, name: str, space: Any) -> tuple[int, ...]:
    """The shape of ``space``, whose values must be single arrays or numbers for the ``wrapper`` to work."""
    shape: tuple[int, ...] | None = space.shape
    if shape is None:
        raise error.InvalidParameter(
            f"{type(wrapper).__name__} needs an environment whose {name} has a shape, as that of a Box has; got "
            f"{space} (FlattenObservation makes one array of a Dict or a Tuple)"
        )
    return shape


def check_number(wrapper: Any, name: str, number: Any, most: float) -> None:
    """Refuse what is no number from 0 to ``most``."""
    is_number = isinstance(number, (int, float, np.integer, np.floating)) and not isinstance(number, bool)
    if not is_number or not 0 <= number <= most:  # fails for NaN too
        raise error.InvalidParameter(
            f"{type(wrapper).__name__} needs a number from 0 to {most:g} as {name}, got {number!r}"
        )


def checked_count(wrapper: Any, name: str, number: Any, least: int) -> int:
    """``number``, which must be an integer of at least ``least``."""
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool):
        raise TypeError(
            f"{type(wrapper).__name__} needs an integer as {name}, got {number!r} of type {type(number).__name__}"
        )
    if number < least:
        raise error.InvalidParameter(f"{type(wrapper).__name__} needs at least {least} as {name}, got {number}")
    return int(number)
