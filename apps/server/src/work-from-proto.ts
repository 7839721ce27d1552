import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { isJsonObject, TauError } from "@tau/core";
import type { CallContext, JsonObject } from "@tau/core";
import { enumOf, ReadinessStatus, RunMode } from "@tau/proto";
import type { CheckReadinessResponseSchema, PlanInfoSchema, Readiness, RunRequest } from "@tau/proto";
import type { Runtime, StartedRun, StartRunRequest } from "@tau/runtime";

import { optional } from "./optional.ts";
import type {
  BoundRunRequest,
  ReadinessRequest,
  ReadinessVerdict,
  ServedPlan,
  ServedWork,
} from "./served-work.ts";

/** Starts a run that its request may bind to something. Throws `server.not_offered` where nobody would see to that. */
export async function startBoundRun(
  { runtime, work }: { readonly runtime: Runtime; readonly work?: ServedWork },
  { request, run }: { readonly request: RunRequest; readonly run: StartRunRequest },
  call: CallContext,
): Promise<StartedRun> {
  const bound = boundFromProto(request);
  if (Object.keys(bound).length === 0) return await runtime.startRun(run, call);
  return await offered(work).startRun({ ...run, ...bound }, call);
}

/** What the server offers. @throws TauError `server.not_offered` */
export function offered(work: ServedWork | undefined): ServedWork {
  if (work !== undefined) return work;
  throw new TauError(
    "server.not_offered",
    "This server has no folders, plans and readiness to choose: leave workspace, mode, carry_out and readiness out, or call one made by `tau serve`.",
  );
}

type Bound = Pick<BoundRunRequest, "carryOut" | "mode" | "readiness">;

function boundFromProto({ mode, carryOut, readiness }: RunRequest): Bound {
  return {
    ...(mode === RunMode.PLAN ? { mode: "plan" } : {}),
    ...(carryOut === undefined
      ? {}
      : {
          carryOut: {
            path: carryOut.path,
            sha256: carryOut.sha256,
            ...optional("approvalId", carryOut.approvalId),
          },
        }),
    ...(readiness === undefined ? {} : { readiness: readinessFromProto(readiness) }),
  };
}

/** Reads requirements and answers that passed their rules. */
export function readinessFromProto(given: Readiness | undefined): ReadinessRequest {
  const { requirements = [], answers = [] } = given ?? {};
  return {
    requirements: requirements.map(objectOf),
    answers: answers.map(({ requirementId, value }) => ({ requirementId, value })),
  };
}

function objectOf(struct: unknown): JsonObject {
  if (!isJsonObject(struct)) throw new TypeError("A struct of the contract is an object.");
  return struct;
}

/** Writes a plan in the words of the contract. */
export function planToProto({
  path,
  sha256,
  writtenAt,
}: ServedPlan): MessageInitShape<typeof PlanInfoSchema> {
  return { path, sha256, writtenAt: timestampFromMs(Math.trunc(writtenAt)) };
}

/** Writes a verdict in the words of the contract. */
export function verdictToProto({
  status,
  reason,
  questions,
}: ReadinessVerdict): MessageInitShape<typeof CheckReadinessResponseSchema> {
  return { status: enumOf(ReadinessStatus, status), reason, questions: [...questions] };
}
