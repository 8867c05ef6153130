"""The pole: its physics against independent mechanics, and the environment around it."""

import math
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.classic_control.cartpole import CartPoleEnv as ReferenceCartPole
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.dynamics import cart_pole
from minigym.dynamics.cart_pole import Params
from minigym.envs.cart_pole import CartPoleEnv
from tests.strategies import cart_pole_params, cart_pole_states, seeds

EPS = np.finfo(float).eps
forces = st.floats(-100, 100)
actions = st.integers(0, 1)


def step(state, force, params):
    """One step of the dynamics from Python floats."""
    return cart_pole.step(*state, force, math.sin(state[2]), math.cos(state[2]), params)


# The physics --------------------------------------------------------------------------------------------------------


def equations_of_motion(state, force, params):
    """The 2x2 system whose solution is (acceleration of the cart, angular acceleration of the pole): its matrix, its
    right side, and the sum of the sizes of the terms on the right side, which may cancel.

    A cart of mass M at x, a uniform rod of mass m and length 2 l hinged on it, at the angle theta from upright. Its
    centre of mass is at (x + l sin theta, l cos theta), and its moment of inertia about that is m (2 l)^2 / 12 =
    m l^2 / 3. The Lagrangian, kinetic minus potential energy, is

        L = (M + m) x'^2 / 2 + m l cos(theta) x' theta' + (m l^2 + m l^2 / 3) theta'^2 / 2 - m g l cos(theta),

    and d/dt (dL/dq') - dL/dq = (the force on q), for q = x and q = theta, gives

        (M + m)          x'' + m l cos(theta)  theta'' = F + m l sin(theta) theta'^2
        m l cos(theta)   x'' + (4/3) m l^2     theta'' = m g l sin(theta).

    The 4/3 is the uniform rod: a mass point at the end of a massless rod of length l would have 1.
    """
    _, _, theta, theta_dot = state
    m, half_length = params.masspole, params.length
    coupling = m * half_length * np.cos(theta)
    mass_matrix = np.array([[params.masscart + m, coupling], [coupling, 4 / 3 * m * half_length**2]])
    centrifugal = m * half_length * np.sin(theta) * theta_dot**2
    weight = m * params.gravity * half_length * np.sin(theta)
    return mass_matrix, np.array([force + centrifugal, weight]), abs(force) + abs(centrifugal) + abs(weight)


@given(cart_pole_states, forces, cart_pole_params)
def test_a_step_solves_the_equations_of_motion(state, force, params):
    """Within what rounding explains: a solution of A a = b moves by ||A^-1|| (||A|| ||a|| + ||b||) eps for rounding
    errors of one eps in A and in each term of b; 64 of them leave room for both ways of computing.
    """
    mass_matrix, right_side, size_of_terms = equations_of_motion(state, force, params)
    accelerations = np.linalg.solve(mass_matrix, right_side)
    size = np.linalg.norm(mass_matrix) * np.linalg.norm(accelerations) + size_of_terms
    tolerance = 64 * EPS * np.linalg.norm(np.linalg.inv(mass_matrix)) * size

    x, x_dot, theta, theta_dot = state
    tau = params.tau
    new_x_dot, new_theta_dot = x_dot + tau * accelerations[0], theta_dot + tau * accelerations[1]
    moves = (new_x_dot, new_theta_dot) if params.semi_implicit else (x_dot, theta_dot)
    expected = [x + tau * moves[0], new_x_dot, theta + tau * moves[1], new_theta_dot]
    errors = np.abs(np.subtract(step(state, force, params), expected))
    rounding = 4 * EPS * np.abs([x, x_dot, theta, theta_dot]) + 4 * EPS * np.abs(expected)
    assert (errors <= tau * tolerance + rounding).all(), errors


@given(cart_pole_states, forces, cart_pole_params)
def test_a_mirrored_state_and_force_give_the_mirrored_result_bit_for_bit(state, force, params):
    mirrored = step([-number for number in state], -force, params)
    assert [-number for number in mirrored] == list(step(state, force, params))


@given(cart_pole_states, forces, cart_pole_params, st.floats(-100, 100))
def test_where_the_cart_stands_changes_no_velocity_and_no_angle(state, force, params, x):
    assert step((x, *state[1:]), force, params)[1:] == step(state, force, params)[1:]


def energy(state, params):
    """Kinetic and potential, of the Lagrangian in ``equations_of_motion``."""
    _, x_dot, theta, theta_dot = state
    m, half_length = params.masspole, params.length
    kinetic = (params.masscart + m) * x_dot**2 / 2 + m * half_length * math.cos(theta) * x_dot * theta_dot
    kinetic += 2 / 3 * m * half_length**2 * theta_dot**2
    return kinetic + m * params.gravity * half_length * math.cos(theta)


@pytest.mark.parametrize("integrator", ["euler", "semi-implicit"])
@pytest.mark.parametrize("start", [(0, 0.3, 0.1, -0.2), (1, 0, 1.2, 0.5), (-1, 1, 2.5, -3)])
def test_without_a_force_the_energy_error_shrinks_linearly_with_tau(start, integrator):
    """Both integrators are of first order. After one second the error is c tau + O(tau^2), so halving tau halves it
    but for a remainder that is halved as well.
    """
    errors = []
    for halvings in range(3):
        params = Params(tau=1e-3 / 2**halvings, semi_implicit=integrator == "semi-implicit")
        state = start
        for _ in range(1000 * 2**halvings):
            state = step(state, 0.0, params)
        errors.append(energy(state, params) - energy(start, params))
    first, second = errors[0] / errors[1], errors[1] / errors[2]
    assert first == pytest.approx(2, abs=0.1)
    assert abs(second - 2) <= 0.6 * abs(first - 2) + 1e-3


def test_the_integrators_differ_in_which_velocities_move_the_positions():
    state, params = (0.1, 1.0, 0.05, -0.5), Params()
    euler, semi = step(state, 10.0, params), step(state, 10.0, params._replace(semi_implicit=True))
    assert (euler[1], euler[3]) == (semi[1], semi[3])
    assert (euler[0], euler[2]) == (0.1 + 0.02 * 1.0, 0.05 + 0.02 * -0.5)
    assert (semi[0], semi[2]) == (0.1 + 0.02 * semi[1], 0.05 + 0.02 * semi[3])


def random_states(count):
    rng = np.random.default_rng(0)
    return rng.uniform((-5, -10, -np.pi, -10), (5, 10, np.pi, 10), (count, 4))


@pytest.mark.parametrize("semi_implicit", [False, True])
def test_arrays_give_the_same_bits_as_floats(semi_implicit):
    """One function object serves both; the sines are the same numbers here."""
    params = Params(semi_implicit=semi_implicit)
    states = random_states(10_000)
    forces = np.where(states[:, 3] > 0, 10.0, -10.0)
    sines, cosines = np.sin(states[:, 2]), np.cos(states[:, 2])
    batch = cart_pole.step(*states.T, forces, sines, cosines, params)
    each = zip(states.tolist(), forces.tolist(), sines.tolist(), cosines.tolist(), strict=True)
    alone = [cart_pole.step(*state, force, sine, cosine, params) for state, force, sine, cosine in each]
    assert np.array_equal(np.transpose(batch), alone)
    failed = cart_pole.failed(batch[0], batch[2], params)
    assert failed.tolist() == [cart_pole.failed(state[0], state[2], params) for state in alone]
    assert 0 < failed.sum() < len(failed)


def test_numpys_sine_and_cosine_give_the_same_bits_as_maths():
    """On this holds that the environment, which uses ``math``, equals the reference, which uses NumPy, and the batch
    engine. It may fail on another platform or with another NumPy, whose sines may differ in the last bit.
    """
    angles = np.concatenate([random_states(100_000)[:, 2], np.linspace(-0.25, 0.25, 10_001)])
    assert np.sin(angles).tolist() == [math.sin(angle) for angle in angles.tolist()]
    assert np.cos(angles).tolist() == [math.cos(angle) for angle in angles.tolist()]
    # A single np.float64, as in the reference, goes another way through NumPy than an array.
    assert all(np.sin(angle) == math.sin(angle) for angle in angles[:20_000])
    assert all(np.cos(angle) == math.cos(angle) for angle in angles[:20_000])


def test_a_step_from_any_state_gives_the_references_bits():
    """20,000 states, since some mistakes are rare: ``v ** 2`` differs from ``v * v`` in fewer than one in 1,000, and in
    the result only where the pole turns so fast that this term is not the smallest.
    """
    ours, theirs = CartPoleEnv(), ReferenceCartPole()
    ours.reset()
    theirs.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # most of these states lie beyond the end
        for number, state in enumerate(random_states(20_000) * (1, 1, 1, 100)):
            ours.state = theirs.state = state
            observation, expected = ours.step(number % 2)[0], theirs.step(number % 2)[0]
            assert ours.state.tobytes() == theirs.state.tobytes()
            assert (observation.dtype, observation.tobytes()) == (expected.dtype, expected.tobytes())


@pytest.mark.parametrize("size", [1e-46, 1e-40, 1e38, 3.4028235e38, 3.4028236e38, 1e39, 1e300])
def test_states_at_the_ends_of_float32_are_observed_as_in_the_reference(size):
    observed = []
    for env in (CartPoleEnv(), ReferenceCartPole()):
        env.force_mag = 0
        env.reset()
        env.state = np.array([size, 0.0, 0.0, -0.0])
        with np.errstate(over="ignore"):  # the reference warns where float32 overflows
            observed.append(env.step(1)[0].tobytes())
    assert observed[0] == observed[1]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_state_exactly_on_a_limit_has_not_failed(sign):
    params = Params()
    x, theta = params.x_threshold, params.theta_threshold_radians
    assert not cart_pole.failed(sign * x, sign * theta, params)
    assert cart_pole.failed(sign * math.nextafter(x, 9), 0.0, params)
    assert cart_pole.failed(0.0, sign * math.nextafter(theta, 9), params)


def test_the_classic_parameters():
    """Gymnasium's; the last bit of the angle is that of 12 * 2 * pi / 360."""
    expected = (9.8, 1.0, 0.1, 0.5, 10.0, 0.02, 12 * 2 * math.pi / 360, 2.4, False)
    assert tuple(Params()) == expected


# Parameters of the environment --------------------------------------------------------------------------------------

NAMES = [name for name in Params._fields if name != "semi_implicit"]


def reference_with(params):
    """Gymnasium's pole with other parameters, its derived constants brought up to date by hand."""
    env = ReferenceCartPole()
    for name in NAMES:
        setattr(env, name, getattr(params, name))
    env.total_mass = env.masspole + env.masscart
    env.polemass_length = env.masspole * env.length
    env.kinematics_integrator = "semi-implicit" if params.semi_implicit else "euler"
    return env


def arguments_of(params):
    arguments = {name: getattr(params, name) for name in NAMES}
    return {**arguments, "kinematics_integrator": "semi-implicit" if params.semi_implicit else "euler"}


@given(cart_pole_params, cart_pole_states, st.lists(actions, min_size=1, max_size=5))
def test_any_parameters_as_arguments_and_as_attributes_step_as_the_reference(params, state, chosen):
    theirs = reference_with(params)
    by_argument = CartPoleEnv(**arguments_of(params))
    by_attribute = CartPoleEnv()
    for name, value in arguments_of(params).items():
        setattr(by_attribute, name, value)
        assert getattr(by_attribute, name) == getattr(by_argument, name) == value
    for action in chosen:
        theirs.reset()  # what comes after the end is not what this test is about
        theirs.state = np.array(state)
        expected, _, terminated, *_ = theirs.step(action)
        for env in (by_argument, by_attribute):
            env.reset()
            env.state = state
            observation, _, ours_terminated, *_ = env.step(action)
            assert env.state.tolist() == theirs.state.tolist()
            assert (observation.tolist(), ours_terminated) == (expected.tolist(), terminated)
        state = theirs.state
    assert by_argument.observation_space == by_attribute.observation_space


# Where the step from each state ends within the limits, but for the limit that is to be widened.
WITHIN, BEYOND_X, BEYOND_THETA = (0.1, 0.9, 0.1, 0.45), (2.5, 0.9, 0.1, 0.45), (0.1, 0.9, 0.3, 0.45)


@pytest.mark.parametrize(
    ("name", "state"),
    [(name, {"x_threshold": BEYOND_X, "theta_threshold_radians": BEYOND_THETA}.get(name, WITHIN)) for name in NAMES],
)
def test_a_parameter_set_in_mid_episode_takes_effect_at_the_next_step(name, state):
    """No constant is derived once and then stale."""

    def outcome(env):
        env.reset()
        env.state = state
        _, _, terminated, *_ = env.step(1)
        return terminated, env.state.tolist()

    env = CartPoleEnv()
    before = outcome(env)
    value = 2 * getattr(env, name)
    setattr(env, name, value)
    assert outcome(env) != before
    assert outcome(env) == outcome(CartPoleEnv(**{name: value}))


def test_the_observation_space_follows_the_limits():
    env = CartPoleEnv()
    reference = ReferenceCartPole().observation_space
    assert str(env.observation_space) == str(reference)
    assert env.observation_space.high.tobytes() == reference.high.tobytes()
    assert env.observation_space.low.tobytes() == reference.low.tobytes()
    env.x_threshold = 5
    env.theta_threshold_radians = 0.5
    assert env.observation_space.high.tolist() == [10, math.inf, 1, math.inf]
    assert env.observation_space.low.tolist() == [-10, -math.inf, -1, -math.inf]
    assert CartPoleEnv(x_threshold=5, theta_threshold_radians=0.5).observation_space == env.observation_space
    wrapped = minigym.make("CartPole-v1")
    wrapped.unwrapped.x_threshold = 5
    assert wrapped.observation_space.high[0] == 10


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "light", None, [1.0, 2.0]])
def test_a_parameter_that_is_no_finite_number_is_refused(name, value):
    assert_refused(name, value)


def assert_refused(name, value):
    with pytest.raises(error.InvalidParameter, match=f"^{name} must be"):
        CartPoleEnv(**{name: value})
    env = CartPoleEnv()
    with pytest.raises(error.InvalidParameter, match=f"^{name} must be"):
        setattr(env, name, value)
    assert getattr(env, name) == getattr(Params(), name)  # nothing has changed


@pytest.mark.parametrize("value", [0, -1, -0.0])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("gravity", "force_mag")])
def test_a_mass_a_length_a_time_step_or_a_limit_must_be_above_0(name, value):
    assert_refused(name, value)


def test_a_force_must_not_be_negative_and_gravity_may_be():
    assert_refused("force_mag", -0.5)
    assert CartPoleEnv(force_mag=0).force_mag == 0
    assert CartPoleEnv(gravity=0).gravity == 0
    assert CartPoleEnv(gravity=-1.6).gravity == -1.6


def test_a_parameter_is_kept_as_a_float():
    assert type(CartPoleEnv(gravity=np.float32(2)).gravity) is float
    assert type(CartPoleEnv(gravity=2).gravity) is float


@pytest.mark.parametrize("name", ["Euler", "semi_implicit", "rk4", None, 1])
def test_an_unknown_integrator_is_refused(name):
    with pytest.raises(error.InvalidParameter, match="'euler' or 'semi-implicit'"):
        CartPoleEnv(kinematics_integrator=name)
    env = CartPoleEnv()
    with pytest.raises(error.InvalidParameter, match="'euler' or 'semi-implicit'"):
        env.kinematics_integrator = name
    assert env.kinematics_integrator == "euler"


# Episodes -----------------------------------------------------------------------------------------------------------


def test_the_goldens():
    """Written down from Gymnasium 1.3.0, to the eight digits that NumPy prints; test_reference.py has every bit."""
    env = minigym.make("CartPole-v1")
    observation, info = env.reset(seed=0)
    assert observation.dtype == np.float32
    assert str(observation) == "[ 0.01369617 -0.02302133 -0.04590265 -0.04834723]"
    assert info == {}
    observation, *rest = env.step(0)
    assert observation.dtype == np.float32
    assert str(observation) == "[ 0.01323574 -0.21745604 -0.04686959  0.22950698]"
    assert rest == [1.0, False, False, {}]


@given(seeds, st.floats(-1, 1), st.floats(-1, 1))
def test_a_reset_draws_within_its_bounds_as_the_reference_does(seed, one, other):
    options = {"low": min(one, other), "high": max(one, other)}
    env, theirs = CartPoleEnv(), ReferenceCartPole()
    observation, _ = env.reset(seed=seed, options=options)
    expected, _ = theirs.reset(seed=seed, options=options)
    assert observation.tolist() == expected.tolist()
    assert env.state.tolist() == theirs.state.tolist()
    assert ((options["low"] <= env.state) & (env.state <= options["high"])).all()


@pytest.mark.parametrize(
    "options", [None, {}, {"low": -0.01}, {"high": 0.01}, {"low": np.float32(-0.02)}, {"other": 1}]
)
def test_a_reset_with_some_bounds_takes_the_others_default(options):
    env, theirs = CartPoleEnv(), ReferenceCartPole()
    assert env.reset(seed=1, options=options)[0].tolist() == theirs.reset(seed=1, options=options)[0].tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"low": 0.1, "high": -0.1},
        {"low": 0.06},  # above the default high
        {"low": "a"},
        {"high": None},
        {"low": [0, 0]},
        {"low": math.nan},
        {"high": math.nan},
        {"high": math.inf},
        {"low": -math.inf},
    ],
)
def test_impossible_bounds_of_a_reset_are_refused_and_nothing_has_moved(options):
    env = CartPoleEnv()
    env.reset(seed=3)
    state, generator = env.state.tolist(), env.np_random.bit_generator.state
    with pytest.raises(error.InvalidBound, match="options") as refused:
        env.reset(seed=4, options=options)
    assert isinstance(refused.value, ValueError)
    assert env.state.tolist() == state
    assert env.np_random.bit_generator.state == generator


def to_the_end(env):
    """Push to the right until the pole has fallen; all rewards."""
    rewards = []
    terminated = False
    while not terminated:
        _, reward, terminated, _, _ = env.step(1)
        rewards.append(reward)
    return rewards


def test_every_step_is_worth_1_the_failing_one_included():
    env = CartPoleEnv()
    env.reset(seed=0)
    rewards = to_the_end(env)
    assert rewards == [1.0] * len(rewards)
    assert all(type(reward) is float for reward in rewards)


def test_sutton_and_bartos_reward_is_minus_1_for_failing():
    env = CartPoleEnv(sutton_barto_reward=True)
    env.reset(seed=0)
    rewards = to_the_end(env)
    assert rewards == [0.0] * (len(rewards) - 1) + [-1.0]
    assert all(type(reward) is float for reward in rewards)


@pytest.mark.parametrize(("sutton_barto_reward", "afterwards"), [(False, 0.0), (True, -1.0)])
def test_steps_after_the_end_give_no_reward_and_exactly_one_warning(sutton_barto_reward, afterwards):
    env = CartPoleEnv(sutton_barto_reward)
    for seed in range(2):  # the second episode warns again
        env.reset(seed=seed)
        to_the_end(env)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            later = [env.step(1) for _ in range(5)]
        assert [reward for _, reward, *_ in later] == [afterwards] * 5
        assert all(terminated for _, _, terminated, *_ in later)
        assert [warning.category for warning in caught] == [UserWarning]
        assert "reset()" in str(caught[0].message)
        assert caught[0].filename == __file__


@pytest.mark.parametrize("sutton_barto_reward", [False, True])
def test_a_pole_that_is_caught_again_after_the_end_goes_on_as_in_the_reference(sutton_barto_reward):
    env, theirs = CartPoleEnv(sutton_barto_reward), ReferenceCartPole(sutton_barto_reward)
    env.reset()
    theirs.reset()
    rng = np.random.default_rng(0)
    rewards = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(50):
            state = rng.uniform(-1, 1, 4) * (3, 1, 0.3, 1)  # within the limits, and beyond
            env.state = theirs.state = state
            ours, expected = env.step(0), theirs.step(0)
            assert ours[1:] == expected[1:]
            rewards.add((ours[1], ours[2]))
    assert len(rewards) == (2 if sutton_barto_reward else 3)


@pytest.mark.parametrize("index", [0, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_episode_ends_only_strictly_beyond_a_limit(index, sign):
    """A velocity of 0 leaves the position where it was set (Euler), so the step lands exactly on the limit."""
    env = CartPoleEnv()
    env.reset()
    limit = (env.x_threshold, 0, env.theta_threshold_radians)[index]
    for position, expected in ((limit, False), (math.nextafter(limit, 9), True)):
        state = [0.0] * 4
        state[index] = sign * position
        env.state = state
        assert env.step(0)[2] is expected


def test_the_state_is_a_read_only_copy_in_float64():
    env = CartPoleEnv()
    assert env.state is None
    observation, _ = env.reset(seed=0)
    state = env.state
    assert (state.dtype, state.shape) == (np.float64, (4,))
    assert state.astype(np.float32).tolist() == observation.tolist()
    with pytest.raises(ValueError, match="read-only"):
        state[0] = 1
    before = state.tolist()
    env.step(1)
    assert state.tolist() == before
    env.state = [0, 1, 0, 0]
    assert env.step(1)[0][0] == np.float32(0.02)


def test_setting_the_state_to_anything_but_four_numbers_is_refused():
    env = CartPoleEnv()
    env.reset(seed=0)
    before = env.state.tolist()
    for state, message in (
        ([0] * 3, "expected 4 finite numbers"),
        ([0] * 5, "expected 4 finite numbers"),
        ([0, 0, np.inf, 0], "expected 4 finite numbers"),
        (["a", 0, 0, 0], "'a'"),
    ):
        with pytest.raises(ValueError, match=message):
            env.state = state
    assert env.state.tolist() == before


def test_the_arguments_stand_in_the_references_order():
    env = CartPoleEnv(True, "rgb_array")
    assert env.sutton_barto_reward is True
    assert env.render_mode == "rgb_array"


def test_make_passes_the_parameters_on():
    env = minigym.make("CartPole-v1", gravity=1.6, kinematics_integrator="semi-implicit")
    assert env.unwrapped.gravity == 1.6
    assert env.unwrapped.kinematics_integrator == "semi-implicit"
    theirs = gymnasium.make("CartPole-v1", sutton_barto_reward=True)
    assert minigym.make("CartPole-v1", sutton_barto_reward=True).spec.kwargs == theirs.spec.kwargs


@pytest.mark.parametrize("value", ["1.6", True, None, [1.6]])
def test_a_parameter_that_only_looks_like_a_number_is_refused(value):
    with pytest.raises(minigym.error.InvalidParameter, match="gravity must be a number"):
        minigym.make("CartPole-v1", gravity=value)
