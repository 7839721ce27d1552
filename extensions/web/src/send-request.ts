import { TauError, untrusted } from "@tau/core";
import type { ToolContext, ToolOutput } from "@tau/tools";
import { textOutput } from "@tau/tools";

import { createRateLimit } from "./rate-limit.ts";
import { renderResponse } from "./render-response.ts";
import { userAgent, webDefaults } from "./web-options.ts";
import type { WebOptions } from "./web-options.ts";

/** One request of a tool. */
export interface WebRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Show HTML as it is. */
  readonly raw: boolean;
  /** Follow redirects, as long as they stay at the host. */
  readonly follow: boolean;
}

/** Sends requests within the limits of the options. */
export type SendRequest = (request: WebRequest, context: ToolContext) => Promise<ToolOutput>;

const maxRedirects = 5;
const accept = "text/html,text/markdown,text/*,application/json,*/*;q=0.5";

/** Makes the part that the tools share. What `fetch` refuses is thrown as it is. */
export function createSendRequest(options: WebOptions): SendRequest {
  const { now = Date.now, requestsPerMinute = webDefaults.requestsPerMinute } = options;
  const { timeoutMs = webDefaults.timeoutMs, maxBodyBytes = webDefaults.maxBodyBytes } = options;
  const limit = createRateLimit(requestsPerMinute, now);
  return async (request, context) => {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([context.signal, late]);
    const init = {
      method: request.method,
      headers: { "user-agent": userAgent, accept, ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: "manual",
      signal,
    } as const;
    const fetch = options.fetchFor(context);
    try {
      for (let url = request.url, left = maxRedirects; ; left--) {
        limit.take(hostOf(url));
        const response = await fetch(url, init);
        const next = redirectOf(response, url);
        if (next === undefined) {
          return await renderResponse(
            response,
            { ...context, signal },
            { maxBodyBytes, raw: request.raw, url },
          );
        }
        await response.body?.cancel();
        if (!request.follow || left === 0 || hostOf(next) !== hostOf(request.url))
          return redirected(response, url, next);
        url = next;
      }
    } catch (error) {
      if (!late.aborted || context.signal.aborted) throw error;
      throw new TauError(
        "web.timeout",
        `${hostOf(request.url)} did not answer within ${timeoutMs / 1000} seconds.`,
        {
          class: "retryable",
          cause: error,
        },
      );
    }
  };
}

function redirectOf({ status, headers }: Response, url: string): string | undefined {
  const location = headers.get("location");
  if (location === null || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  return URL.parse(location, url)?.href;
}

/** Who was allowed to ask one host was not thereby allowed to ask another. */
function redirected({ status }: Response, url: string, next: string): ToolOutput {
  const text = `HTTP ${status} · ${url}\n\nRedirected to ${next.slice(0, 2_000)}, which was not followed. Request that address if you want it.`;
  return textOutput(text, { details: { status, url }, label: untrusted(`web:${hostOf(url)}`) });
}

/** The host of a URL with its port, as permissions and labels name it; the text itself when it is no URL, which `fetch` refuses. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host.replace(/\.(?=$|:)/u, "") ?? url.slice(0, 200);
}

/** How far to trust whatever a tool of the web answers, its errors included. */
export const webLabel: ReturnType<typeof untrusted> = untrusted("web");
