import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { CallContext, ContextEntry } from "@tau/core";
import { ApprovalAnswer, Remember, sessionStatusOf, wordOf } from "@tau/proto";
import type { ContextEntry as ProtoContextEntry, RuntimeService } from "@tau/proto";
import type { Runtime } from "@tau/runtime";

import { callContextOf } from "./call-context.ts";
import { checkRequest } from "./check-request.ts";
import { errorToConnect } from "./error-to-connect.ts";
import { grantToProto } from "./grant-to-proto.ts";
import { labelFromProto } from "./label-from-proto.ts";
import { optional } from "./optional.ts";
import { requestRules } from "./request-rules.ts";
import { attachStream, runStream } from "./runtime-streams.ts";
import type { StreamHost } from "./runtime-streams.ts";
import { sessionToProto } from "./session-to-proto.ts";
import { offered, planToProto, readinessFromProto, verdictToProto } from "./work-from-proto.ts";

const defaultPage = 50;

/** What the service serves, and with what. */
export interface ServiceHost extends StreamHost {
  readonly runtime: Runtime;
}

/** Implements the contract on a {@link Runtime}: checks, translates, and lets the runtime do the work. */
export function createRuntimeService(host: ServiceHost): ServiceImpl<typeof RuntimeService> {
  const { runtime } = host;

  return {
    createSession: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.createSession, request);
        const { externalId, workspace } = request;
        const folder = workspace === undefined ? [] : [await folderEntry(host, workspace, call)];
        const bootstrap = [...folder, ...request.bootstrapContext.map(entryFromProto)];
        const info = await runtime.createSession({ ...optional("externalId", externalId), bootstrap }, call);
        return { sessionId: info.sessionId, session: sessionToProto(info) };
      }),

    run: (request, context) => runStream(host, request, context),

    attach: (request, context) => attachStream(host, request, context),

    injectContext: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.injectContext, request);
        const { sessionId, entries } = request;
        await runtime.injectContext({ sessionId, entries: entries.map(entryFromProto) }, call);
        return {};
      }),

    getSession: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.getSession, request);
        const info = await runtime.getSession(request.sessionId, call);
        return {
          sessionId: info.sessionId,
          status: sessionStatusOf[info.status],
          session: sessionToProto(info),
        };
      }),

    cancelRun: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.cancelRun, request);
        const { sessionId, runId, reason } = request;
        await runtime.cancelRun({ sessionId, runId, reason: reason === "" ? "cancelled" : reason }, call);
        return {};
      }),

    listSessions: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.listSessions, request);
        const limit = request.limit === 0 ? defaultPage : request.limit;
        const page = await runtime.listSessions({ limit, ...optional("before", request.before) }, call);
        return { sessions: page.sessions.map(sessionToProto), nextBefore: page.nextBefore ?? "" };
      }),

    forkSession: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.forkSession, request);
        const { sessionId, atSeq } = request;
        const info = await runtime.forkSession({ sessionId, atSeq: Number(atSeq) }, call);
        return { session: sessionToProto(info) };
      }),

    respond: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.respond, request);
        const { sessionId, approvalId, note, rememberForMs } = request;
        const word = wordOf(ApprovalAnswer, request.answer);
        if (word === undefined) throw new TypeError("The rules let an unknown answer pass.");
        const grant = await runtime.respond(
          {
            sessionId,
            approvalId,
            answer: word,
            ...optional("note", note === "" ? undefined : note),
            ...optional("remember", wordOf(Remember, request.remember)),
            ...optional("rememberForMs", rememberForMs === undefined ? undefined : Number(rememberForMs)),
          },
          call,
        );
        return { ...optional("grant", grant && grantToProto(grant)) };
      }),

    listGrants: (_request, context) =>
      answer(host, context, async (call) => ({
        grants: (await runtime.listGrants(call)).map(grantToProto),
      })),

    revokeGrant: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.revokeGrant, request);
        await runtime.revokeGrant(request.grantId, call);
        return {};
      }),

    listPlans: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.listPlans, request);
        const plans = await offered(host.work).listPlans(request.sessionId, call);
        return { plans: plans.map(planToProto) };
      }),

    getPlan: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.getPlan, request);
        const { sessionId, path } = request;
        const { text, ...plan } = await offered(host.work).getPlan({ sessionId, path }, call);
        return { plan: planToProto(plan), text };
      }),

    checkReadiness: (request, context) =>
      answer(host, context, async (call) => {
        checkRequest(requestRules.checkReadiness, request);
        const readiness = readinessFromProto(request.readiness);
        return verdictToProto(await offered(host.work).checkReadiness(readiness, call));
      }),
  };
}

/** The entry that says where a session works. */
async function folderEntry(
  { work }: ServiceHost,
  workspace: string,
  call: CallContext,
): Promise<ContextEntry> {
  return { key: "workspace", content: await offered(work).folderFor(workspace, call) };
}

async function answer<Response>(
  host: ServiceHost,
  context: HandlerContext,
  act: (call: CallContext) => Promise<Response>,
): Promise<Response> {
  const call = callContextOf(context);
  try {
    return await act(call);
  } catch (error) {
    host.onFailure(error, call, context.method.name);
    // What a call threw after its caller gave up says only that.
    const reason: unknown = context.signal.aborted ? context.signal.reason : error;
    throw errorToConnect(reason, { traceId: call.traceId });
  }
}

function entryFromProto({ key, content, contentType, label }: ProtoContextEntry): ContextEntry {
  return {
    key,
    content,
    ...optional("contentType", contentType === "" ? undefined : contentType),
    ...labelFromProto(label),
  };
}
