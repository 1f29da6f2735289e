"""One trace: read, laid out and put into words for its page, its JSON and the terminal."""
