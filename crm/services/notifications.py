"""Notifications: tell people what concerns them, and nobody what they may not see."""

import re
from collections.abc import Iterable, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from crm.choices import NotificationKind, Role
from crm.models import Account, Notification, Task, User
from crm.queries.responsible import managers_of

LONGEST_EXCERPT = 200
LONGEST_NAME = 120  # of an account, within a text
ACROSS_THE_FIRM = [role.value for role in Role if role != Role.REP]


def notify(
    *,
    user: User | None,
    actor: User | None,
    kind: NotificationKind,
    text: str,
    url: str,
    account: Account | None = None,
) -> Notification | None:
    """Tell `user` in a sentence; nobody is told of their own acts or after leaving.

    Who may not see `account` is not told either.
    """
    if user is None or not user.is_active or actor is None or user == actor:
        return None
    if account is not None and not may_see(user, account):
        return None
    return Notification.objects.create(
        user=user, actor=actor, kind=kind, text=text, url=url, account=account
    )


def tell(
    *,
    user: User | None,
    kind: NotificationKind,
    text: str,
    url: str,
    account: Account | None = None,
) -> Notification | None:
    """Tell `user` what the product itself found; who left is told nothing.

    Without `account` the text names none; who may not see it is not told.
    """
    if user is None or not user.is_active:
        return None
    if account is not None and not may_see(user, account):
        return None
    return Notification.objects.create(
        user=user, kind=kind, text=text, url=url, account=account
    )


def may_see(user: User, account: Account) -> bool:
    return user.sees_every_account or account.owner_id == user.pk


def mention(
    *,
    actor: User,
    account: Account | None,
    text: str,
    url: str,
    before: str = "",
    owner: User | None = None,
) -> list[User]:
    """Tell those whom `text` names with an @ and who may see what it is about.

    Whom the text named `before` is not told again. Without an account only its
    `owner` and those who work across the firm see it.
    """
    seen = account.owner if account else owner
    told = set(mentioned(before, seen)) if before else set()
    found = [one for one in mentioned(text, seen) if one not in told and one != actor]
    where = f" at {_short(account)}" if account else " in a task"
    for user in found:
        notify(
            user=user,
            actor=actor,
            kind=NotificationKind.MENTION,
            text=f"{actor} mentioned you{where}: “{_excerpt(text)}”",
            url=url,
            account=account,
        )
    return found


def mentioned(text: str, owner: User | None) -> list[User]:
    """Return whom `text` names as @First or @Full Name, among those who may know.

    These are `owner` and everybody who works across the firm. A first name that
    several of them bear names nobody; what names nobody stays text.
    """
    if "@" not in text:
        return []
    words = " ".join(text.split()).casefold()
    people = list(_who_may_know(owner))
    first_names = [_folded(one.get_short_name()) for one in people]
    found = []
    for person, first in zip(people, first_names, strict=True):
        full = _folded(person.name)
        is_only = first_names.count(first) == 1
        longer = [
            _folded(one.name) for one in people if one != person
        ]  # “@Ana Berg” is not Ana Bo, and not the only Ana either
        if _names(words, full) or (is_only and _names(words, first, but=longer)):
            found.append(person)
    return found


def given_accounts(
    *, actor: User | None, owner: User | None, accounts: Sequence[Account]
) -> None:
    """Tell the new owner what is theirs now, in one notification."""
    if not accounts:
        return
    if len(accounts) == 1:
        account: Account | None = accounts[0]
        what = f"the account {_short(accounts[0])}"
        url = account_url(accounts[0])
    else:
        account, what = None, f"{len(accounts):,} accounts"
        url = reverse("campaigns:account_list")
    notify(
        user=owner,
        actor=actor,
        kind=NotificationKind.ACCOUNT,
        text=f"{actor} gave you {what}.",
        url=url,
        account=account,
    )


def given_many(*, actor: User, owner: User, count: int, what: str) -> None:
    """Tell the new owner of `count` accounts or tasks that were changed at once."""
    kind, page = {
        "tasks": (NotificationKind.TASK, "campaigns:task_list"),
        "cases": (NotificationKind.CASE, "campaigns:case_list"),
    }.get(what, (NotificationKind.ACCOUNT, "campaigns:account_list"))
    word = what if count != 1 else what.removesuffix("s")
    notify(
        user=owner,
        actor=actor,
        kind=kind,
        text=f"{actor} gave you {count:,} {word}.",
        url=reverse(page),
    )


def owner_left(*, actor: User, owner: User) -> None:
    """Tell who stands in for `owner`, who was deactivated, whose accounts these are."""
    count = Account.objects.active().filter(owner=owner).count()
    if not count:
        return
    what = "account" if count == 1 else "accounts"
    notify(
        user=next(iter(managers_of(owner.territory)), None),
        actor=actor,
        kind=NotificationKind.ACCOUNT,
        text=f"{owner} left and owns {count:,} {what}. What plans ask for there comes"
        " to you from the next night on. Give the accounts to a colleague.",
        url=f"{reverse('campaigns:account_list')}?owner={owner.pk}",
    )


def given_task(*, actor: User, task: Task) -> None:
    """Tell the owner of a task that it is theirs now; it names no account."""
    notify(
        user=task.owner,
        actor=actor,
        kind=NotificationKind.TASK,
        text=f"{actor} gave you a task, due {task.due_on:%-d %B}: “{task.title}”",
        url=reverse("campaigns:task_list"),
    )


def merged_accounts(*, actor: User, survivor: Account, merged: Account) -> None:
    """Tell the owners of both; who cannot see the survivor learns no more of it."""
    for owner in dict.fromkeys([survivor.owner, merged.owner]):
        if owner is None:
            continue
        is_seen = may_see(owner, survivor)
        into = _short(survivor) if is_seen else "another account"
        notify(
            user=owner,
            actor=actor,
            kind=NotificationKind.MERGE,
            text=f"{actor} merged {_short(merged)} into {into}.",
            url=account_url(survivor) if is_seen else reverse("crm:notification_list"),
            account=survivor if is_seen else None,
        )


def read(*, actor: User, notification: Notification) -> Notification:
    """Note that it was read; reading again keeps the first time."""
    rows = Notification.objects.filter(pk=notification.pk, user=actor).unread()
    rows.update(read_at=timezone.now())
    notification.refresh_from_db()
    return notification


def read_all(*, actor: User) -> int:
    """Note that everything was read; return how many were unread."""
    rows = Notification.objects.visible_to(actor).unread()
    return rows.update(read_at=timezone.now())


def choose_digest(*, actor: User, wants_digest: bool) -> None:
    """Switch one's own daily mail on or off."""
    actor.wants_digest = wants_digest
    actor.save(update_fields=["wants_digest"])


def account_url(account: Account, tab: str = "") -> str:
    url = reverse("crm:account_detail", args=[account.pk])
    return f"{url}?tab={tab}" if tab else url


def _who_may_know(owner: User | None) -> Iterable[User]:
    across = Q(is_superuser=True) | Q(groups__name__in=ACROSS_THE_FIRM)
    own = Q(pk=owner.pk) if owner else Q()
    rows = User.objects.filter(across | own if owner else across, is_active=True)
    return rows.distinct().order_by("name", "pk")


def _names(words: str, name: str, but: Sequence[str] = ()) -> bool:
    """Tell whether an @ stands before the whole `name`, and not before one of `but`."""
    if not name:
        return False
    for match in re.finditer(rf"(?<!\w)@{re.escape(name)}(?!\w)", words):
        rest = words[match.start() + 1 :]
        if not any(one and re.match(rf"{re.escape(one)}(?!\w)", rest) for one in but):
            return True
    return False


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _short(account: Account) -> str:
    name = account.name
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    if len(text) <= LONGEST_EXCERPT:
        return text
    return f"{text[: LONGEST_EXCERPT - 1]}…"
