# ruff: noqa  (written the way courses wrote it)
# Environments in worker processes, under the start method named on the command line.
import multiprocessing
import sys


def play(seed):
    import gym

    env = gym.make("CartPole-v1")
    env.seed(seed)
    return gym.__version__, str(env.reset().dtype), int(gym.make("FrozenLake-v1").nS)


if __name__ == "__main__":
    import gym

    env = gym.make("CartPole-v0")
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(pool.map(play, range(2)), pool.map(type, [env.unwrapped])[0].__name__)
