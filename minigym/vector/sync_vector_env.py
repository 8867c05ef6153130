"""A batch of environments, stepped one after the other."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import AutoresetMode, RenderFrame, VectorEnv
from minigym.vector import lanes
from minigym.vector.utils import batch_space, checked_actions, concatenate, create_empty_array, iterate


class SyncVectorEnv(VectorEnv[Any, Any, NDArray[Any]]):
    """A batch of any environments, stepped one after the other: the executable specification of every batch engine.

    Args:
        env_fns: one function for each lane, which makes its environment.
        copy: whether every call returns observations of its own; False returns the same arrays, overwritten each time.
        observation_mode: "same": all lanes have one observation space; "different": their bounds may differ; or a
            tuple of two spaces, that of the batch and that of a lane.
        autoreset_mode: an :class:`AutoresetMode` or its value, "NextStep", "SameStep" or "Disabled".

    Raises:
        InvalidParameter: for any other argument; if the lanes' spaces do not fit together; or if two lanes are one
            environment.
    """

    def __init__(
        self,
        env_fns: Iterable[lanes.EnvFn],
        copy: bool = True,
        observation_mode: lanes.ObservationMode = "same",
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.env_fns = lanes.checked_env_fns(env_fns)
        self.copy = copy
        self.observation_mode = observation_mode
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.envs = [lanes.checked_env(lane, env_fn()) for lane, env_fn in enumerate(self.env_fns)]
        if len({id(env.unwrapped) for env in self.envs}) < len(self.envs):
            raise error.InvalidParameter(
                "two of env_fns returned the same environment, which cannot be in two episodes at once; let each "
                'function make its own, for instance lambda: minigym.make("CartPole-v1")'
            )
        self.num_envs = len(self.envs)
        # A copy: the dict belongs to the environment's class, and so to every other batch of that class.
        self.metadata = {**self.envs[0].metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = self.envs[0].render_mode
        lanes.check_action_spaces([env.action_space for env in self.envs])
        self.single_action_space = self.envs[0].action_space
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.single_observation_space, self.observation_space = lanes.observation_spaces(
            observation_mode, [env.observation_space for env in self.envs]
        )
        self._lanes = [lanes.Lane(env, self.autoreset_mode) for env in self.envs]
        self._was_reset = False
        self._env_obs: list[Any] = [None] * self.num_envs
        self._observations = create_empty_array(self.single_observation_space, self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        seeds = lanes.lane_seeds(seed, self.num_envs)
        mask, options_of = lanes.lane_options(options, self.num_envs)
        if not (self._was_reset or mask.all()):
            raise error.ResetNeeded("a reset of some lanes needs the others to be in an episode: call reset() first")
        infos: dict[str, Any] = {}
        for i in np.flatnonzero(mask).tolist():
            self._env_obs[i], info = self._lanes[i].reset(seeds[i], options_of[i])
            infos = self._add_info(infos, info, i)
        self._was_reset = True
        return self._batch(), infos

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        batch = checked_actions(self.action_space, actions)
        if not self._was_reset:
            raise error.ResetNeeded("step() needs an episode in every lane: call reset() first")
        if self.autoreset_mode is AutoresetMode.DISABLED:
            lanes.check_running([lane.ended for lane in self._lanes])
        rewards = np.zeros(self.num_envs, np.float64)
        terminations, truncations = np.zeros((2, self.num_envs), np.bool_)
        infos: dict[str, Any] = {}
        for i, (lane, action) in enumerate(zip(self._lanes, iterate(self.action_space, batch), strict=True)):
            step = lane.step(action)
            self._env_obs[i] = step.observation
            rewards[i], terminations[i], truncations[i] = step.reward, step.terminated, step.truncated
            if step.final:
                infos = self._add_info(infos, step.final, i)
            infos = self._add_info(infos, step.info, i)
        return self._batch(), rewards, terminations, truncations, infos

    def _batch(self) -> Any:
        """The lanes' latest observations as one batch."""
        self._observations = concatenate(self.single_observation_space, self._env_obs, self._observations)
        return deepcopy(self._observations) if self.copy else self._observations

    def render(self) -> tuple[RenderFrame | list[RenderFrame] | None, ...]:
        """What each lane renders."""
        return tuple(env.render() for env in self.envs)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Each lane's attribute ``name``, wherever among its wrappers; called with the arguments if it is callable."""
        found = [env.get_wrapper_attr(name) for env in self.envs]
        return tuple(value(*args, **kwargs) if callable(value) else value for value in found)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Each lane's attribute ``name``; what a method returns without arguments."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set the attribute ``name`` of each lane.

        Args:
            name: the attribute; it is set where among the wrappers it was found, else on the outermost one.
            values: one value for all lanes, or a list or tuple with one for each.
        """
        for env, value in zip(self.envs, lanes.set_values(values, self.num_envs), strict=True):
            env.set_wrapper_attr(name, value)

    @property  # type: ignore[misc]  # read-only, as in Gymnasium
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]  # one stream a lane
        """The lanes' streams."""
        return self.get_attr("np_random")

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]  # likewise
        """The seeds of the lanes' streams."""
        return self.get_attr("np_random_seed")

    def close_extras(self, **kwargs: Any) -> None:
        """Close the lanes."""
        for env in self.envs:
            env.close()
