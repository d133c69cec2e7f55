import functools

from django.apps import AppConfig, apps


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Tasks bind to the default Celery application unless ours exists by now.
        from config import celery  # noqa: F401, PLC0415

        _remember_what_can_be_swapped()


def _remember_what_can_be_swapped() -> None:
    """Keep which models settings swap: they do not change once they are loaded.

    Django keeps it too, but forgets it with every model that a migration renders, and
    asks again for every relation: a quarter of the time of all migrations.
    """
    ask = functools.partial(
        type(apps).get_swappable_settings_name.__wrapped__,  # type: ignore[attr-defined]
        apps,
    )
    apps.get_swappable_settings_name = functools.cache(ask)  # type: ignore[method-assign]
