"""Batches in processes of their own, and wrappers around batches."""

import sys

import gymnasium as gym
import numpy as np


class Walk(gym.Env):
    """Ends at another time in each lane; its infos hold one thing of each kind."""

    def __init__(self, length):
        self.length = length
        self.observation_space = gym.spaces.Tuple((gym.spaces.Discrete(20), gym.spaces.Box(0, 1, (2,), np.float64)))
        self.action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = (options or {}).get("place", 0)
        return self._look(), {"at": self.place, "text": "begin"}

    def _look(self):
        return self.place, self.np_random.random(2)

    def step(self, action):
        self.place += 1 + int(action)
        ended = self.place >= self.length
        info = {"half": self.place / 2, "ended": ended, "list": [self.place], "array": np.full(2, self.place)}
        if self.place % 3 == 0:
            info["inner"] = {"third": self.place}
        return self._look(), 1, ended, self.place > 6, info


def shown(infos):
    """Infos without the seconds, which differ from run to run."""
    if isinstance(infos, dict):
        return {key: shown(value) for key, value in infos.items() if key != "t"}
    if isinstance(infos, np.ndarray):
        return [str(infos.dtype), [shown(value) for value in infos.tolist()]]
    return [shown(value) for value in infos] if isinstance(infos, list) else infos


def play(envs, steps, seed):
    envs.action_space.seed(seed)
    print(envs, repr(envs), isinstance(envs, gym.Env), envs.num_envs, envs.single_action_space, envs.observation_space)
    observations, infos = envs.reset(seed=seed)
    print(observations, shown(infos))
    for _ in range(steps):
        observations, rewards, terminated, truncated, infos = envs.step(envs.action_space.sample())
        if (terminated | truncated).any() if isinstance(terminated, np.ndarray) else terminated:
            print(observations, rewards, rewards.dtype, terminated, truncated, shown(infos))
    print(envs.reset(seed=[seed + 5] * envs.num_envs)[0])


if __name__ == "__main__":
    for asynchronous in (True, False):
        envs = gym.vector.make("CartPole-v1", num_envs=3, asynchronous=asynchronous, max_episode_steps=17)
        play(envs, 40, 3)
        print(envs.call("spec")[0].max_episode_steps, envs.get_attr("gravity"), envs.spec)
        envs.close()
        print(envs.closed, [] if asynchronous else envs.envs)

        envs = gym.vector.make(
            "FrozenLake-v1", 2, asynchronous, gym.wrappers.RecordEpisodeStatistics, is_slippery=False
        )
        play(envs, 60, 4)
        envs.close()

        kind = gym.vector.AsyncVectorEnv if asynchronous else gym.vector.SyncVectorEnv
        envs = kind([lambda length=length: Walk(length) for length in (3, 8, 5)])
        play(envs, 12, 5)
        print(envs.reset(options={"place": 4}))
        envs.step_async([0, 1, 0])
        print(envs.step_wait())
        envs.close()

    envs = gym.vector.make("CartPole-v1", num_envs=3, asynchronous=len(sys.argv) > 1)
    envs = gym.wrappers.RecordEpisodeStatistics(envs)
    play(envs, 70, 6)
    print(envs.episode_count, [*envs.return_queue], [*envs.length_queue], envs.is_vector_env, envs.single_action_space)
    envs = gym.wrappers.NormalizeReward(gym.wrappers.NormalizeObservation(envs), gamma=0.9)
    envs = gym.wrappers.TransformReward(envs, lambda reward: np.clip(reward, -1, 1))
    envs = gym.wrappers.TransformObservation(envs, lambda obs: np.round(obs, 3))
    play(envs, 70, 7)
    listed = gym.wrappers.VectorListInfo(envs)
    play(listed, 70, 8)
    print(listed.unwrapped, listed.env.returns.tolist(), listed.get_wrapper_attr("obs_rms").count)
    envs.close()

    class Doubled(gym.vector.VectorEnvWrapper):
        def step_wait(self):
            observations, rewards, *rest = self.env.step_wait()
            return observations, 2 * rewards, *rest

    envs = Doubled(gym.vector.SyncVectorEnv([lambda: gym.make("FrozenLake-v1")] * 3))
    play(envs, 30, 9)
    print(envs.get_attr("nrow"), envs.call("get_wrapper_attr", "ncol"), envs.unwrapped, envs.spec, envs.metadata)
    envs.set_attr("mark", [1, 2, 3])
    print([env.mark for env in envs.envs], envs.get_attr("mark"))
    envs.close()
    print(envs.closed)
