"""What the environments share around their dynamics: pictures, windows, and the bounds of a reset."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import ActType, Env, ObsType, RenderFrame
from minigym.dynamics.world import World
from minigym.spaces import Box

if TYPE_CHECKING:
    from minigym.render.window import Window


class RenderedEnv(Env[ObsType, ActType]):
    """An environment whose state has a text or a picture; a subclass says which, in ``_text`` and ``_frame``.

    ``minigym.render`` is imported there, not at the top: an environment that draws nothing must not load pygame.
    """

    window_title = "minigym"
    _state: tuple[Any, ...] | None = None  # as its world has it; a table has it elsewhere
    _last_action: int | None = None
    _window: "Window | None" = None

    def render(self) -> RenderFrame | None:
        if self.render_mode is None:
            self._warn_no_render_mode()
            return None
        picture = self._text() if self.render_mode == "ansi" else self._frame()
        if picture is None:
            raise error.ResetNeeded("render() needs a state: call reset() first")
        if isinstance(picture, str) or self.render_mode == "rgb_array":
            return picture
        if self._window is None:
            from minigym.render import Window

            self._window = Window(self.window_title, fps=self.metadata["render_fps"])
        self._window.show(picture)
        return None

    def _show(self, state: tuple[Any, ...], last_action: int | None) -> None:
        """Be in the state that a batch engine has for one of its lanes, so that it can be drawn."""
        self._state, self._last_action = state, last_action

    def close(self) -> None:
        if self._window is not None:
            self._window.close()

    def _text(self) -> str | None:
        """The state as text; None before the first reset."""
        raise NotImplementedError

    def _frame(self) -> NDArray[np.uint8] | None:
        """The state as a picture (height, width, 3); None before the first reset."""
        raise NotImplementedError


class PhysicsEnv(RenderedEnv[NDArray[np.float32], Any]):
    """An environment whose parameters and state are numbers; a subclass says which, in ``world``."""

    _params: Any  # a NamedTuple of numbers

    @property
    def world(self) -> World:
        """The physics as functions, for the batch engines."""
        raise NotImplementedError

    @property
    def state(self) -> NDArray[np.float64] | None:
        """float64, the numbers of the state. A read-only copy; assign as many numbers."""
        return None if self._state is None else np.frombuffer(np.array(self._state).tobytes())  # bytes: read-only

    @state.setter
    def state(self, state: Sequence[float] | NDArray[np.float64]) -> None:
        numbers, size = np.asarray(state, np.float64), self.world.state_size
        if numbers.shape != (size,) or not np.isfinite(numbers).all():
            raise error.InvalidParameter(f"state: expected {size} finite numbers, got {state!r}")
        self._state = tuple(numbers.tolist())

    def _set_params(self, **changes: Any) -> None:
        """Put parameters in force, from the next step on, and the bounds of the observations that follow from them."""
        world = self.world
        assert world.check_params is not None
        assert world.observation_bounds is not None
        self._params = world.check_params(self._params._replace(**changes))
        low, high = np.array(world.observation_bounds(self._params), np.float32)
        self.observation_space = Box(low, high, dtype=np.float32)


def parameter(name: str) -> Any:
    """A physical parameter as an attribute of the environment: checked when set, in force at the next step.

    It is a field of the environment's ``_params``, which its ``_set_params`` replaces.
    """
    return property(lambda env: getattr(env._params, name), lambda env, value: env._set_params(**{name: value}))


def reset_bounds(options: dict[str, Any] | None, low: float, high: float) -> tuple[float, float]:
    """``options["low"]`` and ``options["high"]`` of a reset, where given, in place of the defaults.

    Raises:
        InvalidBound: (a ValueError) if one is no finite number, or if low > high.
    """
    if not options:
        return low, high
    if not isinstance(options, dict):
        raise error.InvalidParameter(
            f'options must be a dict such as {{"low": {low}, "high": {high}}}, got {options!r}'
        )
    bounds = []
    for name, default in (("low", low), ("high", high)):
        value = options.get(name, default)
        try:
            bounds.append(float(value))
        except (TypeError, ValueError):
            raise error.InvalidBound(f"options[{name!r}] must be a number, got {value!r}") from None
    if not -math.inf < bounds[0] <= bounds[1] < math.inf:
        raise error.InvalidBound(
            "reset draws between options['low'] and options['high']: expected finite numbers with low <= high, got "
            f'{bounds[0]} and {bounds[1]}; write for instance options={{"low": {low}, "high": {high}}}'
        )
    return bounds[0], bounds[1]
