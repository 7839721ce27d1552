import { workspace } from "./model.ts";
import type { ModelCall, ModelEffect, ModelPolicy, ModelRule, Word } from "./model.ts";

/** A generator of numbers below one that is the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Random = () => number;

const programs = ["git", "rm", "npm", "sort", "tool", "/usr/bin/git", "./git"];
const words = ["push", "status", "-f", "--all", "a", "b", "test", "x/y"];
const paths = ["a", "src/b", "src/c/d", ".env", "tau.toml", "AGENTS.md", ".git/hooks/x"]
  .map((path) => `${workspace}/${path}`)
  .concat(["/etc/motd", "/home/ada/x", "/w2/a"]);
const hosts = ["example.org", "evil.org", "127.0.0.1"];
const tools = ["bash", "bash", "bash", "edit", "fetch", "deploy"];
const wrappings = ["plain", "plain", "timeout", "env", "bash", "subshell", "negated", "substituted"] as const;

/** One of several. */
export function pick<T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new RangeError("There is nothing to pick from.");
  return found;
}

function some<T>(random: Random, max: number, make: (random: Random) => T): readonly T[] {
  return Array.from({ length: Math.floor(random() * (max + 1)) }, () => make(random));
}

/** Makes a policy: a few rules of any layer, trusted or not. */
export function generatePolicy(random: Random): ModelPolicy {
  return {
    profile: pick(random, ["read-only", "workspace-write", "workspace-write", "full"] as const),
    enforced: random() < 0.4,
    network: random() < 0.3,
    rules: some(random, 6, generateRule),
  };
}

function generateRule(random: Random): ModelRule {
  const verdict = pick(random, ["deny", "ask", "allow", "allow", "allow"] as const);
  const layer = pick(random, ["admin", "user", "session", "project"] as const);
  return { verdict, layer, trusted: random() < 0.7, about: generateSubject(random) };
}

function generateSubject(random: Random): ModelRule["about"] {
  const kind = pick(random, [
    "everything",
    "tool",
    "command",
    "command",
    "command",
    "read",
    "write",
    "network",
  ] as const);
  switch (kind) {
    case "everything":
      return { kind };
    case "tool":
      return { kind, name: pick(random, ["edit", "fetch", "deploy"]) };
    case "command":
      if (random() < 0.1) return { kind };
      return {
        kind,
        words: [
          pick(random, programs.slice(0, 5)),
          ...some(random, 2, () => pick(random, ["push", "status", "a", "test"])),
        ],
        rest: random() < 0.5,
      };
    case "network":
      return random() < 0.3 ? { kind } : { kind, host: pick(random, hosts) };
    default:
      if (random() < 0.2) return { kind };
      return random() < 0.5
        ? { kind, file: pick(random, paths) }
        : { kind, folder: pick(random, [workspace, `${workspace}/src`, "/etc"]) };
  }
}

/** Makes a call: of bash with several commands, or of another tool. */
export function generateCall(random: Random): ModelCall {
  const tool = pick(random, tools);
  if (tool !== "bash")
    return {
      tool,
      effects: [generateAccess(random, tool), ...some(random, 1, () => generateAccess(random, tool))],
    };
  const effects: ModelEffect[] = [generateCommand(random)];
  for (let more = Math.floor(random() * 3); more > 0; more--) {
    if (random() < 0.4) effects.push(generateRedirect(random));
    else effects.push(generateCommand(random));
  }
  return { tool, effects };
}

function generateCommand(random: Random): ModelEffect {
  const word = (): Word => (random() < 0.12 ? undefined : pick(random, words));
  const program: Word = random() < 0.04 ? undefined : pick(random, [...programs, "echo"]);
  return { kind: "command", argv: [program, ...some(random, 3, word)], wrapped: pick(random, wrappings) };
}

function generateRedirect(random: Random): ModelEffect {
  return { kind: random() < 0.5 ? "read" : "write", path: pick(random, paths), by: "redirect" };
}

function generateAccess(random: Random, tool: string): ModelEffect {
  if (tool === "edit")
    return { kind: random() < 0.5 ? "read" : "write", path: pick(random, paths), by: "tool" };
  if (tool === "fetch") return { kind: "network", host: pick(random, hosts) };
  return { kind: "other", pure: random() < 0.3 };
}
