"""Records what the real gym does, for ``tests/compat/test_reference.py``: run by a Python that has gym installed.

``python tests/compat/reference/record.py [directory]`` writes ``gym-<version>.json``, by default beside this file. It
imports gym and NumPy alone. Floats are written with all their digits, so that they are read back bit for bit.
"""

import json
import pathlib
import sys

import numpy as np

if not hasattr(np, "bool8"):  # gym asks for names that NumPy 2 has dropped
    np.bool8 = np.bool_

import gym
from gym import spaces
from gym.envs.toy_text.frozen_lake import generate_random_map
from gym.utils import seeding

SEEDS = [0, 1, 42, 123, 2**31, 2**64 + 5]
EPISODES = 6
LONG_STEPS = 120  # of CartPole, balanced by hand so that the pole stands


def plain(value):
    """A value as JSON can hold it, with its NumPy types named."""
    if isinstance(value, np.ndarray):
        return {"dtype": str(value.dtype), "values": value.tolist()}
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def streams():
    """Seeds, their hashes, and the first draws."""
    rows = []
    for seed in SEEDS:
        rng, used = seeding.np_random(seed)
        rows.append([seed, used, seeding.hash_seed(seed), rng.rand(3).tolist(), rng.randint(1000, size=3).tolist()])
    return {"rows": rows, "text": seeding.create_seed("a text"), "short": seeding.create_seed(2**40 + 7, max_bytes=4)}


def all_spaces():
    """The spaces whose samples are recorded."""
    infinity = np.inf
    low = np.array([-1.0, -infinity, 0.0, -infinity], np.float32)
    high = np.array([1.0, 0.0, infinity, infinity], np.float32)
    inner = {"b": spaces.Discrete(5), "a": spaces.Box(0, 1, shape=(2,), dtype=np.float64)}
    return {
        "discrete": spaces.Discrete(7),
        "box": spaces.Box(low, high, dtype=np.float32),
        "integer box": spaces.Box(-3, 4, shape=(2, 3), dtype=np.int64),
        "multi-discrete": spaces.MultiDiscrete([3, 5, 2]),
        "multi-binary": spaces.MultiBinary(6),
        "multi-binary 2-d": spaces.MultiBinary([2, 3]),
        "tuple": spaces.Tuple((spaces.Discrete(10), spaces.MultiDiscrete([4, 4]))),
        "dict": spaces.Dict(inner),
        "nested": spaces.Dict({"x": spaces.Dict(inner), "y": spaces.Tuple((spaces.Discrete(3), spaces.Discrete(4)))}),
    }


def samples():
    """Of each space: its text, what seeding answers, samples, and a flattened one."""
    rows = {}
    for name, space in all_spaces().items():
        answer = space.seed(3)
        drawn = [space.sample() for _ in range(5)]
        flat = spaces.flatten(space, drawn[0])
        box = None if name == "multi-binary 2-d" else spaces.flatten_space(space)  # gym 0.17 fails on it
        rows[name] = {
            "text": str(space),
            "answer": plain(answer),
            "samples": plain(drawn),
            "flat": plain(np.asarray(flat).tolist()),
            "flat again": plain(spaces.unflatten(space, flat)),
            "flat box": box and [spaces.flatdim(space), plain(box.low), plain(box.high)],
        }
    return rows


def registered():
    """What the registry says of the ids rebuilt here."""
    return {
        spec.id: [spec.max_episode_steps, spec.reward_threshold, spec.nondeterministic, spec.entry_point, repr(spec)]
        for spec in gym.envs.registry.all()
        if spec.id.startswith(("FrozenLake", "CartPole", "MountainCar-"))
    }


def lake(env_id):
    """Episodes of random play, and the texts of the first steps."""
    env = gym.make(env_id)
    answer = env.seed(11)
    env.action_space.seed(12)
    episodes = []
    for _ in range(EPISODES):
        observation, done = env.reset(), False
        steps = [[observation, env.render(mode="ansi")]]
        while not done:
            action = env.action_space.sample()
            observation, reward, done, info = env.step(action)
            text = env.render(mode="ansi") if len(steps) < 6 else None
            steps.append([action, observation, reward, done, plain(info), text])
        episodes.append(steps)
    after = [plain(env.unwrapped.step(1)) for _ in range(2)]
    facts = [str(env), env.nS, env.nA, env.desc.tolist()[0][0].decode(), env.isd.tolist(), list(env.reward_range)]
    table = [[env.P[s][a] for a in range(env.nA)] for s in range(env.nS)]
    return {"answer": answer, "episodes": episodes, "after": after, "facts": facts, "P": plain(table)}


def pole(env_id, integrator="euler"):
    """Episodes of random play, and a long one under a controller: state by state, with observations."""
    env = gym.make(env_id)
    env.env.kinematics_integrator = integrator
    answer = env.seed(11)
    env.action_space.seed(12)
    episodes = []
    for number in range(EPISODES):
        observation, done = env.reset(), False
        steps = [[plain(observation), [float(x) for x in env.state]]]
        while not done and len(steps) <= LONG_STEPS:
            action = int(env.state[2] + 0.3 * env.state[3] > 0) if number == 0 else env.action_space.sample()
            observation, reward, done, info = env.step(action)
            steps.append([action, plain(observation), reward, done, plain(info), [float(x) for x in env.state]])
        episodes.append(steps)
    space = env.observation_space
    facts = [str(env), plain(space.high), str(space), list(env.reward_range), env.metadata]
    return {"answer": answer, "episodes": episodes, "facts": facts}


def car():
    """An episode of random play between two that swing up to the goal: state by state, with observations."""
    env = gym.make("MountainCar-v0")
    answer = env.seed(11)
    env.action_space.seed(12)
    episodes = []
    for number in range(3):
        observation, done = env.reset(), False
        steps = [[plain(observation), [float(x) for x in env.state]]]
        while not done:
            action = 2 * int(env.state[1] >= 0) if number % 2 == 0 else env.action_space.sample()
            observation, reward, done, info = env.step(action)
            steps.append([action, plain(observation), reward, done, plain(info), [float(x) for x in env.state]])
        episodes.append(steps)
    after = [plain(env.unwrapped.step(0)[:3]) for _ in range(40)]
    space = env.observation_space
    facts = [str(env), plain(space.low), plain(space.high), str(space), list(env.reward_range), env.metadata]
    return {"answer": answer, "episodes": episodes, "after": after, "facts": facts}


def limit():
    """The steps around a time limit that was assigned."""
    rows = {}
    for env_id in registered():
        env = gym.make(env_id)
        env._max_episode_steps = 3
        env.seed(0)
        env.reset()
        rows[env_id] = [plain(env.step(0)[2:]) for _ in range(3)]
    return rows


def maps():
    """Random maps, from NumPy's global generator."""
    np.random.seed(5)
    return [generate_random_map(size, p) for size, p in ((8, 0.8), (4, 0.6), (12, 0.7))]


def main():
    """Record everything."""
    content = {
        "streams": streams(),
        "samples": samples(),
        "registered": registered(),
        "lakes": {env_id: lake(env_id) for env_id in registered() if env_id.startswith("FrozenLake")},
        "poles": {env_id: pole(env_id) for env_id in registered() if env_id.startswith("CartPole")},
        "semi-implicit": pole("CartPole-v0", "semi-implicit euler"),
        "limit": limit(),
        "maps": maps(),
        "car": car(),
    }
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    path = directory / f"gym-{gym.__version__}.json"
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
