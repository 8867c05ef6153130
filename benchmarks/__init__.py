"""Peers measured beside minigym, in the same run: ``python -m benchmarks throughput``."""
