"""The submission package: what the house derived, in the forms that an authority reads. It computes no statistic."""
