"""The request object of all routes."""

from typing import Any

from flask import Request


class ApiRequest(Request):
    """Takes a missing JSON body as an empty object, so that what is required is named."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        return super().on_json_loading_failed(e) if self.get_data() else {}
