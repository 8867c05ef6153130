"""The loops around a world's functions, one set for all worlds, as Python that Numba compiles.

Nothing of a world is written here. A kernel takes the lanes in blocks, so that what it needs of them stays in the
first-level cache, and goes over a block in several short loops: the one that calls ``transition`` then has neither
calls to the C library (the sines are ready) nor branches, and the compiler turns it into vector instructions.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# The types inside a kernel are those that Numba finds when it is called.

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from minigym.dynamics.world import Ops
from minigym.vector.compiling import array_of, compiled, digest, kernel
from minigym.vector.pcg64 import next_double, seed_stream

# Lanes in a block: 20 rows of so many doubles fill the first-level cache. This and all other numbers that make up an
# index are unsigned: a signed one could count from the end, which costs a question at every access, and contiguous
# loads become gathers.
BLOCK = np.uint64(256)
_1, _4 = np.uint64(1), np.uint64(4)

# Numba knows math.sin, but has no type for it that a tuple could have.


def _sin(x: float) -> float:
    return math.sin(x)


def _cos(x: float) -> float:
    return math.cos(x)


def _where(condition: bool, if_true: Any, if_false: Any) -> Any:
    return if_true if condition else if_false


def _search(values: Any, x: float) -> int:
    return np.searchsorted(values, x, side="right")  # type: ignore[return-value]  # an integer once compiled


@cache
def compiled_ops() -> Ops:
    """The functions that a world may call, for inside compiled code."""
    return Ops(*(compiled(function) for function in (_sin, _cos, _where, _search)))


# Tuples of a length that is known when the kernel is compiled are built one number after the other, each function
# calling the one for a number less. All of them are inlined.


def _gather(count: int, convert: type) -> Callable[..., Any]:
    """A function ``(memory, first, stride)`` that returns ``count`` numbers as a tuple."""
    if count == 0:
        return lambda memory, first, stride: ()
    before, index = _gather(count - 1, convert), np.uint64(count - 1)

    def gather(memory, first, stride):
        return before(memory, first, stride) + (convert(memory[first + index * stride]),)  # noqa: RUF005  # for Numba

    return gather


def _scatter(count: int) -> Callable[..., Any]:
    """A function ``(memory, first, stride, values)`` that writes ``count`` numbers."""
    if count == 0:
        return lambda memory, first, stride, values: None
    before, index, place = _scatter(count - 1), count - 1, np.uint64(count - 1)

    def scatter(memory, first, stride, values):
        before(memory, first, stride, values)
        memory[first + place * stride] = values[index]

    return scatter


def _scatter_row(count: int) -> Callable[..., Any]:
    """A function ``(array, row, values)`` that writes ``count`` numbers into a row (a view of it would cost a call)."""
    if count == 0:
        return lambda array, row, values: None
    before, index = _scatter_row(count - 1), count - 1

    def scatter(array, row, values):
        before(array, row, values)
        array[row, index] = values[index]

    return scatter


def _gather_row(count: int) -> Callable[..., Any]:
    """A function ``(array, row)`` that returns ``count`` numbers of a row as a tuple."""
    if count == 0:
        return lambda array, row: ()
    before, index = _gather_row(count - 1), count - 1

    def gather(array, row):
        return before(array, row) + (array[row, index],)  # noqa: RUF005

    return gather


def _draw(count: int) -> Callable[..., Any]:
    """A function ``(words, first, stride)`` that draws ``count`` uniform numbers from a stream."""
    if count == 0:
        return lambda words, first, stride: ()
    before = _draw(count - 1)

    def draw(words, first, stride):
        earlier = before(words, first, stride)
        return earlier + (next_double(words, first, stride),)  # noqa: RUF005

    return draw


def _arrays(dtypes: tuple[np.dtype[Any] | None, ...]) -> Callable[..., Any]:
    """A function ``(words, place)`` that returns a table's arrays as a tuple; None stands for an integer."""
    if not dtypes:
        return lambda words, place: ()
    before, place_of_last, last = _arrays(dtypes[:-1]), np.uint64(2 * len(dtypes) - 2), dtypes[-1]
    if last is None:

        def arrays(words, place):
            return before(words, place) + (np.int64(words[place + place_of_last]),)  # noqa: RUF005

    else:
        array = array_of(last)

        def arrays(words, place):
            return before(words, place) + (array(words, place + place_of_last),)  # noqa: RUF005

    return arrays


# The kernels ----------------------------------------------------------------------------------------------------------

# A batch's memory is one array of doubles, since each array that is passed costs 0.1 microseconds a call: the header,
# the parameters (one number each, or num_envs of them; of a table's arrays address and length, as uint64), and then,
# num_envs numbers each, the state, the four words of the random stream (as uint64) and the steps of the episode so far
# (-1 where it is over).
LIMIT, NUM_ACTIONS, LOW, HIGH, HEADER = map(np.uint64, range(5))


class Shape(NamedTuple):
    """What a kernel is made for: all that its machine code depends on."""

    start: Callable[..., Any]
    transition: Callable[..., Any]
    prepare: Callable[..., Any] | None
    observe: Callable[..., Any] | None
    make_params: type
    sizes: tuple[int, ...]  # of state, prepare, start draws, step draws, infos, parameters (0 for a table)
    reset_infos: tuple[float, ...]
    is_discrete: bool  # whether a state's numbers are integers
    observation_size: int  # the numbers of an observation; 0 for a single integer
    tables: tuple[np.dtype[Any] | None, ...] | None  # the dtypes of a table's arrays, None for an integer
    per_lane: bool  # whether each lane has parameters of its own
    same_step: bool  # whether an episode that ends begins anew in the same step


class Kernels(NamedTuple):
    """The compiled functions of one shape."""

    seed: Any
    reset: Any
    observe: Any
    step: Any
    rollout: dict[str, Any]  # by the kind of policy


@cache
def kernels(shape: Shape) -> Kernels:  # noqa: PLR0912, PLR0915  # one function, since closures share its names
    """Write the loops around a world's functions. They are compiled at their first call."""
    state_size, prepare_size, start_draws, step_draws, num_infos, num_params = shape.sizes
    reset_infos, make_params, start, transition = shape.reset_infos, shape.make_params, shape.start, shape.transition
    prepare = shape.prepare or (lambda state, params, ops: ())
    observe = shape.observe or (lambda state, ops: state)
    ops = compiled_ops()
    number: type = int if shape.is_discrete else float

    load, store = _gather(state_size, number), _scatter(state_size)
    load_values, store_values = _gather(prepare_size, float), _scatter(prepare_size)
    load_uniforms, store_uniforms = _gather(step_draws, float), _scatter(step_draws)
    load_infos, store_infos = _gather(num_infos, float), _scatter(num_infos)
    load_params = _gather(num_params, float)
    draw_start, draw_step = _draw(start_draws), _draw(step_draws)

    # The rows of a block's scratch memory: one array, so that the compiler sees that no two of them overlap.
    lengths = (state_size, 1, prepare_size, step_draws, state_size, 1, 1, 1, 1, num_infos)
    offsets = [np.uint64(sum(lengths[:part])) * BLOCK for part in range(len(lengths))]
    _, action_at, values_at, uniforms_at, next_at, reward_at, terminated_at, truncated_at, event_at, infos_at = offsets
    scratch_size = sum(lengths) * int(BLOCK)
    infos_size = np.uint64(num_infos)
    # The rows of the memory: first come those of the state.
    stream_row, elapsed_row = np.uint64(state_size), np.uint64(state_size + 4)
    params_size = np.uint64(num_params or 2 * len(shape.tables or ()))

    # What differs between shapes is chosen here, outside of compiled code.

    if shape.per_lane:

        def params_of(memory, tables, lane, num_envs):
            return make_params(*load_params(memory, HEADER + lane, num_envs))

        def state_begin(num_envs):
            return HEADER + params_size * num_envs

    else:

        def state_begin(num_envs):
            return HEADER + params_size

    if shape.tables is not None:
        arrays = _arrays(shape.tables)

        def tables_of(words):
            return make_params(*arrays(words, HEADER))

        def params_of(memory, tables, lane, num_envs):
            return tables

    else:

        def tables_of(words):
            return ()

        if not shape.per_lane:

            def params_of(memory, tables, lane, num_envs):
                return make_params(*load_params(memory, HEADER, _1))

    if num_infos:

        def copy_info(scratch, source, infos, target, count):
            for i in range(count):
                infos[target + i] = scratch[source + i]

    else:

        def copy_info(scratch, source, infos, target, count):
            pass

    # Parameters that all lanes share are read once a block: else the compiler reads them again after every write.
    if shape.per_lane:

        def params_for(shared, memory, tables, lane, num_envs):
            return params_of(memory, tables, lane, num_envs)

    else:

        def params_for(shared, memory, tables, lane, num_envs):
            return shared

    if shape.observation_size:
        write_numbers, read_numbers = _scatter_row(shape.observation_size), _gather_row(shape.observation_size)

        def write_observation(observations, lane, state):
            write_numbers(observations, lane, observe(state, ops))

        def copy_observation(source, target, lane):
            write_numbers(target, lane, read_numbers(source, lane))

    else:

        def write_observation(observations, lane, state):
            observations[lane] = observe(state, ops)[0]

        def copy_observation(source, target, lane):
            target[lane] = source[lane]

    def begin_episode(memory, words, tables, lane, num_envs, low, high):
        first = state_begin(num_envs) + lane
        uniforms = draw_start(words, first + stream_row * num_envs, num_envs)
        state = start(uniforms, low, high, params_of(memory, tables, lane, num_envs), ops)
        store(memory, first, num_envs, state)
        memory[first + elapsed_row * num_envs] = 0.0
        return state

    ends_begin = int(shape.same_step)

    if shape.same_step:

        def after_end(memory, words, tables, lane, num_envs, state, infos, finals):
            """The state of a lane after a step that ended its episode."""
            final_observations, final_infos = finals
            write_observation(final_observations, lane, state)
            store_infos(final_infos, lane, num_envs, load_infos(infos, lane, num_envs))
            store_infos(infos, lane, num_envs, reset_infos)
            return begin_episode(memory, words, tables, lane, num_envs, memory[LOW], memory[HIGH])

    else:

        def after_end(memory, words, tables, lane, num_envs, state, infos, finals):
            """The state of a lane after a step that ended its episode."""
            memory[state_begin(num_envs) + elapsed_row * num_envs + lane] = -1.0
            return state

    # Then come the loops.

    def step_block(  # noqa: PLR0912  # loops, not branches
        begin,
        count,
        scratch,
        memory,
        words,
        tables,
        actions,
        observations,
        rewards,
        terminations,
        truncations,
        infos,
        finals,
    ):
        num_envs = np.uint64(len(actions))
        first = state_begin(num_envs) + begin
        stream = first + stream_row * num_envs
        elapsed = first + elapsed_row * num_envs
        limit, low, high = memory[LIMIT], memory[LOW], memory[HIGH]
        params = params_of(memory, tables, begin, num_envs)
        # A loop for each array that is read or written: with more than a few of them in one, the compiler gives up on
        # proving that they do not overlap, and on vector instructions.
        for row in range(stream_row):
            for i in range(count):
                scratch[row * BLOCK + i] = memory[first + row * num_envs + i]
        for i in range(count):
            scratch[action_at + i] = actions[begin + i]
        if step_draws:
            for i in range(count):
                if memory[elapsed + i] >= 0.0:  # else the lane is about to be reset, which draws from the same stream
                    store_uniforms(scratch, uniforms_at + i, BLOCK, draw_step(words, stream + i, num_envs))
        if prepare_size:
            for i in range(count):
                params = params_for(params, memory, tables, begin + i, num_envs)
                store_values(scratch, values_at + i, BLOCK, prepare(load(scratch, i, BLOCK), params, ops))
        for i in range(count):  # lanes about to be reset go along, to no effect: that is cheaper than to ask
            params = params_for(params, memory, tables, begin + i, num_envs)
            state, reward, terminated, numbers = transition(
                load(scratch, i, BLOCK),
                int(scratch[action_at + i]),
                load_values(scratch, values_at + i, BLOCK),
                load_uniforms(scratch, uniforms_at + i, BLOCK),
                params,
                ops,
            )
            store(scratch, next_at + i, BLOCK, state)
            scratch[reward_at + i] = reward
            scratch[terminated_at + i] = terminated
            store_infos(scratch, infos_at + i, BLOCK, numbers)
        for i in range(count):
            steps = memory[elapsed + i]
            truncated = steps + 1.0 >= limit
            scratch[truncated_at + i] = truncated
            scratch[event_at + i] = steps < 0.0 or truncated or scratch[terminated_at + i] != 0.0
        for row in range(stream_row):
            for i in range(count):
                memory[first + row * num_envs + i] = scratch[next_at + row * BLOCK + i]
        for i in range(count):
            rewards[begin + i] = scratch[reward_at + i]
        for i in range(count):
            terminations[begin + i] = scratch[terminated_at + i] != 0.0
        for i in range(count):
            truncations[begin + i] = scratch[truncated_at + i] != 0.0
        for row in range(infos_size):
            copy_info(scratch, infos_at + row * BLOCK, infos, row * num_envs + begin, count)
        begun = 0
        for i in range(count):
            steps = memory[elapsed + i]
            memory[elapsed + i] = steps + 1.0
            if scratch[event_at + i] != 0.0:  # the few lanes whose episode begins or ends
                lane = begin + i
                if steps < 0.0:  # over since the step before: next-step autoreset
                    state = begin_episode(memory, words, tables, lane, num_envs, low, high)
                    rewards[lane] = 0.0
                    terminations[lane] = truncations[lane] = False
                    store_infos(infos, lane, num_envs, reset_infos)
                    begun += 1
                else:
                    state = load(scratch, next_at + i, BLOCK)
                    state = after_end(memory, words, tables, lane, num_envs, state, infos, finals)
                    begun += ends_begin
                store(scratch, next_at + i, BLOCK, state)
        for i in range(count):
            write_observation(observations, begin + i, load(scratch, next_at + i, BLOCK))
        return begun

    def step(begin, end, memory, actions, observations, rewards, terminations, truncations, infos, finals):
        """Step the lanes from ``begin`` to ``end``, and count those that began an episode.

        -1, and nothing moves, if any lane's action is a wrong one.
        """
        most, wrong = int(memory[NUM_ACTIONS]) - 1, 0
        for lane in range(len(actions)):
            wrong |= actions[lane] | (most - actions[lane])  # the sign bit says that it is below 0 or above most
        if wrong < 0:
            return -1
        begun = 0
        words, scratch = memory.view(np.uint64), np.empty(scratch_size)
        tables = tables_of(words)
        for block in range(np.uint64(begin), np.uint64(end), BLOCK):
            count = min(BLOCK, np.uint64(end) - block)
            begun += step_block(
                block,
                count,
                scratch,
                memory,
                words,
                tables,
                actions,
                observations,
                rewards,
                terminations,
                truncations,
                infos,
                finals,
            )
        return begun

    def reset(begin, end, memory, mask, low, high):
        """Begin an episode in the lanes of ``mask``."""
        words = memory.view(np.uint64)
        tables = tables_of(words)
        for lane in range(np.uint64(begin), np.uint64(end)):
            if mask[lane]:
                begin_episode(memory, words, tables, lane, np.uint64(len(mask)), low, high)

    def write_observations(begin, end, memory, observations):
        num_envs = np.uint64(len(observations))
        first = state_begin(num_envs)
        for lane in range(np.uint64(begin), np.uint64(end)):
            write_observation(observations, lane, load(memory, first + lane, num_envs))

    def seed(begin, end, memory, mask, seeds):
        """Begin the streams of the lanes of ``mask``, from one 64-bit seed each."""
        num_envs = np.uint64(len(mask))
        stream, words = state_begin(num_envs) + stream_row * num_envs, memory.view(np.uint64)
        entropy = np.empty(2, np.uint64)
        for lane in range(np.uint64(begin), np.uint64(end)):
            if mask[lane]:
                entropy[0], entropy[1] = seeds[lane] & np.uint64(0xFFFFFFFF), seeds[lane] >> np.uint64(32)
                seed_stream(entropy, words, stream + lane, num_envs)

    if shape.same_step:  # a lane that ended shows its last observation here, and its next one in the next step

        def written_by_step(latest, after):
            return latest

        def end_of_step(begin, count, latest, finals, terminations, truncations, after):
            for lane in range(begin, begin + count):
                over = terminations[lane] | truncations[lane]
                copy_observation(finals[0] if over else latest, after, lane)

    else:

        def written_by_step(latest, after):
            return after

        def end_of_step(begin, count, latest, finals, terminations, truncations, after):
            pass

    def rollout_with(choose):
        def rollout(
            begin,
            end,
            memory,
            policy,
            observations,
            actions,
            rewards,
            next_observations,
            terminations,
            truncations,
            resets,
            latest,
            infos,
            finals,
        ):
            """As many steps as ``actions`` has rows, block after block, so that the lanes stay in the cache."""
            num_envs, words = np.uint64(actions.shape[1]), memory.view(np.uint64)
            scratch, tables = np.empty(scratch_size), tables_of(words)
            first = state_begin(num_envs)
            elapsed = first + elapsed_row * num_envs
            num_actions = int(memory[NUM_ACTIONS])
            for block in range(np.uint64(begin), np.uint64(end), BLOCK):
                count = min(BLOCK, np.uint64(end) - block)
                for time in range(len(actions)):
                    before, after, played = observations[time], next_observations[time], actions[time]
                    terminated, truncated, reset_only = terminations[time], truncations[time], resets[time]
                    for lane in range(block, block + count):
                        write_observation(before, lane, load(memory, first + lane, num_envs))
                    for lane in range(block, block + count):
                        played[lane] = choose(before, lane, policy, num_actions)
                    for lane in range(block, block + count):
                        reset_only[lane] = memory[elapsed + lane] < 0.0
                    step_block(
                        block,
                        count,
                        scratch,
                        memory,
                        words,
                        tables,
                        played,
                        written_by_step(latest, after),
                        rewards[time],
                        terminated,
                        truncated,
                        infos,
                        finals,
                    )
                    end_of_step(block, count, latest, finals, terminated, truncated, after)

        return rollout

    def made(function: Callable[..., Any]) -> Any:
        return kernel(function, digest(function, shape.reset_infos, repr(shape.tables)))

    return Kernels(
        seed=made(seed),
        reset=made(reset),
        observe=made(write_observations),
        step=made(step),
        rollout={kind: made(rollout_with(choose)) for kind, choose in _POLICIES.items()},
    )


# How an action of a rollout is chosen: ``choose(observations, lane, policy, num_actions)``.


def _choose_uniformly(observations: Any, lane: int, policy: Any, num_actions: int) -> int:
    return int(next_double(policy, lane, np.uint64(len(observations))) * num_actions)


def _look_up(observations: Any, lane: int, policy: Any, num_actions: int) -> int:
    return policy[observations[lane]]  # type: ignore[no-any-return]


def _best_score(observations: Any, lane: int, policy: Any, num_actions: int) -> int:
    weights, bias = policy
    best, best_score = 0, -np.inf
    for action in range(num_actions):
        score = bias[action]
        for index in range(len(weights)):
            score += observations[lane, index] * weights[index, action]
        if score > best_score:
            best, best_score = action, score
    return best


_POLICIES = {"random": _choose_uniformly, "table": _look_up, "linear": _best_score}


def seed_choices(choices: Any, entropy: Any) -> None:
    """Begin the streams of the uniform actions; the last word of the entropy becomes the lane's number."""
    num_envs = np.uint64(len(choices)) // _4
    for lane in range(num_envs):
        entropy[-1] = lane
        seed_stream(entropy, choices, lane, num_envs)
