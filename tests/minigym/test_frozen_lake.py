"""The lake: its maps, the table that a map stands for, and the steps that follow the table."""

import math
import re
import string

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv as ReferenceLake
from gymnasium.envs.toy_text.frozen_lake import generate_random_map as reference_random_map
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.dynamics.frozen_lake import ACTION_NAMES, MAPS, MOVES, build_mdp, checked_map, draw_map
from minigym.envs.frozen_lake import FrozenLakeEnv, generate_random_map
from tests.strategies import lake_maps, seeds, success_rates

LEFT, DOWN, RIGHT, UP = range(4)
# The tests of the table want to see what a move does apart from the constants of the code: (rows, columns).
TOWARDS = {LEFT: (0, -1), DOWN: (1, 0), RIGHT: (0, 1), UP: (-1, 0)}


def table(rows, **arguments):
    return build_mdp(checked_map(rows), **arguments).P


def arrival(rows, state, action):
    """The state in which a move that does not slip arrives."""
    nrow, ncol = len(rows), len(rows[0])
    row, column = divmod(state, ncol)
    row, column = row + TOWARDS[action][0], column + TOWARDS[action][1]
    return state if row in (-1, nrow) or column in (-1, ncol) else row * ncol + column


def letters(rows):
    return "".join(rows)


# The table ----------------------------------------------------------------------------------------------------------


@given(lake_maps(), success_rates, st.booleans())
def test_rows_sum_to_one(rows, success_rate, is_slippery):
    mdp = build_mdp(checked_map(rows), is_slippery, success_rate)
    assert np.abs(mdp.probability.sum(axis=2) - 1).max() <= 4 * np.finfo(float).eps
    assert (mdp.probability >= 0).all()
    assert mdp.initial.sum() == pytest.approx(1, abs=1e-15)


@given(lake_maps(), success_rates, st.booleans())
def test_terminals_absorb_with_reward_0(rows, success_rate, is_slippery):
    P = table(rows, is_slippery=is_slippery, success_rate=success_rate, reward_schedule=(3, -2, -1))
    for state, letter in enumerate(letters(rows)):
        if letter in "GH":
            assert all(P[state][action] == [(1.0, state, 0, True)] for action in range(4))


@given(lake_maps(), success_rates, st.booleans())
def test_successors_are_neighbours_or_at_a_border_the_same_tile(rows, success_rate, is_slippery):
    P = table(rows, is_slippery=is_slippery, success_rate=success_rate)
    nrow, ncol = len(rows), len(rows[0])
    for state, letter in enumerate(letters(rows)):
        row, column = divmod(state, ncol)
        at_border = row in (0, nrow - 1) or column in (0, ncol - 1)
        for action in range(4):
            for _, next_state, _, _ in P[state][action]:
                next_row, next_column = divmod(next_state, ncol)
                distance = abs(next_row - row) + abs(next_column - column)
                assert distance == 1 or (distance == 0 and (at_border or letter in "GH"))


@given(lake_maps(), success_rates)
def test_a_slippery_move_goes_ahead_or_to_either_side_and_never_back(rows, success_rate):
    """The outcomes stand in the reference's order, on which the draw depends: (a - 1) % 4, a, (a + 1) % 4."""
    P = table(rows, success_rate=success_rate)
    side = (1 - success_rate) / 2
    for state, letter in enumerate(letters(rows)):
        if letter in "GH":
            continue
        for action in range(4):
            outcomes = [(p, next_state) for p, next_state, _, _ in P[state][action]]
            assert outcomes == [
                (side, arrival(rows, state, (action - 1) % 4)),
                (success_rate, arrival(rows, state, action)),
                (side, arrival(rows, state, (action + 1) % 4)),
            ]


def test_the_default_rates_are_the_references_to_the_last_bit():
    assert [p for p, *_ in table(["SFFG"])[1][RIGHT]] == [0.33333333333333337, 0.3333333333333333, 0.33333333333333337]


@given(lake_maps(), success_rates)
def test_firm_ice_goes_where_the_move_aims(rows, success_rate):
    P = table(rows, is_slippery=False, success_rate=success_rate)
    for state, letter in enumerate(letters(rows)):
        for action in range(4):
            expected = state if letter in "GH" else arrival(rows, state, action)
            assert [(p, next_state) for p, next_state, _, _ in P[state][action]] == [(1.0, expected)]


@given(lake_maps(), st.booleans())
def test_rewards_and_ends_are_those_of_the_tile_of_arrival(rows, is_slippery):
    P = table(rows, is_slippery=is_slippery, reward_schedule=(7, -5, 2))
    tiles = letters(rows)
    expected = {"G": (7, True), "H": (-5, True), "F": (2, False), "S": (2, False)}
    for state, letter in enumerate(tiles):
        if letter not in "GH":
            for action in range(4):
                for _, next_state, reward, terminated in P[state][action]:
                    assert (reward, terminated) == expected[tiles[next_state]]


@given(lake_maps())
def test_an_episode_starts_on_each_start_with_the_same_probability(rows):
    initial = build_mdp(checked_map(rows)).initial
    tiles = letters(rows)
    assert initial.tolist() == [(letter == "S") / tiles.count("S") for letter in tiles]


def test_integer_rewards_stay_integers_and_floats_floats():
    assert repr(table(["SG"])[0][RIGHT][1]) == "(0.3333333333333333, 1, 1, True)"
    assert repr(table(["SG"], reward_schedule=(1.0, 0.0, 0.0))[0][RIGHT][1]) == "(0.3333333333333333, 1, 1.0, True)"


# How a lake's mirror image and its quarter turn move a tile array, and where they send each action. A mirror image
# swaps the two sides to which a move slips, hence the comparison of sorted outcomes.
SYMMETRIES = {
    "left to right": (np.fliplr, {LEFT: RIGHT, DOWN: DOWN, RIGHT: LEFT, UP: UP}),
    "upside down": (np.flipud, {LEFT: LEFT, DOWN: UP, RIGHT: RIGHT, UP: DOWN}),
    "quarter turn to the left": (np.rot90, {LEFT: DOWN, DOWN: RIGHT, RIGHT: UP, UP: LEFT}),
    "along the diagonal": (np.transpose, {LEFT: UP, DOWN: RIGHT, RIGHT: DOWN, UP: LEFT}),
}


@pytest.mark.parametrize("name", SYMMETRIES)
@given(rows=lake_maps(), success_rate=success_rates, is_slippery=st.booleans())
def test_reflecting_or_rotating_a_map_permutes_the_table(name, rows, success_rate, is_slippery):
    transform, send_action = SYMMETRIES[name]
    tiles = checked_map(rows)
    numbers = np.arange(tiles.size).reshape(tiles.shape)  # each tile's old state, moved with the tile
    send_state = {int(old): new for new, old in enumerate(transform(numbers).ravel())}
    before = build_mdp(tiles, is_slippery, success_rate)
    after = build_mdp(checked_map(transform(tiles)), is_slippery, success_rate)
    for state in range(tiles.size):
        assert after.initial[send_state[state]] == before.initial[state]
        for action in range(4):
            expected = [(p, send_state[s], reward, end) for p, s, reward, end in before.P[state][action]]
            assert sorted(after.P[send_state[state]][send_action[action]]) == sorted(expected)


# The table against the reference ------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(
    lake_maps(),
    st.booleans(),
    success_rates,
    st.lists(st.integers(-3, 3), min_size=3, max_size=3) | st.lists(st.floats(-3, 3), min_size=3, max_size=3),
)
def test_the_table_equals_the_references_entry_by_entry(rows, is_slippery, success_rate, reward_schedule):
    arguments = {"is_slippery": is_slippery, "success_rate": success_rate, "reward_schedule": tuple(reward_schedule)}
    # Of strings one letter long the reference makes an array of one axis, and fails: it gets two.
    desc = rows if len(rows[0]) > 1 else np.array([list(row) for row in rows])
    ours, theirs = FrozenLakeEnv(desc=rows, **arguments), ReferenceLake(desc=desc, **arguments)
    assert ours.P == theirs.P
    if isinstance(reward_schedule[0], int):  # a float schedule makes the terminals' own 0 a 0.0 here
        assert repr(ours.P) == repr(theirs.P)
    assert ours.initial_state_distrib.tolist() == theirs.initial_state_distrib.tolist()
    assert (ours.desc.tolist(), ours.desc.shape) == (theirs.desc.tolist(), theirs.desc.shape)
    assert ours.desc.dtype == theirs.desc.dtype
    assert (ours.nrow, ours.ncol, ours.reward_range) == (theirs.nrow, theirs.ncol, theirs.reward_range)
    assert (str(ours.observation_space), str(ours.action_space)) == (
        str(theirs.observation_space),
        str(theirs.action_space),
    )


# Steps follow the table ---------------------------------------------------------------------------------------------

RUNS = 1000
EXAMPLES = 100
FALSE_ALARM = 1e-9  # of the whole test, by Bonferroni over at most 3 tiles in each of the examples


def surprise(count, p):
    """-log of Chernoff's bound on the probability that a tile of probability ``p`` deviates so far in RUNS steps.

    exp(-RUNS * KL) on either side, with the relative entropy KL of the frequency to ``p``; infinite for the impossible.
    """
    terms = [(count / RUNS, p), (1 - count / RUNS, 1 - p)]
    if any(frequency > 0 and probability <= 0 for frequency, probability in terms):
        return math.inf
    return RUNS * sum(f * (math.log(f) - math.log(probability)) for f, probability in terms if f > 0)


@settings(max_examples=EXAMPLES)
@given(lake_maps(), success_rates, seeds, st.data())
def test_steps_follow_the_table(rows, success_rate, seed, data):
    """How often each tile follows a state and an action, against its probability in the table.

    False alarms: fewer than one run of this test in 10**9. What it finds: probabilities wrong by 0.12 or more (the
    deviation that such a threshold allows in 1,000 steps); finer errors are found by the exact test in test_mdp.py.
    """
    env = FrozenLakeEnv(desc=rows, success_rate=success_rate)
    state = data.draw(st.integers(0, len(letters(rows)) - 1))
    action = data.draw(st.integers(0, 3))
    env.reset(seed=seed)
    counts = {}
    for _ in range(RUNS):
        env.s = state
        observation, reward, terminated, truncated, info = env.step(action)
        counts[observation] = counts.get(observation, 0) + 1
        assert (info["prob"], observation, reward, terminated) in env.P[state][action]
        assert truncated is False
    probabilities = {}
    for p, next_state, _, _ in env.P[state][action]:
        probabilities[next_state] = probabilities.get(next_state, 0) + p
    for next_state in counts.keys() | probabilities.keys():
        p = min(probabilities.get(next_state, 0), 1)  # outcomes that lead to one tile may sum to 1 + 2**-52
        assert surprise(counts.get(next_state, 0), p) < -math.log(FALSE_ALARM / (2 * 3 * EXAMPLES)), (counts, p)


def test_starts_are_drawn_evenly():
    """4,000 resets onto two starts: 2,000 each, give or take 200; a false alarm once in 10**9 seeds."""
    env = FrozenLakeEnv(desc=["SGS"])
    env.reset(seed=0)
    assert abs(sum(env.reset()[0] == 0 for _ in range(4000)) - 2000) < 200


@given(lake_maps(), seeds, st.lists(st.integers(0, 3), max_size=30))
def test_observations_and_samples_lie_in_their_spaces(rows, seed, actions):
    env = FrozenLakeEnv(desc=rows)
    env.action_space.seed(seed)
    observations = [env.reset(seed=seed)[0], *(env.step(action)[0] for action in actions)]
    assert all(observation in env.observation_space for observation in observations)
    assert env.action_space.sample() in env.action_space


@given(lake_maps(), seeds, st.lists(st.integers(0, 3), max_size=30), success_rates)
def test_the_same_seed_gives_the_same_trajectory(rows, seed, actions, success_rate):
    env, other = (FrozenLakeEnv(desc=rows, success_rate=success_rate) for _ in range(2))
    other.reset(seed=seed + 1)  # a past of its own, which the seed wipes out
    other.step(0)
    assert env.reset(seed=seed) == other.reset(seed=seed)
    assert [env.step(action) for action in actions] == [other.step(action) for action in actions]


@given(seeds, st.lists(st.integers(0, 3), min_size=1, max_size=50), st.booleans())
def test_the_executed_action_is_the_move_that_was_made(seed, actions, is_slippery):
    """On a lake so wide that no border is met, the tiles tell."""
    size = 2 * len(actions) + 3
    rows = ["F" * size for _ in range(size)]
    middle = size // 2
    rows[middle] = "F" * middle + "S" + "F" * middle
    rows[0] = "G" + rows[0][1:]
    env = FrozenLakeEnv(desc=rows, is_slippery=is_slippery)
    before, _ = env.reset(seed=seed)
    assert env.executed_action is None
    for action in actions:
        after = env.step(action)[0]
        row, column = divmod(after - before + middle * size + middle, size)
        assert (row - middle, column - middle) == TOWARDS[env.executed_action]
        assert env.lastaction == action
        before = after
    env.reset()
    assert env.executed_action is None


def test_the_names_and_moves_of_the_actions():
    assert ACTION_NAMES == ("Left", "Down", "Right", "Up")
    assert dict(enumerate(MOVES)) == TOWARDS


def test_the_goldens():
    """Written down from Gymnasium 1.3.0."""
    env = minigym.make("FrozenLake-v1")
    assert env.reset(seed=0) == (0, {"prob": 1})
    p = 0.33333333333333337
    assert [env.step(2) for _ in range(3)] == [
        (4, 0, False, False, {"prob": p}),
        (8, 0, False, False, {"prob": p}),
        (12, 0, True, False, {"prob": p}),
    ]
    assert env.step(2) == (12, 0, True, False, {"prob": 1.0})  # after the end it stays there


# Maps that cannot be played -----------------------------------------------------------------------------------------


def refusal(rows):
    """The message with which ``rows`` are refused, by the function and by the environment alike."""
    with pytest.raises(error.InvalidMap) as refused:
        checked_map(rows)
    with pytest.raises(error.InvalidMap) as refused_again:
        FrozenLakeEnv(desc=rows)
    assert str(refused_again.value) == str(refused.value)
    return str(refused.value)


def drawing(message):
    """The map's lines in ``message``, as matches of (row number, letters); the one above the caret; its column."""
    lines = message.splitlines()
    matches = [re.fullmatch(r" *(\d+)  (.*)", line) for line in lines]
    [caret] = [number for number, line in enumerate(lines) if line.strip() == "^"]
    return [match for match in matches if match], matches[caret - 1], lines[caret].index("^")


def assert_caret_below(message, rows, row, column):
    """The map is drawn in ``message``, and a caret stands right below the tile."""
    drawn, pointed_at, caret = drawing(message)
    assert [(int(match[1]), match[2]) for match in drawn] == list(enumerate(rows))
    assert (int(pointed_at[1]), caret - pointed_at.start(2)) == (row, column)


@given(lake_maps(), st.characters(categories=["L", "N", "P", "S"], exclude_characters="SFHG"), st.data())
def test_an_unknown_letter_is_refused_where_it_stands(rows, letter, data):
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    rows[row] = rows[row][:column] + letter + rows[row][column + 1 :]
    message = refusal(rows)
    assert message.startswith(f"row {row}, column {column}: {letter!r} is no tile")
    assert_caret_below(message, rows, row, column)


def test_every_other_letter_is_refused():
    for letter in set(string.ascii_letters + string.digits + ".#@ ") - set("SFHG"):
        assert f"row 0, column 1: {letter!r} is no tile" in refusal([f"S{letter}G"])


@given(lake_maps(largest=5), st.integers(1, 4), st.data())
def test_a_ragged_map_is_refused_where_it_is_ragged(rows, change, data):
    rows.append("F" * len(rows[0]))  # two rows at least
    row = data.draw(st.integers(1, len(rows) - 1))
    length = len(rows[row])
    rows[row] = data.draw(st.sampled_from([rows[row] + "F" * change, rows[row][:-change]]))
    message = refusal(rows)
    assert f"row 0 ({length} tiles), but row {row} has {len(rows[row])}" in message
    assert_caret_below(message, rows, row, min(length, len(rows[row])))


def test_a_map_with_an_empty_row_is_refused():
    assert "row 0 (2 tiles), but row 1 has 0" in refusal(["SG", ""])


@pytest.mark.parametrize("rows", [[], [""], ["", ""], np.empty((0, 0)), np.empty((0, 3), dtype="S1")])
def test_an_empty_map_is_refused(rows):
    assert "at least one row and one column" in refusal(rows)
    assert 'desc=["SFG"]' in refusal(rows)


@given(lake_maps())
def test_a_map_without_a_start_is_refused(rows):
    rows = [letters.replace("S", "F") for letters in rows]
    message = refusal(rows)
    assert message.startswith("the map has no start")
    assert all(f"{row}  {letters}" in message for row, letters in enumerate(rows))


@given(lake_maps())
def test_a_map_without_a_goal_is_refused(rows):
    rows = [letters.replace("G", "F") for letters in rows]
    message = refusal(rows)
    assert message.startswith("the map has no goal")
    assert all(f"{row}  {letters}" in message for row, letters in enumerate(rows))


@given(lake_maps(largest=5))
def test_a_goal_behind_holes_is_refused(rows):
    """A ring of holes around the goals' part of the map; the start's row and column are named and drawn."""
    width = len(rows[0])
    walled = [letters.replace("S", "F") for letters in rows]
    walled = ["F" * (width + 1), "S" + "F" * width, "H" * (width + 1), *("H" + letters for letters in walled)]
    message = refusal(walled)
    assert message.startswith("no goal can be reached from the start at row 1, column 0")
    assert_caret_below(message, walled, 1, 0)


def test_a_goal_is_not_reached_across_a_corner_a_border_or_another_goal():
    assert "no goal can be reached" in refusal(["SH", "HG"])  # a diagonal is no move
    assert "no goal can be reached" in refusal(["SFH", "HHH", "HGF"])  # from the end of a row to the next row's start
    assert "no goal can be reached" in refusal(["FHG", "SHH"])
    checked_map(["SHG", "FFF"])


def test_a_start_that_no_other_start_needs_may_be_barred():
    checked_map(["SHSG"])


@given(lake_maps())
def test_a_map_in_every_accepted_form_is_the_same_map(rows):
    expected = checked_map(rows)
    assert ["".join(letter.decode() for letter in row) for row in expected] == rows
    assert expected.dtype == "S1"
    for form in (
        tuple(rows),
        [list(row) for row in rows],
        [row.encode() for row in rows],
        np.array(rows),
        np.array([list(row) for row in rows]),
        expected,
        np.asarray(rows, dtype="c"),
    ):
        assert checked_map(form).tolist() == expected.tolist()


@pytest.mark.parametrize("desc", ["SFG", b"SG", 4, {"S": "G"}, {"SG"}])
def test_what_is_no_list_of_rows_is_refused(desc):
    assert 'desc=["SFF", "FHF", "FFG"]' in refusal(desc)


def test_the_callers_map_is_copied():
    rows = np.array([[b"S", b"G"]])
    env = FrozenLakeEnv(desc=rows)
    rows[:] = b"H"
    assert env.desc.tolist() == [[b"S", b"G"]]


def test_of_a_large_map_only_the_part_around_the_tile_is_drawn():
    rows = ["F" * 300 for _ in range(200)]
    rows[150] = "F" * 250 + "x" + "F" * 49
    message = refusal(rows)
    drawn, pointed_at, caret = drawing(message)
    assert pointed_at[1] == "150"
    assert pointed_at.string[caret] == "x"
    assert len(drawn) == 20
    assert max(map(len, message.splitlines())) <= 100
    assert "a part of 200 rows" in message


def test_a_drawing_near_the_last_row_shows_the_last_rows():
    assert draw_map(["F"] * 100, 99, 0).splitlines()[0].split() == ["80", "F"]


# Arguments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("success_rate", [-0.1, 1.1, float("nan"), float("inf"), "0.8", None])
def test_a_success_rate_that_is_no_probability_is_refused(success_rate):
    with pytest.raises(error.InvalidProbability, match="between 0 and 1") as refused:
        FrozenLakeEnv(success_rate=success_rate)
    assert repr(success_rate) in str(refused.value)


@pytest.mark.parametrize(
    "schedule", [(1, 0), (1, 0, 0, 0), (1, 0, float("nan")), (float("inf"), 0, 0), "100", 1, None, (1, [0], 0)]
)
def test_a_reward_schedule_that_is_not_three_numbers_is_refused(schedule):
    with pytest.raises(error.InvalidParameter, match=r"reward_schedule=\(1, 0, 0\)"):
        FrozenLakeEnv(reward_schedule=schedule)


def test_the_arguments_stand_in_the_references_order():
    env = FrozenLakeEnv("ansi", ["SG"], "8x8", False, 0.5, (2, 1, 0))
    assert env.render_mode == "ansi"
    assert env.desc.tolist() == [[b"S", b"G"]]  # desc wins over map_name
    assert env.P[0][RIGHT] == [(1.0, 1, 2, True)]
    assert FrozenLakeEnv(None, None, "8x8").desc.shape == (8, 8)


def test_the_named_maps_are_the_references():
    assert {name: list(rows) for name, rows in MAPS.items()} == gymnasium.envs.toy_text.frozen_lake.MAPS


@pytest.mark.parametrize(("map_name", "hint"), [("4x44", "'4x4'"), ("lake", "desc="), ((), "desc="), (4, "desc=")])
def test_an_unknown_map_name_is_refused(map_name, hint):
    with pytest.raises(error.InvalidParameter, match="there is no map named") as refused:
        FrozenLakeEnv(map_name=map_name)
    assert hint in str(refused.value)


def test_without_a_map_and_a_name_the_map_is_random():
    """Two 8x8 maps drawn freely are equal with probability (0.8**2 + 0.2**2) ** 62 = 4e-11, and half of the draws at
    least have a path: the three pairs here give a false alarm in fewer than one run of 10**9.
    """
    maps = {FrozenLakeEnv(map_name=None).desc.tobytes() for _ in range(3)}
    assert len(maps) == 3
    assert FrozenLakeEnv(desc=None, map_name=None).desc.shape == (8, 8)


def test_the_state_may_be_set_from_outside():
    env = FrozenLakeEnv(is_slippery=False)
    env.reset()
    env.s = 14
    assert env.step(RIGHT)[:3] == (15, 1, True)


@pytest.mark.parametrize("state", [16, -1, 1.5, 3.0, "0"])
def test_a_state_outside_the_lake_is_refused(state):
    env = FrozenLakeEnv()
    env.reset()
    env.s = state
    with pytest.raises(error.InvalidParameter, match=r"expected 0 \.\. 15"):
        env.step(0)


def test_the_repr_says_that_moves_slip():
    """The first surprise of every beginner."""
    assert "slippery" in repr(minigym.make("FrozenLake-v1"))
    assert "0.333" in repr(FrozenLakeEnv())
    assert "firm" in repr(FrozenLakeEnv(is_slippery=False))
    assert "8x8" in repr(FrozenLakeEnv(map_name="8x8"))


# Random maps --------------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(2, 10), st.floats(0.7, 1), st.integers(0, 2**32))
def test_random_maps_equal_the_references(size, p, seed):
    rows = generate_random_map(size=size, p=p, seed=seed)
    assert rows == reference_random_map(size=size, p=p, seed=seed)
    checked_map(rows)


@pytest.mark.parametrize("seed", range(30))
def test_random_maps_that_are_drawn_again_equal_the_references(seed):
    """With so many holes several draws bar the way before one is kept."""
    assert generate_random_map(size=5, p=0.4, seed=seed) == reference_random_map(size=5, p=0.4, seed=seed)


@pytest.mark.parametrize("size", [1, 0, -1, 2.0, True, "8", None])
def test_a_random_map_of_no_size_is_refused(size):
    with pytest.raises(error.InvalidParameter, match="size must be an integer of at least 2"):
        generate_random_map(size=size)


@pytest.mark.parametrize("p", [0, -0.5, 1.5, float("nan")])
def test_a_random_map_with_no_probability_is_refused(p):
    with pytest.raises(error.InvalidProbability, match="p must be above 0 and at most 1"):
        generate_random_map(p=p)


def test_a_random_map_that_hardly_exists_is_given_up(monkeypatch):
    monkeypatch.setattr(minigym.envs.frozen_lake, "_MOST_MAPS", 50)
    with pytest.raises(minigym.error.InvalidProbability, match=r"none of 50 random maps of size 20 with p=0\.3"):
        generate_random_map(20, 0.3, seed=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"desc": [1, 2]}, "row 0 of the map must be a string"),
        ({"desc": [None]}, "row 0 of the map must be a string"),
        ({"success_rate": np.array([0.5])}, "success_rate must be a number"),
        ({"success_rate": "0.5"}, "success_rate must be a number"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(arguments, message):
    with pytest.raises(minigym.error.Error, match=message):
        minigym.make("FrozenLake-v1", **arguments)


def test_the_table_of_an_environment_is_its_own_for_good():
    env = minigym.make("FrozenLake-v1").unwrapped
    with pytest.raises(AttributeError):
        env.mdp = minigym.make("FrozenLake-v1", is_slippery=False).mdp
