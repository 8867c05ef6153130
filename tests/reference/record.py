"""Records the reference's trajectories: `python -m tests.reference.record [directory]`.

For each id 200 episodes of Gymnasium 1.3.0. Episode k is reset with seed k, and the actions of an id come from one
generator, so that recording again gives the same files. Actions are random; but random play ends long before the time
limit, so that every 20th episode is played to reach it. With the car it is the other way round: all but every 20th
episode are played to reach the goal.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

# A new id comes last: the place of an id seeds its actions.
IDS = ("FrozenLake-v1", "FrozenLake8x8-v1", "CartPole-v0", "CartPole-v1", "MountainCar-v0")
VERSION = "1.3.0"
EPISODES = 200
LONG = 20  # every so many episodes are played to reach the time limit
UP = 3  # on slippery ice a move up never leaves the first row, and those of the lakes recorded have no hole


def file_of(directory: Path, env_id: str) -> Path:
    """Where the trajectories of an id lie."""
    return directory / f"{env_id}.npz"


def record(env_id: str) -> dict[str, np.ndarray]:
    """The trajectories of an id, one after the other.

    Returns:
        ``lengths`` (episodes,), the steps of each episode; ``reset_observations`` (episodes, ...); and for every step
        ``actions``, ``observations``, ``rewards``, ``terminated`` and ``truncated`` (steps, ...). Besides, for lakes,
        ``probabilities`` (steps,), the info; for poles and cars the float64 states ``reset_states`` (episodes, 4 or 2)
        and ``states`` (steps, 4 or 2). The dtypes are the reference's, but that Python's own numbers became NumPy's.
    """
    assert gymnasium.__version__ == VERSION, f"this suite compares with Gymnasium {VERSION}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # CartPole-v0 is out of date
        env = gymnasium.make(env_id)
    is_pole, is_car = env_id.startswith("CartPole"), env_id.startswith("MountainCar")
    rng = np.random.default_rng([IDS.index(env_id), EPISODES])
    columns: dict[str, list[Any]] = {}

    def put(**values: Any) -> None:
        for name, value in values.items():
            columns.setdefault(name, []).append(value)

    for episode in range(EPISODES):
        observation, _ = env.reset(seed=episode)
        put(reset_observations=observation)
        if is_pole or is_car:
            put(reset_states=env.unwrapped.state)
        length, done = 0, False
        while not done:
            action = int(rng.integers(env.action_space.n))
            if is_car:
                if episode % LONG != 0 and rng.random() < 0.9:  # towards where the car rolls
                    action = 2 * int(observation[1] >= 0)
            elif episode % LONG == 0 and not is_pole:
                action = UP
            elif episode % LONG == 0 and rng.random() < 0.9:  # towards where the pole falls and the cart rolls
                action = int(observation @ (0.1, 0.3, 1.0, 0.5) > 0)
            observation, reward, terminated, truncated, info = env.step(action)
            done = terminated or truncated
            length += 1
            put(actions=action, observations=observation, rewards=reward, terminated=terminated, truncated=truncated)
            put(**({"states": env.unwrapped.state} if is_pole or is_car else {"probabilities": info["prob"]}))
        put(lengths=length)
    return {name: np.array(values) for name, values in columns.items()}


def write(directory: Path, env_id: str) -> None:
    """Record an id into its file, integers packed as narrow as they fit."""
    arrays = record(env_id)
    for name, array in arrays.items():
        if array.dtype == np.int64:
            arrays[name] = array.astype(np.min_scalar_type(int(array.max())))
    np.savez_compressed(file_of(directory, env_id), allow_pickle=False, **arrays)


if __name__ == "__main__":
    for name in IDS:
        write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent, name)
