"""Policy gradients over batches of environments, in the shape of today's single-file PPO scripts."""

import gymnasium as gym
import numpy as np


def make_env(env_id, index, capture):
    def thunk():
        env = gym.make(env_id, render_mode="rgb_array" if capture else None, max_episode_steps=40)
        env = gym.wrappers.RecordEpisodeStatistics(env)
        env = gym.wrappers.FlattenObservation(env)
        env = gym.wrappers.NormalizeObservation(env)
        env = gym.wrappers.TransformObservation(env, lambda obs: np.clip(obs, -10, 10), env.observation_space)
        env = gym.wrappers.NormalizeReward(env, gamma=0.99)
        env = gym.wrappers.TransformReward(env, lambda reward: np.clip(reward, -10, 10))
        env.action_space.seed(index)
        return env

    return thunk


def shown(infos):
    """Infos without the seconds, which differ from run to run."""
    if isinstance(infos, dict):
        return {key: shown(value) for key, value in infos.items() if key not in ("t", "_t")}
    if isinstance(infos, np.ndarray):
        return [str(infos.dtype), [shown(value) for value in infos.tolist()]]
    return infos


def rollout(envs, steps, rng):
    weights = np.zeros((int(np.prod(envs.single_observation_space.shape)), envs.single_action_space.n))
    observations, infos = envs.reset(seed=3)
    print(envs, envs.num_envs, envs.single_observation_space, envs.action_space, shown(infos))
    returns = []
    for _ in range(steps):
        scores = observations.reshape(envs.num_envs, -1) @ weights
        probabilities = np.exp(scores - scores.max(1, keepdims=True))
        probabilities /= probabilities.sum(1, keepdims=True)
        actions = (rng.random((envs.num_envs, 1)) > probabilities.cumsum(1)).sum(1)
        observations, rewards, terminations, truncations, infos = envs.step(actions)
        weights += (
            0.01
            * observations.reshape(envs.num_envs, -1).T
            @ ((np.eye(weights.shape[1])[actions] - probabilities) * rewards[:, None])
        )
        if "episode" in infos:
            returns.append([shown(infos["episode"]), infos["_episode"].tolist()])
        if "final_info" in infos:
            returns.append(shown(infos["final_info"]))
    print(returns)
    print(weights.tolist(), observations.tolist())
    envs.close()


if __name__ == "__main__":
    for mode in gym.vector.AutoresetMode:
        if mode is not gym.vector.AutoresetMode.DISABLED:
            lanes = [make_env("CartPole-v1", index, False) for index in range(3)]
            rollout(gym.vector.SyncVectorEnv(lanes, autoreset_mode=mode), 120, np.random.default_rng(0))
            rollout(gym.vector.AsyncVectorEnv(lanes, autoreset_mode=mode), 60, np.random.default_rng(0))

    envs = gym.make_vec("CartPole-v1", num_envs=4)  # the batch that shares one generator
    envs = gym.wrappers.vector.RecordEpisodeStatistics(envs)
    envs = gym.wrappers.vector.NormalizeObservation(envs)
    envs = gym.wrappers.vector.NormalizeReward(envs)
    envs = gym.wrappers.vector.ClipReward(envs, -5, 5)
    rollout(envs, 120, np.random.default_rng(1))

    envs = gym.make_vec(
        "CartPole-v1", num_envs=2, vectorization_mode="sync", wrappers=[gym.wrappers.TimeAwareObservation]
    )
    rollout(envs, 60, np.random.default_rng(2))
    print(envs.call("spec")[0].additional_wrappers[0].name, envs.get_attr("_max_episode_steps"))
