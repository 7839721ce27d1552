import { randomUUID } from "node:crypto";

import {
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  validate,
} from "@cedar-policy/cedar-wasm/nodejs";
import type { CedarValueJson } from "@cedar-policy/cedar-wasm/nodejs";
import { TauError } from "@tau/core";
import type { Principal } from "@tau/core";

/** Policies in Cedar's language. */
export interface CedarOptions {
  readonly policies: string;
  /** In Cedar's language. With one, policies and requests are checked against it. */
  readonly schema?: string;
}

/** A question to Cedar. */
export interface CedarQuestion {
  readonly tenant: string;
  readonly principal: Principal;
  readonly action: string;
  readonly resource: { readonly id: string; readonly attributes: Readonly<Record<string, CedarValueJson>> };
}

/** What Cedar says, and by which policies; none of them means that nothing permits it. */
export interface CedarAnswer {
  readonly allowed: boolean;
  readonly policies: readonly string[];
}

/**
 * Reads policies once, and answers questions about them. Throws `cedar.invalid`; a question throws `cedar.undecided` when
 * any policy could not be evaluated, for Cedar would go on without it, and it may be the one that forbids.
 */
export function readCedarPolicies({
  policies,
  schema,
}: CedarOptions): (question: CedarQuestion) => CedarAnswer {
  const id = randomUUID();
  assertRead(preparsePolicySet(id, { staticPolicies: policies }));
  if (schema !== undefined) {
    assertRead(preparseSchema(id, schema));
    assertFits(validate({ schema, policies: { staticPolicies: policies } }));
  }
  return ({ tenant, principal, action, resource }) => {
    const [who, what] = [
      { type: "Principal", id: principal.id },
      { type: "Resource", id: resource.id },
    ];
    const answer = statefulIsAuthorized({
      principal: who,
      action: { type: "Action", id: action },
      resource: what,
      context: { tenant },
      preparsedPolicySetId: id,
      ...(schema === undefined ? {} : { preparsedSchemaName: id, validateRequest: true }),
      entities: [
        { uid: who, attrs: { kind: principal.kind, scopes: [...principal.scopes], tenant }, parents: [] },
        { uid: what, attrs: resource.attributes, parents: [] },
      ],
    });
    if (answer.type === "failure") throw undecided(answer.errors.map(({ message }) => message));
    const { decision, diagnostics } = answer.response;
    const failed = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`);
    if (failed.length > 0) throw undecided(failed);
    return { allowed: decision === "allow", policies: diagnostics.reason };
  };
}

interface ReadAnswer {
  readonly type: "success" | "failure";
  readonly errors?: readonly { readonly message: string }[];
}

function assertRead({ type, errors = [] }: ReadAnswer): void {
  if (type === "failure") throw invalid(errors.map(({ message }) => message));
}

function assertFits(answer: ReturnType<typeof validate>): void {
  if (answer.type === "failure") throw invalid(answer.errors.map(({ message }) => message));
  if (answer.validationErrors.length > 0)
    throw invalid(answer.validationErrors.map(({ policyId, error }) => `${policyId}: ${error.message}`));
}

function invalid(messages: readonly string[]): TauError {
  return new TauError("cedar.invalid", `The Cedar policies cannot be used: ${said(messages)}. Correct them.`);
}

function undecided(messages: readonly string[]): TauError {
  return new TauError(
    "cedar.undecided",
    `Cedar could not decide, which counts as a denial: ${said(messages)}. Correct the policy.`,
    { class: "auth" },
  );
}

function said(messages: readonly string[]): string {
  return messages.join("; ").slice(0, 400);
}
