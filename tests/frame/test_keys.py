"""Keys that work without Ctrl can be switched off, and stay so."""

from django.urls import reverse, reverse_lazy

from config.shell import MENU

URL = reverse_lazy("crm:single_keys")
OFF = 'data-single-keys="off"'


def test_single_keys_are_on_until_one_switches_them_off(client, rep):
    client.force_login(rep)
    home = reverse("account_change_password")
    assert OFF not in client.get(home).content.decode()

    client.post(reverse("crm:single_keys"), {"single_keys": "off"})
    rep.refresh_from_db()
    assert rep.single_keys is False
    assert OFF in client.get(home).content.decode()

    client.post(reverse("crm:single_keys"), {"single_keys": "on"})
    assert OFF not in client.get(home).content.decode()


def test_the_switch_answers_with_itself_alone(client, rep):
    client.force_login(rep)
    answer = client.post(
        reverse("crm:single_keys"),
        {"single_keys": "off"},
        headers={"HX-Request": "true"},
    )
    page = answer.content.decode()
    assert 'data-single-keys-choice="off"' in page
    assert "<html" not in page


def test_a_rep_finds_their_daily_pages_at_the_bottom(client, rep):
    client.force_login(rep)
    page = client.get(reverse("account_change_password")).content.decode()
    bottom = page.partition('<ul class="c-bottom">')[2].partition("</ul>")[0]
    assert "Today" in bottom
    assert "Accounts" in bottom
    assert "Runs" not in bottom


def test_every_page_of_the_menu_has_a_key_of_its_own():
    keys = [link.go for group in MENU for link in group.links if link.go]
    assert len(keys) == len(set(keys)) > 10
