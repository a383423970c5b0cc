"""How Hypothesis searches: `HYPOTHESIS_PROFILE` names a profile; CI has one of its own."""

import os

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("dev", max_examples=50, **COMMON)
settings.register_profile("ci", max_examples=150, print_blob=True, **COMMON)
settings.register_profile("nightly", max_examples=2_000, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))
