/* What a kernel that has hubdoi loaded knows; other kernels are not asked for anything. */

import type { Kernel } from "@jupyterlab/services";
import type { Load } from "./types.ts";

const RECORDER = "hubdoi.provenance.recorder";
const RECORDING = "hubdoi.provenance.recording";
const EXPRESSION = `__import__("json").dumps([load.to_json() for load in __import__("${RECORDING}", fromlist=["recorded"]).recorded(__import__("sys").modules["${RECORDER}"].recorder).loads]) if "${RECORDER}" in __import__("sys").modules else "[]"`;
const SECONDS = 3;

/** The commits that were loaded there; empty where that is not recorded, or the kernel is busy. */
export async function loadedIn(kernel: Kernel.IKernelConnection | null): Promise<Load[]> {
  if (!kernel || kernel.status !== "idle" || kernel.connectionStatus !== "connected") {
    return [];
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
  if (reply?.content.status !== "ok") {
    return [];
  }
  return parsed(reply.content.user_expressions?.["loads"]);
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
