import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { SessionInfo as ProtoSessionInfo } from "@tau/proto";
import { SessionInfoSchema, sessionStatusOf } from "@tau/proto";
import type { SessionInfo } from "@tau/runtime";

import { approvalToProto } from "./approval-to-proto.ts";
import { usageToProto } from "./content-to-proto.ts";
import { optional } from "./optional.ts";

/** Writes a session at a glance in the words of the contract. */
export function sessionToProto(info: SessionInfo): ProtoSessionInfo {
  return create(SessionInfoSchema, {
    sessionId: info.sessionId,
    status: sessionStatusOf[info.status],
    version: BigInt(info.version),
    createdAt: timestampFromMs(info.createdAt),
    updatedAt: timestampFromMs(info.updatedAt),
    turns: info.turns,
    ...optional("runId", info.runId),
    usage: usageToProto(info.usage),
    costMicroUsd: BigInt(info.costMicroUsd),
    pending: info.pending.map(approvalToProto),
    ...optional("title", info.title),
    ...optional("workspace", info.workspace),
    interrupted: info.interrupted ?? false,
  });
}
