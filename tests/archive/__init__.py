"""Archives: shards, runs over them, and what is chosen from them."""
