"""Traces that belong together: found, settled as one."""
