"""Every error of ours, with its stable code and HTTP status.

    DocChatError
    ├── InvalidRequest 400              ├── Conflict 409
    ├── NotAuthenticated 401            │   └── UsernameTaken, Busy, AlreadyEnded
    │   └── InvalidCredentials          ├── TooLarge 413
    ├── Forbidden 403                   ├── UnsupportedMediaType 415
    │   └── SignupClosed                ├── ValidationFailed 422
    ├── NotFound 404                    │   └── UnknownModel, EmptyFile, ImportRefused
    ├── RateLimited 429                 ├── InternalError 500
    │   └── TooManyAnswers              └── ConfigurationError (stops the start)
    ├── Unavailable 503                     └── DataFolderInUse, InvalidDataset
    │   └── FolderUnavailable, StorageUnavailable
    ├── IngestError (a document's end)
    │   ├── PermanentIngestError: DocumentEncrypted, DocumentUnreadable, NoText, DocumentTooLarge
    │   │   └── NothingUnpacked, DocumentTimeout, DocumentCrashed, EmbeddingRefused
    │   └── TransientIngestError: EmbeddingUnavailable
    └── ProviderError 502 (an answer's end)
        └── ApiKeyMissing, ProviderAuth, ProviderNoCredit, ProviderRateLimited,
            ProviderOverloaded, ProviderUnreachable, ProviderTimeout, ContextTooLong,
            ContentFiltered, ModelNotOffered

`code` is what clients match on, `message` is a sentence a person can act on,
`details` is a JSON object or None. The same three reach HTTP bodies, socket acks,
documents and messages.
"""

from typing import Any, ClassVar


class DocChatError(Exception):
    """Base of the tree; never raised itself."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    default_message: ClassVar[str] = "Something went wrong on the server. Please try again."

    def __init__(
        self, message: str | None = None, *, details: dict[str, Any] | None = None
    ) -> None:
        self.message = message or self.default_message
        self.details = details
        super().__init__(self.message)

    def to_wire(self, request_id: str | None = None) -> dict[str, Any]:
        """Return the error object of the wire contract."""
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "request_id": request_id,
        }


class ConfigurationError(DocChatError):
    code = "configuration_error"
    default_message = "The configuration is wrong."


class DataFolderInUse(ConfigurationError):
    default_message = "Doc Chat is already running on this data folder."


class InvalidDataset(ConfigurationError):
    code = "invalid_dataset"
    default_message = "This is no question set."


class InvalidRequest(DocChatError):
    code, status = "invalid_request", 400
    default_message = "The request could not be understood."


class NotAuthenticated(DocChatError):
    code, status = "not_authenticated", 401
    default_message = "Please log in."


class InvalidCredentials(NotAuthenticated):
    code = "invalid_credentials"
    default_message = "The user name or the password is wrong."


class Forbidden(DocChatError):
    code, status = "forbidden", 403
    default_message = "You are not allowed to do this."


class SignupClosed(Forbidden):
    code = "signup_closed"
    default_message = "New accounts need an invite. Ask the administrator for one."


class NotFound(DocChatError):
    code, status = "not_found", 404
    default_message = "This does not exist, or it is not yours."


class Conflict(DocChatError):
    code, status = "conflict", 409
    default_message = "This conflicts with something that is already there."


class UsernameTaken(Conflict):
    default_message = "This user name is taken. Please choose another."


class Busy(Conflict):
    code = "busy"
    default_message = "An answer is still being written here. Wait for it or stop it first."


class AlreadyEnded(Conflict):
    default_message = "This answer has already ended."


class TooLarge(DocChatError):
    code, status = "too_large", 413
    default_message = "This is too large."


class UnsupportedMediaType(DocChatError):
    code, status = "unsupported_media_type", 415
    default_message = "This type of file cannot be read."


class ValidationFailed(DocChatError):
    """`details` maps field names to sentences."""

    code, status = "validation_failed", 422
    default_message = "Some fields are not valid."


class EmptyFile(ValidationFailed):
    default_message = "The file is empty."


class ImportRefused(ValidationFailed):
    """Nothing of the file was taken in; the message says what is wrong with it."""

    code = "import_refused"
    default_message = "This file cannot be imported."


class UnknownModel(ValidationFailed):
    code = "unknown_model"
    default_message = "This model is not known. Choose another one from the list."


class RateLimited(DocChatError):
    """`retry_after_s` becomes the Retry-After header."""

    code, status = "rate_limited", 429
    default_message = "Too many requests. Please wait a moment."

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_s: int = 60,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, details=details)
        self.retry_after_s = retry_after_s


class TooManyAnswers(RateLimited):
    code = "too_many_answers"
    default_message = "Too many of your answers are being written. Wait for one or stop one."


class InternalError(DocChatError):
    pass


class Unavailable(DocChatError):
    code, status = "unavailable", 503
    default_message = "This is not available right now. Please try again in a moment."


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"
    default_message = (
        "The database cannot be written to: it is locked, or the disk is full. Make room or "
        "wait a moment, then try again."
    )


class FolderUnavailable(Unavailable):
    code = "folder_unavailable"
    default_message = "The watched folder cannot be read. Its documents stay as they are."


class IngestError(DocChatError):
    """Ends a document's journey; `code` and `message` are stored with it."""


class PermanentIngestError(IngestError):
    """Trying again cannot help."""


class DocumentEncrypted(PermanentIngestError):
    code = "document_encrypted"
    default_message = "This file needs a password. Save a copy without one and upload that."


class DocumentUnreadable(PermanentIngestError):
    code = "document_unreadable"
    default_message = "This file is damaged and cannot be read. Try to open it and save it anew."


class NoText(PermanentIngestError):
    code = "no_text"
    default_message = "No text was found in this file. If it is a scan, run text recognition first."


class NothingUnpacked(PermanentIngestError):
    code = "nothing_unpacked"
    default_message = "There are no files in this archive."


class DocumentTooLarge(PermanentIngestError):
    code = "document_too_large"
    default_message = "Reading this file takes more memory or time than is allowed."


class DocumentTimeout(PermanentIngestError):
    code = "document_timeout"
    default_message = "Reading this file takes more time than is allowed."


class DocumentCrashed(PermanentIngestError):
    code = "document_crashed"
    default_message = (
        "Reading this file ended the program that reads several times. "
        "Try to open it and save it anew."
    )


class EmbeddingRefused(PermanentIngestError):
    code, status = "embedding_refused", 503
    default_message = (
        "The embedding server refused. Check EMBEDDING_URL, EMBEDDING_MODEL and EMBEDDING_API_KEY."
    )


class TransientIngestError(IngestError):
    """Trying again later may help."""

    code = "ingest_interrupted"
    default_message = "Reading this file was interrupted several times. Retry it."


class EmbeddingUnavailable(TransientIngestError):
    code, status = "embedding_unavailable", 503
    default_message = "The embedding server does not answer. Retry when it runs again."


class ProviderError(DocChatError):
    """Ends an answer; never becomes part of its text."""

    code, status = "provider_error", 502
    default_message = "The model's provider reported an error. Try again or choose another model."


class ApiKeyMissing(ProviderError):
    code = "api_key_missing"
    default_message = "This provider needs a key. Add it in the settings."


class ProviderAuth(ProviderError):
    code = "provider_auth"
    default_message = "The provider refused the key. Check it in the settings."


class ProviderNoCredit(ProviderError):
    code = "provider_no_credit"
    default_message = (
        "The key is right, but its account has no credit left. Add some with the provider."
    )


class ProviderRateLimited(ProviderError):
    """`details.retry_after_s` says how long to wait, if the provider does."""

    code = "provider_rate_limited"
    default_message = "The provider asks to slow down. Wait a moment and try again."


class ProviderOverloaded(ProviderError):
    """`details.retry_after_s` says how long to wait, if the provider does."""

    code = "provider_overloaded"
    default_message = (
        "The provider is overloaded. Try again in a few minutes or choose another model."
    )


class ProviderUnreachable(ProviderError):
    code = "provider_unreachable"
    default_message = "The provider cannot be reached. Check its address and your network."


class ProviderTimeout(ProviderError):
    code = "provider_timeout"
    default_message = "The provider stopped answering. Try again."


class ContextTooLong(ProviderError):
    code = "context_too_long"
    default_message = (
        "The conversation is too long for this model. Start a new one or choose a larger model."
    )


class ContentFiltered(ProviderError):
    """Nothing was written; an answer that has text ends with `Finish("content_filter")`."""

    code = "content_filtered"
    default_message = (
        "The provider's content filter blocked this. Ask in other words or choose another model."
    )


class ModelNotOffered(ProviderError):
    """The provider does not know the model; `UnknownModel` is an id that names no provider."""

    code = "unknown_model"
    default_message = "The provider does not offer this model to you. Choose another model."
