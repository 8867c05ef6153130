"""The classic classes themselves, used without installing them as gym."""

import copy
import json
import pickle

import numpy as np
import pytest

import minigym
from minigym.compat.classic import classic_control, core, error, monitor, registration, spaces, toy_text, wrappers
from minigym.render import video


@pytest.fixture(autouse=True)
def as_gym():
    """Entry points such as "gym.envs.toy_text:FrozenLakeEnv" need gym to be importable."""
    minigym.install_as_gym()
    specs = dict(registration.registry.env_specs)
    yield
    registration.registry.env_specs.clear()
    registration.registry.env_specs.update(specs)
    minigym.uninstall_as_gym()


def test_old_and_new_classes_are_not_related():
    """Other packages tell an old environment from a new one by its class."""
    for env in (registration.make("CartPole-v0"), registration.make("FrozenLake-v0")):
        assert isinstance(env, core.Wrapper)
        assert not isinstance(env, minigym.Env)
        assert not isinstance(env.unwrapped, minigym.Env)
        assert not isinstance(env.action_space, minigym.Space)


def test_make_adds_a_time_limit_that_can_be_assigned():
    env = registration.make("FrozenLake-v1")
    assert type(env) is wrappers.TimeLimit
    assert type(env.env) is toy_text.FrozenLakeEnv
    assert (env._max_episode_steps, env.nS, env.nA, env.desc.shape) == (100, 16, 4, (4, 4))
    with pytest.raises(AttributeError, match="private ones are not forwarded"):
        env._secret  # noqa: B018  # the look-up is what fails
    env._max_episode_steps = 2
    env.reset()
    assert env.step(0)[2:] == (False, {"prob": 1 / 3})
    assert env.step(0)[2:] == (True, {"prob": 1 / 3, "TimeLimit.truncated": True})
    with pytest.raises(AssertionError, match="call reset"):
        registration.make("CartPole-v0").step(0)


def test_a_lake_can_be_played_and_shown_from_its_construction_on(capsys):
    env = toy_text.FrozenLakeEnv(desc=["SFx", "HFG"], is_slippery=False)  # the letter x is frozen, as it was
    assert env.s == 0
    assert env.render() is None
    assert capsys.readouterr().out == "\n\x1b[41mS\x1b[0mFx\nHFG\n" == env.render(mode="ansi")
    assert env.step(np.array(2)) == (1, 0.0, False, {"prob": 1.0})
    assert env.step(np.int64(2))[0] == 2
    assert env.step(1)[:3] == (5, 1.0, True)
    assert env.P[5] == {action: [(1.0, 5, 0, True)] for action in range(4)}
    with pytest.raises(NotImplementedError, match="'rgb_array'; use one of"):
        env.render(mode="rgb_array")
    with pytest.raises(error.Error, match="no start"):
        toy_text.FrozenLakeEnv(desc=["FG"])


def test_the_first_state_is_drawn_at_construction():
    """Two starts, 50 lakes: all alike with probability 2^-49."""
    assert {int(toy_text.FrozenLakeEnv(desc=["SFGFS"]).s) for _ in range(50)} == {0, 4}


def test_an_end_at_the_very_limit_is_not_called_truncated():
    env = wrappers.TimeLimit(toy_text.FrozenLakeEnv(desc=["SFG"], is_slippery=False), max_episode_steps=2)
    env.reset()
    env.step(2)
    assert env.step(2) == (2, 1.0, True, {"prob": 1.0, "TimeLimit.truncated": False})


def test_a_table_that_is_changed_is_followed():
    env = toy_text.FrozenLakeEnv()
    env.P[0][0] = [(1.0, 14, 5.0, False)]
    assert env.step(0) == (14, 5.0, False, {"prob": 1.0})
    toy_text.MAPS["row"] = ["SFG"]
    try:
        assert toy_text.FrozenLakeEnv(map_name="row").nS == 3
    finally:
        del toy_text.MAPS["row"]


def test_the_poles_parameters_take_effect():
    env = classic_control.CartPoleEnv()
    env.gravity, env.masspole, env.length = 1.6, 0.5, 1.0
    env.total_mass, env.polemass_length = env.masspole + env.masscart, env.masspole * env.length
    env.state = (0.1, 0.2, 0.05, -0.3)
    ours = minigym.make("CartPole-v1", gravity=1.6, masspole=0.5, length=1.0)
    ours.reset()
    ours.unwrapped.state = (0.1, 0.2, 0.05, -0.3)
    np.testing.assert_allclose(env.step(1)[0], ours.step(1)[0], rtol=1e-6)
    with pytest.raises(minigym.error.InvalidParameter, match="set masspole or masscart instead"):
        env.total_mass = 9.0
    with pytest.raises(AssertionError, match=r"2 of .* is no action"):
        env.step(2)


def test_the_cars_parameters_take_effect():
    env = classic_control.MountainCarEnv(goal_velocity=0.02)
    assert (env.goal_velocity, env.force, env.low.tolist()) == (0.02, 0.001, env.observation_space.low.tolist())
    env.gravity, env.force = 0.002, 0.0015
    with pytest.raises(error.ResetNeeded, match="call reset"):
        env.step(0)
    ours = minigym.make("MountainCar-v0", gravity=0.002, force=0.0015)
    ours.reset()
    for action in (0, 1, 2, np.uint8(0), np.array(2)):
        env.state = (-0.5, 0)  # whole numbers, as programs write them
        ours.unwrapped.state = (-0.5, 0.0)
        np.testing.assert_array_equal(env.step(action)[0], ours.step(action)[0].astype(env.step(action)[0].dtype))
        env.state = (-0.5, 0)
        assert env.step(action)[0].tolist() == ours.unwrapped.state.astype(np.float32).tolist()
    env.state = (0.49, 0.015)
    assert env.step(2)[1:] == (-1.0, False, {})
    env.state = (0.49, 0.03)
    assert env.step(2)[1:] == (-1.0, True, {})
    with pytest.raises(AssertionError, match=r"3 of .* is no action; write 0 to 2"):
        env.step(3)
    assert registration.make("MountainCar-v0", goal_velocity=0.01).goal_velocity == 0.01


def test_steps_after_the_end_give_nothing_and_one_warning():
    env = classic_control.CartPoleEnv()
    with pytest.raises(error.ResetNeeded, match="call reset"):
        env.step(0)
    env.state = (0.0, 0.0, 1.0, 0.0)
    assert env.step(0)[1:3] == (1.0, True)
    with pytest.warns(UserWarning, match="call reset") as said:
        assert [env.step(0)[1] for _ in range(3)] == [0.0] * 3
    assert len(said) == 1


@pytest.mark.parametrize("env_id", ["CartPole-v0", "MountainCar-v0"])
def test_it_is_drawn_without_a_display_and_says_once_that_no_window_opens(env_id, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(classic_control._ClassicControl, "_said_no_window", False)
    env = registration.make(env_id)
    assert env.render(mode="rgb_array") is None  # there is no state yet
    env.reset()
    frame = env.render(mode="rgb_array")
    assert (frame.shape, frame.dtype) == ((400, 600, 3), np.uint8)
    env.step(0)
    assert (env.render(mode="rgb_array") != frame).any()
    with pytest.warns(UserWarning, match="shows nothing here") as said:
        assert [env.render() for _ in range(3)] == [False] * 3
    assert len(said) == 1
    env.close()
    env.close()


def test_environments_can_be_copied_and_pickled_in_an_episode():
    for env_id in ("CartPole-v1", "FrozenLake-v1", "MountainCar-v0"):
        env = registration.make(env_id)
        env.seed(1)
        env.reset()
        env.step(1)
        twins = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
        expected = repr([env.step(k % 2) for k in range(5)])
        assert [repr([twin.step(k % 2) for k in range(5)]) for twin in twins] == [expected] * 2


def test_an_id_is_registered_again_with_a_warning():
    registration.register("Twice-v0", entry_point=toy_text.FrozenLakeEnv)
    with pytest.warns(UserWarning, match="Twice-v0 was registered before"):
        registration.register("Twice-v0", entry_point=toy_text.FrozenLakeEnv, kwargs={"map_name": "8x8"})
    assert registration.make("Twice-v0", is_slippery=False).spec._kwargs == {"map_name": "8x8", "is_slippery": False}
    with pytest.raises(error.UnregisteredEnv, match="did you mean 'Twice-v0'"):
        registration.make("Twise-v0")


def test_seeds_are_any_integer_from_zero_up():
    env = toy_text.FrozenLakeEnv()
    assert env.seed(np.int64(5)) == [5]
    for wrong in (-1, 1.5, True, "5"):
        with pytest.raises(error.Error, match="seed"):
            env.seed(wrong)
    assert type(env.action_space.sample()) is int


def test_a_monitored_lake_is_recorded_as_text(tmp_path):
    env = monitor.Monitor(registration.make("FrozenLake-v1"), tmp_path, video_callable=lambda number: number == 1)
    with pytest.raises(error.ResetNeeded, match="before an episode"):
        env.step(0)
    for _ in range(2):
        env.reset()
        done = False
        while not done:
            done = env.step(env.action_space.sample())[2]
    with pytest.raises(error.ResetNeeded, match="after the end"):
        env.step(0)
    env.reset()
    env.step(0)
    with pytest.raises(error.Error, match="middle of an episode"):
        env.reset()
    env.close()
    (video_file,) = [path for path in tmp_path.iterdir() if ".video." in path.name and "meta" not in path.name]
    recording = json.loads(video_file.read_text(encoding="utf-8"))
    assert len(recording["stdout"]) == env.get_episode_lengths()[1] + 1
    assert "\x1b[41mS\x1b[0mFFF\r\n" in recording["stdout"][0][1]
    (manifest,) = tmp_path.glob("openaigym.manifest.*")
    assert [name for name, _ in json.loads(manifest.read_text())["videos"]] == [video_file.name]
    assert env.get_total_steps() == sum(env.get_episode_lengths()) + 1
    with pytest.raises(error.Error, match="force=True"):
        monitor.Monitor(registration.make("FrozenLake-v1"), tmp_path)
    monitor.Monitor(registration.make("FrozenLake-v1"), tmp_path, resume=True).close()
    monitor.Monitor(registration.make("FrozenLake-v1"), tmp_path, force=True).close()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_monitor_that_is_forgotten_writes_its_statistics(tmp_path):
    env = monitor.Monitor(registration.make("FrozenLake-v1"), tmp_path)
    env.reset()
    assert not list(tmp_path.glob("*.manifest.json"))
    del env
    assert len(list(tmp_path.glob("*.manifest.json"))) == 1


def test_the_cubes_are_recorded():
    recorded = [number for number in range(3001) if monitor.capped_cubic_video_schedule(number)]
    assert recorded == [k**3 for k in range(10)] + [1000, 2000, 3000]


@pytest.mark.parametrize(("suffix", "package"), [(".gif", "PIL"), (".mp4", "av")])
def test_a_video_holds_its_frames(suffix, package, tmp_path):
    module = pytest.importorskip(package)
    path = str(tmp_path / f"video{suffix}")
    writer = video.VideoWriter(path, 50)
    for k in range(5):
        writer.write(np.full((41, 60, 3), 50 * k, np.uint8))
    with pytest.raises(minigym.error.InvalidParameter, match=r"\(41, 60, 3\)"):
        writer.write(np.zeros((40, 60, 3), np.uint8))
    writer.close()
    if package == "PIL":
        from PIL import Image

        with Image.open(path) as image:
            assert (image.n_frames, image.size, image.info["duration"]) == (5, (60, 41), 20)
    else:
        with module.open(path) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert [frame.shape for frame in frames] == [(42, 60, 3)] * 5  # a row twice: the sizes must be even
        assert [abs(int(frame.mean()) - 50 * k) < 5 for k, frame in enumerate(frames)] == [True] * 5


def test_without_a_video_package_statistics_alone_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(monitor.VideoRecorder, "_said_no_video", False)
    monkeypatch.setattr("minigym.compat.classic.video_recorder.video_suffix", lambda: None)
    env = monitor.Monitor(registration.make("CartPole-v0"), tmp_path)
    with pytest.warns(UserWarning, match="pip install"):
        env.reset()
    env.close()
    assert sorted(path.name.split(".")[1] for path in tmp_path.iterdir()) == ["episode_batch", "manifest"]


def test_record_video_names_its_files_by_episode(tmp_path):
    pytest.importorskip("PIL")
    env = monitor.RecordVideo(registration.make("CartPole-v0"), tmp_path, lambda number: number % 2 == 0)
    for _ in range(3):
        env.reset()
        while not env.step(0)[2]:
            pass
    env.close()
    names = sorted(path.name.split(".")[0] for path in tmp_path.glob("*.meta.json"))
    assert names == ["rl-video-episode-0", "rl-video-episode-2"]


def test_the_old_wrappers():
    env = wrappers.RecordEpisodeStatistics(registration.make("CartPole-v0"))
    env = wrappers.TransformReward(wrappers.TransformObservation(env, lambda o: o * 0), lambda r: r / 2)
    assert not env.reset().any()
    done, steps = False, 0
    while not done:
        observation, reward, done, info = env.step(0)
        steps += 1
        assert (observation.any(), reward) == (False, 0.5)
    assert (info["episode"]["r"], info["episode"]["l"]) == (steps, steps)
    stack = wrappers.FrameStack(registration.make("CartPole-v0"), 3)
    first = np.array(stack.reset())
    assert first.shape == stack.observation_space.shape == (3, 4)
    second = np.array(stack.step(0)[0])
    assert np.array_equal(second[:2], first[1:])
    assert not np.array_equal(second[2], first[2])
    flat = wrappers.FlattenObservation(registration.make("FrozenLake-v1"))
    assert flat.reset().tolist() == [1] + [0] * 15
    timed = wrappers.TimeAwareObservation(registration.make("CartPole-v0"))
    assert [timed.reset()[-1], timed.step(0)[0][-1], timed.step(0)[0][-1]] == [0, 1, 2]


def test_wrappers_of_actions_and_of_dicts():
    class Echo(core.Env):
        action_space = spaces.Box(-2.0, 2.0, shape=(1,))
        observation_space = spaces.Dict(a=spaces.Discrete(3), b=spaces.Discrete(3))

        def reset(self):
            return {"a": 1, "b": 2}

        def step(self, action):
            return {"a": 0, "b": action}, 0.0, False, {}

    assert wrappers.ClipAction(Echo()).step(np.array([7.0]))[0]["b"] == [2.0]
    rescaled = wrappers.RescaleAction(Echo(), 0.0, 1.0)
    assert (rescaled.action_space.low, rescaled.action_space.high) == (0.0, 1.0)
    assert rescaled.step(np.array([0.25], np.float32))[0]["b"] == [-1.0]
    filtered = wrappers.FilterObservation(Echo(), ["b"])
    assert (filtered.reset(), list(filtered.observation_space.spaces)) == ({"b": 2}, ["b"])
    with pytest.raises(ValueError, match=r"no \['c'\]"):
        wrappers.FilterObservation(Echo(), ["c"])


def test_spaces_take_and_refuse_what_they_did():
    assert all(x in spaces.Discrete(3) for x in (0, 2, np.int8(1), np.array(2)))
    assert not any(x in spaces.Discrete(3) for x in (3, -1, 1.0, np.array([1]), "1", np.float32(1)))
    box = spaces.Box(-1, 1, shape=(2,))
    assert [0.5, -1] in box
    assert not any(np.array(x) in box for x in ([2.0, 0.0], [0.0], 0.0))
    assert np.zeros(2) not in box  # float64, from 0.20 on
    assert spaces.Dict(a=spaces.Discrete(2)) == spaces.Dict({"a": spaces.Discrete(2)}) != spaces.Dict()
    pair = spaces.Tuple((spaces.Discrete(2), box))
    again = pair.from_jsonable(json.loads(json.dumps(pair.to_jsonable([pair.sample(), pair.sample()]))))
    assert len(again) == 2
    assert (1, np.zeros(2, np.float32)) in pair
    assert (2, np.zeros(2, np.float32)) not in pair


def test_goal_environments_need_their_three_keys():
    env = core.GoalEnv()
    env.observation_space = spaces.Dict(observation=spaces.Discrete(2))
    with pytest.raises(error.Error, match="achieved_goal, desired_goal, observation"):
        env.reset()
