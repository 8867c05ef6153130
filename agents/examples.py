"""Small MDPs to look at, to solve by hand, and to try an agent on."""

from minigym import MDP


def three_states() -> MDP:
    """Three states and two actions, with no end: the MDP of many a first lecture.

    The only gain, 5, waits on the way from state 1 back to state 0; the only loss, -1, on the way from state 2 by
    action 1, which is also the only way into state 1: a detour that costs before it pays.
    """
    return MDP.from_P(
        {
            0: {0: [(0.5, 0, 0.0, False), (0.5, 2, 0.0, False)], 1: [(1.0, 2, 0.0, False)]},
            1: {
                0: [(0.7, 0, 5.0, False), (0.1, 1, 0.0, False), (0.2, 2, 0.0, False)],
                1: [(0.95, 1, 0.0, False), (0.05, 2, 0.0, False)],
            },
            2: {
                0: [(0.4, 0, 0.0, False), (0.6, 2, 0.0, False)],
                1: [(0.3, 0, -1.0, False), (0.3, 1, 0.0, False), (0.4, 2, 0.0, False)],
            },
        }
    )
