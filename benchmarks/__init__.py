"""Measures Baton beside a floor and beside a peer. `python -m benchmarks --help`."""
