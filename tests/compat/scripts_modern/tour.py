"""Spaces, specs and what a script may do to an environment from outside."""

import functools
import json
import warnings

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.toy_text import frozen_lake
from gymnasium.spaces import Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Text, Tuple
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate

np.set_printoptions(legacy=False)
for index, space in enumerate(
    [
        Discrete(5, start=-2),
        Box(-np.inf, np.array([0.0, 1.0, np.inf]), (3,), np.float64),
        Box(0, 255, (2, 2, 3), np.uint8),
        MultiDiscrete([[2, 3], [4, 5]], start=[[0, 1], [2, 3]]),
        MultiBinary([2, 3]),
        Tuple((Discrete(2), Box(0, 1, (2,)))),
        Dict(b=Discrete(3), a=Tuple((MultiBinary(2), Discrete(2)))),
        Text(6, min_length=2, charset="abc"),
        Sequence(Discrete(4), stack=True),
        Graph(Box(-1, 1, (2,)), Discrete(3)),
        OneOf((Discrete(3), Box(0, 1, (1,)))),
    ]
):
    space.seed(index)
    samples = [space.sample() for _ in range(3)]
    print(space, samples, all(sample in space for sample in samples))
    print(json.dumps(space.to_jsonable(samples)))
    if index not in (8, 9):
        print(spaces.flatten_space(space), spaces.flatten(space, samples[0]))
    batch = batch_space(space, 3)
    print(batch)
    if index < 7:
        together = concatenate(space, samples, create_empty_array(space, 3))
        print(together, [str(item) for item in iterate(batch, together)])

for env_id in ("CartPole-v1", "FrozenLake8x8-v1"):
    spec = gym.spec(env_id)
    print(spec, spec.kwargs, spec.entry_point, spec.vector_entry_point)
    env = gym.wrappers.TimeAwareObservation(gym.make(env_id))
    spec = gym.envs.registration.EnvSpec.from_json(env.spec.to_json())
    env.spec.pprint()
    again = gym.make(spec)
    print(again, str(again.reset(seed=2)) == str(env.reset(seed=2)))

pole = functools.partial(gym.make, "CartPole-v1", max_episode_steps=5)()
pole.reset(seed=11, options={"low": -0.1, "high": 0.1})
pole.unwrapped.state = np.array([0.0, 0.1, 0.05, -0.1])
print(pole.step(1))
pole.unwrapped.state[2] = 0.2
pole.unwrapped.gravity = 1.6
print(pole.step(0), pole.unwrapped.state.tolist(), pole.unwrapped.total_mass, pole.unwrapped.polemass_length)
print([pole.step(1)[2:4] for _ in range(3)])
pole.unwrapped.kinematics_integrator = "anything"
print(pole.reset(seed=1), pole.step(np.int64(1)), pole.np_random.random(), pole.np_random_seed)
for action in (2, -1, 0.5, None):
    try:
        pole.step(action)
    except AssertionError:
        print("AssertionError", action)

frozen_lake.MAPS["own"] = ["SXF", "HFG"]
lake = gym.make("FrozenLake-v1", map_name="own", is_slippery=False)
lake.unwrapped.P[0][2] = [(0.5, 1, 3, False), (0.5, 2, 4, False)]
print([lake.reset(seed=seed) + lake.step(2) for seed in range(4)])
print(frozen_lake.LEFT, frozen_lake.UP, frozen_lake.is_valid([list("SF"), list("FG")], 2))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    odd = gym.make("CartPole-v1", render_mode="hologram")
    odd.reset(seed=0)
    gym.make("CartPole-v0")
    gym.make("FrozenLake")
    gym.logger.warn("%s and %d", "text", 3)
    gym.logger.deprecation("old")
print([(warning.category.__name__, "hologram" in str(warning.message)) for warning in caught])
try:
    gym.make("CartPole-v1").step(0)
except gym.error.ResetNeeded as error:
    print(type(error).__name__)
