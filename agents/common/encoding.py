"""What a network sees of an environment, and how many actions it may choose from."""

import math
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common.environment import Environment
from minigym import error


class Encoding(NamedTuple):
    """From observations to a network's inputs: a Box's numbers flattened, a Discrete's one-hot."""

    shape: tuple[int, ...]
    """Of one observation; () where it is an integer."""
    inputs: int
    actions: int

    def __call__(self, observations: Any) -> NDArray[np.float32]:
        """(..., then ``shape``) -> (..., inputs)."""
        observations = np.asarray(observations)
        if not self.shape:
            return (observations[..., None] == np.arange(self.inputs)).astype(np.float32)
        leading = observations.shape[: observations.ndim - len(self.shape)]
        return observations.reshape(*leading, self.inputs).astype(np.float32, copy=False)


def encoding(agent: str, environment: Environment) -> Encoding:
    """The encoding for an environment, minigym's or Gymnasium's; an error that says what ``agent`` needs otherwise."""
    with closing(environment.make()) as env:
        actions, observations = env.action_space, env.observation_space
    if _is_numbered(actions):
        if _is_numbered(observations):
            return Encoding((), int(observations.n), int(actions.n))
        if hasattr(observations, "low") and observations.shape:
            return Encoding(tuple(observations.shape), math.prod(observations.shape), int(actions.n))
    raise error.InvalidParameter(
        f"{agent} needs actions from a Discrete and observations from a Discrete, both starting at 0, or from a Box "
        f"with at least one dimension, got actions from {actions}, observations from {observations}; convert them in "
        "a wrapper"
    )


def _is_numbered(space: Any) -> bool:
    # A MultiBinary has a count, too, but a shape as well.
    return hasattr(space, "n") and space.shape == () and getattr(space, "start", 0) == 0
