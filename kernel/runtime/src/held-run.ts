import type { ToolRun } from "@tau/tools";

/** What came of trying a call on a copy, until its effect has a result. */
export interface HeldRun {
  readonly ran: ToolRun;
  /** Present when it changed something that the rules allow. */
  readonly changes?: HeldTransaction;
}

/** A transaction and the write set that was decided on. */
export interface HeldTransaction {
  readonly transactionId: string;
  readonly hash: string;
}
