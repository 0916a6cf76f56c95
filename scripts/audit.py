"""Known vulnerabilities of what is installed, through pip-audit; one line where nobody can be asked."""

from __future__ import annotations

import json
import subprocess
import sys


def main() -> int:
    done = subprocess.run(
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
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"pip-audit could not ask an advisory service; nothing was audited ({reason[:160]}).")
        return 0 if "Connection" in reason or "resolve" in reason else done.returncode or 1
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
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
