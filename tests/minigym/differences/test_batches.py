"""The rows of docs/differences.md about batches."""

import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
import pytest

import minigym
from minigym.render import Window, window
from tests.minigym.wrappers.pictures import painting, watched_videos


def lanes(library: Any, mode: str, env_id: str = "CartPole-v1", count: int = 2) -> Any:
    make_lane = lambda: library.make(env_id)  # noqa: E731
    return library.vector.SyncVectorEnv([make_lane] * count, autoreset_mode=library.vector.AutoresetMode[mode])


def test_infos_of_a_batch_whose_lanes_have_different_number_types() -> None:
    def kinds(library: Any) -> set[str]:
        """Of the probabilities, over 60 steps in which a lane is often reset, and then says 1 and not 1.0."""
        envs = lanes(library, "NEXT_STEP", "FrozenLake-v1")
        envs.reset(seed=0)
        return {envs.step(np.array([2, 1]))[-1]["prob"].dtype.kind for _ in range(60)}

    assert "i" in kinds(gymnasium)
    assert kinds(minigym) == {"f"}


def test_episode_statistics_of_a_batch_in_same_step_mode() -> None:
    def lengths(library: Any) -> tuple[list[int], list[int]]:
        """What the wrapper says, and what was counted."""
        envs = library.wrappers.vector.RecordEpisodeStatistics(lanes(library, "SAME_STEP", count=1))
        envs.reset(seed=0)
        said, counted, steps = [], [], 0
        for _ in range(60):
            _, _, terminated, _, info = envs.step(np.array([1]))
            steps += 1
            if terminated[0]:
                said.append(int(info["episode"]["l"][0]))
                counted.append(steps)
                steps = 0
        return said, counted

    said, counted = lengths(gymnasium)
    assert said == counted[:1] + [length - 1 for length in counted[1:]]
    said, counted = lengths(minigym)
    assert said == counted
    assert len(said) > 3


def test_mask_in_the_options_of_a_batchs_reset() -> None:
    def left(library: Any) -> bool:
        envs = lanes(library, "DISABLED")
        envs.reset(seed=0)
        options = {"reset_mask": np.array([True, False])}
        envs.reset(options=options)
        return "reset_mask" in options

    assert not left(gymnasium)
    assert left(minigym)


def test_wrong_action_in_one_lane_of_a_batch() -> None:
    def moved(library: Any, exception: type[Exception]) -> bool:
        envs = lanes(library, "NEXT_STEP")
        envs.reset(seed=0)
        before = np.array(envs.envs[0].unwrapped.state)
        with pytest.raises(exception):
            envs.step(np.array([1, 7]))
        return not np.array_equal(before, envs.envs[0].unwrapped.state)

    assert moved(gymnasium, AssertionError)
    assert not moved(minigym, minigym.error.InvalidAction)


def test_one_environment_in_two_lanes() -> None:
    def build(library: Any) -> None:
        env = library.make("CartPole-v1")
        library.vector.SyncVectorEnv([lambda: env] * 2)

    build(gymnasium)
    with pytest.raises(minigym.error.InvalidParameter, match="the same environment"):
        build(minigym)


def test_autoreset_mode_in_a_batchs_metadata() -> None:
    def mode_of_the_first(library: Any) -> str:
        first, _ = lanes(library, "DISABLED"), lanes(library, "NEXT_STEP")
        return first.metadata["autoreset_mode"].name

    assert mode_of_the_first(gymnasium) == "NEXT_STEP"
    assert mode_of_the_first(minigym) == "DISABLED"


def test_make_vec_of_cartpole_without_a_mode() -> None:
    def first_observations(library: Any) -> np.ndarray:
        return library.make_vec("CartPole-v1", num_envs=2).reset(seed=5)[0]

    alone = [gymnasium.make("CartPole-v1").reset(seed=seed)[0] for seed in (5, 6)]
    np.testing.assert_array_equal(first_observations(minigym), alone)
    assert isinstance(minigym.make_vec("CartPole-v1", num_envs=2), minigym.vector.CartPoleVectorEnv)
    assert not np.array_equal(first_observations(gymnasium), alone)


def test_make_vec_of_no_lanes() -> None:
    def make(library: Any, num_envs: Any) -> Any:
        return library.make_vec("CartPole-v1", num_envs, vectorization_mode="sync")

    with pytest.raises(IndexError):
        make(gymnasium, 0)
    assert make(gymnasium, True).num_envs == 1
    for num_envs in (0, True):
        with pytest.raises(minigym.error.InvalidParameter, match="num_envs must be a positive integer"):
            make(minigym, num_envs)


def test_masked_reset_inside_recordepisodestatistics() -> None:
    def counted(library: Any) -> Any:
        envs = library.wrappers.vector.RecordEpisodeStatistics(lanes(library, "DISABLED"))
        envs.reset(seed=0)
        envs.step(np.array([0, 1]))
        envs.reset(options={"reset_mask": np.array([True, False])})
        return envs.episode_lengths.tolist()

    assert counted(gymnasium) == [0, 0]
    assert counted(minigym) == [0, 1]


def speaking(library: Any) -> Any:
    """An environment that observes in one array, and in words, how many steps it has taken; it ends after two."""

    class Speaking(library.Env):
        metadata = {"render_modes": []}  # noqa: RUF012
        action_space = library.spaces.Discrete(2)
        observation_space = library.spaces.Dict(
            number=library.spaces.Box(0, 9, (1,), np.int64), words=library.spaces.Text(5)
        )

        def reset(self, *, seed: Any = None, options: Any = None) -> Any:
            super().reset(seed=seed)
            self.observation = {"number": np.zeros(1, np.int64), "words": "none"}
            return self.observation, {}

        def step(self, action: Any) -> Any:
            self.observation["number"] += 1
            self.observation["words"] = "some"
            return self.observation, 0.0, bool(self.observation["number"] == 2), False, {}

    return Speaking()


def test_explicit_reset_after_an_end_in_processes_without_shared_memory() -> None:
    def observed(library: Any) -> Any:
        envs = library.vector.AsyncVectorEnv([lambda: speaking(library)], shared_memory=False)
        envs.reset()
        envs.step(np.zeros(1, np.int64))
        envs.step(np.zeros(1, np.int64))
        envs.reset()
        observations = envs.step(np.zeros(1, np.int64))[0]
        envs.close()
        return observations["number"].item()

    assert observed(gymnasium) == 0
    assert observed(minigym) == 1


def test_texts_in_shared_memory() -> None:
    def words(library: Any) -> Any:
        envs = library.vector.AsyncVectorEnv([lambda: speaking(library)])
        envs.reset()
        said = envs.step(np.zeros(1, np.int64))[0]["words"]
        envs.close()
        return said

    (text,) = words(gymnasium)
    assert text == 5 * text[0]  # a character of its own, five times
    assert words(minigym) == ("some",)


def test_float16_in_shared_memory() -> None:
    def share(library: Any) -> Any:
        return library.vector.utils.create_shared_memory(library.spaces.Box(0, 1, (2,), np.float16), 2)

    with pytest.raises(TypeError):
        share(gymnasium)
    share(minigym)


def test_last_observation_in_an_array_that_the_reset_writes_anew() -> None:
    def last(library: Any) -> Any:
        env = speaking(library)
        array = np.zeros(1, np.int64)

        class Anew(library.Wrapper):
            def reset(self, *, seed: Any = None, options: Any = None) -> Any:
                array[:] = 0
                return {"number": array, "words": "none"}, {}

            def step(self, action: Any) -> Any:
                array[:] += 1
                return {"number": array, "words": "none"}, 0.0, bool(array == 2), False, {}

        envs = library.vector.SyncVectorEnv([lambda: Anew(env)], autoreset_mode="SameStep")
        envs.reset()
        envs.step(np.zeros(1, np.int64))
        return envs.step(np.zeros(1, np.int64))[-1]["final_obs"][0]["number"].item()

    assert last(gymnasium) == 0
    assert last(minigym) == 2


def test_transformed_observations_of_a_batch_in_same_step_mode() -> None:
    def last_seen(library: Any) -> Any:
        envs = lanes(library, "SAME_STEP", "FrozenLake-v1", count=1)
        envs = library.wrappers.vector.FlattenObservation(envs)
        envs.reset(seed=0)
        while True:
            infos = envs.step(np.array([1]))[-1]
            if "final_obs" in infos:
                return infos["final_obs"][0]

    with pytest.raises(AssertionError):
        last_seen(gymnasium)
    assert last_seen(minigym).shape == (16,)


def test_transformed_observations_that_keep_their_space() -> None:
    def in_place(library: Any) -> bool:
        envs = lanes(library, "NEXT_STEP")
        observations = np.ones((2, 4), np.float32)
        envs.step = lambda actions: (observations, np.zeros(2), np.zeros(2, bool), np.zeros(2, bool), {})
        kinds = library.wrappers
        envs = kinds.vector.VectorizeTransformObservation(
            envs, kinds.TransformObservation, func=lambda x: 0 * x, observation_space=None
        )
        envs.step(np.zeros(2, np.int64))
        return bool((observations == 0).all())

    assert in_place(gymnasium)
    assert not in_place(minigym)


def test_bins_in_a_batch() -> None:
    def observed(library: Any) -> Any:
        make_lane = lambda: speaking(library)  # noqa: E731
        kinds = library.wrappers
        envs: Any = kinds.vector.FilterObservation(library.vector.SyncVectorEnv([make_lane] * 2), ["number"])
        envs = kinds.vector.FlattenObservation(envs)
        return kinds.vector.VectorizeTransformObservation(envs, kinds.DiscretizeObservation, bins=3).reset()[0].tolist()

    with pytest.raises(AttributeError, match="func"):
        observed(gymnasium)
    assert observed(minigym) == [0, 0]


def test_wrapper_of_another_kind_lane_by_lane() -> None:
    def wrap(library: Any) -> Any:
        kinds = library.wrappers
        return kinds.vector.VectorizeTransformObservation(lanes(library, "NEXT_STEP"), kinds.TransformReward, func=abs)

    wrap(gymnasium)
    with pytest.raises(minigym.error.InvalidParameter, match="TransformObservation, or a class derived"):
        wrap(minigym)


def boxes(library: Any) -> Any:
    """A batch of two lanes with arrays as actions, which they return as info, and pairs of arrays as observations."""

    class Boxes(library.Env):
        metadata = {"render_modes": []}  # noqa: RUF012
        action_space = library.spaces.Box(-1, 1, (1,))
        observation_space = library.spaces.Tuple([library.spaces.Box(0, 9, (1,))] * 2)

        def reset(self, *, seed: Any = None, options: Any = None) -> Any:
            super().reset(seed=seed)
            return (np.full(1, 3, np.float32), np.full(1, 4, np.float32)), {}

        def step(self, action: Any) -> Any:
            return self.reset()[0], 0.0, False, False, {"action": np.array(action)}

    return library.vector.SyncVectorEnv([lambda: Boxes()] * 2)  # noqa: PLW0108  # a class has metadata, its own


def test_transformed_actions_that_keep_their_space() -> None:
    def actions_after(library: Any, actions: Any) -> Any:
        kinds = library.wrappers
        envs = kinds.vector.VectorizeTransformAction(
            boxes(library), kinds.TransformAction, func=lambda x: np.asarray(x) / 2, action_space=None
        )
        envs.reset()
        assert envs.step(actions)[-1]["action"].tolist() == [[0.5], [0.5]]
        return actions

    assert actions_after(gymnasium, np.ones((2, 1), np.float32)).tolist() == [[0.5], [0.5]]
    assert actions_after(minigym, np.ones((2, 1), np.float32)).tolist() == [[1], [1]]
    with pytest.raises(TypeError):
        actions_after(gymnasium, [[1.0], [1.0]])
    assert actions_after(minigym, [[1.0], [1.0]]) == [[1.0], [1.0]]


def test_parts_of_a_tuple_that_trade_places_in_a_batch() -> None:
    def traded(library: Any) -> Any:
        observations, _ = library.wrappers.vector.FilterObservation(boxes(library), [1, 0]).reset()
        return [part.ravel().tolist() for part in observations]

    assert traded(gymnasium) == [[4, 4], [4, 4]]
    assert traded(minigym) == [[4, 4], [3, 3]]


def test_normalizeobservation_of_a_batch_of_dicts() -> None:
    def wrap(library: Any) -> Any:
        make_lane = lambda: painting(library, dict_observations=True)  # noqa: E731
        return library.wrappers.vector.NormalizeObservation(library.vector.SyncVectorEnv([make_lane] * 2))

    theirs = wrap(gymnasium)
    with pytest.raises(ValueError, match="axis"):
        theirs.reset(seed=0)
    with pytest.raises(minigym.error.InvalidParameter, match="single observation space has a shape"):
        wrap(minigym)


def test_batch_that_names_no_autoreset_mode() -> None:
    def count_warnings(library: Any) -> int:
        envs = lanes(library, "NEXT_STEP")
        envs.metadata = {}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            library.wrappers.vector.NormalizeObservation(envs)
        return len(caught)

    assert count_warnings(gymnasium) == 2
    assert count_warnings(minigym) == 1


def test_refused_reset_of_a_batch_inside_normalizereward() -> None:
    def kept(library: Any) -> Any:
        envs = library.wrappers.vector.NormalizeReward(lanes(library, "NEXT_STEP"))
        envs.reset(seed=0)
        envs.step(np.array([0, 1]))
        with pytest.raises(ValueError, match=r"low|bound"):
            envs.reset(options={"low": 1, "high": 0})
        return envs.accumulated_reward.tolist()

    assert kept(gymnasium) == [0, 0]
    assert kept(minigym) == [1, 1]


def drawing(library: Any, count: int = 2, render_mode: str = "rgb_array", size: tuple[int, int] = (40, 60)) -> Any:
    """A batch whose lanes draw; the first one's episodes have two steps."""

    def make_lane(length: int) -> Any:
        env = painting(library, length=length, size=size, fps=1000)
        return env if render_mode == "rgb_array" else library.wrappers.RenderCollection(env)

    return library.vector.SyncVectorEnv([lambda length=length: make_lane(length) for length in (2, *[9] * (count - 1))])


def recording(library: Any, folder: Any, **kwargs: Any) -> Any:
    """RecordVideo of all episodes of such a batch."""
    return library.wrappers.vector.RecordVideo(
        drawing(library, **kwargs), str(folder / library.__name__), episode_trigger=lambda n: True
    )


def test_pictures_of_the_lanes_in_a_video(tmp_path: Path) -> None:
    with watched_videos() as videos:
        for library in (gymnasium, minigym):
            for size in ((40, 60), (20, 30)):
                envs = recording(library, tmp_path / str(size), size=size)
                envs.reset(seed=0)
                envs.close()
    theirs, ours = ([frames[0] for _, frames, _ in each] for each in (videos.theirs, videos.ours))
    rest = np.ones(120, bool)
    rest[59:61] = False
    np.testing.assert_array_equal(ours[0][:, rest], theirs[0][:, rest])
    assert (ours[0][:, ~rest] == (40, 44, 52)).all()
    assert not (theirs[0][:, ~rest] == (40, 44, 52)).any()
    np.testing.assert_array_equal(ours[1], theirs[1])


def test_reset_of_other_lanes_of_a_recorded_batch(tmp_path: Path) -> None:
    with watched_videos() as videos:
        for library in (gymnasium, minigym):
            envs = recording(library, tmp_path)
            envs.reset(seed=0)
            envs.step(np.array([0, 0]))
            envs.step(np.array([0, 0]))
            envs.reset(options={"reset_mask": np.array([False, True])})
            envs.step(np.array([0, 0]))
            envs.close()
    assert [len(frames) for _, frames, _ in videos.theirs] == [5]
    assert [len(frames) for _, frames, _ in videos.ours] == [4, 1]


@pytest.mark.filterwarnings("ignore:.*zero frames:UserWarning")
def test_refused_reset_of_a_recorded_batch(tmp_path: Path) -> None:
    def episode(library: Any) -> int:
        envs = recording(library, tmp_path)
        envs.reset(seed=0)
        with pytest.raises((gymnasium.error.Error, minigym.error.InvalidSeed)):
            envs.reset(seed=-1)
        envs.close()
        return envs.episode_id

    with watched_videos():
        assert episode(gymnasium) == 1
        assert episode(minigym) == 0


def test_recordvideo_of_a_batch_that_renders_lists(tmp_path: Path) -> None:
    with watched_videos():
        theirs = recording(gymnasium, tmp_path, render_mode="rgb_array_list")
        with pytest.raises(AttributeError):
            theirs.reset()
        with pytest.raises(minigym.error.InvalidParameter, match="render_mode='rgb_array_list'"):
            recording(minigym, tmp_path, render_mode="rgb_array_list")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pygame with a screen that is a place in memory, without OpenCV."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(sys.modules, "cv2", None)
    yield window._import_pygame()
    window._import_pygame().quit()
    Window._shown = None


def test_window_that_shows_a_batch(screen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def show(library: Any) -> Any:
        envs = library.wrappers.vector.HumanRendering(drawing(library, count=3), (300, 100))
        envs.reset(seed=0)
        return envs.num_rows, envs.num_cols, screen.surfarray.array3d(screen.display.get_surface()).swapaxes(0, 1)

    with pytest.raises(gymnasium.error.DependencyNotInstalled, match="cv2"):
        show(gymnasium)
    opencv: Any = ModuleType("cv2")
    opencv.resize = lambda frame, size: np.full((size[1], size[0], 3), 200, np.uint8)
    monkeypatch.setitem(sys.modules, "cv2", opencv)
    rows, columns, theirs = show(gymnasium)
    assert (rows, columns) == (2, 3)
    assert (theirs[:50, :225] == 200).all()
    assert (theirs[50:] == 0).all()
    assert (theirs[:, 225:] == 0).all()
    rows, columns, ours = show(minigym)
    assert (rows, columns) == (1, 3)
    empty = (ours == (40, 44, 52)).all(axis=2)
    assert np.flatnonzero(~empty.all(axis=1)).tolist() == [*range(17, 83)]  # of 100, the lanes' 66 in the middle
    assert np.flatnonzero(empty.all(axis=0)).tolist() == [99, 100, 199, 200]


def test_window_that_shows_a_batch_of_lists(screen: Any) -> None:
    def show(library: Any) -> None:
        envs = library.wrappers.vector.HumanRendering(drawing(library, render_mode="rgb_array_list"))
        envs.reset()
        envs.step(np.zeros(2, int))

    with pytest.raises(AssertionError, match="numpy array"):
        show(gymnasium)
    show(minigym)
