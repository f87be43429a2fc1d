"""No file of the project holds a secret: what looks like one is named here, with the reason why it is none."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DETECTORS = [
    *({"name": name} for name in ("AWSKeyDetector", "BasicAuthDetector", "GitHubTokenDetector", "JwtTokenDetector")),
    *({"name": name} for name in ("KeywordDetector", "PrivateKeyDetector", "SlackDetector")),
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "HexHighEntropyString", "limit": 3.0},
]
"""Those of detect-secrets that look at the file alone; none asks anybody whether a secret is good."""
FERNET_KEY = re.compile(r"(?<![\w=/+-])[\w-]{43}=(?![\w=])")
"""Our own kind of key, which detect-secrets sees between quotes only."""

NO_SECRETS = {
    "opens nothing but a simulator, or a demo on this machine": {
        "admin", "demo/Secret+of=exactsync", "demo/Spendesk+secret=1",
    },
    "says where a secret is, or what it is called": {
        "Client secret", "cat /run/secrets/api_secret_key", "cat /run/secrets/jwt_secret", "exactsync-api-secret-key",
        "exactsync-fernet-key", "exactsync-jwt-secret", "exactsync-metadata",
    },
    "stands for any password, in an address that is shown or that a pattern looks for": {"password"},
    "made up by a test, often to look for it where it must not be": {
        "a-password", "a-secret", "app-password", "database-password", "guess", "hunter2-of-ours", "p4ssw0rd",
        "p/w+with=odd:chars@and%signs", "s3cr:t/@?&%20=é", "secret", "stampNL001.r-aB/cD+eF==gH!", "wrong-secret",
        "zzz", "3sZxhAv5p9VWtkMNhnrUnBCGV5XnG8cQnFmMtR9v3tA=",
    },
    "a number of a company or of an account that nobody has": {
        "123456789B01", "BE0123456789", "be0123456789", "BE68539007547034",
    },
    "the digits, in a test's pattern": {"123456789abcdef0"},
}  # fmt: skip
KNOWN = frozenset[str]().union(*NO_SECRETS.values())


def secrets(*names: str) -> Iterator[tuple[str, str]]:
    """Yield each secret that files seem to hold, and where."""
    with transient_settings({"plugins_used": DETECTORS}):
        for name in names:
            for found in scan_file(name):
                yield str(found.secret_value), f"{name}:{found.line_number}"
            for key in FERNET_KEY.findall(Path(name).read_text(errors="replace")):
                yield key, name


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    """What looks like a secret in the files that git knows, and where it is last."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in filter(None, listed.stdout.split("\0")) if (ROOT / name).exists()]
    assert "pyproject.toml" in names
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return dict(secrets(*names))


def test_no_file_holds_a_secret(found: dict[str, str]) -> None:
    assert {where for secret, where in found.items() if secret not in KNOWN} == set()


def test_what_is_called_no_secret_is_still_there(found: dict[str, str]) -> None:
    assert KNOWN - found.keys() == set()


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("settings.py", 'KEY = "AK~IA~IOSFODNN~7QRSTUVW"'),
        ("deploy.sh", "export GITHUB=gh~p_~aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"),
        (".env", "EXACTSYNC_TOKEN_KEYS=Zk3pQ9vX2mB7cR5tY8wL1~nH4jD6sF0gA_uE-iO3zKqTx="),
        ("notes.md", "warehouse: postgresql:~//exactsync:Tr0ub4dor-3@db/warehouse"),
        ("connection.json", '{"client_sec~ret": "Vx83jQpa0LmZ"}'),
        ("key.pem", "-----BEGIN RSA PRIV~ATE KEY-----"),
        ("test_x.py", 'refresh = "c3RhbXBOTDAwMS5nSEJh~QWxDUTd4WTIwdFpmR2hKOUtMbVFy"'),
    ],
)
def test_a_secret_that_somebody_leaves_in_a_file_is_found(tmp_path: Path, name: str, planted: str) -> None:
    (tmp_path / name).write_text(planted.replace("~", "") + "\n")  # parted here, so that it is not found in this file
    assert [secret for secret, _ in secrets(str(tmp_path / name)) if secret not in KNOWN]


def test_no_line_excuses_itself() -> None:
    command = ["git", "grep", "-l", "allow" + "list secret"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout == ""
