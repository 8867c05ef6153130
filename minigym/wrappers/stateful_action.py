"""Wrappers that play an action more than once."""

from copy import deepcopy
from typing import Any, SupportsFloat

import numpy as np

from minigym import error
from minigym.core import ActionWrapper, ActType, Env, ObsType, RecordConstructorArgs, Wrapper
from minigym.wrappers._statistics import checked_count


class StickyAction(ActionWrapper[ObsType, ActType, ActType], RecordConstructorArgs):
    """Plays the last action again instead of the one it is given, with a probability at every step.

    Machado et al. (2018), "Revisiting the arcade learning environment", section 5.2; with repeats that may last longer
    than one step. The environment's own stream draws: a float64 whether a repeat begins, and then its duration.

    Args:
        env: the environment to wrap.
        repeat_action_probability: the chance that a repeat begins, in [0, 1); never at the first step of an episode.
        repeat_action_duration: how many steps a repeat lasts; or a pair, the least and the greatest number, between
            which each is as likely.

    Raises:
        InvalidProbability: for any other ``repeat_action_probability``.
        InvalidBound: if the least duration exceeds the greatest.
        InvalidParameter: for any other ``repeat_action_duration``.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        repeat_action_probability: float,
        repeat_action_duration: int | tuple[int, int] = 1,
    ) -> None:
        is_number = isinstance(repeat_action_probability, (int, float, np.integer, np.floating))
        if not is_number or not 0 <= repeat_action_probability < 1:  # fails for NaN too
            raise error.InvalidProbability(
                f"repeat_action_probability must be a number from 0 to below 1, got {repeat_action_probability!r}"
            )
        durations = _checked_durations(repeat_action_duration)
        RecordConstructorArgs.__init__(
            self,
            repeat_action_probability=repeat_action_probability,
            # The reference forgets it: what is made again from its spec repeats for a single step.
            repeat_action_duration=repeat_action_duration,
        )
        super().__init__(env)
        self.repeat_action_probability = repeat_action_probability
        self.repeat_action_duration_range = durations
        self._begin()

    def _begin(self) -> None:
        self.last_action: ActType | None = None
        self.is_sticky_actions = False  # whether a repeat is under way
        self.num_repeats = 0  # how many steps it lasts
        self.repeats_taken = 0  # how many of them have been played

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        self._begin()
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        before = self.last_action, self.is_sticky_actions, self.num_repeats, self.repeats_taken
        generator = self.np_random.bit_generator
        stream = generator.state
        try:
            return self.env.step(self.action(action))
        except error.InvalidAction:  # which promises that nothing has moved
            self.last_action, self.is_sticky_actions, self.num_repeats, self.repeats_taken = before
            generator.state = stream
            raise

    def action(self, action: ActType) -> ActType:
        """The action to play: the last one in a repeat, else ``action``."""
        last = self.last_action
        if self.is_sticky_actions or (last is not None and self.np_random.random() < self.repeat_action_probability):
            if not self.is_sticky_actions:
                least, greatest = self.repeat_action_duration_range
                self.num_repeats = int(self.np_random.integers(least, greatest, endpoint=True))
            self.repeats_taken += 1
            self.is_sticky_actions = self.repeats_taken < self.num_repeats
            if not self.is_sticky_actions:
                self.num_repeats = self.repeats_taken = 0
            return last  # type: ignore[return-value]  # a repeat begins after an action
        self.last_action = deepcopy(action)  # the caller may write the next one into the same array
        return action


def _checked_durations(duration: Any) -> tuple[int, int]:
    """The least and the greatest duration."""
    # A list is what a tuple becomes in JSON.
    pair = duration if isinstance(duration, (tuple, list)) else (duration, duration)
    are_integers = all(isinstance(steps, (int, np.integer)) and not isinstance(steps, bool) for steps in pair)
    if len(pair) != 2 or not are_integers or min(pair) < 1:
        raise error.InvalidParameter(
            "repeat_action_duration must be a positive integer or a pair of them, the least and the greatest number of "
            f"steps, got {duration!r}"
        )
    if pair[0] > pair[1]:
        raise error.InvalidBound(
            f"repeat_action_duration must be (least, greatest), got {duration!r}; write ({pair[1]}, {pair[0]})"
        )
    return int(pair[0]), int(pair[1])


class RepeatAction(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Plays every action several times, or until the episode ends, and adds up the rewards (to a float).

    Observation, flags and info are those of the last step played.

    Args:
        env: the environment to wrap.
        num_repeats: how often to play an action.

    Raises:
        TypeError: if ``num_repeats`` is no integer.
        InvalidParameter: if it is below 1.
    """

    def __init__(self, env: Env[ObsType, ActType], num_repeats: int) -> None:
        self.num_repeats = checked_count(self, "num_repeats", num_repeats, 1)
        RecordConstructorArgs.__init__(self, num_repeats=self.num_repeats)
        super().__init__(env)

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        total = 0.0
        for _ in range(self.num_repeats):
            observation, reward, terminated, truncated, info = self.env.step(action)
            total += float(reward)
            if terminated or truncated:
                break
        return observation, total, terminated, truncated, info
