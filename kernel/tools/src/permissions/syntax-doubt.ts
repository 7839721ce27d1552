import type { SyntaxNode, Word } from "unbash";

import type { Doubt } from "./shell-effects.ts";

const integer = /^[-+]?(\d+|0x[\da-f]+|\d+#\w+)$/i;
const arithmeticTests = new Set(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"]);

/** What is doubtful about one node of the syntax tree by itself. */
export function syntaxDoubt(node: SyntaxNode): Doubt | undefined {
  const reason = hidingReason(node);
  if (reason !== undefined) return { reason, hides: "command" };
  return node.type === "Function"
    ? { reason: `the function ${node.name.text.slice(0, 40)} gives a name another meaning`, hides: "meaning" }
    : undefined;
}

function hidingReason(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case "Script":
      return (node.errors?.length ?? 0) > 0
        ? `the command does not parse: ${node.errors?.[0]?.message ?? ""}`
        : undefined;
    case "CommandExpansion":
    case "ProcessSubstitution":
    case "ArithmeticCommandExpansion":
      return node.script === undefined ? "a substitution cannot be read" : undefined;
    case "ArithmeticExpansion":
    case "ArithmeticCommand":
      return node.expression === undefined ? "arithmetic cannot be read" : undefined;
    case "ArithmeticWord":
      // Bash evaluates a variable's value as arithmetic again, and an array index in it may run commands.
      return integer.test(node.value) ? undefined : "arithmetic evaluates variables, which can run commands";
    case "ParameterExpansion":
      if (node.prefix === "!") return "an indirect expansion evaluates a variable's value";
      return node.index === undefined || isIndex(node.index) ? undefined : "an array index is evaluated";
    case "Assignment":
      return node.index === undefined || isIndex(node.index) ? undefined : "an array index is evaluated";
    case "FileDescriptorVariable":
      return node.name.includes("[") ? "an array index is evaluated" : undefined;
    case "ArrayValue":
      // `a=([i]=1)`: the index is evaluated as arithmetic.
      return node.elements.some(({ text }) => /^\[(?!\d+\]\+?=)/.test(text))
        ? "an array index is evaluated"
        : undefined;
    case "Slice":
      return isIndex(node.offset) && (node.length === undefined || isIndex(node.length))
        ? undefined
        : "a slice evaluates variables, which can run commands";
    case "Transform":
      return "a transformation such as @P evaluates a variable's value";
    case "Unknown":
      return "an expansion is not one that is understood";
    case "Default":
      return node.operator.endsWith("=") ? "an expansion sets a variable" : undefined;
    case "TestUnary":
      return /^-[vR]$/.test(node.operator) ? "a test evaluates a variable's name" : undefined;
    case "TestBinary":
      return arithmeticTests.has(node.operator) && !(isIndex(node.left) && isIndex(node.right))
        ? "a test evaluates variables as arithmetic, which can run commands"
        : undefined;
    default:
      return undefined;
  }
}

function isIndex(word: Word): boolean {
  return /^[@*]$/.test(word.text) || integer.test(word.text.trim());
}
