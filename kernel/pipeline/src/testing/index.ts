export type { BudgetLedgerFixture } from "./describe-budget-ledger.ts";
export { describeBudgetLedger } from "./describe-budget-ledger.ts";
export type { CircuitsFixture } from "./describe-circuits.ts";
export { describeCircuits } from "./describe-circuits.ts";
export type { CacheTierFixture } from "./describe-cache-tier.ts";
export { describeCacheTier } from "./describe-cache-tier.ts";
export type { LayerFixture } from "./describe-layer.ts";
export { describeLayer } from "./describe-layer.ts";
