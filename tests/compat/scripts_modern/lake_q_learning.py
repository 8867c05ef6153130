"""Q-learning on the frozen lake, as a tutorial writes it; then value iteration on its table."""

import gymnasium as gym
import numpy as np
from gymnasium.envs.toy_text.frozen_lake import generate_random_map


class Agent:
    def __init__(self, env, rng):
        self.env = env
        self.rng = rng
        self.q = np.zeros((env.observation_space.n, env.action_space.n))

    def act(self, state, epsilon):
        if self.rng.random() < epsilon:
            return self.env.action_space.sample()
        best = np.flatnonzero(self.q[state] == self.q[state].max())
        return self.rng.choice(best)

    def learn(self, state, action, reward, terminated, next_state):
        future = 0.0 if terminated else 0.95 * self.q[next_state].max()
        self.q[state, action] += 0.2 * (reward + future - self.q[state, action])


def train(env, episodes, seed):
    agent = Agent(env, np.random.default_rng(seed))
    env.action_space.seed(seed)
    for episode in range(episodes):
        state, info = env.reset(seed=seed if episode == 0 else None)
        done = False
        while not done:
            action = agent.act(state, max(0.1, 1 - episode / 200))
            next_state, reward, terminated, truncated, info = env.step(action)
            agent.learn(state, action, reward, terminated, next_state)
            state, done = next_state, terminated or truncated
    return agent


for options in (
    {"is_slippery": False},
    {"map_name": "8x8"},
    {"desc": generate_random_map(size=5, p=0.9, seed=123), "success_rate": 0.7, "reward_schedule": (10, -1, 0)},
):
    env = gym.make("FrozenLake-v1", render_mode="rgb_array", **options)
    env = gym.wrappers.RecordEpisodeStatistics(env, buffer_length=400)
    agent = train(env, 400, seed=7)
    print(env)
    print(env.observation_space, env.action_space, env.spec.reward_threshold, env.spec.max_episode_steps)
    print(np.array(env.return_queue).ravel().tolist()[::20], np.array(env.length_queue).ravel().tolist()[::20])
    print(agent.q.round(12).tolist()[:4])
    print(env.render().dtype, env.unwrapped.desc.tolist(), env.unwrapped.nrow, env.unwrapped.ncol)
    env.close()

env = gym.make("FrozenLake-v1")
P = env.unwrapped.P
values = np.zeros(len(P))
for _ in range(500):
    values = np.array(
        [
            max(
                sum(p * (r + 0.99 * values[s] * (not end)) for p, s, r, end in outcomes)
                for outcomes in P[state].values()
            )
            for state in P
        ]
    )
print(values.tolist())
print(P[14])

env = gym.make("FrozenLake-v1", render_mode="ansi", is_slippery=False)
env.reset(seed=1)
for action in (2, np.int64(1), 1):
    print(repr(env.render()))
    print(env.step(action))
try:
    env.step(9)
except KeyError as error:
    print("KeyError", error)
