"""Arguments and definitions of tools against their schema."""
