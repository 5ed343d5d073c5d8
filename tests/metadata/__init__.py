"""Cases for what a report says about itself."""
