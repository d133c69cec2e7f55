"""What an ASGI server runs; the product itself is served by WSGI."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
