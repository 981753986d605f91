"""Stand-ins for Deepgram and Groq: they keep to known delays and cost next to no CPU."""

import os

# Before numpy is imported: OpenBLAS's threads spin for a while after every product, which here
# would cost ten times what the product does.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
