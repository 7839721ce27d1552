import { posix } from "node:path";

import type { CallEffect } from "./call-effect.ts";
import { invalidRule } from "./invalid-rule.ts";
import type { RuleOrigin } from "./rule-layer.ts";

/** Which files the name of a program may mean. */
export interface ProgramPin {
  /** Absolute paths, symlinks as they are. */
  readonly paths: readonly string[];
  /** What must be in the file: 64 hexadecimal digits. Absent: the path is enough. */
  readonly sha256?: string;
}

/** A pin, ready to be checked. */
export interface CompiledPin extends ProgramPin {
  readonly name: string;
  readonly origin: RuleOrigin;
}

/** Reads the pins of a layer. Throws `permission.invalid_rule`. */
export function parsePins(
  pins: Readonly<Record<string, ProgramPin>>,
  origin: RuleOrigin,
): readonly CompiledPin[] {
  return Object.entries(pins).map(([name, pin]) => {
    const rule = `programs.${name}`;
    if (!/^[\w.+-]+$/.test(name))
      throw invalidRule(rule, "is not a program's name", "Name the program alone, such as git");
    if (pin.paths.length === 0 || !pin.paths.every((path) => posix.isAbsolute(path)))
      throw invalidRule(
        rule,
        "has no paths, or one that is not absolute",
        "Write paths such as /usr/bin/git",
      );
    if (pin.sha256 !== undefined && !/^[\da-f]{64}$/.test(pin.sha256))
      throw invalidRule(rule, "has a sha256 that is not one", "Write the 64 digits that sha256sum prints");
    return { ...pin, name, origin };
  });
}

/** Why a command may not be the program that its name says, by a pin; undefined when it is. */
export function pinProblem(pin: CompiledPin, effect: CallEffect): string | undefined {
  if (effect.kind !== "command") return undefined;
  const program = effect.command.argv[0]?.value ?? "";
  if (posix.basename(program) !== pin.name) return undefined;
  const found = effect.files?.filter(({ role }) => role === "program") ?? [];
  const wanted = pin.paths.join(" or ");
  if (found.length === 0) return `${pin.name} must be ${wanted}, and it is not known which file it is`;
  const other = found.find(({ path }) => !pin.paths.includes(path));
  if (other !== undefined) return `${pin.name} must be ${wanted}, and it is ${other.path}`;
  const changed = pin.sha256 !== undefined && found.some(({ content }) => content !== `sha256:${pin.sha256}`);
  return changed ? `${pin.name} is not the file that was pinned: its content is another` : undefined;
}

/** Where a bare name means a file that the agent may have put there; undefined where it does not. */
export function shadowingFile(effect: CallEffect): string | undefined {
  if (effect.kind !== "command") return undefined;
  const program = effect.command.argv[0]?.value;
  if (program === undefined || program.includes("/")) return undefined;
  return effect.files?.find(({ role, inWorkspace }) => role === "program" && inWorkspace)?.path;
}
