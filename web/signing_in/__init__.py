"""Who may read: passwords, OpenID Connect, sessions, access keys."""
