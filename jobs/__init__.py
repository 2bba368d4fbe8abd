"""Background work: Redis rings, workers claim rows, results are written once."""
