"""The fenced grant on a real PostgreSQL, with a token endpoint that answers as told."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from exactsync.credentials import App, TokenPair, User
from exactsync.errors import (
    ConfigurationError,
    ExactUnavailableError,
    ReauthorisationRequiredError,
    RetryLaterError,
    TokenPendingError,
)
from exactsync.exact.consent import accept_code
from exactsync.exact.grant import SETTLING_S, AccessTokens
from exactsync.secret import Secret
from exactsync.warehouse.engine import create_engine
from exactsync.warehouse.keys import KeyRing
from exactsync.warehouse.ledger import PostgresLedger
from exactsync.warehouse.tokens import PostgresTokenStore

KEY = Fernet.generate_key().decode()
APP = App(
    connection_id="exact_online_default",
    base_url="https://start.exactonline.nl",
    client_id="client-1",
    client_secret=Secret("secret-of-the-app"),
    redirect_uri="https://localhost/callback",
)
USER = User(id="0b6a3c52", name="Dana Demo")
USED = httpx.Response(401, json={"error": "unauthorized_client", "error_description": "Old refresh token used."})
EARLY = httpx.Response(
    400, json={"error": "access_denied", "error_description": "Rate limit exceeded: access_token not expired"}
)


def pair(number: int, lifetime_s: float = 600.0) -> TokenPair:
    return TokenPair(
        access=Secret(f"access-token-{number}"), refresh=Secret(f"refresh-token-{number}"), lifetime_s=lifetime_s
    )


class Desk:
    """One grant, its store, and a token endpoint that answers the next pair unless told otherwise."""

    def __init__(self, engine) -> None:
        self.engine = engine
        self.store = PostgresTokenStore(engine, [KEY])
        self.answers: list = []
        self.asked: list[str] = []
        self.grant_id = self.store.save_consent(APP, USER, pair(1), requested_at=self.store.clock()).id
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(parse_qs(request.content.decode())["refresh_token"][0])
        answer = self.answers.pop(0) if self.answers else next_pair
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def tokens(self, **options) -> AccessTokens:
        return AccessTokens(APP, self.grant_id, self.store, transport=self.transport, **options)

    def token(self, **options) -> str:
        return self.tokens(**options).access_token().reveal()

    def pass_time(self, seconds: float) -> None:
        """Move everything that the row knows into the past."""
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE exactsync.grants SET obtained_at = obtained_at - make_interval(secs => :s), "
                    "refreshable_at = refreshable_at - make_interval(secs => :s), "
                    "expires_at = expires_at - make_interval(secs => :s), "
                    "intent_expires_at = intent_expires_at - make_interval(secs => :s)"
                ),
                {"s": seconds},
            )

    @property
    def grant(self):
        return self.store.read(self.grant_id)


def next_pair(request: httpx.Request) -> httpx.Response:
    number = int(parse_qs(request.content.decode())["refresh_token"][0].rsplit("-", 1)[1]) + 1
    body = {"access_token": f"access-token-{number}", "refresh_token": f"refresh-token-{number}", "expires_in": "600"}
    return httpx.Response(200, json=body)


@pytest.fixture
def engine(migrated_database):
    engine = create_engine(migrated_database)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(engine):
    return Desk(engine)


def test_a_live_token_is_used_without_asking_exact(desk):
    desk.pass_time(569)
    assert desk.token() == "access-token-1"
    assert desk.asked == []


def test_from_95_percent_of_its_life_on_a_token_is_refreshed_before_use(desk):
    desk.pass_time(571)
    assert desk.token() == "access-token-2"
    assert desk.asked == ["refresh-token-1"]
    assert (desk.grant.generation, desk.grant.refreshes, desk.grant.probes) == (2, 1, 0)
    assert desk.grant.intent_owner is None


def test_times_are_kept_on_the_safe_side_of_a_slow_answer(desk):
    def slowly(request: httpx.Request) -> httpx.Response:
        time.sleep(0.3)
        return next_pair(request)

    desk.answers = [slowly]
    desk.pass_time(700)
    asked_at = desk.store.clock()
    desk.token()
    grant = desk.grant
    assert asked_at + timedelta(seconds=600) <= grant.expires_at <= asked_at + timedelta(seconds=600.2)
    assert grant.refreshable_at >= asked_at + timedelta(seconds=570.3)


def test_no_token_stands_readable_in_the_database(desk):
    desk.pass_time(571)
    desk.token()
    with desk.engine.connect() as connection:
        row = str(connection.execute(text("SELECT * FROM exactsync.grants")).one())
    assert "access-token" not in row
    assert "refresh-token" not in row
    assert "token-" not in repr(desk.grant)


def test_many_workers_share_one_refresh(desk):
    def slowly(request: httpx.Request) -> httpx.Response:
        time.sleep(0.2)
        return next_pair(request)

    desk.answers = [slowly]
    desk.pass_time(571)
    with ThreadPoolExecutor(12) as workers:
        seen = set(workers.map(lambda _: desk.token(), range(12)))
    assert seen == {"access-token-2"}
    assert desk.asked == ["refresh-token-1"]


def test_no_transaction_is_open_while_exact_is_asked(desk):
    def look(request: httpx.Request) -> httpx.Response:
        with desk.engine.connect() as connection:
            busy.append(
                connection.execute(
                    text(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        "AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
                    )
                ).scalar_one()
            )
        return next_pair(request)

    busy: list[int] = []
    desk.answers = [look]
    desk.pass_time(571)
    desk.token()
    assert busy == [0]


def test_a_worker_waits_for_another_ones_refresh_only_so_long(desk):
    desk.pass_time(571)
    desk.store.claim(desk.grant_id, 1, owner="other", lease_s=90)
    with pytest.raises(TokenPendingError, match="Another worker") as caught:
        desk.token(patience_s=0.05)
    assert not caught.value.is_refused
    assert desk.asked == []


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(200, content=b""),
        httpx.Response(503, html="<html>maintenance"),
        httpx.Response(429),
        httpx.Response(500),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut off"),
    ],
    ids=str,
)
def test_after_an_unclear_answer_one_probe_finds_the_next_pair(desk, trouble):
    desk.answers = [trouble]
    desk.pass_time(571)
    with pytest.raises(ExactUnavailableError, match="token endpoint"):
        desk.token()
    with pytest.raises(RetryLaterError):
        desk.token(patience_s=0)
    desk.pass_time(SETTLING_S)
    assert desk.token() == "access-token-2"
    assert desk.asked == ["refresh-token-1"] * 2
    assert (desk.grant.refreshes, desk.grant.probes) == (1, 1)


def test_after_an_answer_that_got_lost_one_probe_proves_that_a_person_is_needed(desk):
    desk.answers = [httpx.ReadError("reset"), USED]
    desk.pass_time(571)
    with pytest.raises(ExactUnavailableError):
        desk.token()
    desk.pass_time(SETTLING_S)
    with pytest.raises(ReauthorisationRequiredError, match=r"Dana Demo.*exact_online_default") as caught:
        desk.token()
    assert caught.value.reason == "used"
    assert "authorise --connection exact_online_default" in caught.value.remedy
    for _ in range(3):
        with pytest.raises(ReauthorisationRequiredError):
            desk.token()
    assert len(desk.asked) == 2
    assert (desk.grant.status, desk.grant.reason, desk.grant.probes) == ("reconnect_needed", "used", 1)


def test_the_intent_of_a_dead_worker_is_probed_by_one(desk):
    desk.pass_time(571)
    desk.store.claim(desk.grant_id, 1, owner="dead", lease_s=90)
    desk.pass_time(90)
    with ThreadPoolExecutor(8) as workers:
        assert set(workers.map(lambda _: desk.token(), range(8))) == {"access-token-2"}
    assert desk.asked == ["refresh-token-1"]
    assert desk.grant.probes == 1


def unanswered(desk) -> float:
    """Ask for a token and get no answer from Exact; return for how long we are told to wait."""
    desk.answers = [httpx.ReadTimeout("slow")]
    with pytest.raises(ExactUnavailableError, match="No clear answer") as caught:
        desk.token()
    wait_s = (caught.value.retry_at - datetime.now(UTC)).total_seconds()
    assert (desk.grant.intent_expires_at - desk.grant.read_at).total_seconds() == pytest.approx(wait_s, abs=1)
    return wait_s


def test_the_first_probe_is_prompt_and_those_that_get_no_answer_either_become_rare(desk):
    desk.pass_time(50_000)  # the token was over for long when someone came to refresh it
    waits = []
    for _ in range(9):
        waits.append(unanswered(desk))
        desk.pass_time(waits[-1])
    assert waits == pytest.approx([5, 60, 65, 130, 260, 520, 1040, 1800, 1800], rel=0.03, abs=1)
    assert desk.token() == "access-token-2"
    assert set(desk.asked) == {"refresh-token-1"}
    desk.pass_time(571)
    assert unanswered(desk) == pytest.approx(SETTLING_S, abs=1)  # what was, is forgotten


def test_whoever_comes_between_two_probes_is_sent_away_at_once_and_told_when_to_come_back(desk):
    desk.pass_time(571)
    desk.pass_time(unanswered(desk))
    wait_s = unanswered(desk)
    for passed_s in (0, 40):
        desk.pass_time(passed_s)
        with pytest.raises(RetryLaterError, match="left in peace") as caught:
            desk.token()
        retry_at = caught.value.retry_at
        assert (retry_at - datetime.now(UTC)).total_seconds() == pytest.approx(wait_s - passed_s, abs=2)
        assert f"{retry_at:%H:%M:%S} UTC" in str(caught.value)
    assert len(desk.asked) == 2


def test_a_token_endpoint_that_is_silent_for_a_day_is_not_pestered(desk):
    desk.pass_time(571)
    desk.transport = httpx.MockTransport(lambda request: desk.asked.append(request.url.path) or httpx.Response(504))
    for _ in range(24 * 12):
        with pytest.raises(RetryLaterError):
            desk.token(patience_s=0)
        desk.pass_time(300)
    assert 40 < len(desk.asked) < 60


def test_a_probe_of_a_worker_that_died_is_made_again_once_its_lease_is_over(desk):
    desk.pass_time(571)
    desk.pass_time(unanswered(desk))
    desk.store.claim(desk.grant_id, 1, owner="dead", lease_s=90)
    with pytest.raises(RetryLaterError, match="Another worker"):
        desk.token(patience_s=0)
    desk.pass_time(90)
    assert desk.token() == "access-token-2"
    assert desk.grant.probes == 2


def test_a_request_that_never_left_needs_no_probe(desk):
    desk.answers = [httpx.ConnectError("refused")]
    desk.pass_time(571)
    with pytest.raises(ExactUnavailableError, match="cannot be reached"):
        desk.token()
    assert desk.token() == "access-token-2"
    assert desk.grant.probes == 0


def test_a_probe_that_never_left_leaves_the_question_open(desk):
    desk.answers = [httpx.ReadError("reset"), httpx.ConnectError("refused")]
    desk.pass_time(571)
    with pytest.raises(ExactUnavailableError):
        desk.token()
    desk.pass_time(SETTLING_S)
    with pytest.raises(ExactUnavailableError):
        desk.token()
    assert desk.token() == "access-token-2"
    assert desk.grant.probes == 1


def test_a_worker_that_is_stopped_in_mid_call_leaves_an_orphan(desk):
    def stop(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    desk.answers = [stop]
    desk.pass_time(571)
    with pytest.raises(KeyboardInterrupt):
        desk.token()
    desk.pass_time(SETTLING_S)
    assert desk.token() == "access-token-2"
    assert desk.grant.probes == 1


@pytest.mark.parametrize(
    ("error", "description", "reason"),
    [
        ("invalid_request", "The refresh token expired at 10/11/2022 9:18:20 PM and it is now later", "lapsed"),
        ("invalid_grant", "Token is not allowed, because of invalid or empty chainId", "revoked"),
    ],
)
def test_a_final_refusal_is_remembered_with_its_reason(desk, error, description, reason):
    desk.answers = [httpx.Response(400, json={"error": error, "error_description": description})]
    desk.pass_time(571)
    with pytest.raises(ReauthorisationRequiredError):
        desk.token()
    assert (desk.grant.status, desk.grant.reason) == ("reconnect_needed", reason)


WRONG_CLIENT = httpx.Response(400, json={"error": "invalid_client", "error_description": "Wrong client."})


def test_wrong_credentials_are_shown_to_exact_once_and_leave_the_grant_as_it_is(desk):
    desk.answers = [WRONG_CLIENT]
    desk.pass_time(571)
    for _ in range(5):
        with pytest.raises(ReauthorisationRequiredError, match="client id and secret") as caught:
            desk.token()
        assert caught.value.reason == "wrong_client"
    assert len(desk.asked) == 1
    assert (desk.grant.status, desk.grant.probes) == ("active", 0)


def test_corrected_credentials_are_tried_at_once_and_the_same_ones_after_an_hour(desk, monkeypatch):
    desk.answers = [WRONG_CLIENT, WRONG_CLIENT]
    desk.pass_time(571)
    with pytest.raises(ReauthorisationRequiredError):
        desk.token()
    corrected = AccessTokens(
        replace(APP, client_secret=Secret("another-secret")), desk.grant_id, desk.store, transport=desk.transport
    )
    with pytest.raises(ReauthorisationRequiredError):
        corrected.access_token()
    assert len(desk.asked) == 2
    with desk.engine.begin() as connection:
        connection.execute(
            text("UPDATE exactsync.grants SET client_refused_at = client_refused_at - interval '1 hour'")
        )
    assert corrected.access_token().reveal() == "access-token-2"
    assert desk.grant.refused_client is None


def test_too_early_is_not_final_and_not_asked_again_at_once(desk):
    desk.answers = [EARLY]
    desk.pass_time(571)
    assert desk.token() == "access-token-1"
    assert desk.token() == "access-token-1"
    assert len(desk.asked) == 1
    desk.pass_time(30)
    with pytest.raises(RetryLaterError, match="no new one yet"):
        desk.token()
    desk.pass_time(121)
    assert desk.token() == "access-token-2"


def test_a_late_success_is_kept_although_someone_gave_the_grant_up(desk):
    desk.pass_time(571)
    slow = desk.store.claim(desk.grant_id, 1, owner="slow", lease_s=0)
    probe = desk.store.claim(desk.grant_id, 1, owner="probe", lease_s=90)
    assert probe.is_probe
    assert desk.store.end(probe, "used")
    assert desk.store.save_refresh(slow, pair(2))
    assert (desk.grant.status, desk.token()) == ("active", "access-token-2")


def test_a_new_consent_wins_over_an_answer_that_comes_after_it(desk):
    def consent_meanwhile(request: httpx.Request) -> httpx.Response:
        desk.store.save_consent(APP, USER, pair(50), requested_at=desk.store.clock())
        return next_pair(request)

    desk.answers = [consent_meanwhile]
    desk.pass_time(571)
    assert desk.token() == "access-token-50"


def test_a_final_refusal_of_an_old_generation_is_no_end(desk):
    def consent_meanwhile(_: httpx.Request) -> httpx.Response:
        desk.store.save_consent(APP, USER, pair(50), requested_at=desk.store.clock())
        return USED

    desk.answers = [consent_meanwhile]
    desk.pass_time(571)
    assert desk.token() == "access-token-50"
    assert desk.grant.status == "active"


def test_a_claim_that_was_overtaken_changes_nothing(desk):
    desk.pass_time(571)
    claim = desk.store.claim(desk.grant_id, 1, owner="slow", lease_s=90)
    desk.store.save_consent(APP, USER, pair(50), requested_at=desk.store.clock())
    before = replace(desk.grant, read_at=claim.claimed_at)
    assert not desk.store.save_refresh(claim, pair(2))
    assert not desk.store.end(claim, "used")
    desk.store.release(claim)
    desk.store.orphan(claim, pause_s=5)
    desk.store.postpone(claim, lifetime_share=0.5)
    assert replace(desk.grant, read_at=claim.claimed_at) == before


def test_nobody_can_claim_before_it_is_due_or_twice(desk):
    assert desk.store.claim(desk.grant_id, 1, owner="a", lease_s=90) is None
    desk.pass_time(571)
    assert desk.store.claim(desk.grant_id, 2, owner="a", lease_s=90) is None
    assert desk.store.claim(desk.grant_id, 1, owner="a", lease_s=90) is not None
    assert desk.store.claim(desk.grant_id, 1, owner="b", lease_s=90) is None


def test_a_claim_that_took_too_long_is_not_used(desk, monkeypatch):
    claim, moments = desk.store.claim, []

    def slow_claim(*args, **options):
        if not moments:
            moments.append(1)
            monkeypatch.setattr("exactsync.exact.grant.LEASE_MARGIN_S", -1.0)
        else:
            monkeypatch.setattr("exactsync.exact.grant.LEASE_MARGIN_S", 20.0)
        return claim(*args, **options)

    monkeypatch.setattr(desk.store, "claim", slow_claim)
    desk.pass_time(571)
    assert desk.token() == "access-token-2"
    assert desk.asked == ["refresh-token-1"]
    assert desk.grant.probes == 0


def test_after_a_401_a_newer_token_of_another_worker_is_used(desk):
    desk.store.save_consent(APP, USER, pair(2), requested_at=desk.store.clock())
    assert desk.tokens().after_refusal(Secret("access-token-1")) == Secret("access-token-2")
    assert desk.asked == []


def test_after_a_401_near_its_end_a_token_is_refreshed(desk):
    desk.pass_time(571)
    assert desk.tokens().after_refusal(Secret("access-token-1")) == Secret("access-token-2")


def test_after_a_401_that_comes_too_soon_we_wait_for_the_refresh(desk):
    desk.pass_time(100)
    with pytest.raises(TokenPendingError, match="refuses the access token") as caught:
        desk.tokens().after_refusal(Secret("access-token-1"))
    assert caught.value.is_refused
    assert (caught.value.retry_at - datetime.now(UTC)).total_seconds() == pytest.approx(470, abs=5)
    assert desk.asked == []


def test_a_token_is_never_sent_to_another_app(desk):
    desk.pass_time(571)
    moved = replace(APP, client_id="client-2")
    with pytest.raises(ReauthorisationRequiredError, match="given to app") as caught:
        AccessTokens(moved, desk.grant_id, desk.store, transport=desk.transport).access_token()
    assert caught.value.reason == "wrong_client"
    assert desk.asked == []


def test_a_user_has_one_grant_for_an_app_and_another_user_another(desk):
    again = desk.store.save_consent(APP, USER, pair(9), requested_at=desk.store.clock())
    other = desk.store.save_consent(APP, User(id="u2", name="Eve"), pair(5), requested_at=desk.store.clock())
    assert (again.id, again.generation) == (desk.grant_id, 2)
    assert [grant.user.name for grant in desk.store.read_all()] == ["Dana Demo", "Eve"]
    assert other.id != again.id


def test_a_new_consent_revives_a_grant_that_has_ended(desk):
    desk.answers = [USED]
    desk.pass_time(571)
    with pytest.raises(ReauthorisationRequiredError):
        desk.token()
    desk.store.save_consent(APP, USER, pair(7), requested_at=desk.store.clock())
    assert desk.token() == "access-token-7"
    assert desk.grant.reason is None


def test_keys_can_be_rotated(desk):
    new = Fernet.generate_key().decode()
    rotated = PostgresTokenStore(desk.engine, [new, f" {KEY} "])
    assert rotated.read(desk.grant_id).access == Secret("access-token-1")
    desk.pass_time(571)
    AccessTokens(APP, desk.grant_id, rotated, transport=desk.transport).access_token()
    assert PostgresTokenStore(desk.engine, [new]).read(desk.grant_id).access == Secret("access-token-2")
    with pytest.raises(ConfigurationError, match="EXACTSYNC_TOKEN_KEYS"):
        desk.store.read(desk.grant_id)


def test_stored_tokens_are_encrypted_with_the_first_key_and_the_others_can_go(desk):
    new, foreign = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    desk.store.save_consent(APP, User(id="u2", name="Eve"), pair(5), requested_at=desk.store.clock())
    lost = PostgresTokenStore(desk.engine, [foreign])
    lost_id = lost.save_consent(APP, User(id="u3", name="Mallory"), pair(7), requested_at=desk.store.clock()).id
    rotated = PostgresTokenStore(desk.engine, [new, KEY])
    first = rotated.rotate_keys()
    assert (len(first.renewed), first.current, first.unreadable) == (2, [], [lost_id])
    again = rotated.rotate_keys()
    assert (again.renewed, again.current, again.unreadable) == ([], first.renewed, [lost_id])
    assert PostgresTokenStore(desk.engine, [new]).read(desk.grant_id).access == Secret("access-token-1")
    assert lost.read(lost_id).access == Secret("access-token-7")


def test_a_pair_that_is_stored_while_the_keys_are_rotated_is_not_lost(desk, monkeypatch):
    new = Fernet.generate_key().decode()
    rotated = PostgresTokenStore(desk.engine, [new, KEY])
    renew = KeyRing.renew

    def renew_slowly(keys: KeyRing, stored: str) -> str:
        monkeypatch.setattr(KeyRing, "renew", renew)
        desk.pass_time(571)
        desk.token()  # by a worker that still encrypts with the old key
        return keys.renew(stored)

    monkeypatch.setattr(KeyRing, "renew", renew_slowly)
    assert rotated.rotate_keys().renewed == [desk.grant_id]
    last = PostgresTokenStore(desk.engine, [new])
    assert last.read(desk.grant_id).access == Secret("access-token-2")
    desk.pass_time(571)
    assert AccessTokens(APP, desk.grant_id, last, transport=desk.transport).access_token() == Secret("access-token-3")
    assert desk.asked == ["refresh-token-1", "refresh-token-2"]


@pytest.mark.parametrize("keys", [[], ["", " "], ["too short"]])
def test_keys_that_are_none_are_refused_and_not_repeated(engine, keys):
    with pytest.raises(ConfigurationError, match="no valid Fernet key") as caught:
        PostgresTokenStore(engine, keys)
    assert "too short" not in str(caught.value)


def test_an_unknown_grant_is_for_the_configuration(desk):
    with pytest.raises(ConfigurationError, match="no grant 4711"):
        desk.store.read(4711)


def test_a_consent_is_stored_under_the_user_who_gave_it(engine):
    def exact(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/oauth2/token":
            body = {"access_token": "access-token-3", "refresh_token": "refresh-token-3", "expires_in": "600"}
            return httpx.Response(200, json=body)
        assert request.headers["authorization"] == "Bearer access-token-3"
        me = {"UserID": "0B6A3C52-5A1E-4D0F-8A39-D1C5F0A4E7B2", "FullName": "Dana Demo"}
        return httpx.Response(200, json={"d": {"results": [me]}})

    store = PostgresTokenStore(engine, [KEY])
    grant = accept_code(APP, "code", store, PostgresLedger(engine), transport=httpx.MockTransport(exact))
    assert grant.user == User(id="0b6a3c52-5a1e-4d0f-8a39-d1c5f0a4e7b2", name="Dana Demo")
    assert grant.is_usable


def test_a_consent_of_nobody_known_is_not_stored(engine):
    def exact(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/oauth2/token":
            body = {"access_token": "access-token-3", "refresh_token": "refresh-token-3", "expires_in": "600"}
            return httpx.Response(200, json=body)
        return httpx.Response(401, json={"error": {"message": {"value": "no"}}})

    store = PostgresTokenStore(engine, [KEY])
    with pytest.raises(RetryLaterError, match="Authorise again"):
        accept_code(APP, "code", store, PostgresLedger(engine), transport=httpx.MockTransport(exact))
    assert store.read_all() == []


def test_a_new_pair_survives_a_database_that_is_away_for_a_moment(desk):
    def cut(request: httpx.Request) -> httpx.Response:
        threading.Thread(target=disconnect).start()
        time.sleep(0.3)
        return next_pair(request)

    def disconnect() -> None:
        with desk.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    desk.answers = [cut]
    desk.pass_time(571)
    assert desk.token() == "access-token-2"
