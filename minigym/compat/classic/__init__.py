"""The interface of gym 0.17 to 0.21 around minigym's dynamics, spaces aside: no physics, no table, no drawing here.

Below ``install_as_gym`` the original's behaviour is kept, odd as it may be; docs/classic.md lists what differs.
"""
