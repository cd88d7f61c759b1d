"""What APIFlask cannot read off the routes: errors, log-in, the upload's form."""

from typing import Any

from apiflask import APIFlask

from backend.api.schemas import ErrorAnswer
from backend.auth.middleware import PUBLIC_ENDPOINTS, SESSION_COOKIE

_UPLOAD_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        }
    },
}
_UPLOADS = ("/api/documents", "/api/account/import", "/api/conversations/import")
_ERROR = {
    "description": "Any error",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}},
}


def init_app(app: APIFlask) -> None:
    """Complete the document served at /api/openapi.json."""
    app.config["AUTO_OPERATION_ID"] = True
    app.config["AUTO_404_RESPONSE"] = False
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["LOCAL_SERVERS"] = False

    @app.spec_processor
    def complete(spec: Any) -> Any:
        components = spec.setdefault("components", {})
        components["securitySchemes"] = {
            "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
            "token": {"type": "http", "scheme": "bearer"},
        }
        error = ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
        components.setdefault("schemas", {}).update(error.pop("$defs"), ErrorAnswer=error)
        public = {
            (rule.rule, method.lower())
            for rule in app.url_map.iter_rules()
            if rule.endpoint in PUBLIC_ENDPOINTS
            for method in rule.methods or ()
        }
        for path, operations in spec["paths"].items():
            for method, operation in operations.items():
                operation["responses"]["default"] = _ERROR
                if (path, method) not in public:
                    operation["security"] = [{"cookie": []}, {"token": []}]
        for path in _UPLOADS:
            spec["paths"][path]["post"]["requestBody"] = _UPLOAD_BODY
        return spec
