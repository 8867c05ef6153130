"""Streams of random numbers: fixed for ever, and distinct for every run and purpose."""

import numpy as np

import minigym
from agents.common import streams

PURPOSES = (streams.TRAIN, streams.AGENT, streams.SELECT, streams.TEST)


def test_integers_stay_what_they_are():
    # Changing any of these changes every published run.
    assert streams.integers(0, streams.TRAIN) == [8668861027912758289]
    assert streams.integers(0, streams.TEST, 3) == [13238389300853459902, 17554326428146337111, 12921306051240744930]
    assert streams.integers(7, streams.SELECT, 1) == [17559002276220262541]


def test_generators_stay_what_they_are():
    assert streams.generator(0, streams.AGENT).random(2).tolist() == [0.6771968569751019, 0.2429867485428212]
    assert streams.generator(2**40, streams.AGENT).integers(0, 1000, 3).tolist() == [268, 972, 726]


def test_every_run_and_purpose_has_a_stream_of_its_own():
    numbers = [number for seed in range(100) for purpose in PURPOSES for number in streams.integers(seed, purpose, 100)]
    # By chance two of these 40,000 numbers of 64 bits are equal with a probability of 4e-11.
    assert len(set(numbers)) == 100 * len(PURPOSES) * 100
    draws = [tuple(streams.generator(seed, purpose).random(2)) for seed in range(100) for purpose in PURPOSES]
    assert len(set(draws)) == len(draws)


def test_a_longer_list_begins_with_the_shorter_one():
    assert streams.integers(3, streams.TEST, 100)[:7] == streams.integers(3, streams.TEST, 7)


def test_integers_seed_environments():
    env = minigym.make("FrozenLake-v1")
    for seed in streams.integers(0, streams.TEST, 5):
        assert type(seed) is int
        env.reset(seed=seed)
        assert env.np_random_seed == seed


def test_neither_draws_from_the_global_state():
    before = np.random.get_state()[1].tolist()
    streams.generator(0, streams.AGENT).random()
    streams.integers(0, streams.TEST, 10)
    assert np.random.get_state()[1].tolist() == before
