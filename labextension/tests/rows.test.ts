import assert from "node:assert/strict";
import { test } from "node:test";
import {
  briefly,
  escaped,
  filtered,
  findingCount,
  inText,
  lineStart,
  needsAttention,
  otherFindings,
  placeOf,
  rowsOf,
  summaryOf,
} from "../src/rows.ts";
import type { Finding, Report, Use } from "../src/types.ts";

function use(repo_id: string, more: Partial<Use> = {}): Use {
  return {
    repo_type: "model",
    repo_id,
    name: more.repo_type === "dataset" ? `datasets/${repo_id}` : repo_id,
    revision: null,
    cell: 0,
    line: 1,
    call: "from_pretrained",
    verdict: "unpinned",
    revision_used: null,
    doi: null,
    doi_url: null,
    doi_revision: null,
    cited: false,
    fix: null,
    request_url: null,
    note: "",
    title: "",
    url: "",
    pinned: false,
    cached: null,
    latest: null,
    ...more,
  };
}

function report(uses: Use[], findings: Finding[] = [], more: Partial<Report> = {}): Report {
  return { uses, findings, asked: true, offline: null, endpoint: "", kind: "hub", ...more };
}

const finding = (text: string, more: Partial<Finding> = {}): Finding => ({
  kind: "finding",
  text,
  cell: 0,
  line: 1,
  ...more,
});

test("every verdict has words and a colour; one that is new is not known", () => {
  const verdicts = ["cited exactly", "moved on", "unpinned", "no DOI", "gone", "another"];
  const rows = rowsOf(report(verdicts.map((verdict) => use("a/b", { verdict }))));
  assert.deepEqual(
    rows.map((row) => row.words),
    ["Matches its DOI", "Changed since DOI", "Not pinned", "No DOI", "Not found", "Not known"],
  );
  assert.deepEqual(
    rows.map((row) => row.tone),
    ["good", "warning", "warning", "plain", "bad", "plain"],
  );
});

test("before the Hub has answered, a row says so", () => {
  assert.equal(rowsOf(report([use("a/b")], [], { asked: false }))[0]?.words, "Loading …");
  // A Hub that has not answered and will not is not loading.
  assert.equal(
    rowsOf(report([use("a/b")], [], { asked: false }), [], false)[0]?.words,
    "Not known",
  );
});

test("a finding stands with the row of its repository and line", () => {
  const here = finding("a/b is not pinned");
  const there = finding("a/bc is not pinned");
  const other = finding("load: what it loads is known only when it runs", { kind: "cannot tell" });
  const found = report([use("a/b"), use("a/bc")], [here, there, other]);
  const rows = rowsOf(found);
  assert.deepEqual(rows[0]?.findings, [here]);
  assert.deepEqual(rows[1]?.findings, [there]);
  assert.deepEqual(otherFindings(found, rows), [other]);
  assert.ok(rows.every(needsAttention));
  assert.equal(findingCount(found), 2);
  assert.equal(findingCount({ ...found, asked: false }), 0);
  assert.equal(findingCount(null), 0);
});

test("filters by kind, by text and by what needs attention", () => {
  const rows = rowsOf(
    report(
      [use("ada/tiny-bert", { title: "A small BERT" }), use("ada/notes", { repo_type: "dataset" })],
      [finding("datasets/ada/notes is not cited")],
    ),
  );
  const names = (...how: Parameters<typeof filtered> extends [unknown, ...infer R] ? R : never) =>
    filtered(rows, ...how).map((row) => row.use.repo_id);
  assert.deepEqual(names("all"), ["ada/tiny-bert", "ada/notes"]);
  assert.deepEqual(names("model"), ["ada/tiny-bert"]);
  assert.deepEqual(names("dataset"), ["ada/notes"]);
  assert.deepEqual(names("attention"), ["ada/notes"]);
  assert.deepEqual(names("all", " SMALL "), ["ada/tiny-bert"]);
  assert.deepEqual(names("model", "notes"), []);
});

test("what the kernel loaded is added to its row", () => {
  const loads = [
    { repo_type: "model", repo_id: "a/b", commit: "c1" },
    { repo_type: "dataset", repo_id: "a/b", commit: "c2" },
  ];
  assert.deepEqual(rowsOf(report([use("a/b")]), loads)[0]?.loads, ["c1"]);
});

test("places and counts in words", () => {
  assert.equal(placeOf(use("a/b", { cell: 2, line: 4 })), "cell 3, line 4");
  assert.equal(placeOf(use("a/b", { cell: null, line: 4 })), "line 4");
  const uses = [use("a/b"), use("a/c"), use("a/d", { repo_type: "dataset" })];
  assert.equal(summaryOf(report(uses)), "2 models, 1 dataset");
  assert.equal(summaryOf(report([])), "");
  assert.equal(summaryOf(null), "");
});

test("citations as a link, as MyST and as a role", () => {
  const links = [{ text: "Tiny [BERT] <b>", url: "https://doi.org/10.1/a(b)" }];
  assert.equal(
    inText("link", ["k"], links),
    "[Tiny \\[BERT\\] \\<b\\>](https://doi.org/10.1/a%28b%29)",
  );
  assert.equal(inText("myst", ["k", "l"], links), "[@k; @l]");
  assert.equal(inText("cite", ["k", "l"], links), "{cite:p}`k,l`");
});

test("text of strangers is shown as it is", () => {
  assert.equal(escaped("*a*\n`b` <img src=x> $x$"), "\\*a\\* \\`b\\` \\<img src=x\\> \\$x\\$");
});

test("a finding below its row is short", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  assert.equal(
    briefly(`a/b is not pinned: the code names no revision; write revision="${commit}".`, "a/b"),
    "Not pinned: the code names no revision.",
  );
  assert.equal(
    briefly("a/b: it is not cited, and has no DOI; ask for one at http://x/y?z=1", "a/b"),
    "Not cited, and has no DOI.",
  );
  assert.equal(briefly(`a/b uses ${commit}`, "a/b"), "Uses 0123456");
});

test("the offset at which a line begins", () => {
  assert.equal(lineStart("a\nbc\nd", 0), 0);
  assert.equal(lineStart("a\nbc\nd", 2), 5);
  assert.equal(lineStart("a\nbc\nd", 9), 6);
});
