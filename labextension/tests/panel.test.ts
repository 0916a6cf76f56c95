/* The panel's own logic, in a document without a browser: what a state says, what is checked while
   it is written, what keys do, and which of two edits is the newer one. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Window } from "happy-dom";
import {
  connect,
  mount,
  type Host,
  type PanelState,
} from "../../src/hubdoi/jupyter/panel/static/panel.js";

const PAUSE = 1000;
const ADA = "0000-0002-1825-0097";
const CHARLES = "0000-0001-5109-3700";

const page = new Window();
Object.assign(globalThis, { document: page.document, Node: page.Node });

type Message = Record<string, unknown> & { do: string; form?: { authors: Author[] } };
type Author = Partial<Record<"name" | "type" | "orcid" | "affiliation" | "ror", string>>;

let root: HTMLElement;
let sent: Message[];
let hear: { state: (state: PanelState) => void; reply: (reply: object) => void };
let view: ReturnType<typeof mount>;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
});

afterEach(() => {
  view.destroy();
  mock.timers.reset();
});

function show(state: PanelState, more: Partial<Host> = {}): void {
  root = document.createElement("div");
  document.body.replaceChildren(root);
  sent = [];
  hear = { state: () => undefined, reply: () => undefined };
  view = mount(root, {
    state,
    live: true,
    send: (message) => sent.push(message as Message),
    onState: (heard) => {
      hear.state = heard;
      return () => undefined;
    },
    onReply: (heard) => {
      hear.reply = heard;
      return () => undefined;
    },
    ...more,
  });
}

/** A panel before the first DOI, as Python describes it. */
function unregistered(authors: Author[] = [{ name: "Lovelace, Ada" }], more: object = {}) {
  const filled = authors.map((author) => ({
    type: "person",
    orcid: "",
    affiliation: "",
    ror: "",
    ...author,
  }));
  return {
    phase: "open",
    repo: "ada/tiny-bert",
    head: { name: "ada/tiny-bert", badge: { text: "No DOI", tone: "quiet" } },
    terms: { digest: "d1", text: "The DOI is permanent." },
    label: "Generate DOI",
    act: "mint",
    lookup: true,
    form: {
      serial: 1,
      authors: filled,
      title: "tiny-bert",
      description: "",
      revision: "",
      agreed: false,
    },
    ...more,
  };
}

const all = (css: string) => Array.from(root.querySelectorAll<HTMLElement>(css));
const one = (css: string) => {
  const [found] = all(css);
  assert.ok(found, `nothing is ${css}`);
  return found;
};
const named = (name: string) => {
  const found = all("button, [role=tab]").find(
    (button) => (button.getAttribute("aria-label") ?? button.textContent) === name,
  );
  assert.ok(found, `there is no ${name}`);
  return found as HTMLButtonElement;
};
const input = (part: string) => one(`[id$="-${part}"]`) as HTMLInputElement;
const write = (part: string, text: string) => {
  input(part).value = text;
  input(part).dispatchEvent(new page.Event("input") as unknown as Event);
};
const press = (element: HTMLElement, key: string) => {
  const event = new page.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  element.dispatchEvent(event as unknown as Event);
  return event.defaultPrevented;
};
const reason = () => one(".hubdoi-reason").textContent;
const names = () => all(".hubdoi-who b").map((name) => name.textContent);
const tick = (agreed = true) => {
  const box = one(".hubdoi-agree input") as HTMLInputElement;
  box.checked = agreed;
  box.dispatchEvent(new page.Event("change") as unknown as Event);
};
const ticked = () => (one(".hubdoi-agree input") as HTMLInputElement).checked;
const last = () => {
  const found = sent.at(-1);
  assert.ok(found, "nothing was sent");
  return found;
};

test("a state says what it is, and what to do where no kernel is", () => {
  show({ phase: "asking" });
  assert.match(root.textContent, /A DOI is a permanent identifier/);
  show(unregistered());
  assert.equal(one(".hubdoi-badge").textContent, "No DOI");
  assert.equal(reason(), "Tick the box to continue.");
  assert.ok(!root.textContent.includes("last state"));
  show(unregistered(), { live: false });
  assert.match(
    root.textContent,
    /This is the panel's last state. Run this cell again to continue./,
  );
  assert.equal(named("Generate DOI").disabled, true);
  show(unregistered(), { live: false, reconnect: async () => undefined });
  assert.match(root.textContent, /It is not connected to a kernel./);
  show(unregistered(), { live: false, connecting: true });
  assert.ok(!root.textContent.includes("last state"));
});

test("a kernel that is away is said to be, and a busy one is waited for", async () => {
  for (const connectionStatus of ["connecting", "connected"]) {
    const kernel = {
      connectionStatus,
      createComm: () => ({ open: () => undefined }),
      requestExecute: () => ({ done: new Promise(() => undefined) }),
    };
    const host = connect(kernel as never, { id: "a", state: unregistered() } as never);
    const answers: string[] = [];
    void host.reconnect?.(null).catch((error: Error) => answers.push(error.message));
    mock.timers.tick(15000);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(answers.length, connectionStatus === "connecting" ? 1 : 0);
  }
});

test("what a stranger wrote is text, and no link but one to the web", () => {
  const evil = '<img src=x onerror="alert(1)">';
  show({
    phase: "open",
    repo: evil,
    summary: [evil, { t: "here", url: "javascript:alert(2)" }, { t: "there", url: "https://a.b/" }],
    facts: [[evil, { tag: "script", props: {}, kids: [evil] }]],
    head: { name: evil, badge: { text: evil, tone: '"><script>' } },
  });
  assert.equal(all("img, script").length, 0);
  assert.deepEqual(
    all("a").map((link) => link.getAttribute("href")),
    ["https://a.b/"],
  );
  assert.equal(one(".hubdoi-badge").className, "hubdoi-badge hubdoi-quiet");
});

test("an ORCID iD and a ROR ID are checked to the last digit", () => {
  show(unregistered());
  named("Edit (Lovelace, Ada)").click();
  for (const [part, text, problem] of [
    ["orcid-0", ADA, ""],
    ["orcid-0", `https://orcid.org/${ADA}`, ""],
    ["orcid-0", "0000-0002-1694-233x", ""],
    ["orcid-0", "0000-0002-1825", "An ORCID iD has 16 digits."],
    ["orcid-0", "0000-0002-1825-0098", "its check digit does not match"],
    ["orcid-0", "ada", "This is not an ORCID iD."],
    ["ror-0", "https://ror.org/05a28rw58", ""],
    ["ror-0", "05a28rw59", "its check digits do not match"],
    ["ror-0", "ror-0", "This is not a ROR ID."],
  ] as const) {
    write(part, text);
    const said = one(`[id$="-${part}-said"]`);
    assert.equal(said.className, problem ? "hubdoi-bad" : "hubdoi-hint", text);
    assert.ok(said.textContent.includes(problem), `${text}: ${said.textContent}`);
    assert.equal(input(part).getAttribute("aria-invalid"), String(problem !== ""));
    write(part, "");
  }
});

test("the button says why it waits, and one ORCID iD is not for two", () => {
  show(unregistered([{}]));
  assert.equal(reason(), "Add at least one author.");
  show(unregistered([{ affiliation: "Somewhere" }]));
  assert.equal(reason(), "Author 1: The name is missing.");
  show(
    unregistered([
      { name: "A", orcid: ADA },
      { name: "B", orcid: ADA.replaceAll("-", "") },
    ]),
  );
  assert.equal(reason(), "Author 1: Author 2 has the same ORCID iD.");
  show(unregistered([{ name: "A Society", type: "organization", orcid: ADA }]));
  assert.equal(reason(), "Author 1: Only a person can have an ORCID iD.");
  show(unregistered());
  tick();
  assert.equal(reason(), "");
  assert.equal(named("Generate DOI").disabled, false);
});

test("keystrokes are sent once they pause, and Python's older state does not undo them", () => {
  const state = unregistered();
  show(state);
  named("Edit (Lovelace, Ada)").click();
  for (const name of ["L", "Lo", "Lov"]) {
    write("name-0", name);
  }
  hear.state({ ...state, form: { ...state.form } });
  assert.equal(input("name-0").value, "Lov");
  assert.equal(sent.length, 0);
  mock.timers.tick(PAUSE);
  const edits = sent.filter((message) => message.do === "edit");
  assert.deepEqual(
    edits.map((message) => message.form?.authors[0]?.name),
    ["Lov"],
  );
  // It is on its way; what Python says meanwhile is older.
  hear.state({ ...state, form: { ...state.form } });
  assert.equal(input("name-0").value, "Lov");
  // Another form, such as that of another repository, is newer.
  hear.state({ ...state, form: { ...state.form, serial: 2 } });
  assert.deepEqual(names(), ["Lovelace, Ada"]);
});

test("a tick is under the terms that were shown", () => {
  const state = unregistered();
  show(state);
  tick();
  hear.state({ ...state });
  assert.equal(ticked(), true);
  hear.state({ ...state, terms: { digest: "d2", text: "Other terms." } });
  assert.equal(ticked(), false);
});

test("a DOI is asked for once, with the terms that were agreed to", () => {
  show(unregistered());
  tick();
  const button = named("Generate DOI");
  button.click();
  button.click();
  mock.timers.tick(PAUSE);
  const mints = sent.filter((message) => message.do !== "edit");
  assert.deepEqual(
    mints.map(({ do: act, terms }) => [act, terms]),
    [["mint", "d1"]],
  );
  assert.match(root.textContent, /Sending to the kernel …/);
});

test("the arrows move an author, and the focus with it", () => {
  show(unregistered([{ name: "A" }, { name: "B" }, { name: "C" }]));
  named("Move down (A)").click();
  assert.deepEqual(names(), ["B", "A", "C"]);
  assert.equal(document.activeElement, named("Move down (A)"));
  named("Move down (A)").click();
  assert.deepEqual(names(), ["B", "C", "A"]);
  // At the end there is no further down.
  assert.equal(document.activeElement, named("Move up (A)"));
  named("Remove (A)").click();
  named("Remove (C)").click();
  named("Remove (B)").click();
  // There is always a line to write in.
  assert.deepEqual(names(), ["No name yet"]);
});

test("what is found is chosen by keyboard, and a late answer is not shown", () => {
  show(unregistered([{}]));
  input("name-0").focus();
  write("name-0", "Ch");
  // The only line is open while nothing is in it, and does not close under the first letter.
  assert.equal(document.activeElement, input("name-0"));
  mock.timers.tick(PAUSE);
  assert.ok(!sent.some((message) => message.do === "lookup"));
  const asked = (text: string) => {
    write("name-0", text);
    mock.timers.tick(PAUSE);
    return last();
  };
  const results = [
    { name: "Babbage, Charles", id: CHARLES, note: "Cambridge" },
    { name: "Lovelace, Ada", id: ADA, note: "" },
  ];
  const early = asked("Char");
  const late = asked("Charles");
  hear.reply({ ...early, results });
  assert.equal(all("[role=option]").length, 0);
  hear.reply({ ...late, by: "another panel", results });
  assert.equal(all("[role=option]").length, 0);
  hear.reply({ ...late, results });
  assert.equal(input("name-0").getAttribute("aria-expanded"), "true");
  for (const [key, at] of [
    ["ArrowDown", 0],
    ["ArrowDown", 1],
    ["ArrowDown", 0],
    ["ArrowUp", 1],
    ["ArrowUp", 0],
  ] as const) {
    assert.ok(press(input("name-0"), key));
    assert.equal(all("[role=option]")[at]?.getAttribute("aria-selected"), "true");
  }
  assert.ok(press(input("name-0"), "Enter"));
  assert.deepEqual(
    ["name", "orcid", "affiliation"].map((field) => input(`${field}-0`).value),
    ["Babbage, Charles", CHARLES, "Cambridge"],
  );
  // Without a list, Enter and Escape are the field's own.
  assert.ok(!press(input("name-0"), "Escape"));
});

test("imported authors replace, added ones come once, and a refusal says why", () => {
  show(unregistered());
  named("Add myself").click();
  const me = { name: " lovelace, ADA " };
  hear.reply({ ...last(), authors: [me, { name: "Babbage, Charles" }] });
  assert.deepEqual(names(), ["Lovelace, Ada", "Babbage, Charles"]);
  named("Import").click();
  assert.equal(document.activeElement, input("import"));
  write("import", "Hopper");
  named("Use these authors").click();
  assert.equal(last()["text"], "Hopper");
  hear.reply({ ...last(), authors: [], said: "There is no author." });
  assert.equal(input("import-said").textContent, "There is no author.");
  named("Use these authors").click();
  hear.reply({ ...last(), authors: [{ name: "Hopper, Grace" }] });
  assert.deepEqual(names(), ["Hopper, Grace"]);
  assert.equal(all("textarea").length, 0);
});

test("the citation's tabs go round by arrow keys, and no key leaves the panel", () => {
  const texts = { bibtex: "@misc{}", text: "Lovelace", ris: "TY", "csl-json": "{}" };
  show({ phase: "open", repo: "ada/tiny-bert", cite: { texts, styles: [["", "DataCite"]] } });
  let left = 0;
  root.addEventListener("keydown", () => (left += 1));
  const shown: string[] = [];
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"]) {
    assert.ok(press(one("[role=tab][aria-selected=true]"), key));
    shown.push(one("[role=tabpanel] pre, .hubdoi-prose").textContent);
    assert.equal(document.activeElement, one("[role=tab][aria-selected=true]"));
  }
  assert.deepEqual(shown, [
    texts.text,
    texts.ris,
    texts["csl-json"],
    texts.bibtex,
    texts["csl-json"],
  ]);
  assert.equal(left, 0);
});

test("a styled citation is copied as plain and as rich text, with nothing of its own", async () => {
  const copied: object[] = [];
  const rich = ["A & B. ", { t: "<b>Title</b>", i: true }, { t: "doi", url: "https://a.b/?x&y" }];
  show(
    {
      phase: "open",
      cite: { texts: { bibtex: "@misc{}", text: "A & B. <b>Title</b>" }, rich, styles: [] },
    },
    { copy: async (text) => void copied.push(text) },
  );
  named("Copy the citation as BibTeX").click();
  named("Text").click();
  named("Copy the citation as Text").click();
  assert.deepEqual(copied, [
    { text: "@misc{}", html: null },
    {
      text: "A & B. <b>Title</b>",
      html: 'A &amp; B. <i>&lt;b&gt;Title&lt;/b&gt;</i><a href="https://a.b/?x&amp;y">doi</a>',
    },
  ]);
  await Promise.resolve();
  assert.equal(one(".hubdoi-copied").textContent, "Copied");
  mock.timers.tick(3 * PAUSE);
  assert.equal(all(".hubdoi-copied").length, 0);
});
