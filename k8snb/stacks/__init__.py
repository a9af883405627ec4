"""Stacks: where pipelines run."""
