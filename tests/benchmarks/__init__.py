"""Benchmarks: our kernels beside their peers. `make bench` runs them all.

harness.py             one comparison: agree, warm up, take turns, record
bench_<topic>.py       what a topic compares
requirements/peers.txt the environment in which both sides run
"""
