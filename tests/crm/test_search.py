"""Names are found by the beginnings of their words, in any script, whatever accents."""

import pytest
from django.db import connection
from django.db.models import Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.folding import Folded, fold, words_of
from crm.models import Account, Contact, User
from tests import make

FOUND = [
    ("Müller & Söhne", "muller"),
    ("Muller Werke", "MÜLLER"),
    ("Straßenbau Nord", "strassen"),
    ("Smørrebrød ApS", "smorrebrod"),
    ("Łódź Fabryka", "lodz fab"),
    ("O'Brien Foods", "o'br"),
    ("O’Brien Foods", "o'br"),
    ("O’Brien Foods", "foods O’Brien"),
    ("a.b.c Bau", "a.b"),
    ("株式会社日本", "株式"),
    ("हिन्दी भवन", "हिन्दी"),
    ("مؤسسة الخير", "مؤس"),
    ("Иванов и сын", "ИВАН"),
    ("Ångström Labs", "angstrom"),
    ("İstanbul Kağıt", "istanbul kag"),
]


@pytest.mark.parametrize(("name", "typed"), FOUND)
def test_an_account_is_found_in_any_script_and_accent(db, name, typed):
    wanted = make.account(name=name)
    make.account(name="Somebody else")
    assert list(Account.objects.matching(typed)) == [wanted]


@pytest.mark.parametrize(("name", "typed"), FOUND)
def test_so_is_a_person(db, name, typed):
    wanted = make.contact(name=name)
    make.contact(account=wanted.account, name="Somebody else")
    assert list(Contact.objects.matching(typed)) == [wanted]


@pytest.mark.parametrize(
    "typed", ["ann.lee@foods.example", "ANN.LEE@foods.EXAMPLE", "ann.l"]
)
def test_a_person_is_found_by_the_address(db, typed):
    wanted = make.contact(name="Ann Lee", email="Ann.Lee@foods.example")
    make.contact(name="Ann Foods")
    assert list(Contact.objects.matching(typed)) == [wanted]


@pytest.mark.parametrize(
    "typed", ["mul & | !", "':* mul", "mul\\", "(mul", "mul'\0|\\'!"]
)
def test_signs_are_no_operators(db, typed):
    wanted = make.account(name="Müller")
    assert list(Account.objects.matching(typed)) == [wanted]


def test_every_word_must_begin_a_word(db):
    make.account(name="North Mill")
    assert not Account.objects.matching("mill south").exists()
    assert not Account.objects.matching("ill").exists()


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]),
    max_size=20,
)


@pytest.mark.django_db
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS.filter(lambda t: all(ord(c) < 0x250 for c in t)), max_size=8))
def test_python_and_the_database_fold_alike(texts):
    """Shown on letters of European scripts: the others have nothing to fold."""
    with connection.cursor() as cursor:
        for text in texts:
            sql, params = _folded_sql(text)
            cursor.execute(sql, params)
            assert cursor.fetchone()[0] == fold(text)


def _folded_sql(text):
    rows = User.objects.values_list(Folded(Value(text)))
    compiler = rows.query.get_compiler("default")
    sql, params = compiler.compile(Folded(Value(text)).resolve_expression(rows.query))
    return f"SELECT {sql}", params


def test_words_keep_marks_that_are_letters_elsewhere():
    assert words_of("Ünal-Koç, 2. हिन्दी") == ["unal", "koc", "2", "हिन्दी"]
