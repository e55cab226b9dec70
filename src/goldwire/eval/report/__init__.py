"""What people read of scores and agreement: the HTML page and the terminal's tables."""
