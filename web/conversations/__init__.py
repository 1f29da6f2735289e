"""Conversations and interactions as pages and JSON tell them."""
