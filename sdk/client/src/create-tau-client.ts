import { createClient } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { TauError } from "@tau/core";
import { ApprovalAnswer, enumOf, Remember, RuntimeService } from "@tau/proto";

import { entryToProto } from "./content-to-proto.ts";
import { failureFromConnect } from "./error-from-connect.ts";
import { followSession } from "./follow-session.ts";
import type { ReconnectOptions } from "./follow-session.ts";
import { grantFromProto } from "./grant-from-proto.ts";
import { optional } from "./optional.ts";
import { runPrompt } from "./run-prompt.ts";
import { sessionFromProto } from "./session-from-proto.ts";
import { createSessionManager } from "./session-manager.ts";
import type { CallOptions, TauClient } from "./tau-client.ts";
import { understood } from "./not-understood.ts";
import { planFromProto, readinessToProto, verdictFromProto } from "./work-from-proto.ts";

/** Options of {@link createTauClient}. */
export interface TauClientOptions {
  /** For example `http://127.0.0.1:7117`. */
  readonly baseUrl: string;
  /** The server's bearer token. */
  readonly token?: string;
  /** `2` (default) carries all calls on one connection; `1.1` is for proxies that speak nothing else. */
  readonly httpVersion?: "1.1" | "2";
  readonly reconnect?: ReconnectOptions;
  /** Sent with every call, for example `traceparent`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Makes a client of a Tau server. Nothing is sent before the first call.
 *
 * @throws TauError `client.invalid_url`
 */
export function createTauClient(options: TauClientOptions): TauClient {
  const { baseUrl, httpVersion = "2", reconnect = {} } = options;
  assertUrl(baseUrl);
  const sessionManager = createSessionManager(baseUrl);
  const interceptors = [withHeaders(options)];
  const transport =
    httpVersion === "2"
      ? createConnectTransport({ baseUrl, httpVersion, interceptors, sessionManager, useBinaryFormat: true })
      : createConnectTransport({ baseUrl, httpVersion, interceptors, useBinaryFormat: true });
  const rpc = createClient(RuntimeService, transport);

  const client: TauClient = {
    createSession: (request = {}, call) =>
      failing(async () => {
        const { externalId, workspace, bootstrap = [] } = request;
        const answer = await rpc.createSession(
          {
            ...optional("externalId", externalId),
            ...optional("workspace", workspace),
            bootstrapContext: bootstrap.map(entryToProto),
          },
          callOf(call),
        );
        return sessionFromProto(understood(answer.session));
      }),

    run: (run) => runPrompt(rpc, run),

    attach: (attach) => followSession(rpc, attach, reconnect),

    cancelRun: ({ sessionId, runId, reason = "" }, call) =>
      failing(async () => {
        await rpc.cancelRun({ sessionId, runId, reason }, callOf(call));
      }),

    injectContext: ({ sessionId, entries }, call) =>
      failing(async () => {
        await rpc.injectContext({ sessionId, entries: entries.map(entryToProto) }, callOf(call));
      }),

    respond: ({ sessionId, approvalId, answer, note = "", remember, rememberForMs }, call) =>
      failing(async () => {
        const { grant } = await rpc.respond(
          {
            sessionId,
            approvalId,
            answer: enumOf(ApprovalAnswer, answer),
            note,
            ...optional("remember", remember && enumOf(Remember, remember)),
            ...optional("rememberForMs", rememberForMs === undefined ? undefined : BigInt(rememberForMs)),
          },
          callOf(call),
        );
        return grant === undefined ? undefined : grantFromProto(grant);
      }),

    listGrants: (call) =>
      failing(async () => (await rpc.listGrants({}, callOf(call))).grants.map(grantFromProto)),

    revokeGrant: (grantId, call) =>
      failing(async () => {
        await rpc.revokeGrant({ grantId }, callOf(call));
      }),

    getSession: (sessionId, call) =>
      failing(async () => {
        const { session } = await rpc.getSession({ sessionId }, callOf(call));
        return sessionFromProto(understood(session));
      }),

    listSessions: (request = {}, call) =>
      failing(async () => {
        const { limit = 0, before } = request;
        const page = await rpc.listSessions({ limit, ...optional("before", before) }, callOf(call));
        return {
          sessions: page.sessions.map(sessionFromProto),
          ...optional("nextBefore", page.nextBefore === "" ? undefined : page.nextBefore),
        };
      }),

    forkSession: ({ sessionId, atSeq }, call) =>
      failing(async () => {
        const { session } = await rpc.forkSession({ sessionId, atSeq: BigInt(atSeq) }, callOf(call));
        return sessionFromProto(understood(session));
      }),

    listPlans: (sessionId, call) =>
      failing(async () => (await rpc.listPlans({ sessionId }, callOf(call))).plans.map(planFromProto)),

    getPlan: ({ sessionId, path }, call) =>
      failing(async () => {
        const { plan, text } = await rpc.getPlan({ sessionId, path }, callOf(call));
        return { ...planFromProto(plan), text };
      }),

    checkReadiness: (readiness, call) =>
      failing(async () =>
        verdictFromProto(await rpc.checkReadiness({ readiness: readinessToProto(readiness) }, callOf(call))),
      ),

    close: () => sessionManager.abort(),
    [Symbol.dispose]: () => client.close(),
  };
  return client;
}

function assertUrl(baseUrl: string): void {
  if (URL.canParse(baseUrl) && /^https?:$/.test(new URL(baseUrl).protocol)) return;
  throw new TauError(
    "client.invalid_url",
    `baseUrl ${JSON.stringify(baseUrl.slice(0, 200))} is not a URL with http or https; use one such as http://127.0.0.1:7117.`,
  );
}

function withHeaders({ token, headers = {} }: TauClientOptions): Interceptor {
  return (next) => async (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    return await next(request);
  };
}

function callOf(options: CallOptions = {}): { signal?: AbortSignal; timeoutMs?: number } {
  return { ...optional("signal", options.signal), ...optional("timeoutMs", options.timeoutMs) };
}

async function failing<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (thrown) {
    throw failureFromConnect(thrown).error;
  }
}
