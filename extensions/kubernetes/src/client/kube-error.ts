import type { Json } from "@tau/core";
import { TauError } from "@tau/core";

import type { KubernetesErrorCode } from "../error-codes.ts";
import { fieldOf, objectsOf, textOf } from "./kube-fields.ts";

const maxReasonChars = 1_000;

const codes: Readonly<Record<number, KubernetesErrorCode>> = {
  400: "kubernetes.invalid",
  401: "kubernetes.unauthorized",
  403: "kubernetes.forbidden",
  404: "kubernetes.not_found",
  409: "kubernetes.conflict",
  410: "kubernetes.conflict",
  415: "kubernetes.invalid",
  422: "kubernetes.invalid",
};

const retryable: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** What was asked, in words of the cluster's roles: for the remedy of a refusal. */
export interface AskedFor {
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Turns an answer that is no success into an error. `status` is the `Status` object that the server sent, if it did. */
export function toKubeError(
  httpStatus: number,
  status: Json | undefined,
  asked: AskedFor,
  retryAfterMs?: number,
): TauError {
  const code = codes[httpStatus] ?? "kubernetes.failed";
  const what = describe(asked);
  const said = reasonOf(status);
  const details = { httpStatus, reason: textOf(status, "reason") };
  if (code === "kubernetes.forbidden") {
    const where = asked.namespace === undefined ? "the whole cluster" : `namespace ${asked.namespace}`;
    return new TauError(
      code,
      `The cluster forbids ${what}.${said} To allow it, bind a role with verb "${asked.verb}" on resource "${asked.resource}" for ${where} to this identity.`,
      { class: "auth", details },
    );
  }
  if (code === "kubernetes.unauthorized") {
    return new TauError(code, `The cluster does not accept the credentials for ${what}. Renew them.`, {
      class: "auth",
      details,
    });
  }
  return new TauError(code, `The cluster refused ${what} (${httpStatus}).${said}`, {
    details,
    ...(retryable.has(httpStatus)
      ? { class: httpStatus === 429 ? ("rate_limited" as const) : ("retryable" as const) }
      : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The error of a server that could not be asked. The technical reason may hold addresses, so it is the cause. */
export function unreachable(asked: AskedFor, cause: unknown): TauError {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return new TauError(
    "kubernetes.unreachable",
    `The cluster's API server did not answer ${describe(asked)}${code}. Check its address, the network and the certificates of the context.`,
    { class: "retryable", cause },
  );
}

function describe({ verb, resource, namespace, name }: AskedFor): string {
  const object = name === undefined ? resource : `${resource}/${name}`;
  return `${verb} ${object}${namespace === undefined ? "" : ` in ${namespace}`}`;
}

function reasonOf(status: Json | undefined): string {
  const message = textOf(status, "message");
  if (message === "" || fieldOf(status, "kind") !== "Status") return "";
  const causes = objectsOf(status, "details", "causes")
    .map((cause) => textOf(cause, "message"))
    .filter((text) => text !== "" && !message.includes(text));
  const all = [message, ...causes].join("; ").replaceAll(/\s+/gu, " ");
  return ` It says: ${all.slice(0, maxReasonChars)}${/[.!?]$/u.test(all) ? "" : "."}`;
}
