/** A small Django project with the app of docs/django.md in it, and what its editors do. */

/** What `startproject` writes, as far as it matters here. */
export const BASE_SETTINGS = `
import pathlib

BASE_DIR = pathlib.Path(__file__).parent
SECRET_KEY = "of the tests"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(BASE_DIR / "db.sqlite3")}}
INSTALLED_APPS = ["pages"]
`;

export const PAGES = `
from django.db import models


class Page(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField()
    language_code = models.CharField(max_length=10, default="de")

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/{self.slug}/"
`;

/** Does it all in one process, and prints what is in the outbox at the end. */
export const DRIVER = `
import json
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from pages.models import Page
from slipway_hooks.models import WebhookMessage
from slipway_hooks.outbox import announce

call_command("makemigrations", "slipway_hooks", verbosity=0)
call_command("migrate", run_syncdb=True, verbosity=0)

with transaction.atomic():
    page = Page(title="Über uns", slug="ueber-uns")
    page.slipway_editor = "Ada"
    page.save()

try:
    with transaction.atomic():
        Page.objects.create(title="Rolled back", slug="rolled-back")
        raise ValueError("somebody changed their mind")
except ValueError:
    pass

with transaction.atomic():
    announce("prices.imported", {"title": "Prices"})
    try:
        with transaction.atomic():
            Page.objects.create(title="Rolled back, too", slug="rolled-back-too")
            raise ValueError("only a part was undone")
    except ValueError:
        pass

page.delete()

# A secret that is none keeps nobody from saving.
settings.SLIPWAY_SECRET = "whsec_x"
Page.objects.create(title="Wrong secret", slug="wrong-secret")
wrong = WebhookMessage.objects.get(sent_at=None)
before_wrong = wrong.last_error
settings.SLIPWAY_SECRET = os.environ["SLIPWAY_SECRET"]
call_command("send_webhooks", now=True)

stubborn = Page.objects.create(title="Try again", slug="try-again")
waiting = WebhookMessage.objects.get(sent_at=None)
before = {"tries": waiting.tries, "error": waiting.last_error}
call_command("send_webhooks")
call_command("send_webhooks", now=True)

print(json.dumps({
    "before": before,
    "wrong": before_wrong,
    "outbox": [
        {"type": json.loads(it.body)["type"], "tries": it.tries, "sent": it.sent_at is not None, "error": it.last_error}
        for it in WebhookMessage.objects.all()
    ],
}))
`;
