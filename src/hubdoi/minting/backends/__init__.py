"""One file for each way to see and mint DOIs."""
