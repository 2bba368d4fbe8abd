"""The B2 SDK with our patience, and with what it cannot ask for by itself."""

from collections.abc import Callable
from typing import Any

from b2sdk.v3 import B2Api, B2Http, B2HttpApiConfig, B2RawHTTPApi, B2Session, InMemoryAccountInfo

# The SDK would try for many minutes, and wait twenty for one answer. A person waits at a page, and
# a task is tried again later anyway.
TRIES = 4
ANSWER_S = 30
# Parts of one large file that travel at once.
PARTS_AT_ONCE = 4


class _Http(B2Http):  # type: ignore[misc]
    CONNECTION_TIMEOUT = 10
    TIMEOUT = ANSWER_S
    TIMEOUT_FOR_COPY = ANSWER_S

    @classmethod
    def _translate_and_retry(
        cls, fcn: Callable[[], Any], try_count: int, post_params: Any = None
    ) -> Any:
        return super()._translate_and_retry(fcn, min(try_count, TRIES), post_params)


class _RawApi(B2RawHTTPApi):  # type: ignore[misc]
    def get_download_authorization(
        self,
        api_url: str,
        account_auth_token: str,
        bucket_id: str,
        file_name_prefix: str,
        valid_duration_in_seconds: int,
        **shown: str,
    ) -> Any:
        return self._post_json(
            api_url,
            "b2_get_download_authorization",
            account_auth_token,
            bucketId=bucket_id,
            fileNamePrefix=file_name_prefix,
            validDurationInSeconds=valid_duration_in_seconds,
            **shown,
        )


class _Session(B2Session):  # type: ignore[misc]
    B2HTTP_CLASS = staticmethod(_Http)

    def get_download_authorization(
        self, bucket_id: str, file_name_prefix: str, valid_duration_in_seconds: int, **shown: str
    ) -> Any:
        """As the SDK's, but `shown` may fix the headers that the download will have."""
        return self._wrap_default_token(
            self.raw_api.get_download_authorization,
            bucket_id,
            file_name_prefix,
            valid_duration_in_seconds,
            **shown,
        )


class Api(B2Api):  # type: ignore[misc]
    """An account that is not yet authorized; tokens live in memory only."""

    SESSION_CLASS = staticmethod(_Session)

    def __init__(self, raw_api: type[Any] = _RawApi) -> None:
        super().__init__(
            InMemoryAccountInfo(),
            api_config=B2HttpApiConfig(user_agent_append="lectern", _raw_api_class=raw_api),
            max_upload_workers=PARTS_AT_ONCE,
        )
