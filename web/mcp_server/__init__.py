"""The MCP server at /mcp: what coding agents ask of stored traces, as text within a token budget. See docs/mcp.md."""
