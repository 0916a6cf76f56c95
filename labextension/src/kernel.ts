/* What a kernel that has hubdoi loaded knows; other kernels are not asked for anything. */

import type { ISessionContext } from "@jupyterlab/apputils";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { Signal, type ISignal } from "@lumino/signaling";
import type { Load } from "./types.ts";

const RECORDER = "hubdoi.provenance.recorder";
const RECORDING = "hubdoi.provenance.recording";
const EXPRESSION = `__import__("json").dumps([load.to_json() for load in __import__("${RECORDING}", fromlist=["recorded"]).recorded(__import__("sys").modules["${RECORDER}"].recorder).loads]) if "${RECORDER}" in __import__("sys").modules else "[]"`;
const SECONDS = 3;

// What a kernel says when a cell or a widget has run in it. Our own question is silent, and says
// neither.
const SOMETHING_RAN = new Set(["execute_input", "comm_msg"]);

/** The commits that were loaded in the kernel of a notebook. */
export class KernelLoads {
  loads: Load[] = [];
  private _session: ISessionContext;
  private _changed = new Signal<this, void>(this);
  /** Whether something may have been loaded that the kernel was not asked about. */
  private _stale = true;
  private _kernels = 0;

  constructor(session: ISessionContext) {
    this._session = session;
    session.iopubMessage.connect(this._heard, this);
    session.statusChanged.connect(this._became, this);
    session.kernelChanged.connect(this._forget, this);
  }

  /** The kernel is idle after something ran in it, or it is another one. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is loaded; the kernel is asked only if something has run in it since it last answered. */
  async ask(): Promise<Load[]> {
    const kernel = this._session.session?.kernel;
    if (!this._stale || !kernel) {
      return this.loads;
    }
    const asked = this._kernels;
    this._stale = false;
    const answer = await loadedIn(kernel);
    if (asked === this._kernels) {
      // A kernel that cannot tell now is asked again when it is idle.
      this._stale ||= answer === null;
      this.loads = answer ?? this.loads;
    }
    return this.loads;
  }

  private _heard(_: ISessionContext, message: KernelMessage.IMessage): void {
    this._stale ||= SOMETHING_RAN.has(message.header.msg_type);
  }

  private _became(_: ISessionContext, status: Kernel.Status): void {
    if (["restarting", "autorestarting", "terminating", "dead"].includes(status)) {
      this._forget();
    } else if (status === "idle" && this._stale) {
      this._changed.emit();
    }
  }

  private _forget(): void {
    this._kernels += 1;
    this._stale = true;
    this.loads = [];
    this._changed.emit();
  }
}

/** The commits that were loaded there; none where that is not recorded, null where it is busy. */
async function loadedIn(kernel: Kernel.IKernelConnection): Promise<Load[] | null> {
  if (kernel.status !== "idle" || kernel.connectionStatus !== "connected") {
    return null;
  }
  const asked = kernel.requestExecute({
    code: "",
    silent: true,
    store_history: false,
    stop_on_error: false,
    user_expressions: { loads: EXPRESSION },
  });
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), SECONDS * 1000));
  const reply = await Promise.race([asked.done.catch(() => null), late]);
  return (
    reply &&
    (reply.content.status === "ok" ? parsed(reply.content.user_expressions?.["loads"]) : [])
  );
}

function parsed(value: unknown): Load[] {
  const data = (value as { data?: { "text/plain"?: string } } | undefined)?.data?.["text/plain"];
  try {
    // A repr of a JSON text, which holds nothing but ASCII.
    const text = String(data ?? "'[]'")
      .slice(1, -1)
      .replace(/\\(['\\])/g, "$1");
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? (list as Load[]) : [];
  } catch {
    return [];
  }
}
