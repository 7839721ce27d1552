import type { EgressCaller } from "../audit.ts";

/** The commands that are inside, and what was refused to them. */
export interface Passes {
  /** Who makes requests at the moment: the caller with the calls that are inside. */
  readonly caller: () => EgressCaller;
  /** Notes a reason for every command that is inside; false when all of them have heard it, or enough. */
  readonly refused: (reason: string) => boolean;
  open(callId: string | undefined): Pass;
}

/** A command that is inside. */
export interface Pass {
  /** Ends it; answers the reasons of what was refused meanwhile. */
  close(): readonly string[];
}

/** Reasons that one command hears; more say nothing new, and a program could make any number. */
const maxReasons = 20;

/** Keeps account of commands inside of a gate. They share one network, so a request is that of all that run. */
export function createPasses(caller: Omit<EgressCaller, "commands">): Passes {
  const inside = new Map<object, { readonly callId: string | undefined; readonly reasons: Set<string> }>();
  return {
    caller() {
      const commands = [...inside.values()].flatMap(({ callId }) => callId ?? []);
      return commands.length === 0 ? caller : { ...caller, commands };
    },
    refused(reason) {
      let heard = false;
      for (const { reasons } of inside.values()) {
        if (reasons.has(reason) || reasons.size >= maxReasons) continue;
        reasons.add(reason);
        heard = true;
      }
      return heard;
    },
    open(callId) {
      const key = {};
      const reasons = new Set<string>();
      inside.set(key, { callId, reasons });
      return {
        close() {
          inside.delete(key);
          const more = reasons.size >= maxReasons ? ["The network refused more than that."] : [];
          return [...reasons, ...more];
        },
      };
    },
  };
}
