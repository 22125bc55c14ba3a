"""How many examples hypothesis tries in the random tests, and what it says of a failure.

``WFEPY_HYPOTHESIS=thorough`` runs many more examples than the default profile ``ci``. A failing test prints,
below the shrunk example, the decorator that repeats it: ``@reproduce_failure(...)``.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
# For the Pythons on which the wheel is tested only quickly.
settings.register_profile("few", settings.get_profile("ci"), max_examples=15)
settings.register_profile("thorough", settings.get_profile("ci"), max_examples=3000)
# For `test_mutants.py`: the same examples each time, and a failure is not shrunk.
settings.register_profile(
    "quick",
    settings.get_profile("ci"),
    max_examples=250,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("WFEPY_HYPOTHESIS", "ci"))
