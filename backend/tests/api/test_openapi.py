"""The API keeps what its own OpenAPI document promises, whatever it is sent."""

import schemathesis
from apiflask import APIFlask
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from people import Person

EXAMPLES = 15
# They end the session of the test, or answer 503 as long as nothing was started.
LEFT_OUT = {"POST /api/auth/logout", "GET /api/health/ready"}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


def _try_out(operation: schemathesis.APIOperation, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, headers=headers)

    run()


def test_no_request_breaks_the_promises_of_the_openapi_document(
    app: APIFlask, user: Person
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.label not in LEFT_OUT:
            _try_out(operation, user.headers)
        tried.add(operation.label)
    assert len(tried) > 25
