"""An environment of the script's own: registered, wrapped, checked, copied, put into batches."""

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.core import ActType, ObsType
from gymnasium.envs.registration import EnvSpec, WrapperSpec, register
from gymnasium.utils import EzPickle, RecordConstructorArgs, colorize, seeding
from gymnasium.utils.env_checker import check_env


class Corridor(gym.Env[dict[str, Any], np.int64], EzPickle):
    """Walk to the right end of a corridor that shakes."""

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 5}  # noqa: RUF012

    def __init__(self, length: int = 6, render_mode: str | None = None):
        EzPickle.__init__(self, length, render_mode)
        self.length, self.render_mode = length, render_mode
        self.action_space = spaces.Discrete(2)
        self.observation_space = spaces.Dict(
            {
                "place": spaces.Discrete(length),
                "view": spaces.Box(-1.0, 1.0, (2, 2), np.float32),
                "lights": spaces.MultiBinary(3),
            }
        )

    def _observation(self):
        return {
            "place": self.place,
            "view": self.np_random.uniform(-1, 1, (2, 2)).astype(np.float32),
            "lights": self.np_random.integers(0, 2, 3, dtype=np.int8),
        }

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        self.place = int((options or {}).get("place", 0))
        return self._observation(), {"from": self.place}

    def step(self, action):
        self.place = int(np.clip(self.place + (1 if action == 1 else -1), 0, self.length - 1))
        terminated = self.place == self.length - 1
        return self._observation(), float(terminated), terminated, False, {"place": self.place}

    def render(self):
        if self.render_mode == "ansi":
            return "." * self.place + "x" + "." * (self.length - 1 - self.place)
        return np.full((8, 8 * self.length, 3), self.place, np.uint8)


class Half(gym.RewardWrapper, RecordConstructorArgs):
    def __init__(self, env, scale: float = 0.5):
        RecordConstructorArgs.__init__(self, scale=scale)
        gym.RewardWrapper.__init__(self, env)
        self.scale = scale

    def reward(self, reward):
        return reward * self.scale


class Place(gym.ObservationWrapper):
    def __init__(self, env):
        super().__init__(env)
        self.observation_space = env.observation_space["place"]

    def observation(self, observation):
        return observation["place"]


class Mirror(gym.ActionWrapper):
    def action(self, action):
        return 1 - action


class Counting(gym.Wrapper[ObsType, ActType, ObsType, ActType]):
    steps = 0

    def step(self, action):
        self.steps += 1
        return super().step(action)


def play(env, steps=12, seed=5):
    env.action_space.seed(seed)
    trace = [env.reset(seed=seed, options={"place": 2})]
    for _ in range(steps):
        trace.append(env.step(env.action_space.sample()))
        if trace[-1][2] or trace[-1][3]:
            trace.append(env.reset())
    return trace


if __name__ == "__main__":
    register(
        id="mylab/Corridor-v0",
        entry_point=Corridor,
        max_episode_steps=9,
        reward_threshold=1.0,
        kwargs={"length": 5},
        additional_wrappers=(WrapperSpec("Half", f"{__name__}:Half", {"scale": 0.25}),),
    )
    print(gym.spec("mylab/Corridor-v0").name, gym.spec("mylab/Corridor-v0").namespace)
    env = gym.make("mylab/Corridor-v0", length=7)
    print(env, env.unwrapped.length, env.get_wrapper_attr("scale"), env.has_wrapper_attr("place"))
    print(play(env))
    env.set_wrapper_attr("scale", 3.0)
    print(env.get_wrapper_attr("scale"), env.metadata, env.spec.max_episode_steps)
    wrapped = Counting(Mirror(Place(gym.make("mylab/Corridor-v0"))))
    print(wrapped, play(wrapped), wrapped.steps, wrapped.observation_space)
    print(wrapped.spec.additional_wrappers[1:])
    check_env(gym.make("mylab/Corridor-v0", disable_env_checker=True).unwrapped, skip_render_check=True)
    twin = copy.deepcopy(env)
    print(str(twin.reset(seed=4)) == str(env.reset(seed=4)), str(twin.step(1)) == str(env.step(1)))
    fresh = pickle.loads(pickle.dumps(env.unwrapped))
    print(fresh.length, fresh.reset(seed=1)[1])
    for render_mode in ("ansi", "rgb_array", "rgb_array_list"):
        env = gym.make("mylab/Corridor-v0", render_mode=render_mode)
        env.reset(seed=0)
        env.step(1)
        print(render_mode, np.array(env.render()).shape, env)
    envs = gym.make_vec(
        "mylab/Corridor-v0", num_envs=2, vector_kwargs={"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}
    )
    envs.action_space.seed(0)
    print(envs.reset(seed=0))
    for _ in range(12):
        print(envs.step(envs.action_space.sample()))
    print(envs.observation_space)
    flat = gym.wrappers.FlattenObservation(gym.make("mylab/Corridor-v0"))
    print(flat.observation_space, flat.reset(seed=0), spaces.utils.flatdim(flat.unwrapped.observation_space))
    for wrong in ("mylab/Corridor-v1", "Corridor-v0", "nolab/Corridor-v0", "CartPole-v9", "FrozenLake-v0", "a b"):
        try:
            gym.make(wrong)
        except gym.error.Error as error:
            print(wrong, type(error).__name__)
    rng, seed = seeding.np_random(9)
    print(seed, rng.random(), colorize("text", "green", bold=True))
    print(gym.envs.registry["mylab/Corridor-v0"].max_episode_steps, isinstance(gym.spec("CartPole-v1"), EnvSpec))
    print(sorted(set(gym.registry) & {"CartPole-v0", "CartPole-v1", "FrozenLake-v1", "FrozenLake8x8-v1"}))
