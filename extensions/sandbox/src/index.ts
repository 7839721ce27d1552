export { createJail } from "./create-jail.ts";
export { sandboxErrorCodes } from "./error-codes.ts";
export type { JailLimits, JailOptions } from "./jail-options.ts";
export type { ProbeResult } from "./probe.ts";
export { runEscapeSuite, runSandboxSelfTest } from "./self-test.ts";
export type { TransactionOptions } from "./open-transactions.ts";
export { openTransactions } from "./open-transactions.ts";
