"""What several gateways know together, kept by Redis."""
