# ruff: noqa  (written the way courses wrote it)
# Environments and wrappers of one's own, the old way.
import gym
import numpy as np
from gym import error, spaces, utils
from gym.envs.toy_text import discrete
from gym.utils import seeding


class Walk(gym.Env):
    metadata = {"render.modes": ["human"]}

    def __init__(self, size=5):
        self.size = size
        self.action_space = spaces.Discrete(2)
        self.observation_space = spaces.Box(low=0, high=size, shape=(1,), dtype=np.float32)
        self.seed()

    def seed(self, seed=None):
        self.np_random, seed = seeding.np_random(seed)
        return [seed]

    def reset(self):
        self.position = self.np_random.randint(self.size)
        return np.array([self.position], dtype=np.float32)

    def step(self, action):
        assert self.action_space.contains(action), "%r invalid" % action
        self.position = max(0, self.position + 2 * action - 1)
        return np.array([self.position], dtype=np.float32), 1.0, self.position >= self.size, {}

    def render(self, mode="human", close=False):
        print(utils.colorize("." * self.position, "green"))


class Ring(discrete.DiscreteEnv):
    def __init__(self):
        P = {s: {a: [(0.9, (s + 2 * a - 1) % 4, 0.5, False), (0.1, s, -1, s == 3)] for a in range(2)} for s in range(4)}
        super(Ring, self).__init__(4, 2, P, np.ones(4) / 4)


class Half(gym.ObservationWrapper):
    def observation(self, observation):
        return observation / 2


class Sign(gym.RewardWrapper):
    def reward(self, reward):
        return np.sign(reward)


gym.envs.register(id="Walk-v0", entry_point=Walk, max_episode_steps=4, kwargs={"size": 6})
env = Half(gym.make("Walk-v0", size=7))
print(env.seed(4), env.reset(), env, env.size, env.spec, env.unwrapped.spec._kwargs)
done = False
while not done:
    observation, reward, done, info = env.step(np.int64(1))
    env.render()
print(observation, reward, info)

gym.register(id="Ring-v0", entry_point=Ring)
env = Sign(gym.make("Ring-v0"))
print(env.seed(2), env.reset(), [env.step(1)[:3] for _ in range(6)])

print([spec.id for spec in gym.envs.registry.all() if spec.id in ("Walk-v0", "Ring-v0", "CartPole-v1")])
for name in ("NoSuchThing-v0", "CartPole-v7", "CartPole"):
    try:
        gym.make(name)
    except error.Error as problem:
        print(name, type(problem).__name__)
try:
    env._secret
except AttributeError:
    print("private attributes are not forwarded")
