"""Write the tables of `HfApi`'s calls and of `hf`'s commands into the sandbox's reference page."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "sandbox.md"


def main() -> None:
    """Put the present tables where the old ones are."""
    sys.path.insert(0, str(ROOT))
    from tests.sandbox import hf_api_calls, hf_cli_calls

    written = PAGE.read_text("utf-8")
    for made in (hf_api_calls.table(), hf_cli_calls.table()):
        start = written.index(made.partition("\n")[0])
        end = written.find("\n\n", start)
        rest = written[end + 1 :] if end >= 0 else ""
        written = written[:start] + made + rest
    PAGE.write_text(written, "utf-8")


if __name__ == "__main__":
    main()
