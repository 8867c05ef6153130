"""The rows of docs/differences.md about wrappers."""

import pickle
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest

import minigym


def counter(library: Any) -> Any:
    """An environment that counts up in one array, which it returns again and again, and keeps the actions it got."""

    class Counter(library.Env):
        observation_space = library.spaces.Box(0, 99, (1,), np.float64)
        action_space = library.spaces.Box(-9, 9, (1,), np.float64)

        def reset(self, *, seed: Any = None, options: Any = None) -> Any:
            self.array, self.actions = np.zeros(1), []
            return self.array, {}

        def step(self, action: Any) -> Any:
            self.actions.append(action.item())
            self.array += 1
            return self.array, 0.0, False, False, {}

    return Counter()


def test_spec_of_a_stickyaction_or_recordepisodestatistics() -> None:
    def made_again(library: Any) -> Any:
        env = library.wrappers.StickyAction(library.make("FrozenLake-v1"), 0.5, (2, 5))
        env = library.wrappers.RecordEpisodeStatistics(env, buffer_length=3, stats_key="mine")
        again = library.make(env.spec)
        return again.env.repeat_action_duration_range, again.return_queue.maxlen, again._stats_key

    assert made_again(gymnasium) == ((1, 1), 100, "episode")
    assert made_again(minigym) == ((2, 5), 3, "mine")


def test_numpy_integer_as_the_duration_of_a_stickyaction() -> None:
    def range_of(library: Any, duration: Any) -> Any:
        return library.wrappers.StickyAction(library.make("CartPole-v1"), 0.5, duration).repeat_action_duration_range

    for duration in (np.int64(2), [2, 2]):
        with pytest.raises(ValueError, match="integer or a tuple"):
            range_of(gymnasium, duration)
        assert range_of(minigym, duration) == (2, 2)


def test_fraction_or_bool_as_the_duration_of_a_stickyaction() -> None:
    for duration in ((1.5, 2.5), True):
        gymnasium.wrappers.StickyAction(gymnasium.make("CartPole-v1"), 0.5, duration)  # type: ignore[arg-type]
        with pytest.raises(minigym.error.InvalidParameter, match="positive integer or a pair"):
            minigym.wrappers.StickyAction(minigym.make("CartPole-v1"), 0.5, duration)  # type: ignore[arg-type]


def test_gamma_or_epsilon_that_cannot_normalize() -> None:
    for name, arguments in (
        ("NormalizeReward", {"gamma": 1.5}),
        ("NormalizeReward", {"gamma": np.nan}),
        ("NormalizeReward", {"epsilon": "small"}),
        ("NormalizeObservation", {"epsilon": -1.0}),
    ):
        getattr(gymnasium.wrappers, name)(gymnasium.make("CartPole-v1"), **arguments)
        with pytest.raises(minigym.error.InvalidParameter, match="needs a number from 0 to"):
            getattr(minigym.wrappers, name)(minigym.make("CartPole-v1"), **arguments)


def test_array_that_the_environment_writes_anew() -> None:
    def seen(library: Any) -> tuple[list[float], list[list[float]]]:
        delay = library.wrappers.DelayObservation(counter(library), 1)
        stack = library.wrappers.FrameStackObservation(counter(library), 2)
        delay.reset()
        stack.reset()
        delayed = [delay.step(np.zeros(1))[0].item() for _ in range(3)]
        return delayed, [stack.step(np.zeros(1))[0].ravel().tolist() for _ in range(3)]

    assert seen(gymnasium) == ([1, 2, 3], [[1, 1], [2, 2], [3, 3]])
    assert seen(minigym) == ([0, 1, 2], [[0, 1], [1, 2], [2, 3]])


def test_action_array_that_the_caller_writes_anew() -> None:
    def played(library: Any) -> list[float]:
        env = library.wrappers.StickyAction(counter(library), 1 - 2**-53)  # the first action, always
        env.reset()
        action = np.zeros(1)
        for value in range(3):
            action[:] = value
            env.step(action)
        return env.unwrapped.actions

    assert played(gymnasium) == [0, 1, 2]
    assert played(minigym) == [0, 0, 0]


def test_refused_action_inside_a_timeawareobservation() -> None:
    def counted(library: Any, exception: type[Exception]) -> int:
        env = library.wrappers.TimeAwareObservation(library.make("CartPole-v1"))
        env.reset(seed=0)
        with pytest.raises(exception):
            env.step(7)
        return env.timesteps

    assert counted(gymnasium, AssertionError) == 1
    assert counted(minigym, minigym.error.InvalidAction) == 0


def test_refused_action_inside_a_stickyaction() -> None:
    def changed(library: Any, exception: type[Exception]) -> tuple[Any, bool]:
        env = library.wrappers.StickyAction(library.make("CartPole-v1"), 2**-53)
        env.reset(seed=0)
        env.step(1)
        before = env.np_random.bit_generator.state
        with pytest.raises(exception):
            env.step(7)
        return env.last_action, env.np_random.bit_generator.state != before

    assert changed(gymnasium, AssertionError) == (7, True)
    assert changed(minigym, minigym.error.InvalidAction) == (1, False)


def test_refused_reset_inside_a_wrapper_that_remembers() -> None:
    def kept(library: Any, exception: type[Exception]) -> list[bool]:
        wrappers = library.wrappers
        answers = []
        for wrap, attribute in (
            (wrappers.Autoreset, "autoreset"),
            (lambda env: wrappers.DelayObservation(env, 2), "observation_queue"),
            (lambda env: wrappers.StickyAction(env, 0.5), "last_action"),
            (wrappers.TimeAwareObservation, "timesteps"),
        ):
            env = wrap(library.make("CartPole-v1", max_episode_steps=1))
            env.reset(seed=0)
            env.step(1)
            with pytest.raises(exception):
                env.reset(options={"low": 1, "high": 0})
            answers.append(bool(getattr(env, attribute)))
        return answers

    assert kept(gymnasium, ValueError) == [False] * 4
    assert kept(minigym, minigym.error.InvalidBound) == [True] * 4


def test_pickle_of_a_wrapped_environment() -> None:
    def pickled(library: Any, name: str, *arguments: Any) -> None:
        env = getattr(library.wrappers, name)(library.make("CartPole-v1"), *arguments)
        env.reset(seed=0)
        pickle.loads(pickle.dumps(env)).step(0)

    for arguments in (("TimeAwareObservation",), ("FlattenObservation",), ("ClipReward", 0.0, 0.5)):
        with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
            pickled(gymnasium, *arguments)
        pickled(minigym, *arguments)


def test_environment_that_does_not_fit_its_wrapper() -> None:
    def wrap(library: Any) -> None:
        library.wrappers.ClipAction(library.make("CartPole-v1"))

    with pytest.raises(AssertionError):
        wrap(gymnasium)
    with pytest.raises(minigym.error.InvalidParameter, match="action_space is a Box"):
        wrap(minigym)
    assert issubclass(minigym.error.InvalidParameter, ValueError)


def boxed(library: Any, low: float = 0.0, high: float = 1.0, dtype: Any = np.float32, start: Any = None) -> Any:
    """An environment that observes the action that it got, an array of two numbers."""

    class Boxed(library.Env):
        observation_space = action_space = library.spaces.Box(low, high, (2,), dtype)

        def reset(self, *, seed: Any = None, options: Any = None) -> Any:
            return self.observation_space.sample(), {}

        def step(self, action: Any) -> Any:
            return action, 0.0, False, False, {}

    return library.make(spec_kind(library)("Boxed-v0", Boxed, disable_env_checker=True))


def spec_kind(library: Any) -> Any:
    return library.envs.registration.EnvSpec if library is gymnasium else library.EnvSpec


def test_spec_of_a_discretizeaction_or_discretizeobservation() -> None:
    def made_again(library: Any) -> tuple[str, str]:
        wrappers = library.wrappers
        env = wrappers.DiscretizeObservation(boxed(library), (2, 3), multidiscrete=True)
        again = library.make(wrappers.DiscretizeAction(env, 4, multidiscrete=True).spec)
        return str(again.observation_space), str(again.action_space)

    assert made_again(gymnasium) == ("Discrete(6)", "Discrete(16)")
    assert made_again(minigym) == ("MultiDiscrete([2 3])", "MultiDiscrete([4 4])")


def test_numpy_integer_as_a_number_of_bins() -> None:
    with pytest.raises(TypeError):
        gymnasium.wrappers.DiscretizeObservation(boxed(gymnasium), np.int64(3))
    assert minigym.wrappers.DiscretizeObservation(boxed(minigym), np.int64(3)).observation_space.n == 9


def test_action_that_names_no_bins() -> None:
    def played(library: Any, multidiscrete: bool, action: Any) -> Any:
        env = library.wrappers.DiscretizeAction(boxed(library), 2, multidiscrete)
        env.reset()
        return env.step(action)[0].tolist()

    assert played(gymnasium, False, 4) == played(gymnasium, False, 0) == [0.25, 0.25]
    assert played(gymnasium, True, [0, 3]) == played(gymnasium, True, [0, 1]) == [0.25, 0.75]
    for multidiscrete, action in ((False, 4), (True, [0, 3])):
        with pytest.raises(minigym.error.InvalidAction, match="expected an action in"):
            played(minigym, multidiscrete, action)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # the reference's, of its inner bounds
def test_name_of_a_dtype_for_a_dtypeobservation() -> None:
    def observed(library: Any, dtype: Any) -> Any:
        return library.wrappers.DtypeObservation(boxed(library), dtype).reset()[0].dtype

    for dtype in ("float64", np.dtype("float64")):
        with pytest.raises(TypeError, match="callable"):
            observed(gymnasium, dtype)
        assert observed(minigym, dtype) == np.float64


def test_dtypeobservation_of_a_multidiscrete_with_a_start() -> None:
    def fits(library: Any) -> bool:
        env = boxed(library)
        env.unwrapped.observation_space = library.spaces.MultiDiscrete([3, 4], start=[5, -5])
        env = library.wrappers.DtypeObservation(env, np.int8)
        return env.reset()[0] in env.observation_space

    assert not fits(gymnasium)
    assert fits(minigym)


def test_new_bounds_that_are_arrays_of_small_integers() -> None:
    def rescaled(library: Any) -> Any:
        env = library.wrappers.RescaleObservation(boxed(library), np.full(2, -100, np.int8), np.full(2, 100, np.int8))
        return env.observation(np.ones(2, np.float32)).tolist()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert rescaled(gymnasium) == [-156, -156]
    assert rescaled(minigym) == [100, 100]


def test_rescaled_integers() -> None:
    def rescaled(library: Any) -> Any:
        env = library.wrappers.RescaleObservation(boxed(library, 0, 255, np.uint8), np.uint8(0), np.uint8(100))
        return env.observation(np.full(2, 255, np.uint8)).tolist()

    assert rescaled(gymnasium) == [0, 0]
    with pytest.raises(minigym.error.InvalidParameter, match="change the dtype first"):
        rescaled(minigym)


def test_rescaled_action_at_the_end_of_its_range() -> None:
    """The reference carries a third of these a last digit beyond the bounds."""

    def stay(library: Any) -> bool:
        inside = []
        for high in range(1, 40):
            env = library.wrappers.RescaleAction(boxed(library, -0.1, high / 7), np.float32(-0.3), np.float32(0.9))
            inside.append(env.action(env.action_space.high) in env.env.action_space)
            inside.append(env.action(env.action_space.low) in env.env.action_space)
        return all(inside)

    assert not stay(gymnasium)
    assert stay(minigym)


def test_function_that_cannot_be_called() -> None:
    for name, arguments, needed in (
        ("TransformReward", ("abs",), "function"),
        ("TransformObservation", (None, None), "function"),
        ("TransformObservation", (abs, "Box"), "minigym.spaces.Space"),
    ):
        getattr(gymnasium.wrappers, name)(gymnasium.make("CartPole-v1"), *arguments)
        with pytest.raises(minigym.error.InvalidParameter, match=f"needs a {needed}"):
            getattr(minigym.wrappers, name)(minigym.make("CartPole-v1"), *arguments)


def test_nan_as_a_bound_of_a_clipreward() -> None:
    gymnasium.wrappers.ClipReward(gymnasium.make("CartPole-v1"), np.nan, 1.0)
    with pytest.raises(minigym.error.InvalidBound, match="min_reward=nan"):
        minigym.wrappers.ClipReward(minigym.make("CartPole-v1"), np.nan, 1.0)


def test_negative_number_of_bins() -> None:
    for bins in (-1, True):
        assert gymnasium.wrappers.DiscretizeObservation(boxed(gymnasium), bins).observation_space.n == 1
        with pytest.raises(minigym.error.InvalidParameter, match="positive integer as bins"):
            minigym.wrappers.DiscretizeObservation(boxed(minigym), bins)


def test_dtype_that_cannot_hold_the_observations() -> None:
    def with_dtype(library: Any, space: Any) -> Any:
        env = boxed(library)
        env.unwrapped.observation_space = space
        return library.wrappers.DtypeObservation(env, np.int8).observation_space

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert with_dtype(gymnasium, gymnasium.spaces.MultiDiscrete([300, 3])).nvec.tolist() == [44, 3]
        high = np.array([np.inf, 1e9], np.float32)
        assert with_dtype(gymnasium, gymnasium.spaces.Box(-high, high)).shape == (2,)
    for space in (minigym.spaces.MultiDiscrete([300, 3]), minigym.spaces.Box(-high, high)):
        with pytest.raises(minigym.error.InvalidBound, match="int8"):
            with_dtype(minigym, space)


def test_range_without_a_width_to_rescale() -> None:
    def rescaled(library: Any) -> Any:
        env = library.wrappers.RescaleObservation(boxed(library, 1.0, 1.0), 0.0, 1.0)
        return env.observation(np.ones(2, np.float32))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(rescaled(gymnasium)).all()
    with pytest.raises(minigym.error.InvalidBound, match="lower bound below"):
        rescaled(minigym)


def test_bool_as_a_time_limit() -> None:
    gymnasium.wrappers.TimeLimit(gymnasium.make("CartPole-v1"), True)
    with pytest.raises(minigym.error.InvalidParameter, match="got True"):
        minigym.wrappers.TimeLimit(minigym.make("CartPole-v1"), True)


def test_unsigned_actions_rescaled_twice() -> None:
    def taken(library: Any) -> list[float]:
        class Listening(library.Env):  # type: ignore[misc,name-defined]  # of either library
            observation_space = library.spaces.Discrete(1)
            action_space = library.spaces.Box(np.array([3], np.uint8), np.array([4], np.uint8), dtype=np.uint8)

            def step(self, action: Any) -> Any:
                self.heard = float(action[0])
                return 0, 0.0, False, False, {}

        base = Listening()
        env = library.wrappers.RescaleAction(library.wrappers.RescaleAction(base, 1, 2), 7, 8)
        heard = []
        for action in (7, 8):
            env.step(np.array([action], np.uint8))
            heard.append(base.heard)
        return heard

    assert taken(gymnasium) == [-253.0, -252.0]
    assert taken(minigym) == [3.0, 4.0]
