"""One stored version's bytes as a stream, for verification: what breaks off is taken up again where it broke."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from retention.errors import StoreUnreadable

_TRIES = 4


class ContentRefused(StoreUnreadable):
    """The store did not give an object's bytes; `code` is its own word for it."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(
            f"{what}: the store answered {code} when asked for an object's content; expected its bytes: its records say how old "
            "it is. Check that the verifying identity may read objects and their versions (include/iam).",
            code=f"GetObject {code}",
        )


class Absent(Exception):
    """There is no such version (any more)."""


class OutOfReach(Exception):
    """The version is archived: nobody can read it before it is restored."""


class VersionContent(io.RawIOBase):
    """`get` asks for the version with more arguments (Range). `metadata` is the object's own. Reading raises ContentRefused."""

    def __init__(self, get: Callable[..., Mapping[str, Any]], what: str) -> None:
        super().__init__()
        self._get = get
        self._what = what
        self._offset = 0
        self._answer = self._ask()
        self._length = int(self._answer["ContentLength"])
        self.metadata: Mapping[str, str] = self._answer.get("Metadata", {})

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next; 0 at the end."""
        failures = 0
        while self._offset < self._length:
            piece = self._piece(len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                self._offset += len(piece)
                return len(piece)
            failures += 1
            if failures == _TRIES:
                raise ContentRefused(self._what, "IncompleteRead")
            self._answer = self._ask(Range=f"bytes={self._offset}-", IfMatch=self._answer["ETag"])
        return 0

    def close(self) -> None:
        """Let the connection go, also before the end."""
        if not self.closed:
            self._answer["Body"].close()
        super().close()

    def _piece(self, size: int) -> bytes:
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        try:
            return bytes(self._answer["Body"].read(size))
        except (BotoCoreError, HTTPError, OSError):
            return b""

    def _ask(self, **more: str) -> Mapping[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._get(**more)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
        except BotoCoreError as error:
            code = type(error).__name__
        if code in {"404", "NoSuchKey", "NoSuchVersion", "PreconditionFailed"}:
            raise Absent
        if code == "InvalidObjectState":
            raise OutOfReach
        raise ContentRefused(self._what, code)
