"""Why a value changed, where there are no two nights to compare."""

from django.urls import reverse

from tests import make
from tests.clv.changes.firm import EARLIER, TODAY, valued
from tests.clv.changes.test_pages import FIRM, url_of


def test_the_first_run_has_nothing_to_compare_with(client, rep, manager, accounts):
    valued(TODAY)
    account = accounts[0]
    client.force_login(manager)
    urls = [reverse("clv:account_change", args=[account.pk]), *map(url_of, FIRM)]
    for url in urls:
        assert "This is the first run" in client.get(url).content.decode()


def test_nothing_is_said_before_the_first_night(client, manager):
    account = make.account()
    client.force_login(manager)
    for url in [reverse("clv:account_change", args=[account.pk]), *map(url_of, FIRM)]:
        assert "Nothing to compare with" in client.get(url).content.decode()


def test_runs_that_kept_no_models_say_so(client, manager):
    account = make.account()
    for when in (EARLIER, TODAY):
        make.valuation(account=account, run=make.run(as_of=when))
    client.force_login(manager)
    for url in [reverse("clv:account_change", args=[account.pk]), *map(url_of, FIRM)]:
        assert "cannot be split" in client.get(url).content.decode()
