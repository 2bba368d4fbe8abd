"""Benchmarks: each module runs with one command and prints ratios to a named reference."""
