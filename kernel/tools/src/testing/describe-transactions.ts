import { readdirSync, readFileSync, writeFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { Transactions } from "../environment.ts";
import type { WriteSet } from "../write-set.ts";
import type { EnvironmentFactory, EnvironmentFixture } from "./environment-fixture.ts";
import { codeOf, createEnvironmentFixture, never } from "./environment-fixture.ts";

/** Checks the contract of the `Transactions` port, of environments that have them. Needs Linux and bash. */
export function describeTransactions(name: string, create: EnvironmentFactory): void {
  describe(`Transactions: ${name}`, () => {
    it("hold what a command does, and carry it out once it is decided on", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const transactions = transactionsOf(fixture);
      const set = await hold(fixture, "echo more >> inside.txt; echo new > new; rm to-env");
      expect(set.changes.map(({ path, kind, type }) => [path, kind, type])).toEqual([
        ["inside.txt", "changed", "file"],
        ["new", "created", "file"],
        ["to-env", "deleted", "link"],
      ]);
      expect(readFileSync(fixture.at("inside.txt"), "utf8")).toBe("inside");
      expect(await transactions.writeSet(set.id, never)).toEqual(set);
      expect(await transactions.outcome(set.id, never)).toEqual({ kept: true });
      expect(await transactions.diff(set.id, 10_000, never)).toContain("+new");

      await transactions.commit(set.id, set.hash, never);
      await transactions.commit(set.id, set.hash, never);
      expect(readFileSync(fixture.at("inside.txt"), "utf8")).toBe("insidemore\n");
      expect(readdirSync(fixture.workspace)).not.toContain("to-env");
      expect(await transactions.list(never)).toMatchObject([{ id: set.id, status: "committed" }]);

      await transactions.undo(set.id, never);
      expect(readFileSync(fixture.at("inside.txt"), "utf8")).toBe("inside");
      expect(readdirSync(fixture.workspace)).not.toContain("new");
      expect(await transactions.list(never)).toMatchObject([{ id: set.id, status: "undone" }]);
    });

    it("start nothing that lives on", async () => {
      await using fixture = await createEnvironmentFixture(create);
      await using transaction = await transactionsOf(fixture).begin("a process", never);
      const start = transaction.environment.start({ argv: ["true"] }, never);
      expect(await codeOf(start)).toBe("environment.denied");
    });

    it("keep nothing of a command that only reads", async () => {
      await using fixture = await createEnvironmentFixture(create);
      expect((await hold(fixture, "cat inside.txt; ls")).changes).toEqual([]);
      expect(await transactionsOf(fixture).list(never)).toEqual([]);
    });

    it("refuse to write over what changed meanwhile, and to undo what changed since", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const transactions = transactionsOf(fixture);
      const { id, hash } = await hold(fixture, "echo more >> inside.txt; echo new > new");
      expect(await codeOf(transactions.commit(id, "another", never))).toBe("environment.conflict");
      writeFileSync(fixture.at("inside.txt"), "mine");
      expect(await codeOf(transactions.commit(id, hash, never))).toBe("environment.conflict");
      expect(readFileSync(fixture.at("inside.txt"), "utf8")).toBe("mine");

      const other = await hold(fixture, "echo more >> inside.txt; echo new > new");
      await transactions.commit(other.id, other.hash, never);
      writeFileSync(fixture.at("new"), "mine");
      expect(await codeOf(transactions.undo(other.id, never))).toBe("environment.conflict");
      expect(readFileSync(fixture.at("new"), "utf8")).toBe("mine");
    });

    it("are bound by the profile", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const transactions = transactionsOf(fixture);
      for (const line of ["mkdir .tau; echo x > .tau/settings", "echo x > folder/.env"]) {
        const { id, hash } = await hold(fixture, `${line}; echo new > new`);
        expect(await codeOf(transactions.commit(id, hash, never))).toBe("environment.denied");
      }
      expect(readdirSync(fixture.workspace)).not.toContain("new");
    });

    it("forget what is thrown away, and know no other ids", async () => {
      await using fixture = await createEnvironmentFixture(create);
      const transactions = transactionsOf(fixture);
      const { id, hash } = await hold(fixture, "echo new > new");
      await transactions.discard(id, never);
      await transactions.discard(id, never);
      for (const unknown of [id, "no-such-transaction", "../.."]) {
        expect(await codeOf(transactions.commit(unknown, hash, never))).toBe("environment.not_found");
        expect(await codeOf(transactions.undo(unknown, never))).toBe("environment.not_found");
        expect(await codeOf(transactions.writeSet(unknown, never))).toBe("environment.not_found");
      }
    });
  });
}

function transactionsOf({ environment }: EnvironmentFixture): Transactions {
  if (environment.transactions === undefined) throw new TypeError("The environment has no transactions.");
  return environment.transactions;
}

async function hold(fixture: EnvironmentFixture, line: string): Promise<WriteSet> {
  await using transaction = await transactionsOf(fixture).begin(line, never);
  await transaction.environment.exec({ argv: ["bash", "-c", line], timeoutMs: 20_000 }, never);
  return await transaction.hold({ kept: true }, never);
}
