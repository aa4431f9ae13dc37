"""What happened? Logs; later audit, metrics and traces."""
