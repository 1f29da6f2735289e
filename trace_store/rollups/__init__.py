"""What is counted ahead, by hour and day, and counts that are exact at any moment all the same."""
