"""Composition root: the command line, the settings, the query API and the pages."""
