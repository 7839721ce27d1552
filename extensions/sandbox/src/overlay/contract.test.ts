import { mkdtemp } from "node:fs/promises";

import { describeTransactions } from "@tau/tools/testing";

import { createJail } from "../create-jail.ts";
import { removeTree } from "./record.ts";

describeTransactions("jail", async (profile) => {
  const store = await mkdtemp("/var/tmp/tau-transactions-");
  const jail = await createJail({ profile, transactions: store });
  return {
    ...jail,
    async [Symbol.asyncDispose]() {
      await jail[Symbol.asyncDispose]();
      await removeTree(store);
    },
  };
});
