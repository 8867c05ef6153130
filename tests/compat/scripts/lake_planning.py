# ruff: noqa  (written the way courses wrote it)
# Value iteration on the table that hides in the environment.
import gym
import numpy as np

env = gym.make("FrozenLake8x8-v0" if gym.__version__ < "0.19" else "FrozenLake8x8-v1")
env = env.env
V = np.zeros(env.nS)
for _ in range(2000):
    for s in range(env.nS):
        V[s] = max(sum(p * (r + 0.99 * V[s_]) for p, s_, r, _ in env.P[s][a]) for a in range(env.nA))
print("value of the start: %.6f" % V[0])
print(env.desc[0, 0], env.isd.sum(), env.unwrapped is env, env.P[0][1][0], type(env.P[0][1][0][3]))
env.seed(3)
env.reset()
print([env.step(env.action_space.n - 2)[0] for _ in range(12)], env.s)
