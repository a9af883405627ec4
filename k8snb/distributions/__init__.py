"""Distributions of data sets: their statistics, the distances between them, and how they are shown."""
