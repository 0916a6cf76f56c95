/* Requests to the server extension. A failure is one sentence with the way out. */

import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

export class ApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

const EXPIRED = "Your session has expired. Reload the page to sign in again.";
const BY_STATUS: Record<number, string> = {
  401: EXPIRED,
  403: EXPIRED,
  404: "This server does not have the hubdoi extension. Install hubdoi where the server runs, and restart it.",
};

export class Api {
  readonly settings: ServerConnection.ISettings;
  /** Which Hub is asked: the server's own choice, or the sandbox. */
  hub: "configured" | "sandbox" = "configured";

  constructor(settings: ServerConnection.ISettings) {
    this.settings = settings;
  }

  async post<T>(name: string, body: object): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, "hubdoi/api", name);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(
        url,
        { method: "POST", body: JSON.stringify({ hub: this.hub, ...body }) },
        this.settings,
      );
    } catch {
      throw new ApiError("The Jupyter server does not answer. Check that it is running.", 0);
    }
    const answer = (await response.json().catch(() => null)) as { message?: string } | null;
    if (!response.ok) {
      const said = BY_STATUS[response.status] ?? answer?.message;
      throw new ApiError(
        said ?? `The server answered with the error ${response.status}.`,
        response.status,
      );
    }
    if (answer === null) {
      // No JSON: a proxy has led the request to a page for signing in.
      throw new ApiError(EXPIRED, response.status);
    }
    return answer as T;
  }
}
