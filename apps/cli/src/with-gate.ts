import type { NetworkGate, OwnedEnvironment } from "@tau/tools";

/** Closes the gate behind the jail. */
export function withGate(jail: OwnedEnvironment, gate: NetworkGate): OwnedEnvironment {
  return {
    ...jail,
    async [Symbol.asyncDispose]() {
      await jail[Symbol.asyncDispose]();
      await gate[Symbol.asyncDispose]();
    },
  };
}
