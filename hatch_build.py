"""The long description of the package: the README, with links that work elsewhere."""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")


class CustomMetadataHook(MetadataHookInterface):
    """Take the README, its links resolved, as the long description."""

    def update(self, metadata: dict) -> None:
        """Add the entry "readme" to the project's metadata."""
        text = Path(self.root, "README.md").read_text("utf-8")
        source = metadata.get("urls", {}).get("Source")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": resolved(text, source),
        }


def resolved(text: str, source: str | None) -> str:
    """Make the relative links and pictures of Markdown absolute.

    source: the address of the repository. None where there is no public one: a link is
    then its words, and a picture its description.
    """

    def absolute(match: re.Match) -> str:
        mark, words, path = match.groups()
        if source is None:
            return words
        kind = "raw" if mark else "blob"
        return f"{mark}[{words}]({source.rstrip('/')}/{kind}/HEAD/{path})"

    return LINK.sub(absolute, text)
