/* What the server's routes answer; `src/hubdoi/jupyter/answers.py` writes it. */

export interface Use {
  repo_type: "model" | "dataset";
  repo_id: string;
  name: string;
  revision: string | null;
  cell: number | null;
  line: number;
  call: string;
  verdict: string;
  revision_used: string | null;
  doi: string | null;
  doi_url: string | null;
  doi_revision: string | null;
  cited: boolean | null;
  fix: string | null;
  request_url: string | null;
  note: string;
  title: string;
  url: string;
  pinned: boolean;
  cached: string | null;
  latest: string | null;
}

export interface Finding {
  kind: "finding" | "cannot tell" | "note";
  text: string;
  cell: number | null;
  line: number;
}

export interface Report {
  uses: Use[];
  findings: Finding[];
  /** Whether the Hub was asked, or the code alone was read. */
  asked: boolean;
  offline: string | null;
  endpoint: string;
  kind: "hub" | "sandbox";
}

/** Replace columns of one line; lines and columns count from 0, in the cell or in the whole text. */
export interface Edit {
  cell: number | null;
  line: number;
  start: number;
  end: number;
  text: string;
}

export interface Citation {
  text: string;
  html: string | null;
  notes: string[];
  keys: string[];
  links: { text: string; url: string }[];
}

export interface RepositoryInfo {
  name: string;
  title: string;
  doi: string | null;
  doi_revision: string | null;
  latest: string | null;
  state: "unregistered" | "current" | "behind";
  url: string;
  revisions: { revision: string; doi: string | null; state: string }[];
}

/** What a kernel has loaded, when hubdoi records it there. */
export interface Load {
  repo_type: string;
  repo_id: string;
  commit: string;
}
