"""TLF floor: words and ink around the numbers."""
