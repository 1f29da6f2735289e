"""Wire to store: OTLP over gRPC and HTTP, decoded with limits, committed before it is acknowledged."""
