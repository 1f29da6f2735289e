"""Repetition without progress: the detectors of loops and what they compare."""
