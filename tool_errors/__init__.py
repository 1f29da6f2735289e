"""Findings: derived tool status, fingerprints, loops, and the processor that keeps them current."""
