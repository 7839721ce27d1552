import type { SyntaxNode } from "unbash";

import type { ShellWord } from "./match-argv.ts";
import type { Doubt } from "./shell-effects.ts";

/** What a script does to arrays, gathered while it is read. */
export interface ArrayNotes {
  /** Names that may be arrays somewhere in the script. */
  readonly arrays: Set<string>;
  /** Names that a builtin such as `declare` gives a value that is a word. */
  readonly assigned: Set<string>;
}

const filling = new Set(["mapfile", "read", "readarray"]);
const assigning = new Set(["declare", "export", "local", "readonly", "typeset"]);

/** Notes a node of the tree that makes a name an array: `a=(1)`, `a[0]=1`, `coproc a { … }`. */
export function noteArray(notes: ArrayNotes, node: SyntaxNode): void {
  if (node.type === "Coproc" && node.name !== undefined) notes.arrays.add(node.name.text);
  if (node.type !== "Assignment") return;
  if (node.index !== undefined || node.value.type === "ArrayValue") notes.arrays.add(node.name);
}

/** Notes a builtin that fills arrays, or that assigns words. */
export function noteBuiltin(notes: ArrayNotes, program: string, args: readonly ShellWord[]): void {
  for (const { text, value } of args) {
    if (filling.has(program) && value !== undefined) notes.arrays.add(value);
    if (!assigning.has(program)) continue;
    const [, name, word = ""] = /^(\w+)\+?=(.*)$/su.exec(value ?? text) ?? [];
    if (name !== undefined && (value === undefined || /^\(.*[$`[]/su.test(word))) notes.assigned.add(name);
  }
}

/**
 * What is doubtful about a word that is assigned to an array: Bash reads it as the array's elements, as if it stood in the
 * source, so that `a=(1); declare a='($(rm x))'` runs `rm x`.
 */
export function arrayDoubts({ arrays, assigned }: ArrayNotes): readonly Doubt[] {
  const found = assigned.values().find((name) => arrays.has(name));
  return found === undefined
    ? []
    : [
        {
          reason: `the array ${found.slice(0, 40)} is given a word that is read as source once more`,
          hides: "command",
        },
      ];
}
