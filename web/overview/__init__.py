"""The start page: its figures, charts and times."""
