"""The streams of compiled lanes beside NumPy's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigym.vector.compiling import compiled
from minigym.vector.numba_engine import _words_of
from minigym.vector.pcg64 import POOL_SIZE, next_double, seed_stream
from minigym.vector.rollout import action_streams
from tests.strategies import wide_seeds

seeded, drawn = compiled(seed_stream), compiled(next_double)
# Indexes and strides are unsigned in the kernels, and so are they here.
_0, _1 = np.uint64(0), np.uint64(1)

spawn_keys = st.lists(st.integers(0, 2**32 - 1), max_size=3)


def stream_of(seed, spawn_key=()):
    """The four words of a stream, begun by our code."""
    words = _words_of(seed)
    if spawn_key:  # as SeedSequence assembles its entropy
        words = [*words, *[0] * (POOL_SIZE - len(words)), *spawn_key]
    stream = np.empty(4, np.uint64)
    seeded(np.array(words, np.uint64), stream, _0, _1)
    return stream


def numpys(seed, spawn_key=()):
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=spawn_key)))


def as_words(generator):
    state = generator.bit_generator.state["state"]
    return [state[name] >> shift & 2**64 - 1 for name in ("state", "inc") for shift in (64, 0)]


@settings(max_examples=300)
@given(seed=wide_seeds, spawn_key=spawn_keys)
def test_streams_begin_as_numpys(seed, spawn_key):
    assert stream_of(seed, spawn_key).tolist() == as_words(numpys(seed, spawn_key))


@pytest.mark.parametrize("bits", [0, 31, 32, 33, 63, 64, 65, 127, 128, 129, 160, 161])
def test_streams_at_the_edges_of_words_begin_as_numpys(bits):
    for seed in (2**bits - 1, 2**bits, 2**bits + 1):
        for spawn_key in ((), (0,), (2**32 - 1,)):
            assert stream_of(seed, spawn_key).tolist() == as_words(numpys(seed, spawn_key))


@settings(max_examples=50)
@given(seed=wide_seeds)
def test_numbers_are_drawn_as_numpy_draws_them(seed):
    stream, generator = stream_of(seed), numpys(seed)
    assert [drawn(stream, _0, _1) for _ in range(200)] == generator.random(200).tolist()
    assert stream.tolist() == as_words(generator)


@given(state=st.integers(0, 2**128 - 1), increment=st.integers(0, 2**127 - 1))
def test_any_state_of_the_generator_is_advanced_as_numpy_advances_it(state, increment):
    """Also those that no seed is likely to reach: carries between the words, and every rotation."""
    generator = np.random.Generator(np.random.PCG64(0))
    inc = 2 * increment + 1
    generator.bit_generator.state = generator.bit_generator.state | {"state": {"state": state, "inc": inc}}
    stream = np.array([state >> 64, state & 2**64 - 1, inc >> 64, inc & 2**64 - 1], np.uint64)
    assert [drawn(stream, _0, _1) for _ in range(5)] == generator.random(5).tolist()
    assert stream.tolist() == as_words(generator)


def test_streams_may_lie_among_others():
    """Word w of stream i at ``i + w * stride``, as the lanes' lie in a batch's memory."""
    words, alone = np.full(4 * 5, 7, np.uint64), stream_of(11)
    seeded(np.array([11], np.uint64), words, np.uint64(3), np.uint64(5))
    assert words.reshape(4, 5)[:, 3].tolist() == alone.tolist()
    assert (np.delete(words.reshape(4, 5), 3, axis=1) == 7).all()
    assert drawn(words, np.uint64(3), np.uint64(5)) == drawn(alone, _0, _1)
    assert words.reshape(4, 5)[:, 3].tolist() == alone.tolist()
    assert (np.delete(words.reshape(4, 5), 3, axis=1) == 7).all()


def test_streams_of_actions_meet_no_stream_of_an_environment():
    """A spawn key sets them apart from a seed of any width that says the same words."""
    for lane, generator in enumerate(action_streams(5, 3)):
        assert as_words(generator) == stream_of(5, (lane,)).tolist() == as_words(numpys(5, (lane,)))
        assert as_words(generator) not in [stream_of(5 + other).tolist() for other in range(5)]
