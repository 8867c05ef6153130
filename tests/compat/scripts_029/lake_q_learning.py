"""Q-learning on the frozen lake, then value iteration: the table is read through the wrappers."""

import gymnasium as gym
import numpy as np
from gymnasium.envs.toy_text.frozen_lake import MAPS, generate_random_map


def train(env, episodes, seed, alpha=0.2, gamma=0.95):
    rng = np.random.default_rng(seed)
    q = np.zeros((env.observation_space.n, env.action_space.n))
    env.action_space.seed(seed)
    for episode in range(episodes):
        state, info = env.reset(seed=seed if episode == 0 else None)
        done = False
        while not done:
            if rng.random() < max(0.1, 1 - episode / 90):
                action = env.action_space.sample()
            else:
                action = rng.choice(np.flatnonzero(q[state] == q[state].max()))
            next_state, reward, terminated, truncated, info = env.step(action)
            future = 0.0 if terminated else gamma * q[next_state].max()
            q[state, action] += alpha * (reward + future - q[state, action])
            state, done = next_state, terminated or truncated
        if episode % 30 == 0:
            print(episode, state, type(reward).__name__, info["prob"], info["episode"]["r"], info["episode"]["l"])
    return q


def value_iteration(env, theta=1e-5, gamma=0.95):
    values = np.zeros(env.nrow * env.ncol)
    while True:
        delta = 0.0
        for state in range(env.observation_space.n):
            outcomes = [
                sum(p * (r + gamma * values[s] * (not end)) for p, s, r, end in env.P[state][action])
                for action in range(env.action_space.n)
            ]
            delta = max(delta, abs(max(outcomes) - values[state]))
            values[state] = max(outcomes)
        if delta < theta:
            return values


for options in (
    {},
    {"is_slippery": False},
    {"map_name": "8x8", "max_episode_steps": 60},
    {"desc": ["SFFF", "FHXF", "FFFG"]},
    {"desc": generate_random_map(size=5, p=0.9, seed=123)},
):
    env = gym.make("FrozenLake-v1", **options)
    env = gym.wrappers.RecordEpisodeStatistics(env, deque_size=300)
    q = train(env, 120, seed=7)
    print(env, env.spec.max_episode_steps, env.spec.kwargs, env.reward_range, env.desc.tolist(), env.s)
    print(np.array(env.return_queue).tolist()[::20], np.array(env.length_queue).tolist()[::20], env.episode_count)
    print(q.round(12).tolist()[:4])
    print(value_iteration(env).tolist())
    env.close()

lake = gym.make("FrozenLake-v1", render_mode="ansi")
print(lake.P[14], lake.P[15], lake.unwrapped.P is lake.P, lake.initial_state_distrib.tolist())
print(sorted(MAPS), lake.get_wrapper_attr("ncol"), lake.metadata, lake.render_mode)
lake.reset(seed=3)
for action in (2, 1, 1):
    print(lake.step(action), lake.lastaction)
    print(lake.render())
for wrong in (lambda: lake.step(7), lambda: lake.nothing, lambda: lake._hidden, lambda: gym.make("FrozenLake-v9")):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__)
