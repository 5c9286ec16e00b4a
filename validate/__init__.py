"""The validation package: requirements, who proves them, and whether this installation keeps them."""
