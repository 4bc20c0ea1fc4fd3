"""The laboratory: real processes in network namespaces that the test makes and removes."""
