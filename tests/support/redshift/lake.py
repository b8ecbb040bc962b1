"""The objects of the S3 test server, as COPY and UNLOAD see them."""

import json
import urllib.parse

from redshift.tokens import Refused


def split(url):
    """The bucket and the key of s3://bucket/key."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise Refused(f"{url} is no S3 path")
    return parts.netloc, url.split("/", 3)[3] if url.count("/") > 2 else ""


def block(error, code, context):
    """A detail as the processes of Redshift write them."""
    line = "  " + "-" * 47
    return (
        f"\n{line}\n  error:  {error}\n  code:      {code}\n  context:   {context}\n"
        f"  query:     0\n  location:  standin:1\n  process:   standin [pid=1]\n{line}\n"
    )


def service_error(status, body):
    """A Refused in the words of S3."""
    text = body.decode("utf-8", "replace")
    words = text.partition("<Message>")[2].partition("</Message>")[0] or "no answer"
    code = text.partition("<Code>")[2].partition("</Code>")[0] or "Unknown"
    message = f"S3ServiceException:{words},Status {status},Error {code}"
    return Refused(message, "XX000", block(message, 8001, "Failed to read from S3"))


class Lake:
    def __init__(self, client):
        self.client = client

    def get(self, url):
        """The bytes of an object, or None if there is none of that key."""
        bucket, key = split(url)
        status, _, body = self.client.request("GET", f"/{bucket}/{key}")
        if status == 404 and b"NoSuchBucket" not in body:
            return None
        if status >= 300:
            raise service_error(status, body)
        return body

    def must_get(self, url):
        body = self.get(url)
        if body is None:
            raise service_error(
                404, b"<Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
            )
        return body

    def put(self, url, body):
        bucket, key = split(url)
        status, _, answer = self.client.request("PUT", f"/{bucket}/{key}", body=body)
        if status >= 300:
            raise service_error(status, answer)

    def delete(self, url):
        bucket, key = split(url)
        self.client.request("DELETE", f"/{bucket}/{key}")

    def urls(self, prefix):
        bucket, key = split(prefix)
        try:
            return [f"s3://{bucket}/{found}" for found in self.client.keys(bucket, key)]
        except AssertionError as failure:
            raise Refused(
                "S3ServiceException:The specified bucket does not exist,Status 404,"
                "Error NoSuchBucket", "XX000",
            ) from failure  # fmt: skip


def entries(lake, command):
    """(url, bytes) of the objects that a COPY loads. The bytes of a manifest are checked here."""
    if not command.manifest:
        urls = lake.urls(command.url)
        if not urls:
            raise Refused(
                f"The specified S3 prefix '{split(command.url)[1]}' does not exist", "XX000"
            )
        return [(url, lake.must_get(url)) for url in urls]
    try:
        listed = json.loads(lake.must_get(command.url))["entries"]
        assert isinstance(listed, list)
    except (ValueError, KeyError, TypeError, AssertionError) as failure:
        raise Refused(f"Invalid manifest file {command.url}", "XX000", str(failure)) from failure
    found = [entry(lake, one, command.format) for one in listed]
    return [one for one in found if one is not None]


def entry(lake, one, kind):
    url = one.get("url", "")
    if not url.startswith("s3://") or not split(url)[1]:
        raise Refused("COPY with MANIFEST parameter requires full path of an S3 object.", "XX000")
    meta = one.get("meta", {})
    if kind == "PARQUET" and "meta" not in one:
        words = "File entry does not have 'meta' key."
        raise Refused(words, "XX000", block(words, 15003, url))
    if kind == "PARQUET" and not isinstance(meta.get("content_length"), int):
        words = "File entry does not have 'content_length' key."
        raise Refused(words, "XX000", block(words, 15003, url))
    if kind == "PARQUET" and any(part[:1] in ("_", ".") for part in split(url)[1].split("/")):
        words = "The object is hidden: a part of its name begins with '_' or '.'"
        raise Refused("Spectrum Scan Error", "XX000", block(words, 15001, url))
    body = lake.must_get(url) if one.get("mandatory") else lake.get(url)
    if body is not None and meta.get("content_length", len(body)) != len(body):
        context = f"File {url} has {len(body)} bytes, its manifest says {meta['content_length']}"
        raise Refused("Spectrum Scan Error", "XX000", block("Spectrum Scan Error", 15001, context))
    return None if body is None else (url, body)
