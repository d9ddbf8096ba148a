"""Brings the sample's objects into the bucket: versioned, with threads, and never twice.

Keys never appear in a message or a log.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from retention.errors import PartlyFailedError, StoreUnreadable
from retention.sample import audio
from retention.sample.log_parts import LogFile, Step
from retention.sample.stage import StoredObject

S3Client = Any
"""A boto3 S3 client; boto3 makes its class at run time, so there is no type to name."""

Progress = Callable[[int, int], None]

_SETTLED_S = 1.5
UPLOAD_THREADS = 8  # the embedded server is saturated from here on, and botocore keeps 10 connections by default


def create_bucket(s3: S3Client, bucket: str) -> None:
    """Create the bucket, where missing, and switch its versioning on.

    Raises StoreUnreadable when the store does not answer or the keys may not create buckets.
    """
    try:
        if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    except (BotoCoreError, ClientError) as error:
        raise StoreUnreadable(
            f"bucket {bucket}: could not be prepared ({error_code(error)}); expected a running S3 store and keys that "
            "may create buckets. Start the store (`make run`) or use the keys of the application."
        ) from None


def count_parts(s3: S3Client, bucket: str) -> Counter[str]:
    """How many versions, delete markers and unfinished uploads there are under each key of the bucket."""
    parts: Counter[str] = Counter()
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            parts.update(entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, ()))
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            parts.update(entry["Key"] for entry in page.get("Uploads", ()))
    except (BotoCoreError, ClientError) as error:
        raise StoreUnreadable(
            f"bucket {bucket}: could not be listed ({error_code(error)}); expected a readable bucket."
        ) from None
    return parts


def count_settled_parts(s3: S3Client, bucket: str) -> Counter[str]:
    """`count_parts`, once two counts in a row agree: requests of a load that was killed may still be under way in the store."""
    before = count_parts(s3, bucket)
    while before:
        time.sleep(_SETTLED_S)
        now = count_parts(s3, bucket)
        if now == before:
            break
        before = now
    return before


def put_objects(
    s3: S3Client, bucket: str, objects: Sequence[StoredObject | LogFile], present: Mapping[str, int], progress: Progress
) -> int:
    """Take the steps that are still missing for each object and return how many were taken.

    `present` says how many parts each key has already: that many of its steps were taken by an interrupted load.
    Raises PartlyFailedError at the first refused step; what was done stays, and the next load goes on from there.
    """
    waiting = [item for item in objects if present.get(item.key, 0) < len(item.steps)]
    taken = 0
    done = len(objects) - len(waiting)
    progress(done, len(objects))
    with ThreadPoolExecutor(UPLOAD_THREADS) as pool:
        uploads = [pool.submit(_take_steps, s3, bucket, item, present.get(item.key, 0)) for item in waiting]
        try:
            for upload in as_completed(uploads):
                taken += upload.result()
                done += 1
                progress(done, len(objects))
        except (BotoCoreError, ClientError) as error:
            raise _refused(error, bucket, failed=len(objects) - done) from None
        finally:
            _cancel(uploads)
    return taken


def _cancel(uploads: Sequence[Future[int]]) -> None:
    for upload in uploads:
        upload.cancel()


def _refused(error: BotoCoreError | ClientError, bucket: str, failed: int) -> PartlyFailedError:
    return PartlyFailedError(
        f"bucket {bucket}: an upload was refused ({error_code(error)}), {failed} objects are missing. "
        "Load again with the same seed: it goes on where this one stopped.",
        failed=failed,
    )


def _take_steps(s3: S3Client, bucket: str, item: StoredObject | LogFile, already: int) -> int:
    steps = item.steps[already:]
    for number, step in enumerate(steps, start=already):
        _take(s3, bucket, item, step, *_content(item, number))
    return len(steps)


def _content(item: StoredObject | LogFile, number: int) -> tuple[bytes, dict[str, Any]]:
    """What version `number` of the object is made of: its bytes, and what is said about them."""
    if isinstance(item, LogFile):
        return item.body, {"ContentType": "application/gzip" if item.key.endswith(".gz") else "text/plain"}
    metadata = {} if item.metadata_at is None else {"recorded-at": f"{item.metadata_at:%Y-%m-%dT%H:%M:%SZ}"}
    return audio.sound(item.sound_no + number).body, {"ContentType": "audio/wav", "Metadata": metadata}


def _take(
    s3: S3Client, bucket: str, item: StoredObject | LogFile, step: Step, body: bytes, content: dict[str, Any]
) -> None:
    match step:
        case Step.PUT:
            s3.put_object(Bucket=bucket, Key=item.key, Body=body, **content)
        case Step.DELETE:
            s3.delete_object(Bucket=bucket, Key=item.key)
        case Step.START_UPLOAD:
            upload = s3.create_multipart_upload(Bucket=bucket, Key=item.key, **content)
            s3.upload_part(Bucket=bucket, Key=item.key, UploadId=upload["UploadId"], PartNumber=1, Body=body)


def error_code(error: BotoCoreError | ClientError) -> str:
    """The store's own word for what went wrong, never its message: that may hold keys."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__
