"""The systems that are compared: each a launcher, and where it is not the product, its program."""
