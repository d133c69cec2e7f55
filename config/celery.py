"""The Celery application: a doorbell; what is due stands in PostgreSQL."""

from typing import Any

from celery import Celery

app = Celery("perennial")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def load_schedule(sender: Celery, **_: Any) -> None:
    """Hand beat its schedule; late, because it names tasks of apps still loading."""
    from config.schedule import BEAT  # noqa: PLC0415

    sender.conf.beat_schedule = BEAT
