"""Records what gymnasium 0.29.1 does, for ``tests/compat/test_profile_029.py``: run by a Python that has it installed.

``python -W ignore tests/compat/reference/record_029.py`` writes ``gymnasium-0.29.1.json`` beside this file (the public
names, and trajectories) and ``scripts_029/expected.json`` (what the scripts print). With a directory as argument it
writes the trajectories alone, there, which is how the test runs it on minigym.
"""

import importlib.util
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts_029"
RECORDING = f"gymnasium-{gym.__version__}.json"
# How often a pole is pushed towards where it falls, or a car to where it rolls, rather than at random: to reach a time
# limit, to fall, or to get to the goal.
IDS = {"CartPole-v0": 0.985, "CartPole-v1": 0.0, "FrozenLake-v1": 0.0, "FrozenLake8x8-v1": 0.0, "MountainCar-v0": 0.9}


def plain(value):
    """A value as JSON can hold it bit for bit, with its types named."""
    if isinstance(value, np.ndarray):
        return {"dtype": str(value.dtype), "values": [plain(part) for part in value.tolist()]}
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, np.generic):
        return {type(value).__name__: value.item()}
    return value


def trace(env, rng, calls, balanced):
    """What a random sequence of calls returns: resets, seeded and not, and steps, beyond the ends of episodes too.

    Args:
        env: an environment, or a batch.
        rng: chooses the calls; the actions come from the action space.
        calls: how many.
        balanced: how often a pole is pushed towards where it falls, or a car to where it rolls.
    """
    returned = [plain(env.reset(seed=int(rng.integers(1000))))]
    env.action_space.seed(int(rng.integers(1000)))
    observation = None
    for _ in range(calls):
        if rng.random() < 0.004:
            seed = None if rng.random() < 0.5 else int(rng.integers(1000))
            result = env.reset(seed=seed)
        else:
            action = env.action_space.sample()
            if observation is not None and rng.random() < balanced:
                if observation.shape[-1] == 4:
                    action = (observation[..., 2] + 0.3 * observation[..., 3] > 0).astype(int)
                else:
                    action = 2 * (observation[..., 1] >= 0).astype(int)
                action = action if action.shape else int(action)
            result = env.step(action)
        observation = result[0]
        returned.append([plain(action) if len(result) > 2 else "reset", plain(result)])
        if not hasattr(env, "num_envs") and len(result) > 2 and (result[2] or result[3]) and rng.random() < 0.8:
            returned.append(plain(env.reset()))
    return returned


def steps_from_anywhere():
    """One step from each of some random states, in all 64 bits.

    Of 60,000 such states two tell a square that is a product from one that is a power: numbers 7,486 and 42,762.
    """
    env = gym.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    states = np.random.default_rng(1).normal(scale=3, size=(60000, 4))
    found = []
    for state in (*states[7480:7490], *states[42760:42770]):
        env.state = state
        env.step(0)
        found.append([float(number).hex() for number in env.state])
    return found


def lanes(env_id, limits):
    """What makes the lanes of a batch, whose time limits are not the same."""
    return [lambda limit=limit: gym.make(env_id, max_episode_steps=limit) for limit in limits]


def trajectories():
    """By id: single environments, and batches with staggered ends, in this process and in others."""
    recorded = {}
    for number, (env_id, balanced) in enumerate(IDS.items()):
        rng = np.random.default_rng(number)
        one = gym.make(env_id)
        rows = {"spaces": [str(one.observation_space), str(one.action_space)], "text": str(one)}
        rows["single"] = trace(one, rng, 300, balanced)
        for name, kind in (("sync", gym.vector.SyncVectorEnv), ("async", gym.vector.AsyncVectorEnv)):
            batch = kind(lanes(env_id, (31, 7, None, 18)))
            rows[f"{name} spaces"] = [str(batch.observation_space), str(batch.action_space), str(batch)]
            rows[name] = trace(batch, rng, 60, balanced)
            batch.close()
        recorded[env_id] = rows
    recorded["CartPole-v1"]["steps from anywhere"] = steps_from_anywhere()
    return recorded


def public_names():
    """The public names of each module in scope, read from the source as for docs/gymnasium.md."""
    described = importlib.util.spec_from_file_location("make_names", ROOT / "docs" / "make_names.py")
    make_names = importlib.util.module_from_spec(described)
    described.loader.exec_module(make_names)
    names = make_names.reference_names()
    return {module: names[module] for module in names if not module.startswith("gymnasium.experimental.")}


def printed():
    """What each script prints; one thread a process, since a sum's last bit depends on how many share the work."""
    texts = {}
    for script in sorted(SCRIPTS.glob("*.py")):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(script)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        texts[script.stem] = done.stdout.splitlines()
    return texts


def main():
    """Write the recordings."""
    if sys.argv[1:]:
        Path(sys.argv[1], RECORDING).write_text(json.dumps(trajectories()), encoding="utf-8")
        return
    provenance = {
        "gymnasium": gym.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} on {platform.machine()} with {' '.join(platform.libc_ver())}",
        "command": "python -W ignore tests/compat/reference/record_029.py",
    }
    recording = {"provenance": provenance, "names": public_names(), "trajectories": trajectories()}
    (Path(__file__).parent / RECORDING).write_text(json.dumps(recording) + "\n", encoding="utf-8")
    expected = {"provenance": provenance, "printed": printed()}
    (SCRIPTS / "expected.json").write_text(json.dumps(expected, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
