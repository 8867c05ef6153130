"""Policy gradients on an environment of the script's own, in the wrappers of the continuous single-file PPO."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces


class Drone(gym.Env):
    """Hover at height 0: two rotors, whose thrusts the action says."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012

    def __init__(self, gravity=1.0, render_mode=None):
        self.gravity, self.render_mode = gravity, render_mode
        self.observation_space = spaces.Dict(
            {
                "place": spaces.Box(-np.inf, np.inf, (2,), np.float32),
                "level": spaces.Discrete(3),
            }
        )
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def _get_obs(self):
        return {"place": np.array([self.height, self.speed], np.float32), "level": int(np.sign(self.height)) + 1}

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.height, self.speed = self.np_random.normal(scale=0.5), 0.0
        return self._get_obs(), {}

    def step(self, action):
        assert self.action_space.contains(np.asarray(action, np.float32)), action
        self.speed += 0.1 * (float(action[0]) + 2 * float(action[1]) - self.gravity)
        self.height += 0.1 * self.speed + self.np_random.normal(scale=0.01)
        terminated = bool(abs(self.height) > 2)
        reward = -(self.height**2) - 0.1 * self.speed**2
        return self._get_obs(), reward, terminated, False, {"height": self.height, "low": self.height < 0}


gym.register(id="Drone-v0", entry_point=Drone, max_episode_steps=60, kwargs={"gravity": 0.8})


def make_env(env_id, gamma):
    def thunk():
        env = gym.make(env_id)
        env = gym.wrappers.FlattenObservation(env)  # deal with dm_control's Dict observation space
        env = gym.wrappers.RecordEpisodeStatistics(env)
        env = gym.wrappers.ClipAction(env)
        env = gym.wrappers.NormalizeObservation(env)
        env = gym.wrappers.TransformObservation(env, lambda obs: np.clip(obs, -10, 10))
        env = gym.wrappers.NormalizeReward(env, gamma=gamma)
        env = gym.wrappers.TransformReward(env, lambda reward: np.clip(reward, -10, 10))
        return env

    return thunk


if __name__ == "__main__":
    num_steps, rng = 128, np.random.default_rng(5)
    envs = gym.vector.SyncVectorEnv([make_env("Drone-v0", 0.99) for _ in range(3)])
    assert isinstance(envs.single_action_space, gym.spaces.Box), "only continuous action space is supported"
    print(envs.envs[0], envs.single_observation_space, envs.action_space)
    weights = np.zeros((np.array(envs.single_observation_space.shape).prod(), 2))
    next_obs, _ = envs.reset(seed=5)
    global_step = 0
    for iteration in range(1, 6):
        obs, noise, rewards, dones = [], [], [], []
        for _ in range(num_steps):
            global_step += envs.num_envs
            obs.append(next_obs)
            noise.append(rng.normal(size=(envs.num_envs, 2)))
            mean = (next_obs[:, :, None] * weights).sum(1)
            next_obs, reward, terminations, truncations, infos = envs.step(mean + 1.5 * noise[-1])
            rewards.append(reward)
            dones.append(np.logical_or(terminations, truncations))
            if "final_info" in infos:
                for info in infos["final_info"]:
                    if info and "episode" in info:
                        print(f"global_step={global_step}, episodic_return={info['episode']['r']}")
        # bootstrap nothing, discount backwards
        returns, following = np.zeros((num_steps, envs.num_envs)), np.zeros(envs.num_envs)
        for t in reversed(range(num_steps)):
            following = rewards[t] + 0.95 * following * (1 - dones[t])
            returns[t] = following
        advantages = (returns - returns.mean()) / (returns.std() + 1e-8)
        for x, way, advantage in zip(obs, noise, advantages, strict=True):
            weights += 0.002 * (x[:, :, None] * way[:, None, :] * advantage[:, None, None]).sum(0)
        print(iteration, weights.tolist(), reward, reward.dtype, infos["height"].tolist(), infos["low"])
    first = envs.envs[0]
    print(first.get_wrapper_attr("obs_rms").mean.tolist(), first.get_wrapper_attr("return_rms").var)
    print(first.spec.additional_wrappers[0].name, [spec.name for spec in first.spec.additional_wrappers])
    print(envs.call("gravity"), envs.get_attr("episode_count"), first.unwrapped.height)
    envs.set_attr("gravity", [0.1, 0.2, 0.3])
    print(envs.get_attr("gravity"), [env.unwrapped.gravity for env in envs.envs])
    envs.close()
