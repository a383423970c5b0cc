"""What models cost: the operator's price file, public prices, and the arithmetic."""
