"""The lines of the file of tokens: what is read is written, and each mistake is named with its line and field."""

import hashlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.access.tokens import (
    MAX_TOKENS,
    TokenLine,
    checked_name,
    digest,
    is_token,
    new_token,
    parsed,
    quotas_of,
    roles_of,
)
from gui_agents.domain.access import Quotas, Role
from gui_agents.domain.errors import ConfigError

HASH = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32

counts = st.none() | st.integers(1, 10**12)
money = st.dictionaries(
    st.sampled_from(["USD", "EUR", "CNY"]), st.decimals("0.01", 10**6, places=2).map(lambda amount: +amount)
)


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parsed(text, "tokens")
    return caught.value.mistakes


def test_a_token_has_256_random_bits_and_a_prefix_that_people_recognize():
    one, other = new_token().reveal(), new_token().reveal()
    assert one != other
    assert one.startswith("gat_")
    assert len(one) == len("gat_") + 43
    assert is_token(one)
    assert digest(one) == hashlib.sha256(one.encode()).digest()


@pytest.mark.parametrize(
    "text", ["", "gat_", "gat_" + "x" * 42, "gat_" + "x" * 44, "Gat_" + "x" * 43, "gat_" + "é" * 43]
)
def test_what_has_another_form_is_no_token(text):
    assert not is_token(text)


def test_a_file_has_a_line_for_each_token_and_comments():
    text = f"# ours\n\n  ci  {HASH}  submit,read   running=2 cost=5USD,0.5EUR\r\nanna {OTHER} admin\n"
    assert parsed(text, "tokens") == [
        TokenLine(
            "ci",
            bytes.fromhex("ab" * 32),
            frozenset({Role.SUBMIT, Role.READ}),
            Quotas(running=2, cost={"USD": Decimal(5), "EUR": Decimal("0.5")}),
        ),
        TokenLine("anna", bytes.fromhex("cd" * 32), frozenset({Role.ADMIN}), Quotas()),
    ]


@given(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", fullmatch=True),
    st.binary(min_size=32, max_size=32),
    st.sets(st.sampled_from(Role), min_size=1),
    st.builds(
        Quotas,
        running=counts,
        queued=counts,
        requests=counts,
        cost=money,
        connections=counts,
        streams=counts,
        subscribers=counts,
        bytes=counts,
    ),
)
def test_what_is_written_is_read(name, hashed, roles, quotas):
    line = TokenLine(name, hashed, frozenset(roles), quotas)
    assert parsed(str(line), "tokens") == [line]


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("ci", "hash: is missing; a line is NAME sha256:HASH ROLES, then quotas"),
        (f"ci {HASH}", "roles: is missing; a line is NAME sha256:HASH ROLES, then quotas"),
        (f"-ci {HASH} read", "name: 1 to 64 letters, digits and . _ @ -, and begins with a letter or digit"),
        (f"{'x' * 65} {HASH} read", "name: 1 to 64 letters, digits and . _ @ -, and begins with a letter or digit"),
        ("ci gat_secret read", "hash: must be sha256: and 64 hexadecimal digits; `gui-agents token create` makes the"),
        (f"ci {HASH[:-1]} read", "hash: must be sha256: and 64 hexadecimal digits"),
        (f"ci {HASH} submit,owner", "roles: must be of submit, read, admin, separated by commas; not 'owner'"),
        (f"ci {HASH} ,", "roles: must be of submit, read, admin, separated by commas"),
        (f"ci {HASH} read tasks=2", "tasks: is no quota; they are running, queued, requests, cost, connections,"),
        (f"ci {HASH} read running", "running: must be a whole number from 1 to 1000000000000, not ''"),
        (f"ci {HASH} read running=0", "running: must be a whole number from 1 to 1000000000000, not '0'"),
        (f"ci {HASH} read running=1 running=2", "running: is there twice"),
        (f"ci {HASH} read cost=5dollars", "cost: must list amounts of money above 0 with their currency"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(line, mistake):
    (told,) = mistakes(f"# first\n{line}\n")
    assert told.startswith(f"tokens line 2, {mistake}")
    assert "secret" not in told


def test_all_mistakes_are_named_at_once():
    assert [told.partition(",")[0] for told in mistakes(f"a\nok {HASH} read\nb\n")] == [
        "tokens line 1",
        "tokens line 3",
    ]


def test_a_name_and_a_hash_are_there_once():
    assert mistakes(f"a {HASH} read\na {OTHER} read\n") == ("tokens line 2, name: a has line 1 already",)
    assert mistakes(f"a {HASH} read\nb {HASH} read\n") == ("tokens line 2, hash: it is that of line 1, too",)


def test_a_file_has_a_bounded_number_of_tokens():
    text = "".join(f"t{number} sha256:{number:064x} read\n" for number in range(MAX_TOKENS + 1))
    assert mistakes(text) == (f"tokens: has {MAX_TOKENS + 1} tokens, and may have {MAX_TOKENS}",)


@given(st.text() | st.lists(st.sampled_from(["a", HASH, "read", "running=1", "#", "\n"])).map(" ".join))
def test_any_text_is_read_or_has_mistakes(text):
    try:
        lines = parsed(text, "tokens")
    except ConfigError:
        return
    assert parsed("\n".join(map(str, lines)), "tokens") == lines


def test_what_a_command_is_given_is_checked_in_the_same_way():
    assert (checked_name("ci"), roles_of("read , admin")) == ("ci", frozenset({Role.READ, Role.ADMIN}))
    with pytest.raises(ValueError, match="has 1 to 64 letters"):
        checked_name("two words")
    with pytest.raises(ValueError, match="nothing: is no quota"):
        quotas_of(["nothing"])
