"""A DQN on the pole in one file, with a network of NumPy: batches that reset within the same step."""

import gymnasium as gym
import numpy as np


def make_env(env_id, seed, idx):
    def thunk():
        env = gym.make(env_id)
        env = gym.wrappers.RecordEpisodeStatistics(env)
        env.action_space.seed(seed + idx)
        return env

    return thunk


class Network:
    """One hidden layer of rectifiers, trained by Adam."""

    def __init__(self, inputs, outputs, rng, hidden=24):
        self.weights = [
            rng.normal(size=(inputs, hidden)) / np.sqrt(inputs),
            np.zeros(hidden),
            rng.normal(size=(hidden, outputs)) / np.sqrt(hidden),
            np.zeros(outputs),
        ]
        self.moments = [[np.zeros_like(weight), np.zeros_like(weight)] for weight in self.weights]
        self.updates = 0

    def __call__(self, x):
        self.x = x
        self.h = np.maximum((x[:, :, None] * self.weights[0]).sum(1) + self.weights[1], 0)
        return (self.h[:, :, None] * self.weights[2]).sum(1) + self.weights[3]

    def learn(self, gradient, rate=2e-3):
        behind = (gradient[:, None, :] * self.weights[2]).sum(2) * (self.h > 0)
        gradients = [
            (self.x[:, :, None] * behind[:, None, :]).sum(0),
            behind.sum(0),
            (self.h[:, :, None] * gradient[:, None, :]).sum(0),
            gradient.sum(0),
        ]
        self.updates += 1
        for weight, (first, second), slope in zip(self.weights, self.moments, gradients, strict=True):
            first[...] += 0.1 * (slope - first)
            second[...] += 0.001 * (slope * slope - second)
            scale = np.sqrt(second / (1 - 0.999**self.updates)) + 1e-8
            weight[...] -= rate * first / (1 - 0.9**self.updates) / scale

    def copy_of(self, other):
        self.weights = [weight.copy() for weight in other.weights]


class ReplayBuffer:
    def __init__(self, size, rng):
        self.rows, self.size, self.rng = [], size, rng

    def add(self, obs, next_obs, actions, rewards, terminations):
        for row in zip(obs, next_obs, actions, rewards, terminations, strict=True):
            self.rows.append(row)
        del self.rows[: -self.size]

    def sample(self, batch_size):
        chosen = self.rng.integers(len(self.rows), size=batch_size)
        return [np.array([self.rows[i][part] for i in chosen]) for part in range(5)]


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    envs = gym.vector.SyncVectorEnv([make_env("CartPole-v1", 1, i) for i in range(2)])
    assert isinstance(envs.single_action_space, gym.spaces.Discrete), "only discrete action space is supported"
    q_network = Network(np.array(envs.single_observation_space.shape).prod(), envs.single_action_space.n, rng)
    target_network = Network(4, 2, rng)
    target_network.copy_of(q_network)
    rb = ReplayBuffer(1000, rng)
    obs, _ = envs.reset(seed=1)
    for global_step in range(900):
        if rng.random() < max(0.05, 1 - global_step / 500):
            actions = np.array([envs.single_action_space.sample() for _ in range(envs.num_envs)])
        else:
            actions = q_network(obs.astype(np.float64)).argmax(axis=1)
        next_obs, rewards, terminated, truncated, infos = envs.step(actions)
        if "final_info" in infos:
            for info in infos["final_info"]:
                # Skip the envs that are not done
                if info is None or "episode" not in info:
                    continue
                print(f"global_step={global_step}, episodic_return={info['episode']['r']}", info["episode"]["l"])
        real_next_obs = next_obs.copy()
        for idx, d in enumerate(np.logical_or(truncated, terminated)):
            if d:
                real_next_obs[idx] = infos["final_observation"][idx]
        rb.add(obs, real_next_obs, actions, rewards, terminated)
        obs = next_obs
        if global_step > 64:
            x, after, taken, got, ended = rb.sample(32)
            best = target_network(after.astype(np.float64)).max(axis=1)
            goal = got + 0.99 * best * (1 - ended)
            values = q_network(x.astype(np.float64))
            error = np.zeros_like(values)
            error[np.arange(32), taken] = (values[np.arange(32), taken] - goal) / 32
            q_network.learn(error)
        if global_step % 100 == 0:
            target_network.copy_of(q_network)
            print(sorted(infos), rewards, rewards.dtype, terminated, truncated)
    print([float(weight.sum()) for weight in q_network.weights])
    print(envs.call("episode_count"), [list(queue) for queue in envs.get_attr("length_queue")])
    envs.close()
