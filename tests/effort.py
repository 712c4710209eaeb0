"""How hard Hypothesis tries: `default`, and `long` for `genba test --long`."""

from hypothesis import HealthCheck, settings

# A busy machine is no failure, and a run that failed must fail again.
settings.register_profile(
    "default", deadline=None, derandomize=True, max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile("long", settings.get_profile("default"), max_examples=1_000)
settings.load_profile("default")
