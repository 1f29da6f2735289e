"""Interactions: folded of what applications post, joined with their traces, with users and conversations of them."""
