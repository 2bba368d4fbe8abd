"""Background work: Redis wakes workers, they claim rows, results are written once."""
