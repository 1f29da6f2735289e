"""Signals of one's own: words and patterns looked for in what users say and agents answer."""
