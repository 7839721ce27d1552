import { stripVTControlCharacters } from "node:util";

/** Control characters, but for the newline and the tab. */
const control = /(?![\n\t])\p{Cc}/u;
const controls = new RegExp(control, "gu");

/**
 * What a person would read on a terminal: no colours and no control characters, and of a line that was
 * written over with carriage returns (a progress bar) only the last state.
 */
export function plainText(output: string): string {
  if (!control.test(output)) return output;
  return stripVTControlCharacters(output).split("\n").map(lastState).join("\n").replace(controls, "");
}

function lastState(line: string): string {
  if (!line.includes("\r")) return line;
  let end = line.length;
  while (line[end - 1] === "\r") end -= 1;
  const text = line.slice(0, end);
  return text.slice(text.lastIndexOf("\r") + 1);
}
