"""crf2csr: a clinical trial from raw CRF exports to the appendix of its study report.

Floors, each made only from the one below: raw -> sdtm -> adam -> ard -> tlf -> csr.
The modules beside this one are the ground that all floors share.
"""

import pandas as pd

# Text is one type everywhere (Arrow-backed, missing = NaN): less memory, no mixed object columns.
pd.set_option("future.infer_string", True)
