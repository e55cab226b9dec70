"""Speed and memory beside peers, and models on data that others made: figures, no promises."""
