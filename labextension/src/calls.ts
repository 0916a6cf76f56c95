/* Loading calls in source that is being written: the name of a repository, and its revision. */

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

interface Literal {
  text: string;
  start: number;
  end: number;
  /** The name of the argument, where it has one. */
  named: string;
  depth: number;
}

interface Call {
  type: Place["type"];
  strings: Literal[];
  /** The repository's name among the strings. */
  name: Literal | null;
  isPinned: boolean;
  /** Where the call ends; null where it does not (yet). */
  end: number | null;
}

const LOADERS =
  /(?:\b(?<dataset>load_dataset|load_dataset_builder|get_dataset_config_names)|(?:\.|\b)(?<model>from_pretrained|from_pretrained_keras|pipeline|snapshot_download|hf_hub_download|SentenceTransformer|CrossEncoder|InferenceClient|LLM))\s*\(/g;
const STRING = /(?<quote>["'])(?<text>(?:\\.|(?!\k<quote>)[^\\\n])*)(?:\k<quote>|$)/my;
const REPO = /^[\w.-]+(?:\/[\w.-]*)?$/;
const NAMES = new Set([
  "",
  "repo_id",
  "path",
  "model",
  "model_id",
  "model_name_or_path",
  "pretrained_model_name_or_path",
]);
const REACH = 2000;

/** What is at `offset`; null where it is no name or revision in a loading call. */
export function placeAt(source: string, offset: number): Place | null {
  const from = Math.max(0, offset - REACH);
  for (const found of [...source.slice(from, offset).matchAll(LOADERS)].reverse()) {
    const call = readCall(source, from, found);
    if (call.end === null || call.end > offset) {
      const one = call.strings.find(({ start, end }) => offset >= start && offset <= end);
      return one ? placeOf(one, call) : null;
    }
  }
  return null;
}

/** The names in loading calls that name no revision. */
export function unpinnedIn(source: string): Place[] {
  return [...source.matchAll(LOADERS)].flatMap((found) => {
    const call = readCall(source, 0, found);
    const { name } = call;
    const place = name?.text.includes("/") && !call.isPinned ? placeOf(name, call) : null;
    return place && call.end !== null ? [place] : [];
  });
}

function placeOf(one: Literal, call: Call): Place | null {
  const { text, start, end } = one;
  if (one.named === "revision" && one.depth === 1) {
    return { kind: "revision", type: call.type, text, start, end, repo: call.name?.text ?? "" };
  }
  return one === call.name ? { kind: "name", type: call.type, text, start, end, repo: text } : null;
}

/** The call that `found` begins, as far as it is written. */
function readCall(source: string, from: number, found: RegExpExecArray): Call {
  const open = from + found.index + found[0].length;
  const text = source.slice(open, open + 2 * REACH);
  const strings: Literal[] = [];
  let code = "";
  let depth = 1;
  let at = 0;
  while (at < text.length && depth > 0) {
    const character = text.charAt(at);
    STRING.lastIndex = at;
    const string = STRING.exec(text);
    if (string) {
      const value = string.groups?.["text"] ?? "";
      const start = open + at + 1;
      const named = /([A-Za-z_]\w*)\s*=\s*[rRuUbBfF]{0,2}$/.exec(code)?.[1] ?? "";
      strings.push({ text: value, start, end: start + value.length, named, depth });
      code += '""';
      at = STRING.lastIndex;
      continue;
    }
    if (character === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
      continue;
    }
    depth += "([{".includes(character) ? 1 : ")]}".includes(character) ? -1 : 0;
    code += character;
    at += 1;
  }
  // The first argument of a pipeline is its task.
  const isPipeline = found.groups?.["model"] === "pipeline";
  const isName = (one: Literal) =>
    one.depth === 1 &&
    NAMES.has(one.named) &&
    REPO.test(one.text || "x") &&
    (!isPipeline || one.named !== "" || one.text.includes("/"));
  const isDataset =
    found.groups?.["dataset"] !== undefined ||
    strings.some((one) => one.named === "repo_type" && one.text === "dataset");
  return {
    type: isDataset ? "dataset" : "model",
    strings,
    name: strings.find(isName) ?? null,
    isPinned: /\brevision\s*=/.test(code),
    end: depth === 0 ? open + at : null,
  };
}
