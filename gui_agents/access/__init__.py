"""Who may call: tokens, roles, quotas and the audit log."""
