/* The side panel. It draws with DOM calls alone: nothing of a repository is ever markup. */

import { Widget } from "@lumino/widgets";
import type { LabIcon } from "@jupyterlab/ui-components";
import { checkIcon, citeIcon, doiIcon, moreIcon, pinIcon } from "./icons.ts";
import { refreshIcon } from "@jupyterlab/ui-components";
import { isReadable } from "./documentReader.ts";
import type { Model } from "./model.ts";
import {
  briefly,
  filtered,
  needsAttention,
  otherFindings,
  placeOf,
  type Filter,
  type Row,
} from "./rows.ts";

export interface Handlers {
  jump(row: Row): void;
  run(command: string, row?: Row): void;
  more(row: Row, button: HTMLElement): void;
  jumpTo(place: { cell: number | null; line: number }): void;
}

type Kid = Node | string | null | false | undefined;

export function h(
  tag: string,
  props: Record<string, string | boolean | ((event: Event) => void)> = {},
  ...kids: Kid[]
): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...kids.filter((kid): kid is Node | string => Boolean(kid)));
  return element;
}

/** A link of a stranger's record, when it leads to the web. */
export function link(url: string | null, text: string, title = ""): HTMLElement {
  return url && /^https?:\/\//i.test(url)
    ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: title || url }, text)
    : h("span", {}, text);
}

const FILTERS: [Filter, string][] = [
  ["all", "All"],
  ["model", "Models"],
  ["dataset", "Datasets"],
  ["attention", "To fix"],
];

export class SidePanel extends Widget {
  private _model: Model;
  private _handlers: Handlers;
  private _filter: Filter = "all";
  private _text = "";
  private _list = h("div", { class: "hubdoi-lab-body" });
  private _bar = h("div", { class: "hubdoi-lab-filters", role: "group", "aria-label": "Filter" });
  private _title = h("div", { class: "hubdoi-lab-document" });
  private _live = h("div", { class: "hubdoi-lab-heard", role: "status" });

  constructor(model: Model, handlers: Handlers) {
    super();
    this._model = model;
    this._handlers = handlers;
    this.id = "hubdoi-models-and-data";
    this.title.icon = doiIcon;
    this.title.caption = "Models & data";
    this.addClass("hubdoi-lab");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", "Models & data");
    const search = h("input", {
      type: "search",
      class: "hubdoi-lab-search",
      placeholder: "Filter by name",
      "aria-label": "Filter by name",
      input: (event) => {
        this._text = (event.target as HTMLInputElement).value;
        this._draw();
      },
    });
    const tools = h(
      "div",
      { class: "hubdoi-lab-tools", role: "toolbar", "aria-label": "This notebook" },
      this._button("Cite all", "Insert or refresh the bibliography cell", citeIcon, () =>
        handlers.run("hubdoi:bibliography"),
      ),
      this._button("Pin all", "Write a revision into every call that names none", pinIcon, () =>
        handlers.run("hubdoi:pin-all"),
      ),
      this._button("Check", "Check the citations of this notebook", checkIcon, () =>
        handlers.run("hubdoi:check"),
      ),
    );
    const again = this._button("", "Ask the Hub again", refreshIcon, () =>
      handlers.run("hubdoi:refresh"),
    );
    this.node.append(
      h(
        "div",
        { class: "hubdoi-lab-head" },
        h("div", {}, h("h2", {}, "Models & data"), this._title),
        again,
      ),
      tools,
      search,
      this._bar,
      this._live,
      this._list,
    );
    model.changed.connect(() => this._draw());
    this._draw();
  }

  /** Show only what needs attention, or everything. */
  set filter(filter: Filter) {
    this._filter = filter;
    this._draw();
  }

  private _draw(): void {
    const { report, source, rows, loading, problem } = this._model;
    const name = source?.context.path.split("/").pop() ?? "";
    this._title.textContent = name;
    this._title.title = source?.context.path ?? "";
    // Without a document there is nothing to filter, and nothing to act on.
    this.toggleClass("hubdoi-lab-idle", !source || !isReadable(source));
    const shown = filtered(rows, this._filter, this._text);
    this._bar.replaceChildren(
      ...FILTERS.map(([filter, word]) => {
        const count = filtered(rows, filter).length;
        return h(
          "button",
          {
            type: "button",
            class: "hubdoi-lab-filter",
            "aria-pressed": String(filter === this._filter),
            click: () => {
              this.filter = filter;
            },
          },
          `${word} ${count}`,
        );
      }),
    );
    this._list.setAttribute("aria-busy", String(loading));
    const parts: Kid[] = [];
    if (problem) {
      parts.push(h("p", { class: "hubdoi-lab-problem", role: "alert" }, problem));
    }
    if (!source || !isReadable(source)) {
      parts.push(
        this._empty(
          "Open a notebook, or a .py, .md or .qmd file, to see the models and datasets that it uses.",
        ),
      );
    } else if (!report) {
      parts.push(loading && !problem ? this._empty("Reading the document …") : null);
    } else if (!rows.length) {
      parts.push(
        this._empty(
          "This document loads no model or dataset from a Hub. Calls such as AutoModel.from_pretrained(…) and load_dataset(…) appear here as you write them.",
        ),
      );
    } else if (!shown.length) {
      parts.push(this._empty("Nothing matches this filter."));
    } else {
      parts.push(h("ul", { class: "hubdoi-lab-rows" }, ...shown.map((row) => this._row(row))));
    }
    if (report && this._filter !== "model" && this._filter !== "dataset") {
      const others = otherFindings(report, rows);
      if (others.length) {
        parts.push(
          h("h3", {}, "Could not be resolved"),
          h(
            "ul",
            { class: "hubdoi-lab-others" },
            ...others.map((one) =>
              h(
                "li",
                {},
                h(
                  "button",
                  {
                    type: "button",
                    class: "hubdoi-lab-place",
                    click: () => this._handlers.jumpTo(one),
                  },
                  one.cell === null ? `line ${one.line}` : `cell ${one.cell + 1}, line ${one.line}`,
                ),
                ` ${one.text}`,
              ),
            ),
          ),
        );
      }
    }
    if (report?.kind === "sandbox") {
      parts.push(
        h(
          "p",
          { class: "hubdoi-lab-note" },
          "DOIs of the sandbox are for trying out. They never resolve at doi.org.",
        ),
      );
    }
    keepFocus(this._list, () =>
      this._list.replaceChildren(...parts.filter((part): part is Node => Boolean(part))),
    );
    const said = loading
      ? ""
      : `${rows.length} found, ${rows.filter(needsAttention).length} to fix.`;
    if (source && this._live.textContent !== said) {
      this._live.textContent = said;
    }
  }

  private _empty(text: string): HTMLElement {
    return h("p", { class: "hubdoi-lab-empty" }, text);
  }

  private _row(row: Row): HTMLElement {
    const { use } = row;
    const key = `${use.repo_type}:${use.repo_id}:${use.revision ?? ""}`;
    const fact = (word: string, value: Kid) =>
      h("span", { class: "hubdoi-lab-fact" }, h("span", { class: "hubdoi-lab-word" }, word), value);
    const short = (revision: string) =>
      h(
        "code",
        { title: revision },
        /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision,
      );
    const loads = row.loads.filter((commit) => commit !== use.revision);
    const action = (name: string, label: string, icon: LabIcon, command: string) => {
      const button = this._button(name, label, icon, () => this._handlers.run(command, row));
      button.dataset["focus"] = `${key}:${command}`;
      return button;
    };
    const more = this._button("", `More actions for ${use.name}`, moreIcon, () =>
      this._handlers.more(row, more),
    );
    more.dataset["focus"] = `${key}:more`;
    more.setAttribute("aria-haspopup", "menu");
    const place = h(
      "button",
      {
        type: "button",
        class: "hubdoi-lab-place",
        "data-focus": `${key}:place`,
        title: "Show the line that loads it",
        click: () => this._handlers.jump(row),
      },
      placeOf(use),
    );
    const canMint =
      use.verdict === "no DOI" ||
      use.verdict === "moved on" ||
      (use.doi !== null && use.latest !== null && use.latest !== use.doi_revision);
    return h(
      "li",
      { class: "hubdoi-lab-row", "data-repo": use.name, "data-verdict": use.verdict },
      h(
        "div",
        { class: "hubdoi-lab-line" },
        h(
          "button",
          {
            type: "button",
            class: "hubdoi-lab-name",
            "data-focus": `${key}:name`,
            title: use.title
              ? `${use.title} (show the line that loads it)`
              : "Show the line that loads it",
            click: () => this._handlers.jump(row),
          },
          use.repo_id,
        ),
        h(
          "span",
          { class: `hubdoi-lab-badge hubdoi-lab-${row.tone}`, title: row.explanation },
          row.words,
        ),
      ),
      h(
        "div",
        { class: "hubdoi-lab-facts" },
        h("span", { class: "hubdoi-lab-kind" }, use.repo_type),
        fact("revision", use.revision ? short(use.revision) : "none"),
        use.doi && fact("DOI", link(use.doi_url, use.doi)),
        loads.length > 0 && fact("loaded", short(loads[0] ?? "")),
        place,
      ),
      ...row.findings.map((one) =>
        h("p", { class: "hubdoi-lab-finding" }, briefly(one.text, use.name)),
      ),
      h(
        "div",
        { class: "hubdoi-lab-actions" },
        use.verdict !== "gone" &&
          action(
            "Cite",
            `Copy the citation of ${use.name} as BibTeX`,
            citeIcon,
            "hubdoi:copy-bibtex",
          ),
        use.fix !== null && action("Pin", `Write ${use.fix} into the code`, pinIcon, "hubdoi:pin"),
        canMint && action("Mint …", `Generate a DOI for ${use.name}`, doiIcon, "hubdoi:mint"),
        more,
      ),
    );
  }

  private _button(text: string, label: string, icon: LabIcon, click: () => void): HTMLElement {
    const button = h("button", {
      type: "button",
      class: "hubdoi-lab-button",
      title: label,
      "aria-label": text ? `${text}: ${label}` : label,
      click,
    });
    icon.element({
      container: button.appendChild(h("span", { class: "hubdoi-lab-icon" })),
      height: "14px",
      width: "14px",
    });
    button.append(text);
    return button;
  }
}

/** Draw again, and leave the focus where it was. */
function keepFocus(root: HTMLElement, draw: () => void): void {
  const before = document.activeElement;
  const key = before instanceof HTMLElement && root.contains(before) ? before.dataset["focus"] : "";
  draw();
  if (key) {
    root.querySelector<HTMLElement>(`[data-focus="${CSS.escape(key)}"]`)?.focus();
  }
}
