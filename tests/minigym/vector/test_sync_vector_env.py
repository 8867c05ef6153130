"""SyncVectorEnv beside Gymnasium's, lane by lane beside single environments, and what it refuses."""

import copy
import pickle

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from minigym.vector import AutoresetMode, SyncVectorEnv
from tests.minigym.vector.compare import assert_same, calls, make_both, play_both, reset

MODES = ["NextStep", "SameStep", "Disabled"]
SQUEEZED = ("prob",)  # the reference rounds the 1/3 of a step to 0 beside the 1 of a reset


class Scripted(minigym.Env):
    """Counts its steps; ends after ``length`` of them. Observations and infos are what the test says."""

    def __init__(self, length=3, observe=lambda count: count, info=lambda count: {}, space=None, actions=None):
        self.observation_space = Discrete(100) if space is None else space
        self.action_space = Discrete(2) if actions is None else actions
        self.length, self.observe, self.info = length, observe, info
        self.count = self.episodes = 0
        self.actions, self.options = [], []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        self.episodes += 1
        self.options.append(options)
        return self.observe(0), self.info(0)

    def step(self, action):
        self.count += 1
        self.actions.append(action)
        return self.observe(self.count), 1.0, self.count >= self.length, False, self.info(self.count)


def scripted(*lengths, **kwargs):
    """A batch of scripted lanes of these lengths; ``mode`` and ``copy`` go to the batch, the rest to the lanes."""
    batch = {"autoreset_mode": kwargs.pop("mode", "NextStep"), "copy": kwargs.pop("copy", True)}
    return SyncVectorEnv([lambda length=length: Scripted(length, **kwargs) for length in lengths], **batch)


# Beside Gymnasium ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
@settings(max_examples=12)
@given(data=st.data())
def test_any_sequence_of_calls_gives_what_the_reference_gives(env_id, mode, copies, data):
    limits = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=5), "limits")
    num_actions = 4 if env_id == "FrozenLake-v1" else 2
    sequence = data.draw(calls(len(limits), num_actions, env_id == "CartPole-v1"), "calls")
    ours, theirs = make_both(env_id, limits, autoreset_mode=mode, copy=copies)
    play_both(ours, theirs, sequence, SQUEEZED)


@pytest.mark.parametrize("num_envs", [1, 2, 7])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
def test_a_long_run_gives_what_the_reference_gives(env_id, mode, num_envs):
    """A thousand steps, in which lanes end at different times; the count of ends shows that they do."""
    rng = np.random.default_rng(0)
    ours, theirs = make_both(env_id, [30 + lane for lane in range(num_envs)], autoreset_mode=mode)
    steps = [("step", rng.integers(ours.single_action_space.n, size=num_envs).tolist()) for _ in range(1000)]
    first = ("reset", {"seed": 3, "options": None, "mask": None})
    assert play_both(ours, theirs, [first, *steps], SQUEEZED) >= 25 * num_envs


@pytest.mark.parametrize("mode", MODES)
def test_attributes_and_texts_equal_the_references(mode):
    ours, theirs = make_both("CartPole-v1", [10, 20, 30], autoreset_mode=mode)
    for name in ("num_envs", "closed", "render_mode", "spec", "copy", "observation_mode"):
        assert getattr(ours, name) == getattr(theirs, name)
    for name in ("action_space", "observation_space", "single_action_space", "single_observation_space"):
        assert str(getattr(ours, name)) == str(getattr(theirs, name))
    assert str(ours) == str(theirs) == repr(ours) == "SyncVectorEnv(num_envs=3)"
    assert ours.unwrapped is ours
    assert repr(ours.metadata) == repr(theirs.metadata)
    assert ours.autoreset_mode is ours.metadata["autoreset_mode"] is AutoresetMode(mode)
    assert ours.autoreset_mode.value == theirs.autoreset_mode.value == mode
    wrapped = str(minigym.vector.VectorWrapper(ours))
    assert wrapped == str(gymnasium.vector.VectorWrapper(theirs)) == "<VectorWrapper, SyncVectorEnv(num_envs=3)>"


def test_the_modes_and_their_values_equal_the_references():
    reference = gymnasium.vector.AutoresetMode
    assert [(mode.name, mode.value) for mode in AutoresetMode] == [(mode.name, mode.value) for mode in reference]


def test_call_get_attr_and_set_attr_equal_the_references():
    ours, theirs = make_both("CartPole-v1", [10, 20, 30])
    for envs in (ours, theirs):
        envs.reset(seed=5)
        envs.set_attr("gravity", 1.6)
        envs.set_attr("force_mag", (1.0, 2.0, 3.0))
        envs.set_attr("new", [[1], None, "x"])
    for name in ("gravity", "force_mag", "new", "_max_episode_steps", "np_random_seed", "spec"):
        assert (
            repr(ours.get_attr(name)).partition("entry_point")[0]
            == repr(theirs.get_attr(name)).partition("entry_point")[0]
        )
    assert ours.get_attr("gravity") == (1.6, 1.6, 1.6)
    assert [env.unwrapped.force_mag for env in ours.envs] == [1.0, 2.0, 3.0]
    assert ours.call("get_wrapper_attr", "tau") == theirs.call("get_wrapper_attr", "tau") == (0.02,) * 3
    assert ours.np_random_seed == theirs.np_random_seed == (5, 6, 7)
    assert repr([rng.bit_generator.state for rng in ours.np_random]) == repr(
        [rng.bit_generator.state for rng in theirs.np_random]
    )
    assert_same(ours.step([0, 1, 1]), theirs.step([0, 1, 1]))
    with pytest.raises(error.InvalidParameter, match="one for each of the 3; got a list of 2"):
        ours.set_attr("gravity", [1.0, 2.0])
    with pytest.raises(AttributeError, match="nothing_like_it"):
        ours.get_attr("nothing_like_it")


def test_rendering_gives_a_picture_a_lane():
    ours, theirs = (
        library.vector.SyncVectorEnv([lambda library=library: library.make("FrozenLake-v1", render_mode="ansi")] * 2)
        for library in (minigym, gymnasium)
    )
    for envs in (ours, theirs):
        envs.reset(seed=0)
        envs.step([2, 1])
    assert ours.render_mode == theirs.render_mode == "ansi"
    assert ours.render() == theirs.render()


def wide(high):
    return {"space": Box(-high, high, (2,), np.float32), "observe": lambda count: np.full(2, count, np.float32)}


def test_observation_modes():
    boxes = [Box(-high, high, (2,), np.float32) for high in (5.0, 9.0)]
    fns = [lambda high=high: Scripted(**wide(high)) for high in (5.0, 9.0)]
    envs = SyncVectorEnv(fns, observation_mode="different")
    assert envs.single_observation_space == boxes[0]
    assert envs.observation_space == Box(np.array([[-5.0] * 2, [-9.0] * 2]), np.array([[5.0] * 2, [9.0] * 2]))
    assert envs.reset()[0].tolist() == [[0, 0], [0, 0]]
    batch, single = Box(-99, 99, (2, 2)), Box(-99, 99, (2,))
    envs = SyncVectorEnv(fns, observation_mode=(batch, single))
    assert envs.observation_space is batch
    assert envs.single_observation_space is single
    with pytest.raises(error.InvalidParameter, match=r'lane 1 is Box.*"different" allows other bounds'):
        SyncVectorEnv(fns)
    short = Scripted(space=Box(0, 1, (3,)))
    with pytest.raises(error.InvalidParameter, match=r"lane 1 is Box.*expected the shape and dtype of"):
        SyncVectorEnv([fns[0], lambda: short], observation_mode="different")
    for mode in ("similar", None, (batch,), (batch, 1)):
        with pytest.raises(error.InvalidParameter, match='must be "same", "different" or a tuple of two spaces'):
            SyncVectorEnv(fns, observation_mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_nested_spaces_are_batched_as_in_the_reference(mode):
    """Dict and Tuple observations and actions, against the same environment in Gymnasium."""

    def make(library):
        spaces = library.spaces

        class Nested(library.Env):
            def __init__(self):
                parts = spaces.Tuple([spaces.Discrete(5), spaces.MultiBinary(2)])
                self.observation_space = spaces.Dict({"a": spaces.Box(-1, 1, (2,)), "b": parts})
                self.action_space = spaces.Tuple([spaces.Discrete(3), spaces.Dict({"x": spaces.MultiDiscrete([2, 3])})])

            def reset(self, *, seed=None, options=None):
                super().reset(seed=seed)
                self.observation_space.seed(int(self.np_random.integers(1000)))
                self.count = 0
                # Other keys than after a step, so that there are lanes without a key.
                return self.observation_space.sample(), {"seen": {"count": 0, "name": "reset"}}

            def step(self, action):
                self.count += 1
                info = {"seen": {"count": self.count, "array": np.arange(2)}, "first": int(action[0])}
                reward = float(action[1]["x"].sum())
                return self.observation_space.sample(), reward, self.count == 3 + action[0], False, info

        return library.vector.SyncVectorEnv([Nested] * 3, autoreset_mode=mode)

    ours, theirs = make(minigym), make(gymnasium)
    assert str(ours.action_space) == str(theirs.action_space)
    assert str(ours.observation_space) == str(theirs.observation_space)
    ours.action_space.seed(8)
    assert_same(ours.reset(seed=[1, 2, 3]), theirs.reset(seed=[1, 2, 3]))
    for _ in range(40):
        actions = ours.action_space.sample()
        result = ours.step(actions)
        assert_same(result, theirs.step(actions))
        done = result[2]
        if mode == "Disabled" and done.any():
            assert_same(reset(ours, None, None, done), reset(theirs, None, None, done))


# A lane is an environment -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
def test_each_lane_is_the_single_environment_with_its_seed(env_id, mode):
    """Observations, rewards, flags and infos of lane i are those of an environment seeded with seed + i."""
    num_envs, seed = 3, 11
    envs = SyncVectorEnv([lambda: minigym.make(env_id, max_episode_steps=25)] * num_envs, autoreset_mode=mode)
    singles = [minigym.make(env_id, max_episode_steps=25) for _ in range(num_envs)]
    rng = np.random.default_rng(1)
    observations, _ = envs.reset(seed=seed)
    for lane, env in enumerate(singles):
        assert np.array_equal(observations[lane], env.reset(seed=seed + lane)[0])
    over = np.zeros(num_envs, np.bool_)
    ends = 0
    for _ in range(300):
        if mode == "Disabled" and over.any():
            observations, infos = envs.reset(options={"reset_mask": over})
            for lane in np.flatnonzero(over):
                observation, info = singles[lane].reset()
                assert np.array_equal(observations[lane], observation)
                assert all(infos[key][lane] == value for key, value in info.items())
        actions = rng.integers(envs.single_action_space.n, size=num_envs)
        observations, rewards, terminations, truncations, infos = envs.step(actions)
        for lane, env in enumerate(singles):
            if mode == "NextStep" and over[lane]:
                (observation, info), reward, terminated, truncated = env.reset(), 0.0, False, False
            else:
                observation, reward, terminated, truncated, info = env.step(int(actions[lane]))
            if mode == "SameStep" and (terminated or truncated):
                assert infos["_final_obs"][lane]
                assert np.array_equal(infos["final_obs"][lane], observation)
                assert all(infos["final_info"][key][lane] == value for key, value in info.items())
                observation, info = env.reset()
            assert np.array_equal(observations[lane], observation)
            assert (rewards[lane], terminations[lane], truncations[lane]) == (reward, terminated, truncated)
            assert all(infos[key][lane] == value and infos[f"_{key}"][lane] for key, value in info.items())
        over = terminations | truncations
        ends += int(over.sum())
    assert ends > 20


def test_lanes_share_nothing():
    """Neither metadata, spaces, options nor streams; and an earlier batch does not notice a later one."""
    first = SyncVectorEnv([lambda: minigym.make("CartPole-v1")] * 2)
    second = SyncVectorEnv([lambda: minigym.make("CartPole-v1")] * 2, autoreset_mode="SameStep")
    assert first.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert second.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert "autoreset_mode" not in minigym.make("CartPole-v1").metadata
    first.reset(seed=0)
    alone = minigym.make("CartPole-v1")
    alone.reset(seed=1)
    first.set_attr("gravity", [1.0, 9.8])
    first.envs[0].reset()
    assert np.array_equal(first.step([1, 1])[0][1], alone.step(1)[0])
    first.single_action_space.seed(0)
    before = copy.deepcopy(first.action_space.np_random.bit_generator.state)
    first.single_action_space.sample()
    assert first.action_space.np_random.bit_generator.state == before


def test_each_lane_gets_options_of_its_own_and_the_callers_stay_whole():
    envs = scripted(3, 3)
    envs.reset()
    options = {"reset_mask": np.array([True, True]), "level": 4}
    envs.reset(options=options)
    assert list(options) == ["reset_mask", "level"]
    given_to = [env.options[-1] for env in envs.envs]
    assert given_to == [{"level": 4}, {"level": 4}]
    assert given_to[0] is not given_to[1]


def test_one_environment_cannot_be_two_lanes():
    env = minigym.make("CartPole-v1")
    with pytest.raises(error.InvalidParameter, match="returned the same environment"):
        SyncVectorEnv([lambda: env, lambda: minigym.wrappers.RecordEpisodeStatistics(env)])


# The bugs of others -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_an_explicit_reset_counts_steps_from_zero(mode):
    """Gymnasium issue 885: the step counters of a batch survived its reset."""
    envs = SyncVectorEnv([lambda: minigym.make("CartPole-v1", max_episode_steps=5)] * 2, autoreset_mode=mode)
    envs.reset(seed=0)
    for _ in range(3):
        envs.step([0, 1])
    envs.reset(seed=0)
    assert [envs.step([step % 2] * 2)[3].tolist() for step in range(5)] == [[False] * 2] * 4 + [[True] * 2]


def test_next_step_returns_the_last_observation_before_it_resets():
    """Gymnasium issue 914: a batch reset one step early, and the last observation was never seen."""
    envs = scripted(2, 3)
    envs.reset()
    seen = [envs.step([0, 0]) for _ in range(5)]
    assert [step[0].tolist() for step in seen] == [[1, 1], [2, 2], [0, 3], [1, 0], [2, 1]]
    assert [step[1].tolist() for step in seen] == [[1, 1], [1, 1], [0, 1], [1, 0], [1, 1]]
    assert [step[2].tolist() for step in seen] == [[0, 0], [1, 0], [0, 1], [0, 0], [1, 0]]
    assert [len(env.actions) for env in envs.envs] == [4, 4]  # the action of a reset step is ignored


@pytest.mark.parametrize("partial", [False, True])
def test_an_explicit_reset_after_an_end_is_not_followed_by_another(partial):
    """The step after it plays the action, where Gymnasium's asynchronous workers without shared memory reset again."""
    envs = scripted(2, 4)
    envs.reset()
    envs.step([0, 0])
    assert envs.step([0, 0])[2].tolist() == [True, False]
    options = {"reset_mask": np.array([True, False])} if partial else None
    assert envs.reset(options=options)[0].tolist() == [0, 2 if partial else 0]
    assert envs.step([0, 0])[0].tolist() == [1, 3 if partial else 1]
    assert [env.episodes for env in envs.envs] == [2, 1 if partial else 2]


def test_a_partial_reset_leaves_the_pending_one_of_another_lane():
    envs = scripted(2, 2, 9)
    envs.reset()
    envs.step([0, 0, 0])
    envs.step([0, 0, 0])
    assert envs.reset(options={"reset_mask": np.array([True, False, True])})[0].tolist() == [0, 2, 0]
    observations, rewards, *_ = envs.step([0, 0, 0])
    assert observations.tolist() == [1, 0, 1]
    assert rewards.tolist() == [1, 0, 1]


@pytest.mark.parametrize("mode", MODES)
def test_no_row_is_lost_where_an_environment_reuses_its_observation(mode):
    """Gymnasium keeps a reference as ``final_obs``, which the reset overwrites."""
    buffers = {}

    def observe_into(lane):
        buffers[lane] = np.zeros(1, np.float32)

        def observe(count):
            buffers[lane][0] = 10 * lane + count
            return buffers[lane]

        return observe

    envs = SyncVectorEnv(
        [
            lambda lane=lane: Scripted(2, observe=observe_into(lane), space=Box(0, 100, (1,), np.float32))
            for lane in range(2)
        ],
        autoreset_mode=mode,
    )
    kept = [envs.reset()[0], envs.step([0, 0])[0]]
    observations, *_, infos = envs.step([0, 0])
    assert [rows.ravel().tolist() for rows in kept] == [[0, 10], [1, 11]]
    if mode == "SameStep":
        assert [row.tolist() for row in infos["final_obs"]] == [[2], [12]]
        assert observations.ravel().tolist() == [0, 10]
    else:
        assert observations.ravel().tolist() == [2, 12]


@pytest.mark.parametrize("actions", [[], [0], [0, 0], [0, 0, 0, 0]])
def test_too_few_or_too_many_actions_move_no_lane(actions):
    """No lane goes without an action, and none of the actions is dropped."""
    envs = scripted(3, 3, 3)
    envs.reset()
    with pytest.raises(error.InvalidAction, match=r"array of shape \(3,\), one action for each of the 3 lanes"):
        envs.step(actions)
    assert [env.count for env in envs.envs] == [0, 0, 0]


# Infos --------------------------------------------------------------------------------------------------------------


def merged(library, infos):
    envs = library.vector.VectorEnv()
    envs.num_envs = len(infos)
    result = {}
    for lane, info in enumerate(infos):
        result = envs._add_info(result, info, lane)
    return result


numbers = st.sampled_from([1, 0.5, True, np.float32(2), np.int8(3), "text", None, np.bool_(True), [1, 2]])
info_values = st.recursive(
    numbers | st.builds(np.arange, st.integers(0, 3)), lambda parts: st.dictionaries(st.sampled_from("abc"), parts)
)


@given(st.data())
def test_infos_are_merged_as_in_the_reference(data):
    """Each lane has some of the keys; under one key all values have one type."""
    template = data.draw(st.dictionaries(st.sampled_from(["a", "b", "final_info", "final_obs"]), info_values))
    num_envs = data.draw(st.integers(1, 4))
    infos = [{key: template[key] for key in template if data.draw(st.booleans())} for _ in range(num_envs)]
    assert_same(merged(minigym, infos), merged(gymnasium, infos))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ((1, 0.5), np.float64),
        ((True, 7), np.int64),
        ((np.int8(1), 300), np.int64),
        ((np.float32(0.5), np.float64(0.1)), np.float64),
        ((1, "text"), object),
        (("text", 1), object),
        ((np.zeros(2), np.zeros(3)), object),
        ((np.zeros(2, np.int8), np.full(2, 0.5)), np.float64),
        ((np.array("a"), np.array("long")), "<U4"),
        ((2.5, None), object),
        ((3, [1]), object),
    ],
)
def test_values_of_different_types_are_kept_whole(values, dtype):
    """Where the reference rounds to the first lane's type, cuts, or fails."""
    infos = merged(minigym, [{}, *({"x": value} for value in values)])
    assert infos["x"].dtype == dtype
    assert infos["_x"].tolist() == [False, True, True]
    for lane, value in enumerate(values):
        assert np.array_equal(infos["x"][lane + 1], value)


def test_probabilities_beside_a_reset_stay_probabilities():
    """The case that shows it: one lake begins while another goes on."""
    ours, theirs = make_both("FrozenLake-v1", [1, 9])
    for envs in (ours, theirs):
        envs.reset(seed=0)
        envs.step([0, 0])
    assert ours.step([0, 0])[4]["prob"].tolist() == pytest.approx([1, 1 / 3])
    assert theirs.step([0, 0])[4]["prob"].tolist() == [1, 0]


@pytest.mark.parametrize("values", [({}, 1), (1, {})])
def test_lanes_that_disagree_about_a_dict_are_refused(values):
    with pytest.raises(error.Error, match=r"disagree about info\['x'\].*lane 1 says"):
        merged(minigym, [{"x": value} for value in values])


# Actions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "actions",
    [
        [0, 2],
        [-1, 0],
        [0.0, 1.0],
        np.array([0.0, 1.0]),
        np.array([0, np.nan]),
        [0, None],
        ["a", "b"],
        [[0], [1]],
        [[0, 1]],
        [0, [1]],
        0,
        None,
        np.array(["0", "1"]),
        np.array([0, 1], dtype=object),
        {"a": 0, "b": 1},
        [2**70, 0],
        np.array([2**63, 0], np.uint64),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_action_moves_no_lane(actions, mode):
    """The next step is that of a twin which was never asked."""
    envs, twin = (SyncVectorEnv([lambda: minigym.make("CartPole-v1")] * 2, autoreset_mode=mode) for _ in range(2))
    envs.reset(seed=0)
    twin.reset(seed=0)
    with pytest.raises(error.InvalidAction) as caught:
        envs.step(actions)
    assert len(str(caught.value)) < 400
    assert_same(envs.step([0, 1]), twin.step([0, 1]))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64, np.int64, np.bool_, list, tuple])
def test_any_integer_type_is_an_action(dtype):
    envs, twin = (SyncVectorEnv([lambda: minigym.make("CartPole-v1")] * 2) for _ in range(2))
    envs.reset(seed=0)
    twin.reset(seed=0)
    actions = dtype([0, 1]) if dtype in (list, tuple) else np.array([0, 1], dtype)
    assert_same(envs.step(actions), twin.step(np.array([0, 1])))


def test_lanes_get_the_values_that_the_action_space_samples():
    envs = scripted(9, 9)
    envs.reset()
    envs.step(np.array([1, 0], np.int8))
    assert [repr(env.actions) for env in envs.envs] == ["[np.int64(1)]", "[np.int64(0)]"]


@pytest.mark.parametrize(
    ("space", "right", "wrong"),
    [
        (Discrete(3, start=-1), [-1, 1], [[-2, 0], [0, 2]]),
        (MultiDiscrete([2, 3]), [[1, 2], [0, 0]], [[[1, 3], [0, 0]], [[1, 2, 0]] * 2, [[1.0, 2.0]] * 2, [1, 2]]),
        (MultiBinary(2), [[0, 1], [1, 1]], [[[0, 2], [0, 0]], [[0.0, 1.0]] * 2, [[0], [1]]]),
        (Box(-1, 1, (1,)), [[0.5], [1]], [[[1.5], [0]], [[np.nan], [0]], [[np.inf], [0]], [0.5, 1], [["a"], ["b"]]]),
        (Box(-np.inf, np.inf, ()), [1e300, -np.inf], [[np.nan, 0.0], [[0.0], [0.0]], [0.0, 1j]]),
        (Box(0, 9, (1,), np.int8), [[0], [9]], [[[10], [0]], [[0.0], [0.0]]]),
        (
            Tuple([Discrete(2), Box(0, 1, (1,))]),
            ([0, 1], [[0], [1]]),
            [([0, 2], [[0], [1]]), ([0, 1],), 0, [[0, 1]] * 3],
        ),
        (Dict({"a": Discrete(2)}), {"a": [0, 1]}, [{"a": [0, 2]}, {"b": [0, 1]}, {}, [0, 1], {"a": [0, 1], "b": 0}]),
    ],
)
def test_actions_of_every_space_are_checked(space, right, wrong):
    envs = scripted(9, 9, actions=space)
    envs.reset()
    envs.step(right)
    for actions in wrong:
        with pytest.raises(error.InvalidAction):
            envs.step(actions)
    assert [env.count for env in envs.envs] == [1, 1]
    for _ in range(20):
        envs.envs[0].count = envs.envs[1].count = 0
        envs.step(envs.action_space.sample())


def test_float64_actions_reach_the_lanes_unrounded_and_are_bounded_as_rounded():
    """As in the reference; 0.7 is inside [-0.7, 0.7], though above the float32 nearest to it."""
    envs = scripted(9, 9, actions=Box(-0.7, 0.7, (1,), np.float32))
    envs.reset()
    envs.step(np.array([[0.1], [0.7]]))
    assert [env.actions[0].tolist() for env in envs.envs] == [[0.1], [0.7]]


def test_actions_of_a_space_of_ones_own_are_checked_too():
    class Letters(minigym.Space):
        def contains(self, x):
            return x in ("a", "b")

        def __eq__(self, other):
            return isinstance(other, Letters)

        __hash__ = None

    envs = scripted(9, 9, actions=Letters())
    envs.reset()
    envs.step(("a", "b"))
    assert [env.actions for env in envs.envs] == [["a"], ["b"]]
    with pytest.raises(error.InvalidAction, match=r"got 'c' of type str"):
        envs.step(("a", "c"))
    assert [env.count for env in envs.envs] == [1, 1]


# Order, seeds, masks, construction ----------------------------------------------------------------------------------


def test_a_step_needs_a_reset():
    envs = scripted(3, 3)
    with pytest.raises(error.ResetNeeded, match=r"call reset\(\) first"):
        envs.step([0, 0])
    with pytest.raises(error.ResetNeeded, match="a reset of some lanes needs the others"):
        envs.reset(options={"reset_mask": np.array([True, False])})
    envs.reset(options={"reset_mask": np.array([True, True])})
    envs.step([0, 0])


def test_a_finished_lane_cannot_be_stepped_where_the_caller_resets():
    envs = scripted(1, 5, mode="Disabled")
    envs.reset()
    envs.step([0, 0])
    with pytest.raises(error.ResetNeeded, match=r"lanes \[0\] are over.*reset_mask"):
        envs.step([0, 0])
    assert [env.count for env in envs.envs] == [1, 1]
    envs.reset(options={"reset_mask": np.array([True, False])})
    assert envs.step([0, 0])[0].tolist() == [1, 2]


@pytest.mark.parametrize("seed", [-1, 1.0, True, "1", [1], [1, 2, 3], [1, -1], [0, 1.5], [True, 1], np.array([0.5, 1])])
def test_a_wrong_seed_moves_no_lane(seed):
    envs = scripted(3, 3)
    envs.reset(seed=4)
    envs.step([0, 0])
    with pytest.raises(error.InvalidSeed):
        envs.reset(seed=seed)
    assert [env.count for env in envs.envs] == [1, 1]
    assert envs.np_random_seed == (4, 5)


@pytest.mark.parametrize("seed", [7, np.int32(7), np.uint64(7), [7, 8], (7, 8), np.array([7, 8])])
def test_any_integers_are_seeds(seed):
    envs = scripted(3, 3)
    envs.reset(seed=seed)
    assert envs.np_random_seed == (7, 8)


@pytest.mark.parametrize(
    "mask",
    [[True, False], np.array([1, 0]), np.array([True]), np.array([[True, False]]), None, True, np.zeros(2, bool)],
)
def test_a_wrong_mask_moves_no_lane(mask):
    envs = scripted(3, 3)
    envs.reset()
    envs.step([0, 0])
    with pytest.raises(error.InvalidParameter, match="reset_mask"):
        envs.reset(options={"reset_mask": mask})
    assert [env.count for env in envs.envs] == [1, 1]


def test_the_mask_may_be_the_flags_of_the_step():
    """No array of the caller's is kept, and none of the batch's is given away."""
    envs = scripted(1, 5, mode="Disabled")
    envs.reset()
    _, rewards, terminations, truncations, _ = envs.step([0, 0])
    envs.reset(options={"reset_mask": terminations})
    assert terminations.tolist() == [True, False]
    terminations[:] = truncations[:] = True
    rewards[:] = 9
    assert envs.step([0, 0])[1].tolist() == [1, 1]


def test_observations_are_copies_unless_asked_otherwise():
    space = Dict({"a": Box(0, 100, (1,), np.float32)})
    observe = {"space": space, "observe": lambda count: {"a": np.full(1, count, np.float32)}}
    envs = scripted(5, 5, **observe)
    first = envs.reset()[0]
    envs.step([0, 0])
    assert first["a"].tolist() == [[0], [0]]
    envs = scripted(5, 5, copy=False, **observe)
    first = envs.reset()[0]
    second = envs.step([0, 0])[0]
    assert second["a"] is first["a"]
    assert first["a"].tolist() == [[1], [1]]


@pytest.mark.parametrize(
    ("env_fns", "message"),
    [
        ([], "at least one function"),
        ([Scripted()], r"entry 0 is .* of type Scripted; write for instance \[lambda"),
        ([Scripted, lambda: 3], r"env_fns\[1\] must make a minigym.Env, got 3 of type int"),
        ([Scripted, lambda: Scripted(actions=Discrete(3))], "lane 0 has Discrete.2., lane 1 has Discrete.3."),
        ([lambda: gymnasium.make("CartPole-v1")], "must make a minigym.Env"),
    ],
)
def test_lanes_that_do_not_fit_are_refused(env_fns, message):
    with pytest.raises(error.InvalidParameter, match=message):
        SyncVectorEnv(env_fns)


def test_functions_may_come_one_by_one():
    envs = SyncVectorEnv(Scripted for _ in range(3))
    assert envs.num_envs == len(envs.env_fns) == 3


@pytest.mark.parametrize("mode", ["next_step", "SAME_STEP", None, 1])
def test_an_unknown_mode_is_refused(mode):
    with pytest.raises(error.InvalidParameter, match="one of 'NextStep', 'SameStep', 'Disabled'"):
        scripted(3, mode=mode)


def test_closing_closes_every_lane_once():
    closed = []
    envs = scripted(3, 3)
    for lane, env in enumerate(envs.envs):
        env.close = lambda lane=lane: closed.append(lane)
    assert not envs.closed
    envs.close()
    envs.close()
    assert envs.closed
    assert closed == [0, 1]


@pytest.mark.parametrize(
    "kind", [error.InvalidAction, error.ResetNeeded, error.InvalidParameter, error.InvalidSeed, error.CustomSpaceError]
)
def test_errors_survive_pickling(kind):
    """They come from worker processes in a pickle."""
    copied = pickle.loads(pickle.dumps(kind("lane 1: what is wrong")))
    assert type(copied) is kind
    assert str(copied) == "lane 1: what is wrong"


# The base classes ---------------------------------------------------------------------------------------------------


def test_a_batch_of_ones_own_has_a_stream_and_closes_once():
    class Own(minigym.VectorEnv):
        num_envs = 4
        closings = 0

        def close_extras(self, **kwargs):
            self.closings += 1
            self.said = kwargs

    envs, reference = Own(), gymnasium.vector.VectorEnv()
    envs.reset(seed=5)
    reference.reset(seed=5)
    assert envs.np_random.random() == reference.np_random.random()
    assert envs.np_random_seed == reference.np_random_seed == 5
    generator = np.random.default_rng(0)
    envs.np_random = generator
    assert envs.np_random is generator
    assert envs.np_random_seed == -1
    assert Own().np_random_seed >= 0
    envs.close(why="test")
    envs.close(why="again")
    assert (envs.closings, envs.said) == (1, {"why": "test"})
    for method in (lambda: envs.step([0]), envs.render):
        with pytest.raises(NotImplementedError, match=r"Own\(num_envs=4\) does not implement"):
            method()


def test_a_wrapper_passes_through_what_it_does_not_change():
    envs, twin = (SyncVectorEnv([lambda: minigym.make("CartPole-v1")] * 2) for _ in range(2))
    wrapper = minigym.vector.VectorWrapper(envs)
    assert_same(wrapper.reset(seed=1), twin.reset(seed=1))
    assert_same(wrapper.step([0, 1]), twin.step([0, 1]))
    assert wrapper.unwrapped is envs
    for name in ("num_envs", "metadata", "spec", "render_mode", "closed", "np_random_seed"):
        assert getattr(wrapper, name) == getattr(envs, name)
    for name in ("action_space", "observation_space", "single_action_space", "single_observation_space"):
        assert getattr(wrapper, name) is getattr(envs, name)
        setattr(wrapper, name, Discrete(9))
        assert getattr(wrapper, name) == Discrete(9)
        assert getattr(envs, name) != Discrete(9)
    wrapper.metadata = {"render_fps": 1}
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert wrapper.metadata == {"render_fps": 1}
    wrapper.close()
    assert envs.closed
    assert wrapper.closed
    with pytest.raises(TypeError, match=r"wraps a minigym\.vector\.VectorEnv.*make_vec"):
        minigym.vector.VectorWrapper(minigym.make("CartPole-v1"))
