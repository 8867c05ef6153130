"""NumPy's random stream in plain arithmetic, so that a compiled loop can carry one for each lane.

PCG64 is the generator "PCG XSL RR 128/64" of O'Neill (2014), "PCG: A family of simple fast space-efficient
statistically good algorithms for random number generation", with the multiplier of its reference implementation.
``SeedSequence`` is NumPy's; its mixing function is that of O'Neill's "Developing a seed_seq alternative" (2015). NumPy
keeps the streams of both as they are (NEP 19).

A stream is four 64-bit words: state (high, low), increment (high, low). The functions are compiled by
:mod:`minigym.vector.numba_engine`; every operand is a ``uint64``, since Numba turns an expression that mixes in a
plain integer into a float or a signed number.
"""

from typing import Any

import numpy as np

_0, _1, _2, _3, _11, _16, _32, _58, _63, _64 = map(np.uint64, (0, 1, 2, 3, 11, 16, 32, 58, 63, 64))
_LOW = np.uint64(0xFFFFFFFF)  # of a 64-bit word its lower half
_MULTIPLIER_HIGH, _MULTIPLIER_LOW = np.uint64(2549297995355413924), np.uint64(4865540595714422341)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53: a double in [0, 1) has 53 random bits

POOL_SIZE = 4  # 32-bit words of a SeedSequence's pool
_INIT_A, _MULT_A = np.uint64(0x43B0D7E5), np.uint64(0x931E8875)
_INIT_B, _MULT_B = np.uint64(0x8B51F9DD), np.uint64(0x58F38DED)
_MIX_L, _MIX_R = np.uint64(0xCA01F9DD), np.uint64(0x4973F715)

Word = Any  # a uint64
Words = Any  # an array of them


def _high_product(a: Word, b: Word) -> Word:
    """The upper 64 bits of the product of two 64-bit numbers, from the products of their halves."""
    a_high, a_low = a >> _32, a & _LOW
    b_high, b_low = b >> _32, b & _LOW
    middle = a_high * b_low + ((a_low * b_low) >> _32)
    other = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _32) + (other >> _32)


def _advanced(high: Word, low: Word, step_high: Word, step_low: Word) -> tuple[Word, Word]:
    """The 128-bit state times the multiplier, plus the increment."""
    product_low = low * _MULTIPLIER_LOW
    product_high = _high_product(low, _MULTIPLIER_LOW) + high * _MULTIPLIER_LOW + low * _MULTIPLIER_HIGH
    new_low = product_low + step_low
    carry = _1 if new_low < product_low else _0
    return product_high + step_high + carry, new_low


def next_double(words: Words, first: Word, stride: Word) -> float:
    """The next number in [0, 1) of a stream, as ``Generator.random()`` draws it.

    Args:
        words: holds the stream's four words at ``first``, ``first + stride``, ... and is advanced in place.
    """
    high, low = _advanced(words[first], words[first + stride], words[first + _2 * stride], words[first + _3 * stride])
    words[first], words[first + stride] = high, low
    mixed, turn = high ^ low, high >> _58
    output = (mixed >> turn) | (mixed << ((_64 - turn) & _63))
    return float(output >> _11) * _TO_UNIT


def _hashed(value: Word, constant: Word, multiplier: Word) -> tuple[Word, Word]:
    """A 32-bit word hashed, and the constant for the next one."""
    value = value ^ constant
    constant = (constant * multiplier) & _LOW
    value = (value * constant) & _LOW
    return value ^ (value >> _16), constant


def _mixed(x: Word, y: Word) -> Word:
    """Two 32-bit words made one."""
    result = (_MIX_L * x - _MIX_R * y) & _LOW
    return result ^ (result >> _16)


def seed_stream(entropy: Words, words: Words, first: Word, stride: Word) -> None:
    """Begin a stream as ``PCG64(SeedSequence(...))`` does.

    Args:
        entropy: the seed's 32-bit words, the lowest first, each in a uint64; behind a seed filled up with zeros to
            :data:`POOL_SIZE` words those of a spawn key.
        words, first, stride: where the stream's four words go.
    """
    pool = np.zeros(POOL_SIZE, np.uint64)
    constant = _INIT_A
    for i in range(POOL_SIZE):
        word = entropy[i] if i < len(entropy) else _0
        pool[i], constant = _hashed(word, constant, _MULT_A)
    for source in range(POOL_SIZE):
        for target in range(POOL_SIZE):
            if source != target:
                word, constant = _hashed(pool[source], constant, _MULT_A)
                pool[target] = _mixed(pool[target], word)
    for source in range(POOL_SIZE, len(entropy)):
        for target in range(POOL_SIZE):
            word, constant = _hashed(entropy[source], constant, _MULT_A)
            pool[target] = _mixed(pool[target], word)

    constant = _INIT_B
    for i in range(4):  # each of the four words that seed the generator is two of 32 bits, the lower one first
        low, constant = _hashed(pool[(2 * i) % POOL_SIZE], constant, _MULT_B)
        high, constant = _hashed(pool[(2 * i + 1) % POOL_SIZE], constant, _MULT_B)
        words[first + np.uint64(i) * stride] = low | (high << _32)

    start_high, start_low = words[first], words[first + stride]
    sequence_high, sequence_low = words[first + _2 * stride], words[first + _3 * stride]
    step_high, step_low = (sequence_high << _1) | (sequence_low >> _63), (sequence_low << _1) | _1
    # The generator's state begins at 0, is advanced (which makes it the increment), moved by the start, and advanced.
    low = step_low + start_low
    high = step_high + start_high + (_1 if low < step_low else _0)
    high, low = _advanced(high, low, step_high, step_low)
    words[first], words[first + stride] = high, low
    words[first + _2 * stride], words[first + _3 * stride] = step_high, step_low
