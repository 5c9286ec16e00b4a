"""Operating characteristics of the design: power, type I error, bias, coverage and width, by simulation."""
