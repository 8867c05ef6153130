"""The car: its physics against the reference and against mechanics, and the environment around it."""

import inspect
import math

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.classic_control.mountain_car import MountainCarEnv as ReferenceMountainCar
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.dynamics import mountain_car
from minigym.dynamics.mountain_car import Params
from minigym.dynamics.world import SCALAR_OPS, Ops
from minigym.envs.mountain_car import MountainCarEnv
from tests.strategies import mountain_car_params, mountain_car_states, seeds

NAMES = Params._fields
WALL, TOP = Params().min_position, Params().max_position
actions = st.integers(0, 2)


def step(state, action, params):
    """One step of the dynamics from Python floats."""
    position, velocity = state
    push = (action - 1) * params.force
    return mountain_car.step(position, velocity, push, math.cos(3 * position), params, SCALAR_OPS)


def reference_with(params):
    """Gymnasium's car with other parameters."""
    env = ReferenceMountainCar()
    for name in NAMES:
        setattr(env, name, getattr(params, name))
    return env


def random_states(count):
    """Within the bounds and beyond; a tenth at the wall, and a tenth at the largest speed."""
    rng = np.random.default_rng(0)
    states = rng.uniform((-1.4, -0.1), (0.8, 0.1), (count, 2))
    states[::10, 0] = WALL
    states[5::10, 1] = np.copysign(0.07, states[5::10, 1])
    return states


# The physics --------------------------------------------------------------------------------------------------------


def test_a_step_from_any_state_gives_the_references_bits():
    """20,000 states. That the last bits count: with ``- gravity * cosine`` added before the push, hundreds differ."""
    ours, theirs = MountainCarEnv(), ReferenceMountainCar()
    ours.reset()
    theirs.reset()
    other_order = 0
    for number, state in enumerate(random_states(20_000)):
        action = number % 3
        ours.state = theirs.state = state
        result, expected = ours.step(action), theirs.step(action)
        assert ours.state.tobytes() == np.array(theirs.state, np.float64).tobytes()
        assert result[0].dtype == expected[0].dtype
        assert result[0].tobytes() == expected[0].tobytes()
        assert repr(result[1:]) == repr(expected[1:])
        position, velocity = state.tolist()
        velocity = velocity - 0.0025 * math.cos(3 * position) + (action - 1) * 0.001
        other_order += abs(velocity) < 0.07 and velocity != ours.state[1] != 0
    assert other_order > 100


@given(mountain_car_params, mountain_car_states, st.lists(actions, min_size=1, max_size=8))
def test_any_parameters_as_arguments_and_as_attributes_step_as_the_reference(params, state, chosen):
    theirs = reference_with(params)
    by_argument, by_attribute = MountainCarEnv(**params._asdict()), MountainCarEnv(min_position=-99, max_position=99)
    for name, value in params._asdict().items():
        setattr(by_attribute, name, value)
        assert getattr(by_attribute, name) == getattr(by_argument, name) == value
    for env in (by_argument, by_attribute):
        env.reset()
        env.state = state
    theirs.state = state
    for action in chosen:
        expected, *others = theirs.step(action)
        for env in (by_argument, by_attribute):
            observation, *rest = env.step(action)
            assert env.state.tobytes() == np.array(theirs.state, np.float64).tobytes()
            assert (observation.tobytes(), repr(rest)) == (expected.tobytes(), repr(others))
            assert observation in env.observation_space
    assert by_argument.observation_space == by_attribute.observation_space


@given(mountain_car_params, mountain_car_states, actions)
def test_a_mirrored_valley_gives_the_mirrored_step_but_for_the_wall(params, state, action):
    """sin(3 x) is odd about 0: the car at -x, in the valley whose gravity points up, mirrors the one at x, bit for bit.

    The wall on the left breaks the symmetry, and nothing else does.
    """
    mirrored = params._replace(
        min_position=-params.max_position, max_position=-params.min_position, gravity=-params.gravity
    )
    position, velocity = step(state, action, params)
    other_position, other_velocity = step([-number for number in state], 2 - action, mirrored)
    assert other_position == -position
    if position not in (params.min_position, params.max_position):
        assert other_velocity == -velocity
    elif position == params.min_position:  # the wall stops the car, and the mirrored one has none there
        assert velocity >= 0
        assert other_velocity == -velocity or velocity == 0


def test_without_a_motor_the_energy_stays_within_the_integrators_error():
    """A slope that pulls by -gravity cos(3 x) is that of the potential gravity sin(3 x) / 3.

    The integrator is semi-implicit Euler, which conserves an energy that differs from the true one in the order of a
    step: relative to the energy of the swing by less than the step's share of its period, in radians. Small swings
    about the bottom obey x'' = -3 gravity x, so that share is sqrt(3 gravity), 2 pi / 73.
    """
    params = Params()

    def height(position):
        return params.gravity * math.sin(3 * position) / 3

    state = (-0.9, 0.0)
    total, lowest = height(-0.9), height(-math.pi / 6)
    turns, worst = 0, 0.0
    for _ in range(2000):
        before, state = state, step(state, 1, params)
        turns += before[1] * state[1] < 0
        worst = max(worst, abs(state[1] ** 2 / 2 + height(state[0]) - total))
    assert turns > 40  # it swung, and was never stopped
    assert worst / (total - lowest) < math.sqrt(3 * params.gravity)


@pytest.mark.parametrize("velocity", [-0.05, -1e-9, 0.0, -0.0])
def test_the_wall_stops_the_car_and_nothing_else_does(velocity):
    rolling = Params(gravity=0.0)
    assert step((WALL, velocity), 1, rolling) == (WALL, 0.0)
    assert step((WALL + 1.0, velocity), 1, rolling) == (WALL + 1.0 + velocity, velocity)
    # On the right it stands, its velocity as it was, as in the reference.
    assert step((TOP, -velocity), 1, rolling) == (TOP, -velocity)
    assert step((WALL, 0.01), 1, rolling) == (WALL + 0.01, 0.01)
    assert math.copysign(1, step((WALL, -0.05), 1, rolling)[1]) == 1  # 0, and not -0


@pytest.mark.parametrize("sign", [-1, 1])
def test_speeds_are_clipped_before_the_car_moves(sign):
    rolling = Params(gravity=0.0)
    assert step((-0.5, sign * 0.2), 1, rolling) == (-0.5 + sign * 0.07, sign * 0.07)
    assert step((-0.5, sign * 0.0695), 1 + sign, rolling) == (-0.5 + sign * 0.07, sign * 0.07)
    assert step((-0.5, sign * 0.0685), 1 + sign, rolling)[1] == sign * 0.0685 + sign * 0.001


@pytest.mark.parametrize(
    ("position", "velocity", "expected"),
    [
        (0.5, 0.0, True),
        (0.5, -0.0, True),
        (math.nextafter(0.5, 0), 0.07, False),
        (0.6, 0.0, True),
        (0.6, -1e-300, False),
        (0.5, 0.07, True),
    ],
)
def test_the_goal_is_reached_at_its_position_with_its_velocity_or_more(position, velocity, expected):
    assert mountain_car.reached(position, velocity, Params()) is expected
    fast = Params(goal_velocity=0.02)
    assert mountain_car.reached(position, 0.02, fast) is (position >= 0.5)
    assert mountain_car.reached(position, math.nextafter(0.02, 0), fast) is False


def test_the_classic_parameters():
    """Gymnasium's."""
    theirs = ReferenceMountainCar()
    assert Params()._asdict() == {name: getattr(theirs, name) for name in NAMES}


# The world, for the batch engines -----------------------------------------------------------------------------------


def compiled_by_hand():
    """The functions compiled by Numba, as an engine does it: with its own ops, and what they call compiled first."""
    numba = pytest.importorskip("numba")
    jit = numba.njit(error_model="numpy")
    ops = Ops(
        sin=jit(lambda x: math.sin(x)),  # noqa: PLW0108  # Numba compiles functions of Python's alone
        cos=jit(lambda x: math.cos(x)),  # noqa: PLW0108
        where=jit(lambda condition, if_true, if_false: if_true if condition else if_false),
        search=jit(lambda values, x: 0),
    )

    def compile(function):
        copy = type(function)(function.__code__, dict(function.__globals__), function.__name__)
        for name in ("step", "reached"):
            copy.__globals__[name] = jit(function.__globals__[name])
        return jit(copy)

    return ops, compile


ARRAY_OPS = Ops(sin=np.sin, cos=np.cos, where=np.where, search=None)


@given(mountain_car_params)
def test_scalars_and_arrays_agree_bit_for_bit(params):
    """One function object serves all; NumPy's cosines may differ in the last bit elsewhere (see test_cart_pole.py)."""
    world = mountain_car.world(params)
    states, chosen = random_states(500), np.arange(500) % 3
    columns = tuple(states.T)
    values = world.prepare(columns, params, ARRAY_OPS)
    (position, velocity), reward, terminated, infos = world.transition(columns, chosen, values, (), params, ARRAY_OPS)
    env = MountainCarEnv(**params._asdict())
    env.reset()
    for number, state in enumerate(states):
        env.state = state
        _, expected_reward, expected_end, _, _ = env.step(number % 3)
        assert env.state.tolist() == [position[number], velocity[number]]
        assert (expected_reward, expected_end) == (reward, terminated[number])
    assert infos == ()


def test_the_functions_compile_with_numba_and_give_the_same_bits():
    ops, compile = compiled_by_hand()
    world = mountain_car.world(Params())
    start, prepare, transition = compile(world.start), compile(world.prepare), compile(world.transition)
    assert start((0.25,), -0.6, -0.4, Params(), ops) == world.start((0.25,), -0.6, -0.4, Params(), SCALAR_OPS)
    for number, state in enumerate(map(tuple, random_states(2_000).tolist())):
        values = prepare(state, Params(), ops)
        assert values == world.prepare(state, Params(), SCALAR_OPS)
        result = transition(state, number % 3, values, (), Params(), ops)
        assert result == world.transition(state, number % 3, values, (), Params(), SCALAR_OPS)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_the_world_takes_actions_of_any_integer_dtype(dtype):
    """(action - 1) of an unsigned 0 would wrap."""
    world = mountain_car.world(Params())
    state = (np.full(3, -0.5), np.zeros(3))
    values = world.prepare(state, Params(), ARRAY_OPS)
    (_, velocity), *_ = world.transition(state, np.arange(3, dtype=dtype), values, (), Params(), ARRAY_OPS)
    assert velocity.tolist() == [step((-0.5, 0.0), action, Params())[1] for action in range(3)]


@given(seeds, st.floats(-1, 1), st.floats(-1, 1))
def test_the_world_starts_where_the_environment_does(seed, one, other):
    low, high = min(one, other), max(one, other)
    env = MountainCarEnv()
    env.reset(seed=seed, options={"low": low, "high": high})
    uniforms = minigym.seeding.np_random(seed)[0].random(1)
    world = env.world
    assert world.start((uniforms[0],), low, high, Params(), SCALAR_OPS) == tuple(env.state)
    position, velocity = world.start((np.array([uniforms[0]] * 2),), low, high, Params(), ARRAY_OPS)
    assert position.tolist() == [env.state[0]] * 2
    assert velocity.tolist() == [0.0, 0.0]  # one for each lane
    assert world.start_bounds == (-0.6, -0.4)
    assert (world.start_draws, world.state_size, world.step_draws) == (1, 2, 0)


def test_the_world_has_the_environments_parameters_and_bounds():
    env = MountainCarEnv(goal_velocity=0.01, max_speed=0.1)
    world = env.world
    assert world.params == Params(goal_velocity=0.01, max_speed=0.1)
    bounds = np.array(world.observation_bounds(world.params), np.float32)
    assert bounds.tolist() == [env.observation_space.low.tolist(), env.observation_space.high.tolist()]
    with pytest.raises(error.InvalidParameter, match="force"):
        world.check_params(world.params._replace(force=-1))
    env.gravity = 0.002
    assert env.world.params.gravity == 0.002


# Parameters of the environment --------------------------------------------------------------------------------------

# From where the step tells a parameter from the doubled one.
TELLING = {
    "min_position": (-1.3, 0.0),
    "max_position": (0.59, 0.05),
    "max_speed": (-0.5, 0.2),
    "goal_position": (0.55, 0.01),
    "goal_velocity": (0.55, 0.01),
    "force": (-0.5, 0.0),
    "gravity": (-0.2, 0.0),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_set_in_mid_episode_takes_effect_at_the_next_step(name):
    def outcome(env):
        env.reset()
        env.state = TELLING[name]
        _, _, terminated, *_ = env.step(2)
        return terminated, env.state.tolist()

    env = MountainCarEnv()
    before = outcome(env)
    value = 2 * getattr(env, name) or 0.03
    setattr(env, name, value)
    assert outcome(env) != before
    assert outcome(env) == outcome(MountainCarEnv(**{name: value}))


def test_the_observation_space_follows_the_limits():
    env = MountainCarEnv()
    reference = ReferenceMountainCar().observation_space
    assert str(env.observation_space) == str(reference)
    assert env.observation_space.high.tobytes() == reference.high.tobytes()
    assert env.observation_space.low.tobytes() == reference.low.tobytes()
    env.max_position = 2
    env.max_speed = 0.5
    assert env.observation_space.high.tolist() == [2, 0.5]
    assert env.observation_space.low.tolist() == [np.float32(-1.2), -0.5]
    assert MountainCarEnv(max_position=2, max_speed=0.5).observation_space == env.observation_space


def assert_refused(name, value, match=None):
    with pytest.raises(error.InvalidParameter, match=match or f"^{name} must be"):
        MountainCarEnv(**{name: value})
    env = MountainCarEnv()
    with pytest.raises(error.InvalidParameter, match=match or f"^{name} must be"):
        setattr(env, name, value)
    assert getattr(env, name) == getattr(Params(), name)  # nothing has changed


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "light", "1.6", True, None, [1.0, 2.0]])
def test_a_parameter_that_is_no_finite_number_is_refused(name, value):
    assert_refused(name, value)


def test_what_no_such_car_can_have_is_refused():
    assert_refused("max_speed", 0)
    assert_refused("max_speed", -0.07)
    assert_refused("force", -0.001)
    assert MountainCarEnv(force=0).force == 0
    assert MountainCarEnv(gravity=-0.0025).gravity == -0.0025
    assert MountainCarEnv(goal_position=9, goal_velocity=-1).goal_position == 9
    for name, value in (("min_position", 0.6), ("min_position", 7), ("max_position", -1.2), ("max_position", -2)):
        assert_refused(name, value, match="min_position must be below max_position")


def test_a_parameter_is_kept_as_a_float():
    assert type(MountainCarEnv(goal_velocity=np.float32(0.5)).goal_velocity) is float
    assert type(MountainCarEnv(goal_velocity=0).goal_velocity) is float


# Episodes -----------------------------------------------------------------------------------------------------------


def test_the_goldens():
    """Written down from Gymnasium 1.3.0, to the eight digits that NumPy prints; test_reference.py has every bit."""
    env = minigym.make("MountainCar-v0")
    observation, info = env.reset(seed=0)
    assert observation.dtype == np.float32
    assert str(observation) == "[-0.47260767  0.        ]"
    assert info == {}
    observation, *rest = env.step(0)
    assert observation.dtype == np.float32
    assert str(observation) == "[-0.4739886  -0.00138094]"
    assert rest == [-1.0, False, False, {}]


@given(seeds, st.none() | st.fixed_dictionaries({"low": st.floats(-1.3, -0.5), "high": st.floats(-0.5, 0.7)}))
def test_a_reset_draws_one_number_within_its_bounds_as_the_reference_does(seed, options):
    env, theirs = MountainCarEnv(), ReferenceMountainCar()
    observation, _ = env.reset(seed=seed, options=options)
    expected, _ = theirs.reset(seed=seed, options=options)
    assert (observation.dtype, observation.tobytes()) == (expected.dtype, expected.tobytes())
    assert env.state.tobytes() == theirs.state.tobytes()
    low, high = (options["low"], options["high"]) if options else (-0.6, -0.4)
    assert low <= env.state[0] <= high
    assert env.np_random.bit_generator.state == theirs.np_random.bit_generator.state
    one = minigym.seeding.np_random(seed)[0]
    one.random()
    assert env.np_random.bit_generator.state == one.bit_generator.state


@pytest.mark.parametrize("options", [{}, {"low": -0.5}, {"high": -0.5}, {"low": np.float32(-0.5)}, {"x_init": 1}])
def test_a_reset_with_some_bounds_takes_the_others_default(options):
    env, theirs = MountainCarEnv(), ReferenceMountainCar()
    assert env.reset(seed=1, options=options)[0].tolist() == theirs.reset(seed=1, options=options)[0].tolist()


@pytest.mark.parametrize(
    "options", [{"low": 0.1, "high": -0.1}, {"low": -0.3}, {"low": "a"}, {"high": None}, {"high": math.inf}]
)
def test_impossible_bounds_of_a_reset_are_refused_and_nothing_has_moved(options):
    env = MountainCarEnv()
    env.reset(seed=3)
    state, generator = env.state.tolist(), env.np_random.bit_generator.state
    with pytest.raises(error.InvalidBound, match="options"):
        env.reset(seed=4, options=options)
    assert env.state.tolist() == state
    assert env.np_random.bit_generator.state == generator


@pytest.mark.parametrize("action", [-1, 3, 1.0, "left", None, np.array([1]), np.int64(3)])
def test_a_wrong_action_is_refused_and_nothing_has_moved(action):
    env = MountainCarEnv()
    env.reset(seed=0)
    before = env.state.tolist()
    with pytest.raises(error.InvalidAction):
        env.step(action)
    assert env.state.tolist() == before


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint32, np.int64])
def test_an_action_may_have_any_integer_dtype(dtype):
    for action in range(3):
        expected = step((-0.5, 0.01), action, Params())
        for same in (dtype(action), np.array(action, dtype)):
            env = MountainCarEnv()
            env.reset()
            env.state = (-0.5, 0.01)
            env.step(same)
            assert tuple(env.state) == expected


def test_a_step_needs_a_reset():
    with pytest.raises(error.ResetNeeded, match="call reset"):
        MountainCarEnv().step(0)
    with pytest.raises(error.ResetNeeded, match="call reset"):
        MountainCarEnv(render_mode="rgb_array").render()


def test_swinging_up_reaches_the_goal_and_full_throttle_does_not():
    """What makes the problem one: the motor alone is too weak."""
    ends = {}
    for name, policy in (("swing", lambda velocity: 2 * int(velocity >= 0)), ("throttle", lambda velocity: 2)):
        env = minigym.make("MountainCar-v0")
        env.reset(seed=0)
        rewards, done = [], False
        while not done:
            _, reward, terminated, truncated, _ = env.step(policy(env.unwrapped.state[1]))
            rewards.append(reward)
            done = terminated or truncated
        assert rewards == [-1.0] * len(rewards)
        assert all(type(reward) is float for reward in rewards)
        ends[name] = (terminated, truncated, len(rewards))
    assert ends["swing"][:2] == (True, False)
    assert ends["swing"][2] < 130
    assert ends["throttle"] == (False, True, 200)


@pytest.mark.parametrize("goal_velocity", [-1.0, 0, 0.02, 0.07, 0.08])
def test_steps_after_the_end_go_on_as_in_the_reference(goal_velocity):
    env, theirs = MountainCarEnv(goal_velocity=goal_velocity), ReferenceMountainCar(goal_velocity=goal_velocity)
    ends = []
    for seed in range(3):
        env.reset(seed=seed)
        theirs.reset(seed=seed)
        for number in range(400):
            action = 2 * int(env.state[1] >= 0) if number < 200 else 0
            result, expected = env.step(action), theirs.step(action)
            assert result[0].tobytes() == expected[0].tobytes()
            assert repr(result[1:]) == repr(expected[1:])
            ends.append(result[2])
    assert any(ends) == (goal_velocity <= 0.07)
    if any(ends):
        assert not ends[-1]  # it rolled back


def test_the_state_is_a_read_only_copy_in_float64():
    env = MountainCarEnv()
    assert env.state is None
    observation, _ = env.reset(seed=0)
    state = env.state
    assert (state.dtype, state.shape) == (np.float64, (2,))
    assert state.astype(np.float32).tolist() == observation.tolist()
    with pytest.raises(ValueError, match="read-only"):
        state[0] = 1
    before = state.tolist()
    env.step(1)
    assert state.tolist() == before
    env.state = [-1, 0]
    assert env.step(2)[0].tolist() == np.array(step((-1.0, 0.0), 2, Params()), np.float32).tolist()


def test_setting_the_state_to_anything_but_two_numbers_is_refused():
    env = MountainCarEnv()
    env.reset(seed=0)
    before = env.state.tolist()
    for state, message in (
        ([0] * 1, "expected 2 finite numbers"),
        ([0] * 3, "expected 2 finite numbers"),
        ([0, np.inf], "expected 2 finite numbers"),
        ([np.nan, 0], "expected 2 finite numbers"),
        (["a", 0], "'a'"),
    ):
        with pytest.raises(ValueError, match=message):
            env.state = state
    assert env.state.tolist() == before


def test_the_arguments_begin_in_the_references_order_and_make_passes_them_on():
    ours, theirs = (list(inspect.signature(kind).parameters) for kind in (MountainCarEnv, ReferenceMountainCar))
    assert ours[: len(theirs)] == theirs
    assert sorted(ours[1:]) == sorted(NAMES)
    env = minigym.make("MountainCar-v0", goal_velocity=0.02, gravity=0.002)
    assert (env.unwrapped.goal_velocity, env.unwrapped.gravity) == (0.02, 0.002)
    spec = minigym.make("MountainCar-v0", goal_velocity=0.02).spec
    assert spec.kwargs == gymnasium.make("MountainCar-v0", goal_velocity=0.02).spec.kwargs


def test_what_is_drawn_is_the_state_and_the_last_push():
    env = MountainCarEnv(render_mode="rgb_array", goal_position=-0.45)
    for _ in range(2):  # the second episode begins without the arrow of the first
        env.reset(seed=0)
        for action in (None, 0, 1, 2):
            if action is not None:
                env.step(action)
            expected = minigym.render.mountain_car_frame(*env.state, Params(goal_position=-0.45), action)
            assert np.array_equal(env.render(), expected)


def test_a_window_is_shown_at_each_reset_and_step(monkeypatch):
    shown = []
    monkeypatch.setattr("minigym.render.window.Window.show", lambda window, frame: shown.append(frame))
    env = minigym.make("MountainCar-v0", render_mode="human")
    env.reset(seed=0)
    env.step(2)
    env.step(1)
    assert len(shown) == 3
    env.close()
