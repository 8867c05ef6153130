# ruff: noqa  (written the way courses wrote it)
# Random play, shown and recorded.
import json
import os
import sys

import gym
import numpy as np
from gym import logger, wrappers

logger.setLevel(logger.ERROR)
outdir = sys.argv[1]
env = gym.make("CartPole-v0")
env._max_episode_steps = 30
env = wrappers.Monitor(env, directory=outdir, force=True)
env.seed(0)
env.action_space.seed(0)
for i_episode in range(9):
    observation = env.reset()
    for t in range(100):
        env.render()
        action = env.action_space.sample()
        observation, reward, done, info = env.step(np.array(action))  # a 0-d array, as networks hand out
        if done:
            print("Episode finished after {} timesteps".format(t + 1), info)
            break
print(env.get_episode_rewards(), env.get_episode_lengths(), env.get_total_steps())
env.close()
files = sorted(os.listdir(outdir))
print(len([f for f in files if f.endswith((".mp4", ".gif"))]), "videos")
stats = json.load(open(os.path.join(outdir, [f for f in files if f.endswith("stats.json")][0])))
print(stats["episode_lengths"], stats["episode_types"])
try:
    wrappers.Monitor(gym.make("CartPole-v0"), outdir)
except gym.error.Error:
    print("the directory is not empty")
