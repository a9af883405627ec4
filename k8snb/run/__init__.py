"""A run: the engine that drives it, what it tells, what is written down."""
