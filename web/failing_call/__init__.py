"""A failed tool call as a pytest file: which call, and the text of the file."""
