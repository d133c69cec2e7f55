from django.apps import AppConfig


class ClvConfig(AppConfig):
    name = "clv"
    verbose_name = "Customer lifetime value"
