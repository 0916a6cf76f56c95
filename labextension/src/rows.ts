/* What the panel shows of a report: rows, their words and colours, filters and counts. */

import type { Finding, Load, Report, Use } from "./types.ts";

export type Tone = "good" | "warning" | "bad" | "plain";
export type Filter = "all" | "model" | "dataset" | "attention";

export interface Row {
  use: Use;
  words: string;
  tone: Tone;
  explanation: string;
  findings: Finding[];
  /** Commits that the kernel has loaded. */
  loads: string[];
}

const VERDICTS: Record<string, [string, Tone, string]> = {
  "cited exactly": ["Matches its DOI", "good", "The DOI names the revision in the code."],
  "moved on": [
    "Changed since DOI",
    "warning",
    "The code uses another revision than the DOI names.",
  ],
  unpinned: [
    "Not pinned",
    "warning",
    "The code names no fixed revision: what it loads can change.",
  ],
  "no DOI": ["No DOI", "plain", "This repository has no DOI."],
  gone: ["Not found", "bad", "The Hub has no such repository, or it is private."],
};

/** The rows of a report; one that the Hub has not answered yet is `loading`, or never was answered. */
export function rowsOf(report: Report, loads: Load[] = [], loading = true): Row[] {
  const missing: [string, Tone, string] = loading
    ? ["Loading …", "plain", "Asking the Hub for its DOI."]
    : ["Not known", "plain", "The Hub could not be asked for its DOI."];
  return report.uses.map((use) => {
    const [words, tone, explanation] = report.asked
      ? (VERDICTS[use.verdict] ?? ["Not known", "plain", use.note])
      : missing;
    return {
      use,
      words,
      tone,
      explanation,
      findings: report.findings.filter(
        (one) => one.cell === use.cell && one.line === use.line && isOf(one.text, use.name),
      ),
      loads: loads
        .filter((load) => load.repo_type === use.repo_type && load.repo_id === use.repo_id)
        .map((load) => load.commit),
    };
  });
}

/** Whether a sentence of `check` begins with this name, not with a longer one. */
function isOf(text: string, name: string): boolean {
  return text.startsWith(name) && /^[\s:,]/.test(text.slice(name.length));
}

/** What `check` found that belongs to no row: calls that could not be resolved. */
export function otherFindings(report: Report, rows: Row[]): Finding[] {
  const shown = new Set(rows.flatMap((row) => row.findings));
  return report.findings.filter((finding) => !shown.has(finding));
}

export function filtered(rows: Row[], filter: Filter, text = ""): Row[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (filter === "all" ||
        (filter === "attention" ? needsAttention(row) : row.use.repo_type === filter)) &&
      (!wanted ||
        `${row.use.name} ${row.use.title} ${row.use.doi ?? ""}`.toLowerCase().includes(wanted)),
  );
}

export function needsAttention(row: Row): boolean {
  return row.findings.some((finding) => finding.kind === "finding");
}

/** The number on the toolbar button. */
export function findingCount(report: Report | null): number {
  return report?.asked ? report.findings.filter((one) => one.kind === "finding").length : 0;
}

/** Where a use is, in words: cells are counted from 1, as people do. */
export function placeOf(use: Use): string {
  return use.cell === null ? `line ${use.line}` : `cell ${use.cell + 1}, line ${use.line}`;
}

/** The item of the status bar. */
export function summaryOf(report: Report | null): string {
  if (!report) {
    return "";
  }
  const count = (type: string) => report.uses.filter((use) => use.repo_type === type).length;
  const parts = [[count("model"), "model"] as const, [count("dataset"), "dataset"] as const].filter(
    ([number]) => number > 0,
  );
  return parts.map(([number, word]) => `${number} ${word}${number === 1 ? "" : "s"}`).join(", ");
}

/** The citation as it is inserted into a text, by the setting `insertAs`. */
export function inText(
  how: string,
  keys: string[],
  links: { text: string; url: string }[],
): string {
  if (how === "myst") {
    return `[${keys.map((key) => `@${key}`).join("; ")}]`;
  }
  if (how === "cite") {
    return `{cite:p}\`${keys.join(",")}\``;
  }
  return links
    .map(({ text, url }) => `[${escaped(text)}](${url.replace(/[()\s]/g, percent)})`)
    .join(", ");
}

/** Text of a stranger as Markdown that shows it and does nothing else. */
export function escaped(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>|#!~&$]/g, "\\$&");
}

const percent = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** The offset at which a line begins, counted from 0. */
export function lineStart(source: string, line: number): number {
  let at = 0;
  for (let n = 0; n < line; n++) {
    const next = source.indexOf("\n", at);
    if (next < 0) {
      return source.length;
    }
    at = next + 1;
  }
  return at;
}

/** A finding below the name of its row: short, because the buttons beside it say what to do. */
export function briefly(text: string, name: string): string {
  const rest = (isOf(text, name) ? text.slice(name.length).replace(/^[:,]?\s*/, "") : text)
    .replace(/^(?:it )?is (?=not\b)/, "")
    .replace(/; ask for one at \S+$/, ".")
    .replace(/; write revision="[^"]*"/, "")
    .replace(/\b([0-9a-f]{7})[0-9a-f]{33}\b/g, "$1");
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
