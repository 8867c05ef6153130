"""A step of all lanes as a function of tensors alone.

It writes into no tensor and asks none for its numbers: so nothing waits for a GPU, and torch can compile it whole.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from minigym.core import AutoresetMode
from minigym.dynamics.world import Numbers, Ops, World
from minigym.vector.engine import Settings

Tensor: TypeAlias = Any  # torch's, which is not imported here

_NO_LIMIT = 2**62  # steps; one more still is an int64


class Lanes(NamedTuple):
    """What a batch is between two steps."""

    state: Numbers  # tensors (num_envs,), one for each number of a state
    elapsed: Any  # (num_envs,) int64, the steps of the episode
    over: Any  # (num_envs,) bool, where an episode has ended that the next step, or the caller, resets


class Outcome(NamedTuple):
    """What a step gives besides the lanes, in tensors (num_envs, ...)."""

    observations: Any
    rewards: Any
    terminations: Any
    truncations: Any
    infos: Numbers  # one for each key of the world's infos
    final_observations: Any  # with same-step autoreset what all lanes would observe without it; else None
    final_infos: Numbers  # likewise; else ()


class TensorStep:
    """The functions of a world, and the bookkeeping around them.

    Args:
        world: the world, whose parameters are tensors where they are arrays.
        ops: its functions on tensors.
        settings: the rest.
        to_observations: makes observations of the numbers that the world shows, a new tensor.
    """

    def __init__(
        self, world: World, ops: Ops, settings: Settings, to_observations: Callable[[Numbers], Tensor]
    ) -> None:
        self._world = world
        self._ops = ops
        self._to_observations = to_observations
        self._limit = int(min(settings.limit, _NO_LIMIT))
        self._same_step = settings.same_step
        self._caller_resets = settings.mode is AutoresetMode.DISABLED
        self.draws = world.step_draws + (0 if self._caller_resets else world.start_draws)

    def advance(self, lanes: Lanes, actions: Tensor, uniforms: Numbers) -> tuple[Lanes, Outcome]:
        """One step.

        Args:
            lanes: all lanes.
            actions: (num_envs,) int64.
            uniforms: ``draws`` tensors (num_envs,) of numbers in [0, 1): those of the step, and then those of a start,
                which few lanes need.
        """
        world, ops, params = self._world, self._ops, self._world.params
        begun = lanes.over  # with next-step autoreset; such lanes go along, to no effect
        values = () if world.prepare is None else world.prepare(lanes.state, params, ops)
        drawn, to_start = uniforms[: world.step_draws], uniforms[world.step_draws :]
        state, reward, terminated, numbers = world.transition(lanes.state, actions, values, drawn, params, ops)
        elapsed = lanes.elapsed + 1
        terminated, truncated = terminated & ~begun, (elapsed >= self._limit) & ~begun
        rewards, over = ops.where(begun, 0.0, reward), terminated | truncated
        finals: tuple[Any, Numbers] = (None, ())
        if self._same_step:
            finals, begun = (self.observed(state), numbers), over
        infos = tuple(
            ops.where(begun, float(value), number) for value, number in zip(world.infos.values(), numbers, strict=True)
        )
        after = Lanes(state, elapsed, over)
        if not self._caller_resets:
            after = self.begun(after, begun, to_start, *(world.start_bounds or (0.0, 0.0)))
        return after, Outcome(self.observed(after.state), rewards, terminated, truncated, infos, *finals)

    def begun(self, lanes: Lanes, mask: Tensor, uniforms: Numbers, low: float, high: float) -> Lanes:
        """The lanes, with a new episode in those of ``mask``."""
        where = self._ops.where
        start = self._world.start(uniforms, low, high, self._world.params, self._ops)
        state = tuple(where(mask, first, number) for first, number in zip(start, lanes.state, strict=True))
        return Lanes(state, where(mask, 0, lanes.elapsed), lanes.over & ~mask)

    def observed(self, state: Numbers) -> Tensor:
        """The observations, (num_envs, ...)."""
        return self._to_observations(state if self._world.observe is None else self._world.observe(state, self._ops))
