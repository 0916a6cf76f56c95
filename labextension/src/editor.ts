/* In the editor: a tooltip for a repository's name, completion of names and revisions, and, where
   it is wanted, a mark under loads that name no revision. */

import { StateEffect, StateField, type Extension } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  hoverTooltip,
  ViewPlugin,
  type DecorationSet,
} from "@codemirror/view";
import type {
  CompletionHandler,
  ICompletionContext,
  ICompletionProvider,
} from "@jupyterlab/completer";
import type { Api } from "./api.ts";
import { placeAt, unpinnedIn, type Place } from "./calls.ts";
import { doiIcon } from "./icons.ts";
import { h } from "./sidePanel.ts";
import type { RepositoryInfo } from "./types.ts";

const KEPT_FOR = 60_000;
const MARK_AFTER = 500;

/** What is known of repositories that were asked for in the last minute. */
export class Repositories {
  private _api: Api;
  private _known = new Map<string, { at: number; answer: Promise<unknown> }>();

  constructor(api: Api) {
    this._api = api;
  }

  get(type: string, id: string): Promise<RepositoryInfo> {
    return this._ask("repository", { only: { type, id } });
  }

  /** An answer that came too late for one `Tab` is there at the next. */
  names(text: string, type: string): Promise<string[]> {
    return this._ask<{ names: string[] }>("names", { text, type }).then((answer) => answer.names);
  }

  private _ask<T>(name: string, body: object): Promise<T> {
    const now = performance.now();
    this._known.forEach(({ at }, key) => now - at > KEPT_FOR && this._known.delete(key));
    const key = JSON.stringify([this._api.hub, name, body]);
    const known = this._known.get(key);
    if (known) {
      return known.answer as Promise<T>;
    }
    const answer = this._api.post<T>(name, body);
    answer.catch(() => this._known.delete(key));
    this._known.set(key, { at: now, answer });
    return answer;
  }
}

export function hover(repositories: Repositories, isOn: () => boolean): Extension {
  return hoverTooltip(async (view, pos) => {
    const place = isOn() ? placeAt(view.state.doc.toString(), pos) : null;
    if (!place?.repo) {
      return null;
    }
    const info = await repositories.get(place.type, place.repo).catch(() => null);
    return (
      info && {
        pos: place.start,
        end: place.end,
        above: true,
        create: () => ({ dom: tooltip(info) }),
      }
    );
  });
}

/** Title, DOI and latest commit, a line each. */
function linesOf(info: RepositoryInfo): string[] {
  const short = (revision: string | null) => (revision ? revision.slice(0, 7) : "unknown");
  const states = { unregistered: "No DOI", current: "Up to date", behind: "Changed since DOI" };
  return [
    info.title || info.name,
    info.doi ? `DOI ${info.doi}, revision ${short(info.doi_revision)}` : "No DOI",
    `Latest commit ${short(info.latest)}. ${states[info.state]}.`,
  ];
}

function tooltip(info: RepositoryInfo): HTMLElement {
  const [title, ...rest] = linesOf(info);
  return h(
    "div",
    { class: "hubdoi-lab-tooltip" },
    h("strong", {}, title),
    ...rest.map((line) => h("div", {}, line)),
  );
}

export class RepositoryCompleter implements ICompletionProvider {
  readonly identifier = "hubdoi:repositories";
  readonly rank = 1100;
  private _repositories: Repositories;
  private _isOn: () => boolean;

  constructor(repositories: Repositories, isOn: () => boolean) {
    this._repositories = repositories;
    this._isOn = isOn;
  }

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return this._isOn() && Boolean(context.editor);
  }

  async fetch(
    request: CompletionHandler.IRequest,
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const place = placeAt(request.text, request.offset);
    if (!place) {
      return { start: request.offset, end: request.offset, items: [] };
    }
    const items = await this._items(place).catch(() => []);
    return { start: place.start, end: place.end, items };
  }

  /** What JupyterLab shows beside the item that is chosen; it reads it as text. */
  async resolve(
    item: CompletionHandler.ICompletionItem,
  ): Promise<CompletionHandler.ICompletionItem> {
    if (item.documentation !== undefined || !item.type) {
      return item;
    }
    const info = await this._repositories.get(item.type, item.label).catch(() => null);
    return info ? { ...item, documentation: linesOf(info).join("\n") } : item;
  }

  private async _items(place: Place): Promise<CompletionHandler.ICompletionItem[]> {
    if (place.kind === "name") {
      const names = await this._repositories.names(place.text, place.type);
      return names.map((label) => ({ label, type: place.type, icon: doiIcon }));
    }
    const info = await this._repositories.get(place.type, place.repo);
    return info.revisions
      .filter((one) => one.revision.startsWith(place.text))
      .map((one) => ({
        label: one.revision,
        type: one.state === "current" ? "latest DOI" : "DOI",
        icon: doiIcon,
        documentation: one.doi ?? "",
      }));
  }
}

const unpinned = StateEffect.define<{ from: number; to: number }[]>();
const mark = Decoration.mark({
  class: "hubdoi-lab-unpinned",
  attributes: { title: "Not pinned: the code names no revision, so what it loads can change." },
});
const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(now, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(unpinned)) {
        return Decoration.set(effect.value.map(({ from, to }) => mark.range(from, to)));
      }
    }
    return now.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Diagnostics; off by default. The names are found in the text itself, a moment after typing. */
export class Diagnostics {
  readonly extension: Extension;
  private _isOn: () => boolean;
  private _views = new Map<EditorView, number>();

  constructor(isOn: () => boolean) {
    this._isOn = isOn;
    this.extension = [
      marks,
      ViewPlugin.define((view) => {
        this._look(view);
        return {
          update: (update) => {
            if (update.docChanged) {
              this._look(view);
            }
          },
          destroy: () => {
            window.clearTimeout(this._views.get(view));
            this._views.delete(view);
          },
        };
      }),
    ];
  }

  /** Look at every editor again: the setting has changed. */
  refresh(): void {
    [...this._views.keys()].forEach((view) => this._look(view));
  }

  private _look(view: EditorView): void {
    window.clearTimeout(this._views.get(view));
    const mark = () => {
      const places = this._isOn() ? unpinnedIn(view.state.doc.toString()) : [];
      if (places.length || view.state.field(marks, false)?.size) {
        view.dispatch({
          effects: unpinned.of(places.map(({ start, end }) => ({ from: start, to: end }))),
        });
      }
    };
    this._views.set(view, window.setTimeout(mark, MARK_AFTER));
  }
}
