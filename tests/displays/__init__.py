"""Each display of the shipped study against numbers found in the raw exports by code of its own."""
