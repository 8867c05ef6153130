"""How reports, tables and pictures name things."""

from collections.abc import Sequence

from agents.common.environment import Environment

_LONGEST_ARGUMENTS = 34  # characters; a map given row by row is cut


def world(environment: Environment) -> str:
    """Its name, and the arguments that make it another world than the name alone: 4x4 and 8x8 share an id."""
    if not environment.kwargs:
        return environment.name
    arguments = ", ".join(f"{name}={value}" for name, value in environment.kwargs.items())
    if len(arguments) > _LONGEST_ARGUMENTS:
        arguments = f"{arguments[: _LONGEST_ARGUMENTS - 3]}..."
    return f"{environment.name} ({arguments})"


def quantity(environment: Environment) -> str:
    """What its undiscounted return is called."""
    return "success" if environment.return_is_success else "return"


def within(environment: Environment) -> str:
    """The time limit, in words."""
    if environment.max_episode_steps is None:
        return f"cut after {environment.horizon:,} steps"
    return f"within {environment.horizon:,} steps"


def count_of_seeds(count: int) -> str:
    """As in "1 seed" and "20 seeds"."""
    return f"{count} seed{'s' if count > 1 else ''}"


def seeds(seeds: Sequence[int]) -> str:
    """As in "seed 7" and "20 seeds"."""
    return f"seed {seeds[0]}" if len(seeds) == 1 else count_of_seeds(len(seeds))


def listed(names: Sequence[str]) -> str:
    """As in "one, two and three"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
