"""Issues and what people say of findings."""
