import { Code, ConnectError } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import type { ErrorClass as TauErrorClass, TauError } from "@tau/core";
import { isJsonObject, isTauError } from "@tau/core";
import { enumOf, ErrorClass, ErrorDetailSchema } from "@tau/proto";
import type { ErrorDetail } from "@tau/proto";

import { structToProto } from "./content-to-proto.ts";
import { optional } from "./optional.ts";

// The whole code first, then what follows its dot, then its class: a code that is new here is mapped all the same.
const connectCodeOfCode: Readonly<Record<string, Code>> = {
  "approval.answered": Code.FailedPrecondition,
  "approval.expired": Code.FailedPrecondition,
  "session.busy_fork": Code.FailedPrecondition,
  "journal.conflict": Code.Aborted,
  "server.unauthenticated": Code.Unauthenticated,
  "server.too_many_streams": Code.ResourceExhausted,
  internal: Code.Internal,
};

const connectCodeOfReason: Readonly<Record<string, Code>> = {
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  unavailable: Code.Unavailable,
  invalid: Code.InvalidArgument,
  deadline: Code.DeadlineExceeded,
  deadline_exceeded: Code.DeadlineExceeded,
};

const connectCodeOfClass: Readonly<Record<TauErrorClass, Code>> = {
  permanent: Code.FailedPrecondition,
  retryable: Code.Unavailable,
  rate_limited: Code.ResourceExhausted,
  auth: Code.PermissionDenied,
  cancelled: Code.Canceled,
};

/** The Connect code of a failure. */
export function connectCodeOf(error: TauError): Code {
  const reason = error.code.slice(error.code.lastIndexOf(".") + 1);
  const known = connectCodeOfCode[error.code] ?? connectCodeOfReason[reason];
  if (known !== undefined) return known;
  return reason.startsWith("invalid_") ? Code.InvalidArgument : connectCodeOfClass[error.class];
}

/** Where a failure happened, for its details. */
export interface FailurePlace {
  readonly traceId: string;
  /** Where a broken stream goes on. */
  readonly resumeFromSeq?: number;
}

/**
 * Turns anything thrown into what the caller sees.
 *
 * What is not a `TauError` becomes `internal` without its text: that belongs in the log.
 */
export function errorToConnect(error: unknown, place: FailurePlace): ConnectError {
  if (error instanceof ConnectError) return error;
  const detail = detailOf(error, place);
  const outgoing = [{ desc: ErrorDetailSchema, value: detail }];
  return isTauError(error)
    ? new ConnectError(error.message, connectCodeOf(error), undefined, outgoing, error)
    : new ConnectError(
        `An unexpected error occurred; the server's log has the details under trace ${place.traceId}.`,
        Code.Internal,
        undefined,
        outgoing,
        error,
      );
}

function detailOf(error: unknown, { traceId, resumeFromSeq }: FailurePlace): ErrorDetail {
  const place = {
    traceId,
    ...optional("resumeFromSeq", resumeFromSeq === undefined ? undefined : BigInt(resumeFromSeq)),
  };
  if (!isTauError(error)) {
    return create(ErrorDetailSchema, { code: "internal", class: ErrorClass.PERMANENT, ...place });
  }
  const { violations, ...facts } = error.details;
  return create(ErrorDetailSchema, {
    code: error.code,
    class: enumOf(ErrorClass, error.class),
    ...optional("retryAfterMs", error.retryAfterMs === undefined ? undefined : BigInt(error.retryAfterMs)),
    violations: Array.isArray(violations) ? violations.flatMap(violationOf) : [],
    ...(Object.keys(facts).length === 0 ? {} : { facts: structToProto(facts) }),
    ...place,
  });
}

function violationOf(value: unknown): { field: string; reason: string }[] {
  if (!isJsonObject(value)) return [];
  const { field, reason } = value;
  return typeof field === "string" && typeof reason === "string" ? [{ field, reason }] : [];
}
