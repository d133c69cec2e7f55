"""Settings, servers and everything that puts the apps together."""

import os

# The engines work on long vectors and small matrices. There the threads of a linear
# algebra library win nothing, and while they wait for each other they keep the cores
# from other processes: on a busy machine a night took many times as long. The library
# reads this when numpy is first imported, so it stands where everything begins.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
