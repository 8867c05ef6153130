"""What a network sees of an observation, and which spaces are refused."""

import numpy as np
import pytest

from agents.common.encoding import Encoding, encoding
from agents.common.environment import describe
from minigym import error, spaces
from tests.agents.deep_runs import Odd


def encoding_of(**world):
    return encoding("dqn", describe(lambda: Odd(**world)))


def test_integers_become_one_hot():
    encode = encoding_of(observation_space=spaces.Discrete(4), action_space=spaces.Discrete(3))
    assert encode == Encoding((), 4, 3)
    assert encode(2).tolist() == [0, 0, 1, 0]
    assert encode(np.array([[0, 3], [1, 1]])).tolist() == [[[1, 0, 0, 0], [0, 0, 0, 1]], [[0, 1, 0, 0], [0, 1, 0, 0]]]
    assert encode(1).dtype == np.float32


@pytest.mark.parametrize("leading", [(), (5,), (2, 3)])
def test_boxes_are_flattened(leading):
    encode = encoding_of(observation_space=spaces.Box(0, 255, (4, 3), np.uint8))
    assert encode == Encoding((4, 3), 12, 2)
    observations = np.random.default_rng(0).integers(256, size=(*leading, 4, 3)).astype(np.uint8)
    encoded = encode(observations)
    assert encoded.dtype == np.float32
    assert encoded.shape == (*leading, 12)
    assert np.array_equal(encoded.reshape(observations.shape), observations)


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ({"observation_space": spaces.MultiBinary(3)}, r"observations from MultiBinary\(3\); convert"),
        ({"observation_space": spaces.Discrete(3, start=1)}, r"observations from Discrete\(3, start=1\)"),
        (
            {"observation_space": spaces.Box(0.0, 1.0, ())},
            "Box with at least one dimension, .* observations from Box",
        ),
        ({"observation_space": spaces.Dict({"a": spaces.Discrete(2)})}, "observations from Dict"),
        (
            {"action_space": spaces.Box(0.0, 1.0, (1,))},
            "got actions from Box",
        ),
        ({"action_space": spaces.Discrete(3, start=-1)}, r"got actions from Discrete\(3, start=-1\)"),
    ],
)
def test_other_spaces_are_refused(world, message):
    with pytest.raises(error.InvalidParameter, match=f"^dqn needs .*{message}"):
        encoding_of(**world)


def test_the_environment_is_closed_again():
    closed = []

    class Closing(Odd):
        def close(self):
            closed.append(self)

    environment = describe(Closing)
    closed.clear()
    encoding("ppo", environment)
    assert len(closed) == 1
