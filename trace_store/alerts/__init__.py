"""Alert rules, their evaluation, signals, and the messages that leave through the outbox."""
