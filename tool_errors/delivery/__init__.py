"""Delivery: takes messages from the outbox to Slack, Teams, webhooks and mailboxes, one file per kind of channel."""
