import { SessionStatus } from "./gen/tau/runtime/v1/event_pb.ts";

/** Tau's one set of status words. */
export type StatusWord = "created" | "running" | "waiting" | "completed" | "failed" | "cancelled";

/** Tau's status words and those of the contract, where two of the original names differ. */
export const sessionStatusOf: Readonly<Record<StatusWord, SessionStatus>> = {
  created: SessionStatus.ACTIVE,
  running: SessionStatus.RUNNING,
  waiting: SessionStatus.WAITING,
  completed: SessionStatus.COMPLETED,
  failed: SessionStatus.ERROR,
  cancelled: SessionStatus.CANCELLED,
};

/** The way back: undefined for a status that a newer side added. */
export const sessionStatusWords: ReadonlyMap<SessionStatus, StatusWord> = new Map([
  [SessionStatus.ACTIVE, "created"],
  [SessionStatus.RUNNING, "running"],
  [SessionStatus.WAITING, "waiting"],
  [SessionStatus.COMPLETED, "completed"],
  [SessionStatus.ERROR, "failed"],
  [SessionStatus.CANCELLED, "cancelled"],
]);
