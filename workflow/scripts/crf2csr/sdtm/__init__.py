"""SDTM floor: what was collected, in standard shape, and the queries it raised."""
