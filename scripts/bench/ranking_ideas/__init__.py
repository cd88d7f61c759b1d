"""Ways to rank that the product does not have, tried through the product's own search."""
