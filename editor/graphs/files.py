"""The files that a graph brings along, which its tools look things up in: kept once, by content."""

import hashlib
from collections.abc import Mapping

from editor.models import FileContent
from tenants.models import Tenant
from tenants.problems import TooLarge

MOST_BYTES = 16 * 1024 * 1024


def store_files(*, tenant: Tenant, files: Mapping[str, bytes]) -> dict[str, str]:
    """Keep the files; what each name stands for is returned as the hash of its content."""
    if sum(map(len, files.values())) > MOST_BYTES:
        raise TooLarge(f"The files of a graph are larger than {MOST_BYTES // 1024**2} MiB together.")
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for name, digest in digests.items():
        FileContent.objects.get_or_create(digest=digest, defaults={"tenant": tenant, "content": files[name]})
    return digests


def files_of(digests: Mapping[str, str]) -> dict[str, bytes]:
    """The files that a version names, by name, as they were when it was frozen."""
    contents = dict(FileContent.objects.filter(digest__in=digests.values()).values_list("digest", "content"))
    return {name: bytes(contents[digest]) for name, digest in digests.items()}
