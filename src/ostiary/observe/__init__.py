"""What happened? Logs, the audit log, metrics and traces."""
