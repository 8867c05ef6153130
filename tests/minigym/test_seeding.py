"""One seed, one stream."""

import re

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error, seeding
from tests.strategies import seeds


@given(seeds)
def test_the_stream_is_the_references_and_numpys_default(seed):
    rng, used = seeding.np_random(seed)
    theirs, their_seed = gymnasium.utils.seeding.np_random(seed)
    assert used == their_seed == seed
    assert rng.bit_generator.state == theirs.bit_generator.state
    assert rng.bit_generator.state == np.random.default_rng(seed).bit_generator.state


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_numpys_integers_are_seeds(kind):
    """The reference refuses them, which users report as a bug."""
    rng, used = seeding.np_random(kind(7))
    assert type(used) is int
    assert used == 7
    assert rng.random() == np.random.default_rng(7).random()
    env = minigym.make("CartPole-v1")
    assert (env.reset(seed=kind(7))[0] == env.reset(seed=7)[0]).all()


@given(st.integers(max_value=-1))
def test_a_negative_seed_is_refused(seed):
    with pytest.raises(error.InvalidSeed, match=re.escape(f"must not be negative, got {seed}; write for")):
        seeding.np_random(seed)


@pytest.mark.parametrize("seed", [1.0, np.float64(1), True, False, np.True_, "1", b"1", [1], (1,), np.array([1]), {}])
def test_what_is_no_integer_is_refused(seed):
    with pytest.raises(error.InvalidSeed, match="write for instance seed=0") as refused:
        seeding.np_random(seed)
    assert type(seed).__name__ in str(refused.value)
    assert isinstance(refused.value, ValueError)


def test_without_a_seed_the_entropy_is_returned_and_gives_the_same_stream():
    rng, entropy = seeding.np_random()
    assert type(entropy) is int
    assert rng.bit_generator.state == seeding.np_random(entropy)[0].bit_generator.state
    assert seeding.np_random()[1] != entropy  # equal once in 2**128 runs
