"""Whether a tool call failed, and what it says of it: statements, payloads, texts, fingerprints."""
