from __future__ import annotations

from exactsync.simulator.faults import Fault, answer, replace_answer
from exactsync.simulator.messages import Response, text_response

MAINTENANCE = text_response("<html>Server maintenance</html>", status=503, content_type="text/html")


def test_a_fault_befalls_the_chosen_calls_of_one_endpoint_and_division(visitor):
    fault = Fault(endpoint="vat/VATCodes", division=101, action=answer(MAINTENANCE), occurrences=frozenset({2, 3}))
    visitor.simulator.permit(103)
    visitor.simulator.plant(fault)
    assert [visitor.get("101/vat/VATCodes").status_code for _ in range(4)] == [200, 503, 503, 200]
    assert visitor.get("103/vat/VATCodes").status_code == 200
    assert visitor.get("101/hrm/Costunits").status_code == 200
    assert visitor.simulator.calls()["vat/VATCodes", 101, 503] == 2


def test_a_fault_without_occurrences_lasts_until_it_is_cleared(visitor):
    visitor.simulator.plant(Fault(endpoint="current/Me", action=answer(MAINTENANCE), occurrences=frozenset()))
    assert [visitor.get("current/Me").status_code for _ in range(3)] == [503] * 3
    visitor.simulator.clear_faults()
    assert visitor.get("current/Me").status_code == 200


def test_a_refresh_can_happen_and_its_answer_be_lost(visitor):
    visitor.simulator.clock.advance(570)
    lost = Fault(endpoint="/api/oauth2/token", action=replace_answer(Response(status=200)))
    visitor.simulator.plant(lost)
    token = visitor.tokens["refresh_token"]
    response = visitor.http.post(
        "/api/oauth2/token",
        data={
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": visitor.app.client_id,
            "client_secret": visitor.app.client_secret,
        },
    )
    assert response.content == b""
    assert visitor.refresh(token).json()["error_description"] == "Old refresh token used."
