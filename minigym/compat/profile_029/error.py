"""``gymnasium.error`` of 0.29: minigym's exceptions, and those that nobody raises any more but programs name."""

from minigym.compat.modern import error
from minigym.compat.modern.error import *  # noqa: F403  # all of them
from minigym.error import Error, UnregisteredEnv

Unregistered = UnregisteredEnv  # its base class in 0.29, which nothing else there derives from


class UnregisteredBenchmark(Unregistered):
    """No benchmark of that name."""


class UnseedableEnv(Error):  # noqa: N818  # the name it has
    """The environment takes no seed."""


class ResetNotAllowed(Error):  # noqa: N818  # the name it has
    """A reset before the episode is over."""


class APIError(Error):
    """A failed request to the website that Gym once had."""


class APIConnectionError(APIError):
    """No connection to it."""


class InvalidRequestError(APIError):
    """It did not understand."""


class AuthenticationError(APIError):
    """It did not know the user."""


class RateLimitError(APIError):
    """It was asked too often."""


class VideoRecorderError(Error):
    """A video could not be recorded."""


class InvalidFrame(Error):  # noqa: N818  # the name it has
    """A frame that no video can hold."""


class DoubleWrapperError(Error):
    """A wrapper twice."""


class WrapAfterConfigureError(Error):
    """A wrapper too late."""


class RetriesExceededError(Error):
    """Too many attempts."""


__all__ = error.__all__ + [
    name for name, kind in globals().items() if isinstance(kind, type) and kind.__module__ == __name__
]
__all__ += ["Unregistered"]
