"""Importing this module calls :func:`minigym.compat.gymnasium.register_all`.

It is for programs that can import a module but call nothing first: worker processes that start afresh, as in
``gymnasium.make("minigym.compat.registered:minigym/CartPole-v1")``, and command lines that take the names of modules.
"""

from minigym.compat.gymnasium import register_all

register_all()
