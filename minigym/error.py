"""Every exception that minigym raises on purpose; the names are Gymnasium's where it has one.

Each message says what was expected, what came, and what to write instead.
"""


class Error(Exception):
    """The base of minigym's own exceptions."""


class UnregisteredEnv(Error):
    """No environment is registered under this id."""


class NamespaceNotFound(UnregisteredEnv):
    """The id's namespace holds no environment."""


class NameNotFound(UnregisteredEnv):
    """The id's name is registered in no version."""


class VersionNotFound(UnregisteredEnv):
    """The id's name exists, but not in this version."""


class DeprecatedEnv(Error):
    """The version asked for is older than every registered one."""


class RegistrationError(Error):
    """An environment cannot be registered as asked."""


class DependencyNotInstalled(Error):
    """An optional package is missing; the message names the extra that brings it."""


class UnsupportedMode(Error):
    """The environment cannot be rendered in the mode asked for."""


class InvalidMetadata(Error):
    """An environment's metadata is missing or contradicts itself."""


class ResetNeeded(Error):
    """``step`` or ``render`` was called before the first ``reset``."""


class InvalidAction(Error):
    """The action lies outside the action space. Nothing has moved."""


class InvalidSeed(Error, ValueError):
    """A seed must be a non-negative integer or None."""


class MissingArgument(Error):
    """A required constructor argument was not given."""


class InvalidProbability(Error, ValueError):
    """A probability lies outside [0, 1], is NaN, or a row of them does not sum to 1."""


class InvalidBound(Error, ValueError):
    """The bounds of a space or of a reset contradict each other."""


class InvalidMDP(Error, ValueError):
    """The arrays of an MDP contradict each other; the message names the state and action."""


class InvalidMap(Error, ValueError):
    """A FrozenLake map that cannot be played; the message draws it."""


class InvalidParameter(Error, ValueError):
    """A constructor argument or a physical parameter has a value that cannot work."""


class CustomSpaceError(Error, NotImplementedError):
    """A function that knows minigym's own spaces was given another kind."""


class AsyncError(Error):
    """A call to an asynchronous batch came at the wrong time; ``name`` says which command it is about."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)  # alone: what stands here is what a copy from a pickle is made of
        self.name = name


class AlreadyPendingCallError(AsyncError):
    """The workers are still busy with another command."""


class NoAsyncCallError(AsyncError):
    """There is nothing to wait for."""


class ClosedEnvironmentError(Error):
    """The batch was closed."""


class WindowClosed(SystemExit):
    """The user closed the window with its close button.

    It ends the program like the close button of any program (exit status 0, no traceback, ``finally``
    blocks and context managers run); catch it to go on without a window.
    """
