from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Tasks bind to the default Celery application unless ours exists by now.
        from config import celery  # noqa: F401, PLC0415
