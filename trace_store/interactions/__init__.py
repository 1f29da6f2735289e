"""Interactions, users and conversations: written, linked, searched and read."""
