"""Getting data in: sources, the raw store, its checks, and the warehouse of features."""
