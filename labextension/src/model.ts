/* Follows the active document and keeps the report about it: read, asked of the Hub, read again. */

import { Signal, type ISignal } from "@lumino/signaling";
import { ApiError, type Api } from "./api.ts";
import { DocumentReader, isNotebook, type Source } from "./documentReader.ts";
import { KernelLoads } from "./kernel.ts";
import { rowsOf, type Row } from "./rows.ts";
import type { Load, Report } from "./types.ts";

const PAUSE = 400;

export class Model {
  readonly api: Api;
  report: Report | null = null;
  problem = "";
  loading = false;
  private _kernels = new WeakMap<Source, KernelLoads>();
  private _reader: DocumentReader | null = null;
  private _changed = new Signal<this, void>(this);
  private _timer = 0;
  private _round = 0;
  /** Whether the Hub is to be asked again at the next question, whichever round asks it. */
  private _anew = false;

  constructor(api: Api) {
    this.api = api;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get source(): Source | null {
    return this._reader?.source ?? null;
  }

  get reader(): DocumentReader | null {
    return this._reader;
  }

  /** What the kernel has loaded, when it records that. */
  get loads(): Load[] {
    return this._kernel()?.loads ?? [];
  }

  get rows(): Row[] {
    return this.report ? rowsOf(this.report, this.loads, this.loading) : [];
  }

  /** The document to follow from now on; null where there is none. */
  follow(source: Source | null): void {
    if (source === this.source) {
      return;
    }
    this._reader?.dispose();
    this._reader = source ? new DocumentReader(source) : null;
    this.report = null;
    this.problem = "";
    this._reader?.changed.connect(() => this.schedule());
    source?.disposed.connect(() => source === this.source && this.follow(null));
    this.loading = source !== null;
    this._changed.emit();
    if (source) {
      this.schedule(0);
    }
  }

  /** Read the document again once nothing has been typed for a moment. */
  schedule(pause = PAUSE): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.refresh(), pause);
  }

  /** Read it now: first what the code says, then what the Hub says. */
  async refresh(anew = false): Promise<void> {
    const reader = this._reader;
    const round = ++this._round;
    this._anew ||= anew;
    if (!reader) {
      return;
    }
    const stale = () => round !== this._round || reader !== this._reader;
    this.loading = true;
    this._changed.emit();
    try {
      const read = await this.ask<Report>("document", { ask: false });
      if (stale()) {
        return;
      }
      // What is known of a row stays on the screen until the Hub has answered.
      if (!this.report?.asked || different(this.report, read)) {
        this.report = keep(this.report, read);
        this._changed.emit();
      }
      const refresh = this._anew;
      this._anew = false;
      const asked = await this.ask<Report>("document", { ask: true, refresh });
      await this._kernel()?.ask();
      if (stale()) {
        return;
      }
      this.report = asked;
      this.problem = asked.offline ?? "";
    } catch (error) {
      if (stale()) {
        return;
      }
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.loading = false;
    this._changed.emit();
  }

  /** A request about the document as it is now. */
  async ask<T>(name: string, body: object): Promise<T> {
    const reader = this._reader;
    if (!reader) {
      throw new ApiError("Open a notebook first.", 0);
    }
    try {
      return await this.api.post<T>(name, { ...(await reader.read()), ...body });
    } catch (error) {
      // The server was restarted, or has forgotten the document.
      reader.forget();
      if (!(error instanceof ApiError) || error.status !== 409) {
        throw error;
      }
      return this.api.post<T>(name, { ...(await reader.read()), ...body });
    }
  }

  /** What is known of a document's kernel, kept while another document is followed: one that
   * computes for hours cannot be asked again. */
  private _kernel(): KernelLoads | null {
    const source = this.source;
    if (!source || !isNotebook(source)) {
      return null;
    }
    let kernel = this._kernels.get(source);
    if (!kernel) {
      kernel = new KernelLoads(source.sessionContext);
      kernel.changed.connect(() => {
        if (source === this.source) {
          this._changed.emit();
          this.schedule(PAUSE * 2);
        }
      });
      this._kernels.set(source, kernel);
    }
    return kernel;
  }
}

const keyOf = (use: Report["uses"][number]) =>
  [use.repo_type, use.repo_id, use.revision, use.cell, use.line].join(" ");

function different(before: Report, now: Report): boolean {
  return before.uses.map(keyOf).join("\n") !== now.uses.map(keyOf).join("\n");
}

/** The new reading, with what was known already of the rows that are the same. */
function keep(before: Report | null, now: Report): Report {
  if (!before?.asked) {
    return now;
  }
  const known = new Map(
    before.uses.map((use) => [[use.repo_type, use.repo_id, use.revision].join(" "), use]),
  );
  const uses = now.uses.map((use) => {
    const old = known.get([use.repo_type, use.repo_id, use.revision].join(" "));
    return old ? { ...old, cell: use.cell, line: use.line, call: use.call } : use;
  });
  const every = now.uses.every((use) =>
    known.has([use.repo_type, use.repo_id, use.revision].join(" ")),
  );
  return every ? { ...before, uses } : { ...now, uses };
}
