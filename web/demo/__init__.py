"""The sample support agent that `rainbarrel demo` sends."""
