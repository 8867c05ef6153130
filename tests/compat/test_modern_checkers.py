"""The modules behind ``gymnasium.utils`` that judge, compare, time and convert, beside Gymnasium's own."""

import copy
import inspect
import itertools
import re
import warnings
from collections import OrderedDict
from functools import partial
from types import SimpleNamespace

import gymnasium
import gymnasium.utils.env_checker
import gymnasium.utils.env_match
import gymnasium.utils.passive_env_checker
import gymnasium.utils.performance
import gymnasium.utils.step_api_compatibility
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minigym
from minigym.compat.modern import (
    env_checker,
    env_match,
    logger,
    passive_env_checker,
    performance,
    step_api_compatibility,
)
from tests import strategies
from tests.minigym.vector.compare import assert_same

# Each library, with its modules that are compared.
OURS = SimpleNamespace(
    library=minigym,
    spec=minigym.EnvSpec,
    passive=passive_env_checker,
    active=env_checker,
    match=env_match,
    performance=performance,
    step_api=step_api_compatibility,
)
THEIRS = SimpleNamespace(
    library=gymnasium,
    spec=gymnasium.envs.registration.EnvSpec,
    passive=gymnasium.utils.passive_env_checker,
    active=gymnasium.utils.env_checker,
    match=gymnasium.utils.env_match,
    performance=gymnasium.utils.performance,
    step_api=gymnasium.utils.step_api_compatibility,
)


# What a Box itself says about what is no array; of NumPy's scalars minigym's says nothing.
BOXES_OWN_WARNING = re.compile("Casting input x to numpy array|is read as an array")


def verdict(check, *arguments, **keywords):
    """What was raised (None for nothing), and the names of the kinds of warnings given."""
    raised = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            check(*arguments, **keywords)
        except Exception as problem:
            raised = problem
    kinds = {each.category.__name__ for each in caught if not BOXES_OWN_WARNING.search(str(each.message))}
    return raised, sorted(kinds)


def assert_same_verdicts(ours, theirs, context):
    """The same warnings, and the same class of exceptions; minigym's own may be of theirs and of its own class."""
    names = [kind.__name__ for kind in type(ours[0]).__mro__]
    assert type(theirs[0]).__name__ in names[: 1 if theirs[0] is None else None], (ours, theirs, context)
    assert ours[1] == theirs[1], (ours, theirs, context)


def test_the_modules_have_the_names_and_arguments_of_the_originals():
    for module in ("passive", "active", "match", "performance", "step_api"):
        ours, theirs = getattr(OURS, module), getattr(THEIRS, module)
        for name, value in vars(theirs).items():
            if getattr(value, "__module__", None) != theirs.__name__ or name.startswith("_"):
                continue
            assert name in ours.__all__
            parameters = [
                [
                    (each.name, each.kind, each.default)
                    for each in inspect.signature(getattr(side, name)).parameters.values()
                ]
                for side in (ours, theirs)
            ]
            assert [each[:2] for each in parameters[0]] == [each[:2] for each in parameters[1]]
            # Of the defaults, functions are each side's own.
            assert [each[2] for each in parameters[0] if not callable(each[2])] == [
                each[2] for each in parameters[1] if not callable(each[2])
            ]
    assert {"check_action_space", "check_observation_space"} <= set(passive_env_checker.__all__)


# Environments, right and wrong ----------------------------------------------------------------------------------------


def drawn(self):
    """From the stream that ``reset`` seeds, if it does: chance would have a say otherwise."""
    generator = np.random.default_rng(0) if self._np_random is None else self._np_random
    return generator.uniform(-1, 1, 2).astype(np.float32)


def drawn_from_another_stream(self):
    self.returned += 1
    return np.random.default_rng(self.returned).uniform(-1, 1, 2).astype(np.float32)


def drawn_more_each_time(self):
    """An observation that never changes, and a stream that does."""
    self.returned += 1
    if self._np_random is not None:
        self._np_random.random(self.returned)
    return np.zeros(2, np.float32)


def odd_once(when):
    """An observation that differs once: the one returned ``when``-th."""

    def observe(self):
        self.returned += 1
        return np.full(2, 0.5 * (self.returned == when), np.float32)

    return observe


def drifting(by):
    """An observation that moves a little with every one returned."""

    def observe(self):
        self.returned += 1
        return np.full(2, self.returned * by, np.float32)

    return observe


def right_reset(self, *, seed=None, options=None):
    return self.begin(seed)


RIGHT = {
    "action_space": lambda spaces: spaces.Discrete(2),
    "observation_space": lambda spaces: spaces.Box(-1, 1, (2,), np.float32),
    "reset": right_reset,
    "seeding": lambda seed: {"seed": seed},
    "observe": drawn,
    "reset_result": lambda observation: (observation, {"is": "%d"}),
    "step_result": lambda observation, count: (observation, 1.0, False, False, {"is": "%s"}),
    "metadata": {"render_modes": ["ansi"], "render_fps": 4},
    "render_mode": None,
    "picture": "a picture",
    "spec": "deterministic",
    "close": lambda self: None,
    "seed": None,
    "wrapped": lambda library, env: env,
}


def make_env(side, **changes):
    """An environment of one of the libraries, right save for the changes."""
    plan = {**RIGHT, **changes}

    class Planned(side.library.Env):
        metadata = plan["metadata"]
        reset = plan["reset"]

        def __init__(self, render_mode=plan["render_mode"]):
            self.render_mode = render_mode
            self.returned = self.steps = self.resets = self.closings = 0
            self.actions = []
            for name in ("action_space", "observation_space"):
                if plan[name] is not None:
                    setattr(self, name, plan[name](side.library.spaces))
            if plan["seed"] is not None:
                self.seed = plan["seed"]

        def begin(self, seed):
            self.resets += 1
            arguments = plan["seeding"](seed)
            if arguments is not None:
                side.library.Env.reset(self, **arguments)
            return plan["reset_result"](plan["observe"](self))

        def step(self, action):
            self.steps += 1
            self.actions.append(action)
            return plan["step_result"](plan["observe"](self), self.steps)

        def render(self):
            picture = plan["picture"]
            return picture(self) if callable(picture) else picture

        def close(self):
            self.closings += 1
            plan["close"](self)

        def __str__(self):
            return "a planned one"

    env = Planned()
    if plan["spec"] is not None:
        env.spec = side.spec(
            "Planned-v0",
            entry_point=partial(Planned),  # of a class itself Gymnasium's make judges the metadata first
            nondeterministic=plan["spec"] == "nondeterministic",
            disable_env_checker=True,
            order_enforce=False,
        )
    return plan["wrapped"](side.library, env)


def fixed(kind, argument, **attributes):
    """A maker of a space of a subclass that says of itself what it is not."""

    def make(spaces):
        said = {name: property(lambda _, value=value: value, lambda *_: None) for name, value in attributes.items()}
        return type(kind, (getattr(spaces, kind),), said)(argument)

    return make


def changed(make, **attributes):
    """A maker of a space whose attributes were set after it was made."""

    def make_and_change(spaces):
        space = make(spaces)
        for name, value in attributes.items():
            setattr(space, name, value)
        return space

    return make_and_change


def boxed(*arguments, shape=(2,), dtype=np.float32):
    return lambda spaces: spaces.Box(*arguments, shape, dtype)


SPACES = {
    "none": None,
    "no space": lambda spaces: 2,
    "a class": lambda spaces: spaces.Discrete,
    "of another library": lambda spaces: (gymnasium if spaces is minigym.spaces else minigym).spaces.Discrete(2),
    "discrete": lambda spaces: spaces.Discrete(3),
    "discrete, empty": fixed("Discrete", 2, n=0),
    "discrete, with a shape": fixed("Discrete", 2, shape=(1,)),
    "multi-discrete": lambda spaces: spaces.MultiDiscrete([2, 3]),
    "multi-discrete, empty": changed(lambda spaces: spaces.MultiDiscrete([2, 2]), nvec=np.array([2, 0])),
    "multi-discrete, of another shape": fixed("MultiDiscrete", [2, 2], shape=(3,)),
    "multi-binary": lambda spaces: spaces.MultiBinary(2),
    "multi-binary, empty": fixed("MultiBinary", 2, shape=(2, 0)),
    "text": lambda spaces: spaces.Text(3),
    "tuple": lambda spaces: spaces.Tuple([spaces.Discrete(2), spaces.Discrete(3)]),
    "tuple, empty": lambda spaces: spaces.Tuple([]),
    "tuple, of an unbounded box": lambda spaces: spaces.Tuple([spaces.Box(-1, np.inf, (2,), np.float32)]),
    "tuple, of no space": changed(lambda spaces: spaces.Tuple([]), spaces=(2,)),
    "dict": lambda spaces: spaces.Dict(a=spaces.Discrete(2)),
    "dict, empty": lambda spaces: spaces.Dict({}),
    "dict, of an empty one": lambda spaces: spaces.Dict(a=spaces.Tuple([])),
    "dict, of a large box": lambda spaces: spaces.Dict(a=spaces.Box(-2, 2, (2,), np.float32)),
    "box": boxed(-1, 1),
    "box, unit": boxed(0, 1),
    "box, small": boxed(-0.5, 0.5),
    "box, lopsided": boxed(-0.5, 1),
    "box, partly lopsided": boxed(np.float32([-1, -0.5]), np.float32([1, 1])),
    "box, large": boxed(-2, 2),
    "box, large, of two axes": boxed(-2, 2, shape=(2, 2)),
    "box, large, of no axes": boxed(-2, 2, shape=()),
    "box, unbounded below": boxed(-np.inf, 1),
    "box, unbounded above": boxed(-1, np.inf, shape=()),
    "box, of integers": boxed(0, 255, dtype=np.uint8),
    "box, of float64": boxed(-1, 1, dtype=np.float64),
    "box, flat": boxed(np.float32([0, 1]), np.float32([1, 1])),
    "box, flat and low": boxed(-2, -2),
    "box, upside down": changed(boxed(0, 1), low=np.full(2, 2, np.float32)),
    "box, low of another shape": changed(boxed(0, 1), low=np.zeros(3, np.float32)),
    "box, high of another shape": changed(boxed(0, 1), high=np.ones((), np.float32)),
}


# What such a space contains, each library answers in its own way.
UNLIKE = {"discrete, empty"}


def reset_without_seed(self, *, options=None):
    return self.begin(None)


def reset_without_options(self, *, seed=None):
    return self.begin(seed)


def reset_without_anything(self):
    return self.begin(None)


def reset_with_kwargs(self, **kwargs):
    return self.begin(kwargs.get("seed"))


def reset_with_other_kwargs(self, **arguments):
    return self.begin(arguments.get("seed"))


def reset_with_a_default_seed(self, *, seed=0, options=None):
    return self.begin(seed)


def reset_with_required_arguments(self, seed, options):
    return self.begin(seed)


def reset_with_return_info(self, *, seed=None, options=None, return_info=True):
    return self.begin(seed)


def reset_refusing_seeds(self, *, seed=None, options=None):
    if seed is not None:
        raise TypeError("no seeds, please")
    return self.begin(seed)


def reset_refusing_options(self, *, seed=None, options=None):
    if options is not None:
        raise TypeError("no options, please")
    return self.begin(seed)


def reset_failing(self, *, seed=None, options=None):
    raise ValueError("out of order")


def reset_drawing_more_and_more(self, *, seed=None, options=None):
    result = self.begin(seed)
    self.returned += 1
    if self._np_random is not None:
        self.np_random.random(self.returned)
    return result


def close_once(self):
    if self.closings > 1:
        raise RuntimeError("closed already")


def step_returning(*indices_and_values):
    """A step whose result is the right one, with other values in some places."""

    def result(observation, count):
        parts = list(RIGHT["step_result"](observation, count))
        for index, value in indices_and_values:
            parts[index] = value
        return tuple(parts)

    return result


VALUES = {
    "action_space": SPACES,
    "observation_space": SPACES,
    "reset": {
        name.removeprefix("reset_"): function for name, function in list(globals().items()) if name.startswith("reset_")
    },
    "seeding": {
        "never": lambda seed: None,
        "with the same": lambda seed: {"seed": None if seed is None else 0},
        "in every reset": lambda seed: {"seed": 0},
        "not at all": lambda seed: {},
    },
    "observe": {
        "constant": lambda self: np.zeros(2, np.float32),
        "of float64": lambda self: np.zeros(2),
        "a list": lambda self: [0.0, 0.0],
        "outside": lambda self: np.full(2, 3, np.float32),
        "of another shape": lambda self: np.zeros(3, np.float32),
        "nan": lambda self: np.full(2, np.nan, np.float32),
        "an int": lambda self: 1,
        "an np.int64": lambda self: np.int64(1),
        "an np.int32": lambda self: np.int32(1),
        "a float": lambda self: 1.0,
        "a bool": lambda self: True,
        "None": lambda self: None,
        "a text": lambda self: "%s",
        "a dict": lambda self: {"a": 1},
        "a dict with another key": lambda self: {"b": 1},
        "a tuple": lambda self: (1, 2),
        "a list of ints": lambda self: [1, 2],
        "a longer tuple": lambda self: (1, 2, 1),
        "a tuple with a wrong part": lambda self: (1, 3),
        "integers": lambda self: np.array([1, 1]),
        "int8": lambda self: np.array([1, 1], np.int8),
        "from another stream": drawn_from_another_stream,
        "drifting unnoticed": drifting(1e-7),
        "drifting": drifting(1e-3),
        "first odd": odd_once(1),
        "second odd": odd_once(2),
        "drawing more and more": drawn_more_each_time,
        "drawn twice as often": lambda self: (drawn(self), drawn(self))[1],
    },
    "reset_result": {
        "the observation": lambda observation: observation,
        "a triple": lambda observation: (observation, {}, {}),
        "a list": lambda observation: [observation, {}],
        "a text for a pair": lambda observation: "ab",
        "info None": lambda observation: (observation, None),
        "info a list": lambda observation: (observation, []),
        "an empty tuple": lambda observation: (),
        "of a narrower type": lambda observation: (np.zeros(2, np.float16), {}),
    },
    "step_result": {
        "four": lambda observation, count: (observation, 1.0, False, {}),
        "four, done of another type": lambda observation, count: (observation, 1.0, 0, {}),
        "three": lambda observation, count: (observation, 1.0, {}),
        "six": lambda observation, count: (observation, 1.0, False, False, {}, {}),
        "a list": lambda observation, count: [observation, 1.0, False, False, {}],
        "None": lambda observation, count: None,
        "outside": step_returning((0, np.full(2, 5, np.float32))),
        "reward None": step_returning((1, None)),
        "reward text": step_returning((1, "1%d")),
        "reward bool": step_returning((1, True)),
        "reward int": step_returning((1, 1)),
        "reward np.float32": step_returning((1, np.float32(1))),
        "reward np.int8": step_returning((1, np.int8(1))),
        "reward complex": step_returning((1, 1j)),
        "reward array": step_returning((1, np.ones(()))),
        "reward array of one": step_returning((1, np.ones(1))),
        "reward nan": step_returning((1, np.nan)),
        "reward inf": step_returning((1, -np.inf)),
        "reward drifting": (lambda observation, count: (observation, 1.0 + count, False, False, {})),
        "reward drifting unnoticed": (
            lambda observation, count: (observation, np.full((), 1 + 1e-8 * count), False, False, {})
        ),
        "terminated": step_returning((2, True)),
        "terminated int": step_returning((2, 0)),
        "terminated np.bool": step_returning((2, np.False_)),
        "terminated array": step_returning((2, np.zeros(1, np.bool_))),
        "terminated by turns": (lambda observation, count: (observation, 1.0, count % 2 == 0, False, {})),
        "truncated": step_returning((3, True)),
        "truncated np.bool": step_returning((3, np.False_)),
        "truncated None": step_returning((3, None)),
        "info None": step_returning((4, None)),
        "info a list": step_returning((4, [1])),
        "info drifting": (lambda observation, count: (observation, 1.0, False, False, {"count": count})),
        "info drifting unnoticed": (
            lambda observation, count: (observation, 1.0, False, False, {"count": np.array([count * 1e-8])})
        ),
    },
    "metadata": {
        "empty": {},
        "no modes": {"render_modes": []},
        "a tuple": {"render_modes": ("ansi",), "render_fps": 4.5},
        "a set": {"render_modes": {"ansi"}, "render_fps": 4},
        "a number": {"render_modes": 4, "render_fps": 4},
        "not of texts": {"render_modes": ["ansi", 4], "render_fps": 4},
        "no fps": {"render_modes": ["ansi"]},
        "fps text": {"render_modes": ["ansi"], "render_fps": "4"},
        "fps bool": {"render_modes": ["ansi"], "render_fps": True},
        "fps zero": {"render_modes": ["ansi"], "render_fps": 0},
        "fps negative": {"render_modes": ["ansi"], "render_fps": np.float64(-1)},
        "fps nan": {"render_modes": ["ansi"], "render_fps": np.nan},
        "all modes": {
            "render_modes": [
                "human",
                "rgb_array",
                "depth_array",
                "ansi",
                "ascii",
                "own",
                "rgb_array_list",
                "ansi_list",
            ],
            "render_fps": np.int64(3),
        },
    },
    "render_mode": {
        mode: mode
        for mode in (
            *("human", "rgb_array", "depth_array", "ansi", "ascii", "own"),
            *("rgb_array_list", "ansi_list", "ansi_list_list", "_list", "own_list"),
        )
    },
    "picture": {
        "none": None,
        "frame": np.zeros((2, 2, 3), np.uint8),
        "frame of float": np.zeros((2, 2, 3)),
        "frame of four colours": np.zeros((2, 2, 4), np.uint8),
        "flat": np.zeros((2, 2), np.uint8),
        "flat of one row": np.zeros(2, np.uint8),
        "list of frames": [np.zeros((2, 2, 3), np.uint8)],
        "tuple of frames": (np.zeros((2, 2, 3), np.uint8),),
        "list of flat ones": [np.zeros((2, 2), np.uint8), np.zeros(2, np.uint8)],
        "list of texts": ["%d", "%s"],
        "list of mixtures": ["%d", np.zeros((2, 2, 3), np.uint8)],
        "list of lists": [["%d"], ["%s"]],
        "empty list": [],
        "only after a reset": lambda self: "a picture" if self.resets else None,
    },
    "spec": {"nondeterministic": "nondeterministic", "none": None},
    "close": {"only once": close_once, "never": lambda self: 1 / 0},
    "seed": {"method": lambda seed=None: [seed], "attribute": 3},
    "wrapped": {
        "anyhow": lambda library, env: library.Wrapper(env),
        "in a time limit": lambda library, env: library.wrappers.TimeLimit(env, 1),
    },
}

# All that can be asked about an environment, each of a fresh one: of the library's modules and the environment.
QUESTIONS = {
    "check_env": lambda side, env: side.active.check_env(env),
    "check_env, warn": lambda side, env: side.active.check_env(env, False, skip_close_check=True),
    "check_env, skipping": lambda side, env: side.active.check_env(env, None, True, True),
    "action space": lambda side, env: side.passive.check_action_space(env.action_space),
    "observation space": lambda side, env: side.passive.check_observation_space(env.observation_space),
    "space": lambda side, env: side.passive.check_space(env.action_space, "action", lambda box: 1 / len(box.shape)),
    "limit of actions": lambda side, env: side.active.check_space_limit(env.action_space, "action"),
    "limit of observations": lambda side, env: side.active.check_space_limit(env.observation_space, "observation"),
    "seeds": lambda side, env: side.active.check_reset_seed_determinism(env),
    "options": lambda side, env: side.active.check_reset_options(env),
    "return_info": lambda side, env: side.active.check_reset_return_info_deprecation(env),
    "seed()": lambda side, env: side.active.check_seed_deprecation(env),
    "result of reset": lambda side, env: side.active.check_reset_return_type(env),
    "determinism": lambda side, env: side.active.check_step_determinism(env),
    "determinism, seeded": lambda side, env: (env.reset(), side.active.check_step_determinism(env, seed=7)),
    "observation": lambda side, env: side.passive.check_obs(env.unwrapped.begin(3)[0], env.observation_space, "reset"),
    "reset": lambda side, env: side.passive.env_reset_passive_checker(env),
    "seeded reset": lambda side, env: side.passive.env_reset_passive_checker(env, seed=1, options={}),
    "step": lambda side, env: (env.reset(), side.passive.env_step_passive_checker(env, 0)),
    "render": lambda side, env: side.passive.env_render_passive_checker(env),
}


def ask_both(question, changes):
    """Ask the same about the same environment of each library; what minigym's says."""
    ours, theirs = (verdict(QUESTIONS[question], side, make_env(side, **changes)) for side in (OURS, THEIRS))
    assert_same_verdicts(ours, theirs, (question, changes))
    return ours


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_right_environment_passes(question):
    assert ask_both(question, {}) == (None, ["UserWarning"] if question == "check_env, warn" else [])


def ask_all(changes):
    verdicts = {}
    for question in QUESTIONS:
        # The two libraries' spaces that cannot be drawn from fail in ways of their own.
        if not question.startswith("determinism") or verdicts["action space"][0] is None:
            verdicts[question] = ask_both(question, changes)
    return verdicts


@pytest.mark.parametrize(("key", "label"), [(key, label) for key, values in VALUES.items() for label in values])
def test_an_environment_with_one_change_gets_the_verdict_of_the_original(key, label):
    ask_all({key: VALUES[key][label]})


@pytest.mark.parametrize(
    ("keys", "questions"),
    [
        (("render_mode", "picture"), ["render"]),
        (("observation_space", "observe"), ["observation", "result of reset"]),
        (("spec", "observe"), ["seeds", "determinism"]),
        (("reset", "seeding"), ["seeds", "options", "reset"]),
    ],
)
def test_of_what_belongs_together_every_pair_gets_the_verdict_of_the_original(keys, questions):
    asked = 0
    for labels in itertools.product(*(VALUES[key] for key in keys)):
        changes = {key: VALUES[key][label] for key, label in zip(keys, labels, strict=True)}
        if "render_mode" in keys:
            changes["metadata"] = {"render_modes": list(VALUES["render_mode"]), "render_fps": 4}
        if labels[0] not in UNLIKE:
            for question in questions:
                ask_both(question, changes)
                asked += 1
    assert asked > 50


@settings(max_examples=200)
@given(st.data())
def test_an_environment_with_several_changes_gets_the_verdict_of_the_original(data):
    keys = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=2, max_size=5, unique=True))
    labels = {key: data.draw(st.sampled_from(sorted(VALUES[key])), label=key) for key in keys}
    assume(labels.get("observation_space") not in UNLIKE)
    ask_all({key: VALUES[key][label] for key, label in labels.items()})


# What minigym's checkers say ------------------------------------------------------------------------------------------


def given_warnings(check, *arguments, **keywords):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check(*arguments, **keywords)
    return caught


@pytest.mark.parametrize(
    ("changes", "question", "text"),
    [
        ({"action_space": None}, "check_env", r"Planned needs an action space; write .*self\.action_space = "),
        (
            {"action_space": lambda _: gymnasium.spaces.Discrete(2)},
            "check_env",
            r"of type gymnasium\.spaces\.discrete\.",
        ),
        ({"observation_space": SPACES["dict, empty"]}, "check_env", r"observation space must have at least one part"),
        ({"reset": reset_without_seed}, "check_env", r"must take the keyword seed: write def reset\(self, \*, seed"),
        ({"reset": reset_refusing_options}, "check_env", r"reset\(options={}\) failed: no options, please"),
        ({"seeding": lambda seed: None}, "check_env", r"begin it with super\(\)\.reset\(seed=seed\)"),
        (
            {"step_result": lambda *_: (0, 1.0)},
            "check_env",
            r"terminated, truncated, info\), got \(0, 1\.0\) of type tuple",
        ),
        ({"step_result": step_returning((3, np.True_))}, "determinism", r"truncated as the bool False, got np\.True_"),
        (
            {"step_result": step_returning((4, "100%"))},
            "step",
            r"must return a dict as its info, got '100%' of type str",
        ),
        ({"render_mode": "human"}, "render", r"must be None or in metadata.*\['ansi'\], got 'human'"),
    ],
)
def test_an_error_says_what_was_expected_what_came_and_what_to_write(changes, question, text):
    raised, _ = verdict(QUESTIONS[question], OURS, make_env(OURS, **changes))
    assert re.search(text, str(raised))


@pytest.mark.parametrize(
    ("changes", "question", "text"),
    [
        (
            {"step_result": step_returning((1, "100%"))},
            "step",
            r"as reward, got '100%' of type str; write float\(reward\)",
        ),
        ({"step_result": step_returning((2, 0))}, "step", r"should return terminated as a bool, got 0 of type int"),
        ({"observe": lambda _: "%s"}, "observation", r"should be an array of its dtype, but reset\(\) returned '%s'"),
        ({"observe": lambda _: [0.0] * 1000}, "observation", r"of its dtype.*(0\.0, ){30,60}.*\.\.\. of type list"),
        ({"reset": reset_with_a_default_seed}, "reset", r"write seed=None, not seed=0"),
        (
            {"close": lambda env: env.closings > 1 and 100 % 0},
            "check_env",
            r"must do nothing, but it raised ZeroDivision",
        ),
        ({"spec": None}, "check_env", r"a planned one cannot be tried.*skip_render_check=True"),
    ],
)
def test_a_warning_says_the_same_and_where_the_program_called(changes, question, text):
    env = make_env(OURS, **changes)
    caught = given_warnings(QUESTIONS[question], OURS, env)
    found = [each for each in caught if re.search(text, str(each.message))]
    assert len(found) == 1
    assert found[0].filename == __file__


def test_warnings_pass_through_the_logger(monkeypatch):
    env = make_env(OURS, step_result=step_returning((1, np.nan)))
    assert len(given_warnings(QUESTIONS["step"], OURS, env)) == 1
    monkeypatch.setattr(logger, "min_level", logger.ERROR)
    assert given_warnings(QUESTIONS["step"], OURS, env) == []


def test_a_closing_environment_is_warned_of_whatever_it_says():
    """The original reads the text as a format."""

    def close(env):
        if env.closings > 1:
            raise RuntimeError("100% closed")

    with pytest.raises(TypeError, match="format"):
        THEIRS.active.check_env(make_env(THEIRS, close=close))
    assert len(given_warnings(OURS.active.check_env, make_env(OURS, close=close))) == 1


def test_only_a_kwargs_that_takes_any_keyword_counts():
    def reset(self, kwargs=None):
        return self.begin(None)

    assert verdict(THEIRS.passive.env_reset_passive_checker, make_env(THEIRS, reset=reset)) == (None, [])
    ours = verdict(OURS.passive.env_reset_passive_checker, make_env(OURS, reset=reset))
    assert ours == (None, ["DeprecationWarning"])


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_an_environment_of_other_arrays_is_refused(library):
    with pytest.raises(minigym.error.Error, match=f"says that it speaks {library}: wrap"):
        env_checker.check_env(make_env(OURS, metadata={**RIGHT["metadata"], library: True}))


@pytest.mark.parametrize("env", [None, 3, make_env(THEIRS), minigym.Env])
def test_what_is_no_environment_is_refused(env):
    with pytest.raises(TypeError, match=r"takes a gymnasium\.Env .*, got .*; derive your class from gymnasium\.Env"):
        env_checker.check_env(env)


# Observations and nested data -----------------------------------------------------------------------------------------

oddities = st.sampled_from([None, 0, 1.5, "a", (), [], {}, np.int64(0), np.zeros(2), np.zeros((), np.int8), True])


def distorted(data, value):
    """The value, or one with a part that is of another kind."""
    if isinstance(value, dict) and data.draw(st.booleans()):
        keys = data.draw(st.permutations(list(value)))[: data.draw(st.sampled_from([len(value)] * 3 + [1]))]
        return {key: distorted(data, value[key]) for key in keys}
    if isinstance(value, tuple) and data.draw(st.booleans()):
        parts = [distorted(data, part) for part in value]
        return data.draw(st.sampled_from([tuple, tuple, list]))(parts)
    if isinstance(value, np.ndarray) and data.draw(st.booleans()):
        return data.draw(st.sampled_from([lambda v: v.tolist(), lambda v: v.astype(np.float64), lambda v: v[None]]))(
            value
        )
    return value if data.draw(st.integers(0, 3)) else data.draw(oddities)


@settings(max_examples=200)
@given(st.data(), strategies.space_recipes)
def test_observations_get_the_verdict_of_the_original(data, recipe):
    ours, theirs = recipe.build(minigym.spaces, seed=0), recipe.build(gymnasium.spaces, seed=0)
    observation = distorted(data, theirs.sample())
    verdicts = [
        verdict(side.passive.check_obs, observation, space, "step") for side, space in ((OURS, ours), (THEIRS, theirs))
    ]
    assert_same_verdicts(*verdicts, observation)


def of_objects(values):
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        array[index] = value
    return array


arrays = st.builds(
    lambda values, dtype, shape: np.resize(np.array(values), shape).astype(dtype),
    st.lists(st.sampled_from([0, 1, 2, 100]), min_size=1, max_size=4),
    st.sampled_from(["float32", "float64", "int64", "uint8", "bool", "complex64"]),
    st.sampled_from([(), (2,), (2, 1), (0,)]),
)
leaves = (
    st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, np.nan, "a", b"a", np.float32(1), np.int64(1)]) | arrays
)
nested = st.recursive(
    leaves,
    lambda parts: (
        st.dictionaries(st.sampled_from(["a", "b", 0]), parts, max_size=3)
        | st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.lists(parts, min_size=1, max_size=3).map(of_objects)
    ),
    max_leaves=6,
)


def edited(data, value):
    """The same nested data anew, or nearly the same: about one part in four is a little different."""
    if isinstance(value, dict):
        value = {key: edited(data, value[key]) for key in data.draw(st.permutations(list(value)))}
        edits = [lambda value: {**value, "more": 0}, lambda value: dict(list(value.items())[1:]), OrderedDict]
    elif isinstance(value, (list, tuple)):
        value = type(value)(edited(data, part) for part in value)
        edits = [lambda value: value[1:], lambda value: (list, tuple)[type(value) is list](value)]
    elif isinstance(value, np.ndarray) and value.dtype == object:
        value = of_objects([edited(data, part) for part in value])
        edits = [np.ndarray.tolist, lambda value: np.append(value, None)]
    elif isinstance(value, np.ndarray):
        value = value.copy()
        # Of 100, 1e-4 is within the relative tolerance; of 0 and 1 it is not.
        edits = [lambda value, by=by: value + value.dtype.type(by) for by in (1e-6, 1e-5, 1.9e-5, 1e-4)]
        edits += [
            lambda value: value.astype(np.complex128),
            lambda value: value[None],
            lambda value: np.append(value, 1),
        ]
    else:
        edits = [lambda _: data.draw(leaves)]
    return data.draw(st.sampled_from(edits))(value) if data.draw(st.integers(0, 3)) == 0 else value


def check_equivalence(value, other):
    for exact in (False, True):
        answer = env_checker.data_equivalence(value, other, exact)
        assert type(answer) is bool
        assert answer == THEIRS.active.data_equivalence(value, other, exact)


@settings(max_examples=300)
@given(st.data(), nested)
def test_data_are_equivalent_where_the_original_says_so(data, value):
    check_equivalence(value, edited(data, value))
    check_equivalence(value, data.draw(nested))
    if "nan" not in repr(value):
        assert env_checker.data_equivalence(value, copy.deepcopy(value), exact=True)


@pytest.mark.parametrize("inside", [lambda part: part, lambda part: [0, part], lambda part: of_objects([part, part])])
@pytest.mark.parametrize("number", [0.0, 1.0, 100.0, -1e4])
@pytest.mark.parametrize("by", [0.5e-5, 0.9e-5, 1.1e-5, 1.9e-5, 2.1e-5, 0.9e-3, 1.1e-3, 0.09, 0.11])
def test_the_tolerance_is_that_of_the_original(inside, number, by):
    check_equivalence(inside(np.array([number])), inside(np.array([number + by])))
    check_equivalence(inside(np.array([number + by])), inside(np.array([number])))


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (np.float32(1), np.float32(1)),
        ([1, 2], [1]),
        (of_objects([1, 2]), of_objects([1, 2, 3])),
        (np.zeros(2), np.zeros((1, 2))),
        (np.zeros(2), np.zeros(2, np.float32)),
        (np.zeros(2), np.zeros(1)),
        (np.array([np.nan]), np.array([np.nan])),
    ],
)
def test_data_of_one_kind_and_several_forms(value, other):
    check_equivalence(value, other)
    check_equivalence(other, value)


@pytest.mark.parametrize(
    ("value", "other"),
    [
        (np.array(["a", "b"]), np.array(["a", "c"])),
        (np.array(None), np.array(0, object)),
        (np.array([(1.0,)], [("x", "f4")]), np.array([(1.000001,)], [("x", "f4")])),
        (np.array(["2020-01-01"], "datetime64[D]"), np.array(["2020-01-02"], "datetime64[D]")),
    ],
)
def test_arrays_that_are_no_numbers_are_compared_too(value, other):
    """The original raises TypeError, and so do its checks then."""
    with pytest.raises(TypeError):
        THEIRS.active.data_equivalence(value, value.copy())
    assert env_checker.data_equivalence(value, value.copy())
    assert not env_checker.data_equivalence(value, other)


# Two environments side by side ----------------------------------------------------------------------------------------

MATCHED = {"observe": lambda self: np.full(2, self.steps % 5 / 5, np.float32), "picture": np.zeros((2, 3, 3), np.uint8)}
DIFFERENT = {
    "nothing": {},
    "action space": {"action_space": lambda spaces: spaces.Discrete(3)},
    "first observation": {"observe": lambda self: MATCHED["observe"](self) + np.float32(self.steps == 0)},
    "observation": {"observe": lambda self: MATCHED["observe"](self) + np.float32(self.steps == 2)},
    "observation, hardly": {"observe": lambda self: MATCHED["observe"](self) + np.float32(1e-6)},
    "first info": {"reset_result": lambda observation: (observation, {"is": "other"})},
    "more in the first info": {"reset_result": lambda observation: (observation, {"is": "%d", "more": 1})},
    "reward": {"step_result": lambda observation, count: (observation, float(count != 2), False, False, {"is": "%s"})},
    "reward of another type": {"step_result": step_returning((1, np.float64(1)))},
    "terminated": {"step_result": lambda observation, count: (observation, 1.0, count == 2, False, {"is": "%s"})},
    "truncated": {"step_result": lambda observation, count: (observation, 1.0, False, count == 2, {"is": "%s"})},
    "flags of another type": {"step_result": step_returning((2, np.False_), (3, 0))},
    "both end": {"step_result": step_returning((2, True), (3, True))},
    "info": {"step_result": lambda observation, count: (observation, 1.0, False, False, {"is": count})},
    "more in the info": {"step_result": step_returning((4, {"is": "%s", "more": 1}))},
    "picture": {"picture": np.ones((2, 3, 3), np.uint8)},
    "observations after a second reset": {
        "observe": lambda self: MATCHED["observe"](self) + np.float32(self.resets > 1),
        "step_result": lambda observation, count: (observation, 1.0, False, count == 2, {"is": "%s"}),
    },
    "four": {"step_result": lambda observation, count: (observation, 1.0, False, {})},
}
# Where the original is wrong about them.
DIFFERENT_TOO = {
    "observation space": {"observation_space": boxed(-2, 2)},
    "no picture": {"picture": None},
    "text": {"picture": "a picture"},
    "another text": {"picture": "another picture"},
    "larger picture": {"picture": np.zeros((3, 3, 3), np.uint8)},
}
SKIPS = ("skip_obs", "skip_rew", "skip_terminal", "skip_truncated", "skip_render")


def match_both(first, second, modes=(None, None), **arguments):
    """The verdicts of both libraries on two environments, each with the changes of that name."""
    verdicts = []
    for side in (OURS, THEIRS):
        envs = [make_env(side, **{**MATCHED, **{**DIFFERENT, **DIFFERENT_TOO}[name]}) for name in (first, second)]
        for env, mode in zip(envs, modes, strict=True):
            env.render_mode = mode
        verdicts.append(verdict(side.match.check_environments_match, *envs, **arguments))
    return verdicts


def compare_matches(first, second, mode, **arguments):
    verdicts = match_both(first, second, (mode, mode), **arguments)
    if arguments["info_comparison"] == "superset" and type(verdicts[1][0]) is KeyError:  # of a missing key; see below
        assert type(verdicts[0][0]) is AssertionError
    else:
        assert_same_verdicts(*verdicts, (first, second, arguments))
    return verdicts[0]


@pytest.mark.parametrize("infos", ["equivalence", "superset", "keys-superset", "skip"])
def test_environments_match_where_the_original_says_so(infos):
    agreed = []
    for first, second in itertools.product(DIFFERENT, DIFFERENT):
        raised, warned = compare_matches(first, second, "rgb_array", num_steps=4, info_comparison=infos)
        assert warned == []
        if raised is None:
            agreed.append((first, second))
    assert {(name, name) for name in DIFFERENT if name != "four"} <= set(agreed)
    assert len(agreed) < len(DIFFERENT) ** 2 / 2


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(DIFFERENT)),
    st.sampled_from(sorted(DIFFERENT)),
    st.integers(0, 5),
    st.sets(st.sampled_from(SKIPS), max_size=3),
    st.sampled_from(["equivalence", "superset", "keys-superset", "skip", "equal", None]),
    st.sampled_from([None, "human", "rgb_array"]),
)
def test_environments_match_likewise_where_something_is_skipped(first, second, num_steps, skips, infos, mode):
    arguments = {"num_steps": num_steps, "info_comparison": infos, **dict.fromkeys(skips, True)}
    compare_matches(first, second, mode, **arguments)


@pytest.mark.parametrize("skip", SKIPS)
def test_what_is_skipped_may_differ(skip):
    differing = {
        "skip_obs": ["first observation", "observation", "observation space"],
        "skip_rew": ["reward", "reward of another type"],
        "skip_terminal": ["terminated"],
        "skip_truncated": ["truncated"],
        "skip_render": ["picture"],
    }
    for other, names in differing.items():
        for name in names:
            modes = ("rgb_array", "rgb_array")
            raised, _ = match_both("nothing", name, modes, num_steps=3, **{skip: True})[0]
            assert (raised is None) == (other == skip), name


def test_both_begin_anew_when_either_ends():
    other = "observations after a second reset"
    for first, second in (("nothing", other), (other, "nothing")):
        verdicts = match_both(first, second, num_steps=4, skip_truncated=True)
        assert [type(each[0]) for each in verdicts] == [AssertionError, AssertionError]


@pytest.mark.parametrize("seed", [0, 7])
def test_both_are_played_with_the_actions_of_the_original(seed):
    played = []
    for side in (OURS, THEIRS):
        envs = [make_env(side, **MATCHED, action_space=lambda spaces: spaces.Discrete(1000)) for _ in range(2)]
        side.match.check_environments_match(*envs, num_steps=20, seed=seed)
        assert envs[0].actions == envs[1].actions
        played.append(envs[0].actions)
    assert played[0] == played[1]
    assert len(set(played[0])) > 1


@pytest.mark.parametrize(
    ("first", "second", "modes", "arguments", "ours", "theirs"),
    [
        # Spaces of observations: the original compares the second environment's with itself.
        ("nothing", "observation space", (None, None), {}, AssertionError, type(None)),
        ("nothing", "observation space", (None, None), {"skip_obs": True}, type(None), type(None)),
        # The original misspells the name of this comparison where it would make it.
        (
            "nothing",
            "more in the info",
            (None, None),
            {"info_comparison": "keys-equivalence"},
            AssertionError,
            type(None),
        ),
        (
            "nothing",
            "more in the first info",
            (None, None),
            {"info_comparison": "keys-equivalence"},
            AssertionError,
            type(None),
        ),
        ("nothing", "info", (None, None), {"info_comparison": "keys-equivalence"}, type(None), type(None)),
        # A missing key is a difference, not a failure of the comparison.
        ("more in the info", "nothing", (None, None), {"info_comparison": "superset"}, AssertionError, KeyError),
        ("nothing", "more in the info", (None, None), {"info_comparison": "superset"}, type(None), type(None)),
        ("nothing", "picture", ("human", "human"), {}, type(None), type(None)),
        # Pictures are those of both, or none; and they may be texts, or of another size.
        ("nothing", "no picture", ("rgb_array", None), {}, type(None), AssertionError),
        ("text", "text", ("ansi", "ansi"), {}, type(None), AttributeError),
        ("text", "another text", ("ansi", "ansi"), {}, AssertionError, AttributeError),
        ("nothing", "larger picture", ("rgb_array", "rgb_array"), {}, AssertionError, ValueError),
    ],
)
def test_where_matching_differs_from_the_original(first, second, modes, arguments, ours, theirs):
    verdicts = match_both(first, second, modes, num_steps=3, **arguments)
    assert [type(each[0]) for each in verdicts] == [ours, theirs]


# Steps in two forms ---------------------------------------------------------------------------------------------------

flags = st.booleans() | st.booleans().map(np.bool_)
infos = st.fixed_dictionaries({}, optional={"TimeLimit.truncated": flags, "other": st.integers(0, 3)})


@st.composite
def steps(draw):
    """What a step returns, and whether it is that of a batch; sometimes in a form that neither library takes."""
    as_batch = draw(st.booleans())
    length = draw(st.sampled_from([4, 4, 5, 5, 5, 3, 6]))
    if not as_batch:
        return (0, 1.0, *(draw(flags) for _ in range(length - 3)), draw(infos)), False
    lanes = draw(st.integers(0, 3))
    vectors = st.lists(flags, min_size=lanes, max_size=lanes)
    vectors = vectors.map(lambda values: np.array(values, np.bool_)) | vectors
    shared = st.fixed_dictionaries({}, optional={"TimeLimit.truncated": vectors.map(np.array), "other": st.just(1)})
    several = st.lists(infos, min_size=lanes, max_size=lanes)
    info = draw(shared | several | several | st.lists(infos, max_size=3) | st.lists(infos, max_size=3).map(tuple))
    return (np.zeros(lanes), np.ones(lanes), *(draw(vectors) for _ in range(length - 3)), info), True


def convert_both(result, to_five, as_batch):
    """The conversions of both libraries, or what they raise, are the same."""
    outcomes = []
    for side in (OURS, THEIRS):
        for name, arguments in (
            ("step_api_compatibility", (to_five, as_batch)),
            (f"convert_to_{'terminated_truncated' if to_five else 'done'}_step_api", (as_batch,)),
        ):
            given_result = copy.deepcopy(result)
            try:
                converted = getattr(side.step_api, name)(given_result, *arguments)
            except Exception as problem:
                outcomes.append(type(problem))
            else:
                assert converted[-1] is given_result[-1]  # infos change in place
                outcomes.append(converted)
    ours, theirs = outcomes[:2], outcomes[2:]
    assert_same(tuple(ours), tuple(theirs))


@settings(max_examples=300)
@given(steps(), st.sampled_from([True, True, False]), st.booleans())
def test_steps_are_converted_as_by_the_original(step, says_which, to_five):
    result, as_batch = step
    convert_both(result, to_five, as_batch if says_which else not as_batch)


@pytest.mark.parametrize("kind", [bool, np.bool_])
def test_every_step_is_converted_as_by_the_original(kind):
    both = (kind(False), kind(True))
    old = [(done, {} if limit is None else {"TimeLimit.truncated": limit}) for done in both for limit in (None, *both)]
    new = [(terminated, truncated, {"is": 1}) for terminated in both for truncated in both]
    for forms in (old, new):
        for chosen in (*([each] for each in forms), forms):
            *flags, infos = zip(*chosen, strict=True)
            arrays = [np.array(each) for each in flags]
            for to_five in (False, True):
                convert_both((0, 1.0, *chosen[0]), to_five, False)
                convert_both((0, 1.0, *arrays, list(infos)), to_five, True)
                limits = np.array([info.get("TimeLimit.truncated", False) for info in infos])
                convert_both((0, 1.0, *arrays, {"TimeLimit.truncated": limits}), to_five, True)
                convert_both((0, 1.0, *arrays, {}), to_five, True)


def test_a_step_survives_the_way_there_and_back():
    """Save that an old step cannot say that both happened."""
    for terminated in (False, True):
        for truncated in (False, True):
            old = step_api_compatibility.convert_to_done_step_api((0, 1.0, terminated, truncated, {"is": 1}))
            assert old[2] == (terminated or truncated)
            new = step_api_compatibility.step_api_compatibility(old)
            assert new == (0, 1.0, terminated, truncated and not terminated, {"is": 1})


# How fast -------------------------------------------------------------------------------------------------------------


def measured(side, monkeypatch, measure):
    """What is measured where time passes in calls of the environment alone, and those calls."""
    now, calls = [0.0], []

    def passes(name, seconds, result):
        def call(*arguments, **keywords):
            now[0] += seconds
            calls.append((name, arguments, keywords))
            return result(len(calls))

        return call

    clock = SimpleNamespace(time=lambda: now[0], perf_counter=lambda: now[0])
    monkeypatch.setattr(side.performance, "time", clock)
    env = SimpleNamespace(
        reset=passes("reset", 0.5, lambda _: (0, {})),
        step=passes("step", 0.25, lambda count: (0, 1.0, count % 5 == 0, count % 7 == 0, {})),
        render=passes("render", 0.125, lambda _: None),
        action_space=SimpleNamespace(sample=passes("sample", 0.0, lambda count: count)),
    )
    make = passes("make", 2.0, lambda _: env)
    return measure(side.performance, env, make), calls


@pytest.mark.parametrize(
    "measure",
    [
        lambda performance, env, make: performance.benchmark_step(env, target_duration=10, seed=3),
        lambda performance, env, make: performance.benchmark_step(env),
        lambda performance, env, make: performance.benchmark_init(make, target_duration=10, seed=3),
        lambda performance, env, make: performance.benchmark_init(make),
        lambda performance, env, make: performance.benchmark_render(env, target_duration=2),
        lambda performance, env, make: performance.benchmark_render(env),
    ],
)
def test_the_same_is_measured(measure, monkeypatch):
    ours, theirs = (measured(side, monkeypatch, measure) for side in (OURS, THEIRS))
    assert ours == theirs
    assert ours[0] > 0
    assert len(ours[1]) > 2
