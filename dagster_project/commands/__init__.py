"""Commands of the command line, one module each; ``cli`` registers them."""
