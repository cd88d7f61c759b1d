"""What the parts of addresses look like."""

from werkzeug.routing import BaseConverter


class IdConverter(BaseConverter):
    """An opaque id; anything else is no address of ours and gives 404."""

    regex = "[A-Za-z0-9_-]{1,64}"


class PagePathConverter(BaseConverter):
    """Any path but the API's and Socket.IO's."""

    regex = r"(?!(?:api|socket\.io)(?:/|$)).+"
    part_isolating = False
