"""What a wrapper around a batch of environments is."""

from typing import Any

import numpy as np

from minigym import error
from minigym.core.env import ActType, ObsType, RenderFrame
from minigym.core.spec import EnvSpec
from minigym.core.vector import ArrayType, AutoresetMode, VectorEnv, autoreset_mode_of
from minigym.spaces import Space


class VectorWrapper(VectorEnv[ObsType, ActType, ArrayType]):
    """A batch around another one; what it does not change, it passes through."""

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        if not isinstance(env, VectorEnv):
            raise TypeError(
                f"{type(self).__name__} wraps a minigym.vector.VectorEnv, got {env!r} of type {type(env).__name__}; "
                "make one with minigym.make_vec(id, num_envs)"
            )
        self.env = env
        self._observation_space: Space[ObsType] | None = None
        self._action_space: Space[ActType] | None = None
        self._single_observation_space: Space[Any] | None = None
        self._single_action_space: Space[Any] | None = None
        self._metadata: dict[str, Any] | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        return self.env.reset(seed=seed, options=options)

    def step(self, actions: ActType) -> tuple[ObsType, ArrayType, ArrayType, ArrayType, dict[str, Any]]:
        return self.env.step(actions)

    def render(self) -> tuple[RenderFrame | list[RenderFrame] | None, ...] | None:
        return self.env.render()

    def close(self, **kwargs: Any) -> None:
        self.env.close(**kwargs)

    def close_extras(self, **kwargs: Any) -> None:
        self.env.close_extras(**kwargs)

    @property
    def unwrapped(self) -> VectorEnv[Any, Any, Any]:
        return self.env.unwrapped

    @property
    def observation_space(self) -> Space[ObsType]:
        """The wrapper's own space where it set one, else that of the batch; so are the other three."""
        return self.env.observation_space if self._observation_space is None else self._observation_space

    @observation_space.setter
    def observation_space(self, space: Space[ObsType]) -> None:
        self._observation_space = space

    @property
    def action_space(self) -> Space[ActType]:
        return self.env.action_space if self._action_space is None else self._action_space

    @action_space.setter
    def action_space(self, space: Space[ActType]) -> None:
        self._action_space = space

    @property
    def single_observation_space(self) -> Space[Any]:
        own = self._single_observation_space
        return self.env.single_observation_space if own is None else own

    @single_observation_space.setter
    def single_observation_space(self, space: Space[Any]) -> None:
        self._single_observation_space = space

    @property
    def single_action_space(self) -> Space[Any]:
        own = self._single_action_space
        return self.env.single_action_space if own is None else own

    @single_action_space.setter
    def single_action_space(self, space: Space[Any]) -> None:
        self._single_action_space = space

    @property
    def metadata(self) -> dict[str, Any]:
        """The wrapper's own metadata where it set some, else that of the batch."""
        return self.env.metadata if self._metadata is None else self._metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._metadata = metadata

    @property
    def num_envs(self) -> int:  # type: ignore[override]
        """How many lanes there are."""
        return self.env.num_envs

    @property
    def spec(self) -> EnvSpec | None:  # type: ignore[override]
        """The description of the batch, without the wrapper."""
        return self.env.spec

    @property
    def render_mode(self) -> str | None:  # type: ignore[override]
        return self.env.render_mode

    @property
    def closed(self) -> bool:
        """Whether the batch is closed."""
        return self.env.closed

    @closed.setter
    def closed(self, closed: bool) -> None:
        self.env.closed = closed

    @property
    def np_random(self) -> np.random.Generator:
        return self.env.np_random

    @np_random.setter
    def np_random(self, generator: np.random.Generator) -> None:
        self.env.np_random = generator

    @property
    def np_random_seed(self) -> int | None:
        return self.env.np_random_seed

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self.env}>"


class VectorObservationWrapper(VectorWrapper[ObsType, ActType, ArrayType]):
    """Changes every batch of observations, of ``reset`` and of ``step``; a subclass implements ``observations``.

    Raises:
        InvalidParameter: if the batch resets its lanes within a step (``AutoresetMode.SAME_STEP``): a function of
            whole batches cannot change the single last observations in ``infos["final_obs"]``.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        super().__init__(env)
        if autoreset_mode_of(env) is AutoresetMode.SAME_STEP:
            raise error.InvalidParameter(
                f"{type(self).__name__} changes whole batches of observations, and not the single ones in "
                f'infos["final_obs"]: use autoreset_mode="NextStep" or "Disabled", got "SameStep"; or derive from '
                "minigym.wrappers.vector.VectorizeTransformObservation, which changes lane by lane"
            )

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        observations, infos = self.env.reset(seed=seed, options=options)
        return self.observations(observations), infos

    def step(self, actions: ActType) -> tuple[ObsType, ArrayType, ArrayType, ArrayType, dict[str, Any]]:
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        return self.observations(observations), rewards, terminations, truncations, infos

    def observations(self, observations: Any) -> ObsType:
        """The observations that the agent gets to see."""
        raise NotImplementedError


class VectorActionWrapper(VectorWrapper[ObsType, ActType, ArrayType]):
    """Changes every batch of actions on its way in; a subclass implements ``actions``."""

    def step(self, actions: ActType) -> tuple[ObsType, ArrayType, ArrayType, ArrayType, dict[str, Any]]:
        return self.env.step(self.actions(actions))

    def actions(self, actions: ActType) -> Any:
        """The actions that the batch gets."""
        raise NotImplementedError


class VectorRewardWrapper(VectorWrapper[ObsType, ActType, ArrayType]):
    """Changes every batch of rewards; a subclass implements ``rewards``."""

    def step(self, actions: ActType) -> tuple[ObsType, ArrayType, ArrayType, ArrayType, dict[str, Any]]:
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        return observations, self.rewards(rewards), terminations, truncations, infos

    def rewards(self, rewards: ArrayType) -> ArrayType:
        """The rewards that the agent gets."""
        raise NotImplementedError
