"""Write the table of `HfApi`'s calls into the reference page of the sandbox."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "sandbox.md"


def main() -> None:
    """Put the present table where the old one is."""
    sys.path.insert(0, str(ROOT))
    from tests.sandbox.hf_api_calls import table

    written = PAGE.read_text("utf-8")
    start = written.index("| call |")
    end = written.find("\n\n", start)
    rest = written[end + 1 :] if end >= 0 else ""
    PAGE.write_text(written[:start] + table() + rest, "utf-8")


if __name__ == "__main__":
    main()
