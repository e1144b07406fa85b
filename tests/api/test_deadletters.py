"""Dead letters over HTTP: listed with reasons, sent through once more, forgotten."""

from ausguck.errors import JournalError
from ausguck.model import Reason
from tests.api.city import letter, populated
from tests.api.fakes import CHANGE


def test_a_letter_says_what_was_wrong() -> None:
    answer = populated().ask("GET", "/api/v1/deadletters/3").json()

    assert answer == {
        "id": 3,
        "topic": "v1/kiel/bus/0123/telemetry",
        "reason": "time",
        "detail": "observed_at: found 1999, expected after 2020",
        "element": '{"clients": 3}',
        "element_encoding": "utf-8",
        "count": 2,
        "elements": 1,
        "first_at": "2027-01-15T07:59:00.000Z",
        "last_at": "2027-01-15T08:00:00.000Z",
    }


def test_bytes_that_are_no_text_are_base64() -> None:
    answer = populated().ask("GET", "/api/v1/deadletters/8").json()

    assert (answer["element"], answer["element_encoding"]) == ("//4=", "base64")


def test_the_list_is_by_reason_and_in_pages() -> None:
    city = populated()
    city.desk.letters[5] = letter(5, Reason.TIME)

    def ids(path: str) -> tuple[list[int], int | None]:
        page = city.ask("GET", f"/api/v1/deadletters{path}").json()
        return [row["id"] for row in page["items"]], page["next_cursor"]

    assert ids("") == ([3, 5, 8], None)
    assert ids("?reason=time&limit=1") == ([3], 3)
    assert ids("?reason=time&limit=1&cursor=3") == ([5], None)


def test_a_retried_letter_goes_to_the_journal() -> None:
    city = populated()

    answer = city.ask("POST", "/api/v1/deadletters/3/retry", headers=CHANGE)

    assert (answer.status_code, answer.json()) == (202, {"id": 3, "state": "journalled"})
    assert city.retry.retried == [3]
    assert city.ask("GET", "/api/v1/deadletters/3").status_code == 404


def test_a_journal_without_room_keeps_the_letter() -> None:
    city = populated()
    city.retry.error = JournalError("/somewhere/secret", "free space is under the reserve")

    answer = city.ask("POST", "/api/v1/deadletters/3/retry", headers=CHANGE)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "free space is under the reserve" in answer.json()["detail"]
    assert "secret" not in answer.text
    assert 3 in city.desk.letters


def test_a_removed_letter_is_gone() -> None:
    city = populated()

    assert city.ask("DELETE", "/api/v1/deadletters/3", headers=CHANGE).status_code == 204
    assert city.ask("DELETE", "/api/v1/deadletters/3", headers=CHANGE).status_code == 404
    assert city.ask("POST", "/api/v1/deadletters/3/retry", headers=CHANGE).status_code == 404


def test_values_left_out_are_listed() -> None:
    answer = populated().ask("GET", "/api/v1/deadletters/dropped-values").json()

    assert answer["items"] == [
        {
            "asset": "bus/0101",
            "key": "speed_mps",
            "reason": "range",
            "example": "113.9952",
            "count": 7,
            "first_at": "2027-01-15T07:59:00.000Z",
            "last_at": "2027-01-15T08:00:00.000Z",
        }
    ]


def test_an_id_no_database_holds_is_refused() -> None:
    answer = populated().ask("GET", "/api/v1/deadletters/9223372036854775808")

    assert answer.status_code == 422
    assert answer.json()["parameters"][0]["which"] == "path.letter_id"
