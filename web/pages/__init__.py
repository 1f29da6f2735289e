"""The pages, one file each. What they hand to their templates stands in `view_models.py`."""
