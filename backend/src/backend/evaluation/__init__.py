"""Measures retrieval on question sets: `docchat eval`."""
