"""What ``import gymnasium`` finds after ``minigym.install_as_gymnasium``, where that differs from minigym itself.

``surface`` says which name is which object. Nearly all are minigym's own; the other modules here hold environments that
are as lenient as the originals, the original's batch of poles, its checks and its warnings.
"""
