/* The hubdoi panel: one card that shows a repository's DOI, mints one and cites it.

   It is used without a build step: by the anywidget (`export default { render }`), and in
   JupyterLab and Notebook by the renderer of `application/vnd.hubdoi.panel+json` and the side panel
   (`mount`, `connect`). panel.d.ts is its contract. A state may come from a notebook of a stranger:
   nothing in it is ever used as HTML, and only http(s) links are followed. */

const TARGET = "hubdoi.panel";
const EDIT_AFTER = 250;
const LOOK_UP_AFTER = 300;
const LOOK_UP_FROM = 3;
const REVALIDATE_AFTER = 60;
const SVG = "http://www.w3.org/2000/svg";
const TABS = [["bibtex", "BibTeX"], ["text", "Text"], ["ris", "RIS"], ["csl-json", "CSL JSON"]];
const ICONS = {
  copy: "M5 5V2.5A1.5 1.5 0 0 1 6.5 1h7A1.5 1.5 0 0 1 15 2.5v7a1.5 1.5 0 0 1-1.5 1.5H11M2.5 5h7A1.5 1.5 0 0 1 11 6.5v7A1.5 1.5 0 0 1 9.5 15h-7A1.5 1.5 0 0 1 1 13.5v-7A1.5 1.5 0 0 1 2.5 5z",
  done: "M2.5 8.5l3.5 3.5 7.5-8",
  up: "M8 13V3M3.5 7.5L8 3l4.5 4.5",
  down: "M8 3v10M3.5 8.5L8 13l4.5-4.5",
  remove: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  edit: "M2.5 13.5l.8-3.3 7.9-7.9 2.5 2.5-7.9 7.9-3.3.8z",
  refresh: "M13.5 8a5.5 5.5 0 1 1-1.7-4M12.5 1v3.5H9",
};

/* A small virtual DOM: `h` describes, `fill` brings an element to the description and keeps the
   nodes that are there, above all the one that has the focus. */

class Described {
  constructor(tag, props, kids) {
    Object.assign(this, { tag, props, kids });
  }
}

/* What is no description of ours, such as an object in a stranger's state, is text. */
function h(tag, props, ...kids) {
  const flat = kids.flat(Infinity).filter((kid) => kid !== null && kid !== undefined && kid !== false && kid !== "");
  return new Described(tag, props ?? {}, flat.map((kid) => (kid instanceof Described ? kid : String(kid))));
}

function fill(element, kids) {
  const keyed = new Map();
  for (const node of element.childNodes) if (node.hubdoiKey !== undefined) keyed.set(node.hubdoiKey, node);
  let at = element.firstChild;
  for (const kid of kids) {
    let node;
    if (typeof kid === "string") {
      node = at?.nodeType === Node.TEXT_NODE ? at : document.createTextNode(kid);
      if (node.data !== kid) node.data = kid;
    } else {
      const { key } = kid.props;
      const same = (other) => other?.localName === kid.tag && other.hubdoiKey === key;
      node = key === undefined ? at : keyed.get(key);
      if (!same(node)) {
        const inSvg = kid.tag === "svg" || element.namespaceURI === SVG;
        node = inSvg ? document.createElementNS(SVG, kid.tag) : document.createElement(kid.tag);
        node.hubdoiKey = key;
      }
      fill(node, kid.kids);
      dress(node, kid.props);
    }
    if (node === at) at = at.nextSibling;
    else element.insertBefore(node, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function dress(node, props) {
  const before = node.hubdoiProps ?? {};
  for (const name of Object.keys(before)) if (!(name in props)) set(node, name, undefined);
  for (const [name, value] of Object.entries(props)) {
    if (name === "value" || name === "checked" || value !== before[name]) set(node, name, value);
  }
  node.hubdoiProps = props;
}

function set(node, name, value) {
  if (name === "key") return;
  // ARIA says "true" and "false"; an attribute of HTML is there or not.
  if (name.startsWith("aria-") && typeof value === "boolean") node.setAttribute(name, value);
  else if (name.startsWith("on")) node[name] = value ?? null;
  else if (name === "value" || name === "checked") {
    const wanted = value ?? (name === "checked" ? false : "");
    if (node[name] !== wanted) node[name] = wanted;
  } else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

const icon = (name) =>
  h("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": true, class: "hubdoi-icon" },
    h("path", { d: ICONS[name] }));

const PRIMARY = "hubdoi-button hubdoi-primary";
const button = (label, onclick, more) => h("button", { type: "button", class: "hubdoi-button", onclick, ...more }, label);

const div = (look, ...kids) => h("div", { class: look }, kids);

const quiet = (text) => h("p", { class: "hubdoi-quiet" }, text);

const alarm = (text) => h("p", { class: "hubdoi-bad", role: "alert" }, text);

const heading = (text, id) => h("span", { class: "hubdoi-label", id, role: "heading", "aria-level": 5 }, text);

/* What may be longer than its place, and scrolls by keyboard too; a screen reader says `name`. */
const region = (name, look, ...content) =>
  h("div", { class: `hubdoi-scroll ${look}`, tabindex: 0, role: "region", "aria-label": name }, content);

const badge = (text, kind, title) => h("span", { class: `hubdoi-badge hubdoi-${tone(kind)}`, title }, text);

/* What is said below a field; heard when it changes. */
const told = (id, problem, quiet = "") =>
  h("span", { id, class: problem ? "hubdoi-bad" : "hubdoi-hint", "aria-live": "polite" }, problem || quiet);

const isLink = (url) => typeof url === "string" && /^https?:\/\/[^\s]+$/i.test(url);

/* Text with links in it: "text" or { t, url, code, i, b }. */
function inline(parts) {
  return [parts ?? []].flat().map((part) => {
    if (typeof part === "string" || part instanceof Described) return part;
    const text = String(part?.t ?? "");
    if (isLink(part?.url)) return h("a", { href: part.url, target: "_blank", rel: "noopener noreferrer" }, text);
    if (part?.code) return h("code", null, text);
    const shown = part?.i ? h("i", null, text) : text;
    return part?.b ? h("b", null, shown) : shown;
  });
}

const isBusy = (state) => /^(load|mint|amend|withdraw)ing$/.test(state.phase);

/* What can be checked without asking the kernel. */

function orcidProblem(text) {
  const bare = text.trim().replace(/^(https?:\/\/)?(www\.)?orcid\.org\//i, "").replace(/[-/ ]/g, "").toUpperCase();
  if (!bare) return "";
  if (/^[0-9]{0,15}$/.test(bare)) return "An ORCID iD has 16 digits.";
  if (!/^[0-9]{15}[0-9X]$/.test(bare)) return "This is not an ORCID iD. Write it like 0000-0002-1825-0097.";
  let total = 0;
  for (const digit of bare.slice(0, 15)) total = (total + Number(digit)) * 2;
  const expected = (12 - (total % 11)) % 11;
  return bare[15] === (expected === 10 ? "X" : String(expected)) ? "" : "This ORCID iD has a typing error: its check digit does not match.";
}

function rorProblem(text) {
  const bare = text.trim().replace(/^(https?:\/\/)?(www\.)?ror\.org\//i, "").toLowerCase();
  if (!bare) return "";
  if (!/^0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}$/.test(bare)) return "This is not a ROR ID. Write it like https://ror.org/05a28rw58.";
  let number = 0;
  for (const character of bare.slice(0, 7)) number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".indexOf(character);
  return 98 - ((number * 100) % 97) === Number(bare.slice(7)) ? "" : "This ROR ID has a typing error: its check digits do not match.";
}

const bareId = (text) => text.trim().replace(/^.*\//, "");
const orcidKey = (text) => text.trim().slice(-19).replace(/[^0-9Xx]/g, "").toUpperCase();
const isBlank = (author) => !["name", "orcid", "affiliation", "ror"].some((field) => (author[field] ?? "").trim());
const emptyAuthor = () => ({ name: "", type: "person", orcid: "", affiliation: "", ror: "" });
const whole = (authors) => (authors ?? []).map((author) => ({ ...emptyAuthor(), ...author }));

function authorProblems(authors, number) {
  const author = authors[number];
  if (isBlank(author)) return {};
  const found = {};
  if (!author.name.trim()) found.name = "The name is missing.";
  if (author.type === "person") {
    const problem = orcidProblem(author.orcid);
    const twin = authors.findIndex((other, index) => index !== number && other.type === "person" && orcidKey(other.orcid) === orcidKey(author.orcid));
    if (problem) found.orcid = problem;
    else if (author.orcid.trim() && twin >= 0) found.orcid = `Author ${twin + 1} has the same ORCID iD.`;
  } else if (author.orcid.trim()) found.orcid = "Only a person can have an ORCID iD.";
  const problem = rorProblem(author.ror);
  if (problem) found.ror = problem;
  return found;
}

function reasonAgainst(form, state) {
  if (!state.hands_off) {
    if (form.authors.every(isBlank)) return "Add at least one author.";
    for (const number of form.authors.keys()) {
      const [problem] = Object.values(authorProblems(form.authors, number));
      if (problem) return `Author ${number + 1}: ${problem}`;
    }
    if (!form.title.trim()) return "The title is missing.";
    const problem = revisionProblem(form.revision);
    if (problem) return problem;
  }
  return form.agreed || !state.terms ? "" : "Tick the box to continue.";
}

const revisionProblem = (text) =>
  !text.trim() || /^[0-9a-f]{7,40}$/i.test(text.trim()) ? "" : "A revision is a commit id: 7 to 40 hexadecimal digits.";

async function copyToClipboard({ text, html }) {
  try {
    if (html && globalThis.ClipboardItem) {
      const types = { "text/plain": text, "text/html": html };
      const blobs = Object.entries(types).map(([type, value]) => [type, new Blob([value], { type })]);
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    } else await navigator.clipboard.writeText(text);
  } catch {
    // The page is not a secure context, or the permission was refused.
    copyByCommand(text, html);
  }
}

function copyByCommand(text, html) {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.ariaHidden = "true";
  area.style.cssText = "position:fixed;top:0;opacity:0";
  document.body.append(area);
  area.select();
  const both = (event) => {
    event.clipboardData.setData("text/plain", text);
    if (html) event.clipboardData.setData("text/html", html);
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("copy", both, { capture: true, once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", both, true);
  area.remove();
  before?.focus?.();
  if (!done) throw new Error("the browser does not let a page copy");
}

function richHtml(runs) {
  const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
  return [runs ?? []].flat().map((run) => {
    if (typeof run === "string") return escape(run);
    let text = escape(String(run?.t ?? ""));
    if (run?.i) text = `<i>${text}</i>`;
    if (run?.b) text = `<b>${text}</b>`;
    return isLink(run?.url) ? `<a href="${escape(run.url)}">${text}</a>` : text;
  }).join("");
}

let views = 0;

export function mount(element, host) {
  const panel = new PanelView(element, host);
  return { update: (next) => panel.rehost(next), destroy: () => panel.destroy() };
}

class PanelView {
  constructor(element, host) {
    this.root = document.createElement("div");
    this.root.className = "hubdoi-panel tex2jax_ignore mathjax_ignore";
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    this.id = `v${++views}-${Math.random().toString(36).slice(2, 10)}`;
    this.number = views;
    Object.assign(this, { tab: "bibtex", edits: 0, seenEdits: 0, asked: 0, answers: new Map(), choices: null, repo: "" });
    // Keys that are typed here are not shortcuts of the notebook.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
    element.append(this.root);
    this.rehost(host);
    this.watchVisibility();
  }

  rehost(host) {
    this.stop?.();
    this.host = host;
    this.live = Boolean(host.live);
    this.reconnecting = false;
    this.problem = "";
    const offs = [
      host.onState?.((state) => this.show(state)),
      host.onReply?.((reply) => this.replied(reply)),
      host.onLive?.((live) => {
        this.live = live;
        this.reconnecting = false;
        if (!live) this.minting = false;
        this.render();
      }),
    ];
    this.stop = () => offs.forEach((off) => off?.());
    this.show(host.state ?? {});
  }

  destroy() {
    this.stop?.();
    for (const timer of [this.editTimer, this.lookTimer, this.copyTimer]) clearTimeout(timer);
    this.observer?.disconnect();
    document.removeEventListener("visibilitychange", this.seen);
    this.root.remove();
  }

  /* A panel that is looked at again asks whether things have changed. */
  watchVisibility() {
    this.seen = () => {
      if (document.visibilityState !== "visible" || !this.onScreen || !this.live) return;
      const since = Date.now() / 1000 - (this.state.checked ?? 0);
      if (this.state.phase === "open" && since > REVALIDATE_AFTER) this.send({ do: "revalidate" });
    };
    document.addEventListener("visibilitychange", this.seen);
    if (globalThis.IntersectionObserver) {
      this.observer = new IntersectionObserver((entries) => {
        this.onScreen = entries.at(-1).isIntersecting;
        this.seen();
      });
      this.observer.observe(this.root);
    }
  }

  send(message) {
    if (this.live) this.host.send?.({ by: this.id, ...message });
  }

  ask(message, answered) {
    const n = ++this.asked;
    this.answers.set(n, answered);
    this.send({ ...message, n });
    return n;
  }

  replied(reply) {
    if (reply?.by !== this.id) return;
    const answered = this.answers.get(reply.n);
    this.answers.delete(reply.n);
    answered?.(reply);
    this.render();
  }

  /* What is being written here is newer than what Python has seen. */
  show(state) {
    const before = this.state;
    this.state = state;
    const form = state.form;
    const same = form && this.form && form.serial === this.form.serial;
    const mine = same && form.by === this.id && form.n <= this.edits;
    if (mine) this.seenEdits = form.n;
    // An edit that waits here, or is on its way to Python, is newer than this state.
    const unseen = same && (this.editTimer || this.edits > this.seenEdits);
    if (!form) this.form = null;
    else if (!mine && !unseen) {
      this.form = { ...form, authors: whole(form.authors) };
      // The line that somebody opens while the status is loaded again stays open.
      if (before?.repo !== state.repo || !(this.openAuthor < this.form.authors.length)) this.openAuthor = null;
    } else if (form.n === this.edits && !this.editTimer) this.form.agreed = this.form.agreed && form.agreed;
    // A tick is under the terms that were shown (R3), also where the rest of the form is kept.
    if (this.form && before?.terms && before.terms.digest !== state.terms?.digest) this.form.agreed = false;
    this.minting = false;
    const finished = state.phase === "open" && /^(mint|watch|amend|withdraw)ing$/.test(before?.phase);
    this.render();
    if (finished && !this.root.contains(document.activeElement)) this.root.querySelector(".hubdoi-refresh")?.focus();
  }

  render() {
    const state = this.state ?? {};
    this.editable = this.live && state.phase === "open" && !this.minting;
    fill(this.root, [this.card(state)]);
    const focus = this.focusNext && this.root.querySelector(this.focusNext);
    if (focus) {
      this.focusNext = null;
      focus.focus();
    }
  }

  name(part) {
    return `hubdoi-${this.number}-${part}`;
  }

  /* The part of that name has the focus when it is drawn the next time. */
  focusOn(part) {
    this.focusNext = `#${this.name(part)}`;
  }

  card(state) {
    const asking = state.phase === "asking";
    return h("section", { class: "hubdoi-box", "aria-label": state.repo ? `DOI of ${state.repo}` : "DOI of a repository" },
      this.header(state),
      !this.live && !this.host.connecting && this.banner(),
      this.progress(state),
      this.notice(state),
      asking && this.askRepo(),
      state.facts?.length > 0 && this.facts(state.facts),
      state.can_correct && this.live && h("div", { key: "correct" }, this.tool("Correct the record …", () => {
        this.focusOn("edit-0");
        this.send({ do: "correct" });
      }, { id: this.name("correct") })),
      state.changes && this.changes(state.changes),
      this.form && this.formPart(state),
      state.cite && this.citations(state),
      state.history?.length > 0 && this.history(state.history));
  }

  header(state) {
    const head = state.head;
    return h("header", { key: "header", class: "hubdoi-head" },
      h("div", { class: "hubdoi-name", role: "heading", "aria-level": 4 },
        head ? inline(head.name) : state.repo || "Generate or cite a DOI",
        head?.badge && badge(head.badge.text, head.badge.tone),
        head?.test && badge("Sandbox", "quiet", "DOIs of the sandbox are for trying out; they never resolve at doi.org")),
      this.live && state.phase !== "asking" && button(icon("refresh"), () => this.send({ do: "load" }), {
        class: "hubdoi-plain hubdoi-refresh", "aria-label": "Refresh", title: "Refresh", disabled: isBusy(state),
      }),
      state.summary && h("p", { class: "hubdoi-summary" }, inline(state.summary)));
  }

  banner() {
    const again = this.host.reconnect;
    return h("div", { key: "banner", class: "hubdoi-banner" },
      h("p", null, `This is the panel's last state. ${again ? "It is not connected to a kernel." : "Run this cell again to continue."}`),
      again && button(this.reconnecting ? "Reconnecting …" : "Reconnect", async () => {
        this.reconnecting = true;
        this.problem = "";
        this.render();
        try {
          // What was written here may not have reached the kernel that is gone.
          await again(this.form && (this.edits > 0 || this.editTimer) ? this.formNow() : null);
        } catch (error) {
          this.problem = String(error?.message ?? error);
        }
        this.reconnecting = false;
        this.render();
      }, { class: PRIMARY, disabled: this.reconnecting }),
      this.problem && alarm(this.problem));
  }

  progress(state) {
    const steps = state.steps ?? [];
    const busy = (this.live || this.host.connecting) && (state.busy || (this.minting && "Sending to the kernel"));
    const sentence = busy ? `${busy} …` : "";
    return h("div", { key: "progress", class: busy ? "hubdoi-progress" : "hubdoi-none" },
      busy && steps.length > 0 && h("ol", null, steps.map((step) => h("li", null, icon("done"), h("span", null, step)))),
      h("p", { role: "status", class: "hubdoi-quiet" }, sentence),
      busy && h("div", { class: "hubdoi-moving", "aria-hidden": true }));
  }

  notice(state) {
    const notice = state.notice;
    const shown = notice && !(notice.field && this.form);
    const actions = this.live ? [
      state.retry && button("Try again", () => this.send({ do: "retry" })),
      state.phase === "watching" && button("Stop waiting", () => this.send({ do: "stop" })),
      ...(state.waiting ?? []).map(([kind, label]) => this.fold(kind, label, false,
        div("hubdoi-line", "You can ask again later.", button("Withdraw", () => this.send({ do: "withdraw", kind }))))),
    ] : [];
    return h("div", { key: "notice", class: shown || actions.some(Boolean) ? "hubdoi-told" : "hubdoi-none" },
      h("p", { role: "status", class: `hubdoi-notice hubdoi-${tone(notice?.tone)}` }, shown ? notice.text : ""),
      actions);
  }

  askRepo() {
    const id = this.name("repo");
    return h("form", {
      key: "ask", class: "hubdoi-ask",
      onsubmit: (event) => {
        event.preventDefault();
        if (this.repo.trim()) this.send({ do: "open", repo: this.repo.trim() });
      },
    },
    h("p", null, "A DOI is a permanent identifier for one revision of a model or dataset. With it, anybody can cite exactly that revision, and the link always works. Name a repository to see its DOI, to generate one or to cite it."),
    h("label", { for: id }, "Repository"),
    div("hubdoi-line",
      h("input", {
        id, type: "text", value: this.repo, disabled: !this.live, placeholder: "ada/tiny-bert, datasets/ada/notes or a URL",
        autocomplete: "off", spellcheck: "false", oninput: (event) => { this.repo = event.target.value; },
      }),
      button("Open", null, { type: "submit", class: PRIMARY, disabled: !this.live })));
  }

  facts(facts) {
    return h("dl", { key: "facts", class: "hubdoi-facts" }, facts.map(([name, value]) => [h("dt", null, name), h("dd", null, inline(value))]));
  }

  fold(key, title, open, ...content) {
    return h("details", { key, class: `hubdoi-fold hubdoi-${key}`, ...(open ? { open: true } : {}) }, h("summary", null, title), content);
  }

  changes(changes) {
    const sentence = h("span", null, changes.sentence);
    if (!changes.rows?.length) return h("p", { key: "changes", class: "hubdoi-changes" }, sentence);
    return this.fold("changes", sentence, false,
      region("Changed files", "",
        table(["File", "Part", "Change", "Size"], changes.rows.map((row) => row.map((cell, column) => (column === 0 ? h("code", null, cell) : cell))))),
      changes.more && quiet(changes.more));
  }

  edited(change) {
    // What is agreed to repeats every value of a correction.
    Object.assign(this.form, this.state.correction && { agreed: false }, change);
    this.render();
    clearTimeout(this.editTimer);
    this.editTimer = setTimeout(() => this.flush(), EDIT_AFTER);
  }

  formNow() {
    return { ...this.form, by: this.id, n: this.edits };
  }

  flush() {
    clearTimeout(this.editTimer);
    this.editTimer = null;
    if (!this.form) return;
    this.edits += 1;
    this.send({ do: "edit", form: this.formNow() });
  }

  authorsChanged(authors) {
    this.edited({ authors: authors.length ? authors : [emptyAuthor()] });
  }

  setAuthor(number, change) {
    this.openAuthor = number;
    this.authorsChanged(this.form.authors.map((author, index) => (index === number ? { ...author, ...change } : author)));
  }

  formPart(state) {
    const { correction } = state;
    const reason = this.minting || isBusy(state) ? "" : state.phase === "watching" ? "Waiting for the DOI to appear." : reasonAgainst(this.form, state);
    return h("div", { key: "form", class: "hubdoi-form" },
      correction && heading(correction.title),
      state.form_intro && quiet(state.form_intro),
      !state.hands_off && this.authorsPart(state),
      !state.hands_off && state.preview && this.preview(state),
      correction && [this.titleEntry(), this.descriptionEntry(), this.tick("access", correction.access)],
      correction?.rows.length > 0 && region("What will change", "hubdoi-change", table(["Property", "Before", "After"], correction.rows)),
      state.terms && this.terms(state),
      div("hubdoi-act",
        state.terms && this.tick("agreed", "I have read these terms and agree to them"),
        h("p", { id: this.name("reason"), class: "hubdoi-quiet hubdoi-reason" }, reason),
        correction && button("Cancel", () => {
          this.focusOn("correct");
          this.send({ do: "uncorrect" });
        }, { disabled: !this.editable }),
        this.action(state, reason)));
  }

  action(state, reason) {
    const can = this.editable && !reason;
    if (state.hands_off) {
      return h("a", {
        class: PRIMARY, target: "_blank", rel: "noopener noreferrer",
        ...(can && isLink(state.settings_url) ? { href: state.settings_url } : { role: "link", "aria-disabled": "true" }),
        "aria-describedby": this.name("reason"),
        // Afterwards: the link has no target any more once the mint has begun.
        onclick: () => can && setTimeout(() => this.mint(state)),
      }, state.label);
    }
    return button(state.label, () => this.mint(state), {
      class: `hubdoi-button${state.urged === false ? "" : " hubdoi-primary"}`, disabled: !can, "aria-describedby": this.name("reason"),
    });
  }

  mint(state) {
    if (this.minting || !this.editable) return;
    clearTimeout(this.editTimer);
    this.editTimer = null;
    this.minting = true;
    // What was asked for is read where it appears.
    if (state.act === "propose") this.focusNext = ".hubdoi-change";
    this.edits += 1;
    this.send({ do: state.act, form: this.formNow(), terms: state.terms?.digest, revision: state.revision });
    this.render();
  }

  terms(state) {
    return h("div", null,
      heading("Terms"),
      region("Terms", "hubdoi-termsbox",
        String(state.terms?.text ?? "").split(/\n+/).filter((line) => line.trim()).map((line) => h("p", null, line))));
  }

  authorsPart(state) {
    const authors = this.form.authors;
    const problem = state.notice?.field === "authors" ? state.notice.text : "";
    return h("div", { class: "hubdoi-authors", role: "group", "aria-labelledby": this.name("authors") },
      div("hubdoi-bar",
        heading("Authors", this.name("authors")),
        this.tool("Add an author", () => {
          this.openAuthor = authors.length;
          this.focusOn(`name-${authors.length}`);
          this.authorsChanged([...authors, emptyAuthor()]);
        }),
        this.tool("Add myself", () => this.ask({ do: "me" }, (reply) => this.put(reply))),
        this.tool("Import", () => {
          this.importing = this.importing ? null : { text: "", said: "" };
          if (this.importing) this.focusOn("import");
          this.render();
        }, { "aria-expanded": Boolean(this.importing) })),
      problem && alarm(problem),
      this.said && h("p", { class: "hubdoi-quiet", role: "status" }, this.said),
      this.importing && this.importer(),
      h("ol", { class: "hubdoi-list" }, authors.map((author, number) => this.author(author, number))));
  }

  tool(label, pressed, more) {
    return button(label, pressed, { class: "hubdoi-small", disabled: !this.editable, ...more });
  }

  /* Authors that came from Python are filled in, nobody twice. */
  put(reply) {
    this.said = reply.said ?? "";
    const incoming = whole(reply.authors);
    if (!incoming.length || !this.form) return;
    const kept = reply.replaces ? [] : this.form.authors.filter((author) => !isBlank(author));
    const known = new Set(kept.map((author) => author.name.trim().toLowerCase()));
    const added = incoming.filter((author) => !known.has(author.name.trim().toLowerCase()));
    this.openAuthor = null;
    this.authorsChanged([...kept, ...added]);
  }

  importer() {
    const state = this.importing;
    const id = this.name("import");
    const take = (request) => this.ask({ do: "import", ...request }, (reply) => {
      if (reply.authors?.length) {
        this.importing = null;
        this.put({ ...reply, replaces: true });
        this.focusOn("edit-0");
      } else if (this.importing) this.importing.said = reply.said;
    });
    return div("hubdoi-import",
      h("label", { for: id }, "Paste a list of authors, a CITATION.cff or a BibTeX entry. It replaces the authors below."),
      h("textarea", {
        id, rows: 4, value: state.text, spellcheck: "false", "aria-describedby": `${id}-said`,
        placeholder: "Ada Lovelace <0000-0002-1825-0097>; Analytical Engine Society\nGrace Hopper",
        oninput: (event) => { state.text = event.target.value; state.said = ""; this.render(); },
      }),
      h("p", { id: `${id}-said`, class: state.said ? "hubdoi-bad" : "hubdoi-none", role: "status" }, state.said),
      div("hubdoi-line",
        button("Use these authors", () => take({ text: state.text }), { disabled: !state.text.trim() }),
        button("From the card", () => take({ card: true })),
        button("Cancel", () => { this.importing = null; this.render(); })));
  }

  author(author, number) {
    const authors = this.form.authors;
    const unused = authors.length === 1 && isBlank(author);
    const open = unused || this.openAuthor === number;
    const problems = authorProblems(authors, number);
    const named = author.name.trim() || "No name yet";
    const tool = (name, label, pressed, off) => button(icon(name), pressed, {
      class: "hubdoi-plain", id: this.name(`${name}-${number}`), "aria-label": `${label} (${named})`, title: label,
      disabled: !this.editable || off, ...(name === "edit" ? { "aria-expanded": open } : {}),
    });
    const details = [
      author.type === "organization" ? "Organisation" : "",
      author.orcid.trim() && !problems.orcid ? `ORCID ${bareId(author.orcid)}` : "",
      author.affiliation.trim(),
      author.ror.trim() && author.type === "organization" && !problems.ror ? `ROR ${bareId(author.ror)}` : "",
    ].filter(Boolean).join(" · ");
    const [first] = Object.values(problems);
    return h("li", { class: `hubdoi-author${first ? " hubdoi-wrong" : ""}` },
      div("hubdoi-row",
        h("span", { class: "hubdoi-who" }, h("b", null, named), details && h("span", { class: "hubdoi-quiet" }, ` ${details}`),
          first && !open && h("span", { class: "hubdoi-bad" }, ` ${first}`)),
        tool("edit", open ? "Close" : "Edit", () => {
          this.openAuthor = open ? null : number;
          if (!open) this.focusOn(`name-${number}`);
          this.render();
        }, false),
        tool("up", "Move up", () => this.move(number, number - 1), number === 0),
        tool("down", "Move down", () => this.move(number, number + 1), number === authors.length - 1),
        tool("remove", "Remove", () => {
          this.openAuthor = null;
          this.focusOn(`edit-${Math.max(0, Math.min(number, authors.length - 2))}`);
          this.authorsChanged(authors.filter((_, index) => index !== number));
        }, unused)),
      open && this.fields(author, number, problems));
  }

  move(number, to) {
    const authors = [...this.form.authors];
    [authors[number], authors[to]] = [authors[to], authors[number]];
    if (this.openAuthor === number) this.openAuthor = to;
    else if (this.openAuthor === to) this.openAuthor = number;
    const free = (name) => (name === "up" ? to > 0 : to < authors.length - 1);
    const wanted = to < number ? "up" : "down";
    this.focusOn(`${free(wanted) ? wanted : wanted === "up" ? "down" : "up"}-${to}`);
    this.authorsChanged(authors);
  }

  fields(author, number, problems) {
    const person = author.type === "person";
    const type = this.name(`type-${number}`);
    const valid = (field) => author[field].trim() && !problems[field];
    const idLink = (field, site) => {
      const page = `${site}/${bareId(author[field])}`;
      return valid(field) && [inline({ t: page, url: `https://${page}` }), " · chosen by you"];
    };
    return div("hubdoi-fields",
      this.field("name", "Name", author, number, problems, { look: person ? "orcid" : "ror", placeholder: person ? "Family, Given" : "Analytical Engine Society" }),
      div("hubdoi-field",
        h("label", { for: type }, "Type"),
        h("select", { id: type, value: author.type, disabled: !this.editable, onchange: (event) => this.setAuthor(number, { type: event.target.value }) },
          h("option", { value: "person" }, "Person"), h("option", { value: "organization" }, "Organisation"))),
      (person || author.orcid.trim()) && this.field("orcid", "ORCID iD (optional)", author, number, problems, { placeholder: "0000-0002-1825-0097", hint: idLink("orcid", "orcid.org") }),
      this.field("affiliation", "Affiliation (optional)", author, number, problems, { look: person ? "ror" : null }),
      this.field("ror", "ROR ID (optional)", author, number, problems, { placeholder: "https://ror.org/05a28rw58", hint: idLink("ror", "ror.org") }));
  }

  entry(part, label, value, written, { tag = "input", problem, hint, list, look = "", ...more } = {}) {
    const id = this.name(part);
    return h("div", { class: `hubdoi-field ${look}` },
      h("label", { for: id }, label),
      h(tag, {
        id, ...(tag === "input" ? { type: "text" } : {}), value, disabled: !this.editable, autocomplete: "off", spellcheck: "false",
        "aria-invalid": Boolean(problem), "aria-describedby": `${id}-said`, oninput: (event) => written(event.target.value), ...more,
      }),
      list,
      told(`${id}-said`, problem, hint));
  }

  /* One field of an author; with `look`, what is written is looked up at ORCID or ROR. */
  field(field, label, author, number, problems, { look, placeholder, hint } = {}) {
    const part = `${field}-${number}`;
    const id = this.name(part);
    const looks = look && this.state.lookup;
    const chooser = looks && this.choices?.id === id ? this.choices : null;
    const shown = chooser?.results?.length > 0;
    const combobox = looks ? {
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": Boolean(shown), "aria-controls": `${id}-list`,
      ...(shown && chooser.at >= 0 ? { "aria-activedescendant": `${id}-${chooser.at}` } : {}),
      onkeydown: (event) => this.chooseByKey(event, id, number),
      onblur: () => { if (this.choices?.id === id) { this.choices = null; clearTimeout(this.lookTimer); this.render(); } },
    } : {};
    const list = looks && h("ul", { id: `${id}-list`, role: "listbox", "aria-label": `Found for ${label}`, class: shown ? "hubdoi-choices" : "hubdoi-none" },
        shown && chooser.results.map((result, index) => h("li", {
          id: `${id}-${index}`, role: "option", "aria-selected": index === chooser.at,
          // Before the field loses the focus and the list closes.
          onmousedown: (event) => { event.preventDefault(); this.choose(result, field, number); },
        }, h("b", null, result.name), h("span", null, ` ${[result.id, result.note].filter(Boolean).join(" · ")}`))));
    return this.entry(part, label, author[field], (text) => {
      this.setAuthor(number, { [field]: text });
      if (looks) this.lookUp(id, look, text);
    }, { problem: problems[field], hint: chooser?.said || hint, list, placeholder, ...combobox });
  }

  lookUp(id, kind, text) {
    clearTimeout(this.lookTimer);
    this.choices = { id, kind, results: [], at: -1, said: "" };
    if (text.trim().length < LOOK_UP_FROM) return;
    this.lookTimer = setTimeout(() => {
      const n = this.ask({ do: "lookup", kind, text: text.trim() }, (reply) => {
        if (this.choices?.id !== id || this.choices.n !== n) return;
        this.choices.results = (reply.results ?? []).slice(0, 8);
        this.choices.said = reply.said ?? "";
      });
      if (this.choices?.id === id) this.choices.n = n;
    }, LOOK_UP_AFTER);
  }

  chooseByKey(event, id, number) {
    const chooser = this.choices?.id === id ? this.choices : null;
    const count = chooser?.results?.length ?? 0;
    if (!count) return;
    if (event.key === "ArrowDown") chooser.at = (chooser.at + 1) % count;
    else if (event.key === "ArrowUp") chooser.at = (Math.max(chooser.at, 0) - 1 + count) % count;
    else if (event.key === "Enter" && chooser.at >= 0) this.choose(chooser.results[chooser.at], id.split("-").at(-2), number);
    else if (event.key === "Escape") this.choices = null;
    else return;
    event.preventDefault();
    this.render();
  }

  choose(result, field, number) {
    const kind = this.choices?.kind;
    const author = this.form.authors[number];
    this.choices = null;
    if (kind === "orcid") {
      this.setAuthor(number, { name: result.name, orcid: result.id, ...(author.affiliation.trim() || !result.note ? {} : { affiliation: result.note }) });
    } else this.setAuthor(number, { [field]: result.name, ror: result.id });
  }

  ofForm(name, label, { problem, ...more }) {
    const notice = this.state.notice;
    return this.entry(name, label, this.form[name] ?? "",
      // An agreement is for the revision that was named when it was made.
      (text) => this.edited({ [name]: text, ...(name === "revision" ? { agreed: false } : {}) }),
      { look: "hubdoi-wide", problem: problem || (notice?.field === name && notice.text), ...more });
  }

  titleEntry(placeholder) {
    return this.ofForm("title", "Title", { placeholder, problem: !this.form.title.trim() && "The title is missing." });
  }

  tick(name, label) {
    return h("label", { class: "hubdoi-agree" },
      h("input", { type: "checkbox", checked: this.form[name], disabled: !this.editable, onchange: (event) => this.edited({ [name]: event.target.checked }) }),
      h("span", null, label));
  }

  descriptionEntry(placeholder) {
    return this.ofForm("description", "Description", { tag: "textarea", rows: 3, placeholder });
  }

  preview(state) {
    const { preview } = state;
    const form = this.form;
    const at = preview.revision ?? {};
    const facts = [
      ["Citation", inline(preview.citation)],
      ["DOI", inline(preview.doi)],
      ["Revision", [...inline(at.id ?? ""), at.date && ` · ${at.date}`, at.message && ` · ${at.message}`]],
      ["Type", [preview.type, preview.license && `Licence ${preview.license}`, preview.year, preview.publisher].filter(Boolean).join(" · ")],
      ["Files", preview.total ?? "…"],
      ...(preview.credits ?? []),
    ];
    const wrong = ["title", "description", "revision"].includes(state.notice?.field) || preview.problem;
    return div("hubdoi-preview",
      div("hubdoi-bar",
        heading("What will be registered"),
        this.tool(this.details ? "Close" : "Edit details", () => {
          this.details = !this.details;
          if (this.details) this.focusOn("title");
          this.render();
        }, { "aria-expanded": Boolean(this.details) })),
      region("What will be registered", "hubdoi-registered", this.facts(facts)),
      (this.details || wrong) && div("hubdoi-details",
        this.titleEntry(preview.title),
        this.ofForm("revision", "Revision (commit id; empty for the latest commit)", { placeholder: preview.latest, problem: revisionProblem(form.revision) || preview.problem }),
        this.descriptionEntry(preview.description),
        region("Files of this revision", "hubdoi-files",
          preview.files?.length > 0 && table(["File", "Size"], preview.files.map(([path, size]) => [h("code", null, path), size])))));
  }

  citations(state) {
    const cite = state.cite;
    const choose = (format) => {
      this.tab = format;
      this.copied = "";
      this.render();
    };
    const tabs = TABS.map(([format, label], index) => button(label, () => choose(format), {
      class: null, role: "tab", id: this.name(`tab-${format}`), "aria-selected": format === this.tab,
      "aria-controls": this.name("cited"), tabindex: format === this.tab ? 0 : -1,
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const [next] = TABS[(index + step + TABS.length) % TABS.length];
        this.focusOn(`tab-${next}`);
        choose(next);
      },
    }));
    const label = TABS.find(([format]) => format === this.tab)[1];
    const text = String(cite.texts?.[this.tab] ?? "");
    const isText = this.tab === "text";
    return h("div", { key: "cite", class: "hubdoi-cite" },
      div("hubdoi-bar",
        heading("Cite"),
        h("div", { role: "tablist", "aria-label": "Format of the citation", class: "hubdoi-tabs" }, tabs),
        isText && this.live && this.styleChooser(cite)),
      h("div", { id: this.name("cited"), role: "tabpanel", "aria-labelledby": this.name(`tab-${this.tab}`), class: "hubdoi-cited-box" },
        isText
          ? h("div", { key: "prose", class: "hubdoi-prose" }, inline(cite.rich ?? text))
          : h("pre", { key: "code", tabindex: 0, role: "region", "aria-label": `The citation as ${label}` }, text),
        button(icon(this.copied ? "done" : "copy"), (event) => this.copy(event.currentTarget, text, isText ? richHtml(cite.rich ?? text) : null), {
          class: "hubdoi-plain hubdoi-copy-button", disabled: !text, title: "Copy", "aria-label": `Copy the citation as ${label}`,
        }),
        h("span", { class: this.copied ? "hubdoi-copied" : "hubdoi-heard", role: "status" }, this.copied || "")));
  }

  styleChooser(cite) {
    const known = (cite.styles ?? []).some(([id]) => id === (cite.style ?? ""));
    const other = this.otherStyle || !known;
    const problem = cite.problem ?? "";
    return h("span", { class: "hubdoi-style" },
      h("label", { for: this.name("style") }, "Style"),
      h("select", {
        id: this.name("style"), value: other ? "…" : cite.style ?? "",
        onchange: (event) => {
          this.otherStyle = event.target.value === "…";
          if (this.otherStyle) this.focusOn("style-name");
          else this.send({ do: "cite", style: event.target.value });
          this.render();
        },
      }, (cite.styles ?? []).map(([id, label]) => h("option", { value: id }, label)), h("option", { value: "…" }, "Another CSL style …")),
      other && h("input", {
        id: this.name("style-name"), type: "text", "aria-label": "Name of the style", placeholder: "apa, ieee, nature …",
        "aria-invalid": Boolean(problem), "aria-describedby": this.name("style-said"), spellcheck: "false",
        value: this.styleName ?? cite.style ?? "", oninput: (event) => { this.styleName = event.target.value; },
        onchange: (event) => event.target.value.trim() && this.send({ do: "cite", style: event.target.value.trim() }),
      }),
      told(this.name("style-said"), problem));
  }

  async copy(button, text, html) {
    try {
      await (this.host.copy ?? copyToClipboard)({ text, html });
      this.copied = "Copied";
      button.focus();
    } catch {
      const box = this.root.querySelector(".hubdoi-cited-box pre, .hubdoi-prose");
      if (box) getSelection().selectAllChildren(box);
      this.copied = "Press Ctrl+C";
    }
    this.render();
    clearTimeout(this.copyTimer);
    this.copyTimer = setTimeout(() => {
      this.copied = "";
      this.render();
    }, 2000);
  }

  history(history) {
    const title = history.length === 1 ? "History: 1 version" : `History: ${history.length} versions`;
    return this.fold("history", title, history.length > 1,
      region("Versions", "hubdoi-versions",
        table(["DOI", "State", "Revision", "Registered", "Title"], history.map((version) => [
          inline(version.doi), badge(version.state ?? "", version.tone), inline(version.revision), version.created, version.title]))),
      history.map((version) => (version.notes ?? []).map(quiet)));
  }
}

const tone = (word) => (["good", "warn", "bad", "quiet"].includes(word) ? word : "quiet");

function table(head, rows) {
  return h("table", null,
    h("thead", null, h("tr", null, head.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", null, rows.map((row) => h("tr", null, row.map((cell) => h("td", null, cell ?? ""))))));
}

function signal() {
  const listeners = new Set();
  return {
    on: (f) => { listeners.add(f); return () => listeners.delete(f); },
    emit: (value) => listeners.forEach((f) => f(value)),
  };
}

/* What a host hears from Python, and how a panel listens to it. */
function signals() {
  const [state, reply, live] = [signal(), signal(), signal()];
  return { state, reply, live, heard: { onState: state.on, onReply: reply.on, onLive: live.on } };
}

export function connect(kernel, data, save) {
  const said = signals();
  let comm = null;
  const host = {
    state: data?.state ?? {},
    live: false,
    connecting: Boolean(kernel),
    ...said.heard,
    send: (message) => comm?.send(message),
    dispose: () => {
      try {
        comm?.close();
      } catch { /* The kernel is gone. */ }
      comm = null;
    },
    kernelChanged: () => {
      comm = null;
      live(false);
    },
  };
  const live = (now) => {
    host.live = now;
    host.connecting = false;
    said.live.emit(now);
  };
  const open = (content, seconds) => new Promise((resolve, reject) => {
    const opened = kernel.createComm(TARGET);
    const timer = setTimeout(() => reject(new Error("The kernel did not answer. Run this cell again.")), seconds * 1000);
    opened.onMsg = (message) => {
      const body = message.content.data ?? {};
      if (body.state) {
        host.state = body.state;
        clearTimeout(timer);
        if (comm !== opened) {
          comm = opened;
          live(true);
          resolve();
        }
        said.state.emit(body.state);
      } else if (body.saved) save?.(body.saved);
      else if (body.reply) said.reply.emit(body.reply);
      else if (body.refused) {
        clearTimeout(timer);
        reject(new Error(body.refused));
      }
    };
    opened.onClose = () => {
      clearTimeout(timer);
      if (comm === opened) {
        comm = null;
        live(false);
      }
      reject(new Error("This kernel no longer has the panel. Run this cell again."));
    };
    opened.open(content);
  });
  if (kernel) {
    host.reconnect = async (form) => {
      const asked = kernel.requestExecute({ code: "import hubdoi.jupyter.panel", silent: true, store_history: false });
      // A kernel that is busy may take long; one that is away never answers.
      const away = new Promise((_, reject) => setTimeout(() => kernel.connectionStatus === "connected" || reject(new Error("The kernel cannot be reached. Try again when the server runs.")), 15000));
      const done = await Promise.race([asked.done, away]);
      if (done.content.status !== "ok") throw new Error("hubdoi is not installed in this kernel. Install it, then run this cell again.");
      const { repo = "", endpoint = "", correction } = host.state;
      // A correction is not what the next DOI is generated with.
      const written = correction ? null : form ?? host.state.form ?? null;
      await open({ id: data?.id, reopen: { repo, endpoint, form: written } }, 60);
    };
    if (data?.isNew) {
      host.ready = host.reconnect().catch((error) => {
        live(false);
        throw error;
      });
    } else {
      // The panel is found again when the page was loaded again; a kernel without it closes the comm.
      host.ready = open({ id: data?.id }, 60).catch(() => live(false));
    }
  }
  return host;
}

/* The anywidget: the model's `state` is the PanelState, its custom messages are the replies. */
export function render({ model, el }) {
  const said = signals();
  const listeners = {
    "change:state": () => said.state.emit(model.get("state")),
    "msg:custom": said.reply.emit,
    comm_live_update: () => said.live.emit(false),
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  el.classList.add("hubdoi-host");
  // Colab marks its dark theme alone; without the mark it is light, whatever the system is.
  const page = document.documentElement;
  const isColab = getComputedStyle(page).getPropertyValue("--colab-primary-surface-color");
  if (isColab && page.getAttribute("theme") !== "dark") el.classList.add("hubdoi-light");
  const view = mount(el, { state: model.get("state"), live: true, send: (message) => model.send(message), ...said.heard });
  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    view.destroy();
  };
}

export default { render };
