"""What a WSGI server runs."""

from django.core.wsgi import get_wsgi_application

from config.collecting import put_aside

application = get_wsgi_application()
put_aside()
