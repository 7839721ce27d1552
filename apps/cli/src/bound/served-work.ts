import type { CallContext, Json } from "@tau/core";
import type { AgentRegistry, Runtime } from "@tau/runtime";
import type { ReadinessRequest, ReadinessVerdict, ServedPlan, ServedWork } from "@tau/server";

import { knownEvidence } from "../memory/known-evidence.ts";
import { optional } from "../optional.ts";
import type { Settings } from "../settings.ts";
import { beginRun } from "./begin-run.ts";
import type { RunToBegin } from "./begin-run.ts";
import { plansIn, readPlan } from "./plan-files.ts";
import type { PlanFile } from "./plan-files.ts";
import type { RunBindings } from "./run-bindings.ts";
import { servedFolder } from "./served-folders.ts";
import type { FoldersOf } from "./served-folders.ts";

/** What is served, and with what. */
export interface ServedWorkOptions {
  readonly runtime: Pick<Runtime, "getSession" | "startRun">;
  readonly agents: AgentRegistry;
  readonly bindings: RunBindings;
  readonly settings: Settings;
  readonly foldersOf: FoldersOf;
}

/** Makes what `tau serve` offers beside its runtime: folders, plans and readiness, with what `tau run` does them with. */
export function createServedWork({ settings, foldersOf, ...options }: ServedWorkOptions): ServedWork {
  const { home } = settings;
  const { runtime } = options;
  const folderFor = async (named: string | undefined, { tenant }: CallContext): Promise<string> =>
    await servedFolder({ ...optional("named", named), folders: foldersOf(tenant), home });
  const folderOfSession = async (sessionId: string, context: CallContext): Promise<string> =>
    await folderFor((await runtime.getSession(sessionId, context)).workspace, context);

  return {
    folderFor,
    async listPlans(sessionId, context) {
      return (await plansIn(await folderOfSession(sessionId, context))).map(toServed);
    },
    async getPlan({ sessionId, path }, context) {
      const plan = await readPlan(await folderOfSession(sessionId, context), path);
      return { ...toServed(plan), text: plan.text };
    },
    checkReadiness: async (request, context) => (await judge(request, settings, context)).verdict,
    async startRun({ carryOut, readiness, ...request }, context) {
      const folder = await folderOfSession(request.sessionId, context);
      return await beginRun(
        { ...options, home },
        {
          ...request,
          ...optional("carryOut", carryOut && { ...carryOut, folder }),
          ...optional("readiness", readiness && toJudge(readiness, settings, context)),
        },
        context,
      );
    },
  };
}

/** Judged when the run begins, and not once more when the same request comes again. */
function toJudge(
  readiness: ReadinessRequest,
  settings: Settings,
  context: CallContext,
): NonNullable<RunToBegin["readiness"]> {
  return {
    asked: readiness,
    async judge() {
      const judged = await judge(readiness, settings, context);
      judged.assertReady();
      return judged.requirements;
    },
  };
}

function toServed({ path, sha256, writtenAt }: PlanFile): ServedPlan {
  return { path, sha256, writtenAt };
}

type Asked = ReadinessVerdict["questions"][number];

interface Judged {
  readonly verdict: ReadinessVerdict;
  /** With what was answered. */
  readonly requirements: Json;
  /** @throws TauError `readiness.blocked` */
  assertReady(): void;
}

/** Judges what is known with the answers of the caller, who stands for them. @throws TauError `readiness.invalid` */
async function judge(
  { requirements, answers }: ReadinessRequest,
  settings: Settings,
  { principal, signal }: CallContext,
): Promise<Judged> {
  const { assertReady, parseRequirements, prepareKnowledge, questionsFor } = await import("@tau/memory");
  const said = answers.map(({ requirementId, value }) => ({
    requirementId,
    value,
    confidence: 1,
    evidenceIds: [`user:${principal.id}`],
  }));
  const prepared = await prepareKnowledge(parseRequirements([...requirements]), {
    signal,
    provider: { ...(await knownEvidence(settings)), answerQuestions: async () => said },
  });
  const { status, reason } = prepared.decision;
  const questions = questionsFor(prepared.report);
  const known: Json = JSON.parse(JSON.stringify(prepared.requirements));
  return {
    requirements: known,
    verdict: { status, reason, questions: questions.map(toAsked) },
    assertReady: () => assertReady(prepared),
  };
}

function toAsked({ requirementId, question, reason, isBlocking }: Asked): Asked {
  return { requirementId, question, reason, isBlocking };
}
