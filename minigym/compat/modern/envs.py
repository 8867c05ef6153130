"""``gymnasium.envs``: minigym's environments, as lenient as the originals are.

minigym itself refuses what is probably a mistake. Here a program that ran on the original must run: strange letters on
a map are frozen tiles, ``P`` and ``state`` may be changed in place, an unknown integrator is the semi-implicit one, an
unknown render mode draws nothing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.compat.derived_masses import DerivedMasses
from minigym.core import Env, RenderFrame
from minigym.dynamics import frozen_lake
from minigym.dynamics.frozen_lake import DOWN, LEFT, RIGHT, UP, goal_is_reachable
from minigym.envs import cart_pole, mountain_car
from minigym.envs import frozen_lake as strict_lake
from minigym.envs.frozen_lake import generate_random_map
from minigym.envs.rendered import RenderedEnv

__all__ = [
    "DOWN",
    "LEFT",
    "MAPS",
    "RIGHT",
    "UP",
    "CartPoleEnv",
    "FrozenLakeEnv",
    "MountainCarEnv",
    "categorical_sample",
    "generate_random_map",
    "is_valid",
]

# A dict of lists of its own, which programs extend.
MAPS = {name: list(rows) for name, rows in frozen_lake.MAPS.items()}


class WrongActionError(error.InvalidAction, AssertionError):
    """An action outside the action space: AssertionError is what the original's pole and car raise."""


def categorical_sample(prob_n: Any, np_random: np.random.Generator) -> np.intp:
    """An index drawn with the given probabilities: the first whose running sum exceeds one uniform number."""
    index: np.intp = np.argmax(np.cumsum(np.asarray(prob_n)) > np_random.random())
    return index


def is_valid(board: Any, max_size: int) -> bool:
    """Whether a goal can be reached on the ``max_size`` x ``max_size`` map; from its first start."""
    return goal_is_reachable(np.asarray([list(row) for row in board], dtype="S1")[:max_size, :max_size])


class FrozenLakeEnv(strict_lake.FrozenLakeEnv):
    """The frozen lake, playing the table ``P``, which may be changed; ``mdp`` stays the table it began with."""

    P: Any = None
    initial_state_distrib: Any = None

    def __init__(
        self,
        render_mode: str | None = None,
        desc: Any = None,
        map_name: str | None = "4x4",
        is_slippery: bool = True,
        success_rate: float = 1.0 / 3.0,
        reward_schedule: Any = (1, 0, 0),
    ) -> None:
        if desc is None and map_name is not None:
            desc = MAPS[map_name]
        super().__init__(render_mode, desc, map_name, is_slippery, success_rate, reward_schedule)
        self.P = self.mdp.P
        self.initial_state_distrib = self.mdp.initial.copy()

    def _checked_map(self, desc: Any) -> NDArray[np.bytes_]:
        return np.asarray(desc, dtype="c")

    def _checked_render_mode(self, render_mode: str | None) -> str | None:
        return render_mode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        Env.reset(self, seed=seed)
        self.s = int(categorical_sample(self.initial_state_distrib, self.np_random))
        self.lastaction, self._last_outcome = None, 0
        if self.render_mode == "human":
            self.render()
        return self.s, {"prob": 1}

    def step(self, a: Any) -> tuple[int, Any, bool, bool, dict[str, Any]]:
        if isinstance(a, np.ndarray):  # what networks hand out; an array is no key of P
            a = a.item()
        transitions = self.P[self.s][a]  # KeyError for what is no action, as in the original
        self._last_outcome = int(categorical_sample([transition[0] for transition in transitions], self.np_random))
        probability, self.s, reward, terminated = transitions[self._last_outcome]
        self.lastaction = a
        if self.render_mode == "human":
            self.render()
        return int(self.s), reward, terminated, False, {"prob": probability}

    def render(self) -> RenderFrame | None:
        return None if _is_unknown(self) else super().render()

    def __repr__(self) -> str:
        return str(self)


class WritableState(RenderedEnv[NDArray[np.float32], Any]):
    """What the pole and the car have in common: their ``state`` may be changed in place."""

    screen_width, screen_height = 600, 400  # pixels
    _lent: NDArray[np.float64] | None = None  # the state as handed out, into which the program may have written

    def step(self, action: Any) -> tuple[NDArray[np.float32], Any, bool, bool, dict[str, Any]]:
        if not self.action_space.contains(action):
            raise WrongActionError(f"expected an action in {self.action_space}, got {action!r} of type {type(action)}")
        if self._lent is not None:
            self._state, self._lent = tuple(self._lent.tolist()), None
        return super().step(action)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        self._lent = None
        return super().reset(seed=seed, options=options)

    def render(self) -> RenderFrame | None:
        if self._lent is not None:
            self._state = tuple(self._lent.tolist())
        return None if _is_unknown(self) else super().render()

    @property
    def state(self) -> Any:
        """The numbers in float64; what is written into the array is the state at the next step."""
        if self._lent is None and self._state is not None:
            self._lent = np.array(self._state)
        return self._lent

    @state.setter
    def state(self, state: Any) -> None:
        self._lent = None
        self._state = None if state is None else tuple(np.asarray(state, np.float64).tolist())

    def _checked_render_mode(self, render_mode: str | None) -> str | None:
        return render_mode


class TupleState(WritableState):
    """One whose ``state`` is an array after a reset, which may be changed in place, and a tuple after a step."""

    _is_stepped = False

    def step(self, action: Any) -> tuple[NDArray[np.float32], Any, bool, bool, dict[str, Any]]:
        result = super().step(action)
        self._is_stepped = True
        return result

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        self._is_stepped = False
        return super().reset(seed=seed, options=options)

    @property
    def state(self) -> Any:
        """The numbers, as an array or as a tuple."""
        state = super().state
        return tuple(state) if self._is_stepped and state is not None else state

    @state.setter
    def state(self, state: Any) -> None:
        self._is_stepped, self._lent = False, None
        self._state = None if state is None else tuple(np.asarray(state, np.float64).tolist())


class CartPoleEnv(DerivedMasses, WritableState, cart_pole.CartPoleEnv):
    """The pole."""

    _integrator = "euler"

    @property
    def kinematics_integrator(self) -> str:
        """The name "euler"; any other one means semi-implicit Euler."""
        return self._integrator

    @kinematics_integrator.setter
    def kinematics_integrator(self, name: str) -> None:
        self._integrator = name
        self._set_params(semi_implicit=name != "euler")

    @property
    def steps_beyond_terminated(self) -> int | None:
        """Steps since the one that failed; None before that."""
        return self._failures - 1 if self._failures else None

    @steps_beyond_terminated.setter
    def steps_beyond_terminated(self, steps: int | None) -> None:
        self._failures = 0 if steps is None else steps + 1


class MountainCarEnv(TupleState, mountain_car.MountainCarEnv):
    """The car."""

    @property
    def low(self) -> Any:
        """(2,) float32, the lowest observation."""
        return self.observation_space.low  # type: ignore[attr-defined]  # a Box

    @property
    def high(self) -> Any:
        """(2,) float32, the highest observation."""
        return self.observation_space.high  # type: ignore[attr-defined]


def _is_unknown(env: Env[Any, Any]) -> bool:
    """Whether the environment was made with a render mode that it does not have."""
    return env.render_mode is not None and env.render_mode not in env.metadata["render_modes"]
