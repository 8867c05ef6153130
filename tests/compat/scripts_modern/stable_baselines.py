"""Stable-Baselines3 as its own examples use it: three algorithms, its batches, its monitors, its checks."""

import sys
import tempfile
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecFrameStack, VecMonitor, VecNormalize

torch.set_num_threads(1)


def digest(model):
    """Sums of the networks' weights: any bit that differs shows."""
    return [float(value.double().sum()) for value in model.policy.state_dict().values()]


def show(name, model):
    env = Monitor(gym.make("CartPole-v1"))
    env.reset(seed=7)
    returns, lengths = evaluate_policy(model, env, n_eval_episodes=3, return_episode_rewards=True)
    print(name, digest(model), returns, lengths)


if __name__ == "__main__":
    check_env(gym.make("CartPole-v1").unwrapped)
    check_env(gym.make("FrozenLake-v1").unwrapped)

    model = PPO("MlpPolicy", "CartPole-v1", seed=1, n_steps=128, n_epochs=2, device="cpu").learn(512)
    show("PPO", model)
    model = DQN("MlpPolicy", "CartPole-v1", seed=2, learning_starts=100, train_freq=8, device="cpu").learn(600)
    show("DQN", model)
    batch = make_vec_env("CartPole-v1", n_envs=3, seed=3, env_kwargs={"sutton_barto_reward": True})
    show("A2C", A2C("MlpPolicy", VecMonitor(VecNormalize(batch)), seed=3, device="cpu").learn(300))
    batch = make_vec_env("CartPole-v1", n_envs=2, seed=4, vec_env_cls=DummyVecEnv)
    model = PPO("MlpPolicy", VecFrameStack(batch, 2), seed=4, n_steps=64, n_epochs=1, device="cpu").learn(256)
    print("frames", digest(model))

    with tempfile.TemporaryDirectory() as folder:
        callback = EvalCallback(
            Monitor(gym.make("FrozenLake-v1", is_slippery=False), folder),
            eval_freq=100,
            log_path=folder,
            best_model_save_path=folder,
            verbose=0,
        )
        model = DQN("MlpPolicy", "FrozenLake-v1", seed=5, learning_starts=50, device="cpu").learn(300, callback)
        again = DQN.load(Path(folder, "best_model"), env=gym.make("FrozenLake-v1"))
        print("lake", digest(model), digest(again), np.load(Path(folder, "evaluations.npz"))["results"].tolist())

    for method in sys.argv[1:]:
        batch = SubprocVecEnv([lambda: gym.make("CartPole-v1")] * 2, start_method=method)
        batch.seed(6)
        print(
            method, batch.reset().tolist(), batch.env_is_wrapped(gym.wrappers.TimeLimit), batch.get_attr("spec")[0].id
        )
        batch.close()
