/* What a person does with a row or with the whole document. Nothing here draws. */

import { Notification } from "@jupyterlab/apputils";
import type { CodeEditor } from "@jupyterlab/codeeditor";
import { NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import type { Contents } from "@jupyterlab/services";
import { isNotebook, type Source } from "./documentReader.ts";
import { apply } from "./liveNotebook.ts";
import type { Model } from "./model.ts";
import { inText, lineStart } from "./rows.ts";
import type { Citation, Edit, Use } from "./types.ts";

/** How long a cell may take to come into view, in milliseconds: a long notebook draws it first. */
const SCROLL = 3000;

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

export interface Preferences {
  citationStyle: string;
  insertAs: string;
}

export class Actions {
  readonly model: Model;
  readonly preferences: Preferences;
  readonly contents: Contents.IManager;

  constructor(model: Model, contents: Contents.IManager, preferences: Preferences) {
    this.model = model;
    this.contents = contents;
    this.preferences = preferences;
  }

  /** Show the line that loads it. */
  async jump(use: { cell: number | null; line: number }): Promise<void> {
    const source = this.model.source;
    if (!source) {
      return;
    }
    let editor: CodeEditor.IEditor | null | undefined;
    if (isNotebook(source) && use.cell !== null) {
      const notebook = source.content;
      notebook.activeCellIndex = use.cell;
      const cell = notebook.widgets[use.cell];
      await Promise.race([notebook.scrollToItem(use.cell, "smart"), pause(SCROLL)]).catch(() => 0);
      await Promise.race([cell?.ready, pause(SCROLL)]);
      cell?.node.scrollIntoView({ block: "nearest" });
      notebook.mode = "edit";
      editor = cell?.editor;
    } else if (!isNotebook(source)) {
      editor = source.content.editor;
    }
    const line = Math.min(use.line - 1, (editor?.lineCount ?? 1) - 1);
    editor?.focus();
    editor?.setSelection({
      start: { line, column: 0 },
      end: { line, column: editor.getLine(line)?.length ?? 0 },
    });
    editor?.revealPosition({ line, column: 0 });
  }

  async cite(uses: Use[], format: string): Promise<Citation> {
    const references = uses.map((use) => ({
      type: use.repo_type,
      id: use.repo_id,
      revision: use.revision_used ?? (use.pinned ? use.revision : null),
    }));
    const style = format === "text" ? this.preferences.citationStyle : "";
    return this.model.api.post<Citation>("cite", { references, format, style });
  }

  async copy(uses: Use[], format: string): Promise<void> {
    const citation = await this.cite(uses, format);
    await copied(citation);
    said(["Copied.", ...citation.notes].join(" "));
  }

  /** At the cursor of a Markdown cell, or in a new one below the active cell. */
  async insert(uses: Use[]): Promise<void> {
    const source = this.model.source;
    if (!source) {
      return;
    }
    const { keys, links } = await this.cite(uses, "bibtex");
    const text = inText(this.preferences.insertAs, keys, links);
    if (!isNotebook(source)) {
      source.content.editor.replaceSelection?.(text);
      return;
    }
    const notebook = source.content;
    if (notebook.activeCell?.model.type !== "markdown") {
      NotebookActions.insertBelow(notebook);
      NotebookActions.changeCellType(notebook, "markdown");
    }
    NotebookActions.focusActiveCell(notebook);
    notebook.mode = "edit";
    const cell = notebook.activeCell;
    if (cell && "rendered" in cell) {
      cell.rendered = false;
    }
    await cell?.ready;
    cell?.editor?.replaceSelection?.(text);
  }

  async addToBib(uses: Use[], bib: string): Promise<void> {
    const references = uses.map((use) => ({
      type: use.repo_type,
      id: use.repo_id,
      revision: use.revision_used,
    }));
    const { changed } = await this.model.api.post<{ changed: boolean }>("bib", { bib, references });
    said(changed ? `Written to ${bib}.` : `${bib} is up to date.`);
    await this.model.refresh();
  }

  /** The .bib files beside the document, and one to make. */
  async bibs(): Promise<string[]> {
    const path = this.model.source?.context.path ?? "";
    const folder = path.split("/").slice(0, -1).join("/");
    const listed = await this.contents.get(folder, { content: true });
    const names = (listed.content as Contents.IModel[])
      .filter((file) => file.name.endsWith(".bib"))
      .map((file) => file.path);
    const usual = folder ? `${folder}/references.bib` : "references.bib";
    return names.includes(usual) ? names : [...names, usual];
  }

  /** Write `revision="…"` into the calls, as one edit that can be undone. */
  async pin(use: Use | null): Promise<void> {
    const only = use && { type: use.repo_type, id: use.repo_id };
    const answer = await this.model.ask<{ edits: Edit[]; problems: string[] }>("pins", { only });
    const source = this.model.source;
    if (source && answer.edits.length) {
      (isNotebook(source) ? editNotebook : editText)(source as never, answer.edits);
    }
    if (answer.problems.length) {
      said(answer.problems.join(" "), "warning");
    } else if (!answer.edits.length) {
      said("There is nothing to pin: every call names a revision, or none is known.");
    }
    await this.model.refresh();
  }

  /** Insert or refresh the bibliography cell of a notebook. */
  async bibliography(): Promise<void> {
    const source = this.model.source;
    const style = this.preferences.citationStyle;
    if (!source || !isNotebook(source)) {
      said("A bibliography cell is written into notebooks only.", "warning");
      return;
    }
    const written = await this.model.ask<{ text: string; citations: never[]; notes: string[] }>(
      "bibliography",
      { style },
    );
    const at = apply(source, {
      bibliography: written.text,
      metadata: { citations: written.citations },
    });
    await source.content.scrollToItem(at, "smart");
    said(["The bibliography cell is up to date.", ...written.notes].join(" "));
    await this.model.refresh();
  }
}

function editNotebook(source: NotebookPanel, edits: Edit[]): void {
  const notebook = source.model?.sharedModel;
  notebook?.transact(() => {
    for (const edit of edits) {
      const cell = notebook.cells[edit.cell ?? -1];
      if (cell) {
        const at = lineStart(cell.getSource(), edit.line);
        cell.updateSource(at + edit.start, at + edit.end, edit.text);
      }
    }
  });
}

function editText(source: Exclude<Source, NotebookPanel>, edits: Edit[]): void {
  const shared = source.context.model.sharedModel as unknown as {
    getSource(): string;
    updateSource(start: number, end: number, text: string): void;
    transact(work: () => void): void;
  };
  shared.transact(() => {
    for (const edit of edits) {
      const at = lineStart(shared.getSource(), edit.line);
      shared.updateSource(at + edit.start, at + edit.end, edit.text);
    }
  });
}

/** Put a citation on the clipboard; with a style, as rich text too. */
async function copied(citation: Citation): Promise<void> {
  if (citation.html && "ClipboardItem" in window) {
    const item = new ClipboardItem({
      "text/plain": new Blob([citation.text], { type: "text/plain" }),
      "text/html": new Blob([citation.html], { type: "text/html" }),
    });
    await navigator.clipboard.write([item]);
  } else {
    await navigator.clipboard.writeText(citation.text);
  }
}

export function said(text: string, type: "info" | "warning" | "error" = "info"): void {
  Notification.emit(text, type, { autoClose: type === "info" ? 3000 : 8000 });
}
