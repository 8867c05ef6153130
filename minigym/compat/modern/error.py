"""``gymnasium.error``: minigym's exceptions, and one that it never raises but programs name."""

from minigym import error

__all__ = ["DeprecatedWrapper"]


class DeprecatedWrapper(ImportError):  # noqa: N818  # the name it has
    """A wrapper is asked for under an old name."""


# What else the original has, under the same names.
for _name, _kind in vars(error).items():
    if isinstance(_kind, type) and issubclass(_kind, BaseException):
        globals()[_name] = _kind
        __all__ += [_name]  # noqa: PLE0604  # strings all the same
