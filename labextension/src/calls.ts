/* What a cursor stands in: the name of a repository in a loading call, or its revision. */

export interface Place {
  kind: "name" | "revision";
  type: "model" | "dataset";
  /** The text in the quotation marks, and where it is in the source. */
  text: string;
  start: number;
  end: number;
  /** For a revision: the repository that the call loads. */
  repo: string;
}

const LOADERS =
  /(?:\b(?<dataset>load_dataset|load_dataset_builder|get_dataset_config_names)|(?:\.|\b)(?<model>from_pretrained|from_pretrained_keras|pipeline|snapshot_download|hf_hub_download|SentenceTransformer|CrossEncoder|InferenceClient|LLM))\s*\(/g;
const STRING =
  /(?<prefix>[rRuUbBfF]{0,2})(?<quote>["'])(?<text>(?:\\.|(?!\k<quote>)[^\\\n])*)(?<end>\k<quote>|$)/gm;
const REPO = /^[\w.-]+(?:\/[\w.-]*)?$/;
const REACH = 2000;

/** What is at `offset`; null where it is no name or revision in a loading call. */
export function placeAt(source: string, offset: number): Place | null {
  const from = Math.max(0, offset - REACH);
  const before = source.slice(from, offset);
  for (const call of [...before.matchAll(LOADERS)].reverse()) {
    const open = from + call.index + call[0].length;
    const place = inCall(source, open, offset, call.groups?.["dataset"] ? "dataset" : "model");
    if (place !== undefined) {
      return place;
    }
  }
  return null;
}

/** undefined: the call has ended before the offset. */
function inCall(
  source: string,
  open: number,
  offset: number,
  type: Place["type"],
): Place | null | undefined {
  const text = source.slice(open, offset + REACH);
  let depth = 1;
  let at = 0;
  let repo = "";
  let kind: Place["type"] = /repo_type\s*=\s*["']dataset/.test(text.slice(0, REACH))
    ? "dataset"
    : type;
  while (at < text.length && depth > 0) {
    const character = text.charAt(at);
    if (character === "#") {
      at = (text.indexOf("\n", at) + 1 || text.length + 1) - 1;
    } else if (/["']/.test(character)) {
      STRING.lastIndex = at;
      const found = STRING.exec(text);
      if (!found || found.index !== at) {
        return null;
      }
      const start = open + at + 1;
      const value = found.groups?.["text"] ?? "";
      const end = start + value.length;
      const named = /([A-Za-z_]\w*)\s*=\s*$/.exec(text.slice(0, at))?.[1] ?? "";
      const isRevision = named === "revision";
      const isName = !repo && !isRevision && REPO.test(value || "x") && depth === 1;
      if (offset >= start && offset <= end) {
        if (isRevision) {
          return {
            kind: "revision",
            type: kind,
            text: value,
            start,
            end,
            repo: repo || laterName(text, found.index + found[0].length),
          };
        }
        return isName ? { kind: "name", type: kind, text: value, start, end, repo: value } : null;
      }
      if (isName) {
        repo = value;
      }
      at = found.index + found[0].length;
      continue;
    } else if ("([{".includes(character)) {
      depth += 1;
    } else if (")]}".includes(character)) {
      depth -= 1;
    }
    at += 1;
    if (open + at > offset && depth > 0) {
      return null;
    }
  }
  kind = type;
  return depth > 0 ? null : undefined;
}

/** A name that follows the revision, as in `f(revision="…", repo_id="…")`. */
function laterName(text: string, from: number): string {
  return (
    /\b(?:repo_id|path|model|pretrained_model_name_or_path)\s*=\s*["']([\w.-]+\/[\w.-]+)["']/.exec(
      text.slice(from),
    )?.[1] ?? ""
  );
}
