# ruff: noqa  (written the way courses wrote it)
# A table, learned the way a first course does it: everything in one cell, the cell run twice.
import gym
import numpy as np
from gym.envs.registration import register

for run in range(2):
    register(
        id="FrozenLakeNotSlippery-v0",
        entry_point="gym.envs.toy_text:FrozenLakeEnv",
        kwargs={"map_name": "4x4", "is_slippery": False},
        max_episode_steps=100,
        reward_threshold=0.78,
    )

env = gym.make("FrozenLakeNotSlippery-v0")
env.seed(0)
np.random.seed(0)
Q = np.zeros([env.observation_space.n, env.action_space.n])
returns = []
for i in range(400):
    s = env.reset()
    total, d, j = 0, False, 0
    while j < 99:
        j += 1
        a = np.argmax(Q[s, :] + np.random.randn(1, env.action_space.n) * (1.0 / (i / 10 + 1)))
        s1, r, d, _ = env.step(a)
        Q[s, a] = Q[s, a] + 0.8 * (r + 0.95 * np.max(Q[s1, :]) - Q[s, a])
        total += r
        s = s1
        if d:
            break
    returns.append(total)

print("Score over time:", sum(returns[-100:]) / 100)
s = env.reset()
env.render()
d = False
while not d:
    s, r, d, info = env.step(np.argmax(Q[s]))
    env.render()
print("reward", r, "info", info)
