"""Replaces personal data and secrets before they are stored, by the rules of a project (docs/privacy.md)."""
