"""Draw the pictures of the README: ``python docs/make_pictures.py [directory]``; by default beside this file."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import agents
import minigym

HERE = Path(__file__).parent / "pictures"


def lake() -> np.ndarray:
    """The slippery lake after one move: the agent aimed right, and the ice took it down."""
    env = minigym.make("FrozenLake-v1", render_mode="rgb_array")
    env.reset(seed=0)
    env.step(2)
    return env.render()


def pole() -> np.ndarray:
    """The pole, leaning."""
    env = minigym.make("CartPole-v1", render_mode="rgb_array")
    env.reset(seed=0)
    env.unwrapped.state = [0.6, 0.0, 0.12, 0.0]
    env.step(1)
    return env.render()


def car() -> np.ndarray:
    """The car on its way up, pushed to the right."""
    env = minigym.make("MountainCar-v0", render_mode="rgb_array")
    env.reset(seed=0)
    env.unwrapped.state = [-0.08, 0.03]
    env.step(2)
    return env.render()


def main(directory: Path) -> None:
    """Write every picture."""
    directory.mkdir(parents=True, exist_ok=True)
    Image.fromarray(lake()).save(directory / "lake.png")
    Image.fromarray(pole()).save(directory / "pole.png")
    Image.fromarray(car()).save(directory / "car.png")
    run = agents.train("q_learning", "FrozenLake-v1", seeds=20)
    run.plot().savefig(directory / "learning_curve.png")
    run.plot("policy").savefig(directory / "policy.png", dpi=90)
    five = ("q_learning", "sarsa", "expected_sarsa", "double_q_learning", "monte_carlo")
    short = {name: agents.train(name, "FrozenLake-v1", seeds=100, episodes=5_000) for name in five}
    agents.compare(short).plot().savefig(directory / "comparison.png", dpi=90)
    balancing = agents.train("ppo", "CartPole-v1", seeds=20, total_steps=50_000)
    balancing.plot("plane", index=None).savefig(directory / "plane.png", dpi=90)
    mdp = agents.examples.three_states()
    plan = agents.solve(mdp, gamma=0.95)
    agents.plot_mdp(mdp, plan.policy).savefig(directory / "three_states.png", dpi=90)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
