"""What outlives a step: variables, queues, tables, files."""
