"""Known vulnerabilities of what is installed, through pip-audit; one line where nobody can be asked.

It fails for what an upgrade would mend. An advisory that nobody has mended yet is printed, and so
is that no advisory service could be reached: neither is ours to mend.
"""

from __future__ import annotations

import json
import subprocess  # nosec B404  # each call says what it runs
import sys


def main() -> int:
    try:
        done = subprocess.run(  # nosec B603  # pip-audit of this environment, with fixed words
            [
                sys.executable,
                "-m",
                "pip_audit",
                "--skip-editable",
                "--progress-spinner=off",
                "--format=json",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
    except subprocess.TimeoutExpired:
        print("pip-audit got no answer from an advisory service in 3 minutes; nothing was audited.")
        return 0
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"pip-audit could not ask an advisory service; nothing was audited ({reason[:160]}).")
        return 0
    found = [p for p in packages if p.get("vulns")]
    skipped = [p for p in packages if "skip_reason" in p and "editable" not in p["skip_reason"]]
    for package in found:
        for advisory in package["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}")
    audited = len(packages) - len(skipped)
    if skipped and audited <= 1:
        print("pip-audit reached no advisory service here; nothing was audited.")
    elif skipped:
        print(f"pip-audit knew nothing of {', '.join(p['name'] for p in skipped)}.")
    mendable = any(advisory["fix_versions"] for p in found for advisory in p["vulns"])
    return 1 if mendable else 0


if __name__ == "__main__":
    sys.exit(main())
