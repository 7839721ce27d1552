import type { InstructionFile } from "./instructions.ts";

/** A file as it was read. */
export type FoundInstruction = Omit<InstructionFile, "isClipped">;

/** A piece smaller than this helps nobody. */
const leastBytes = 200;

/**
 * Makes texts fit into so many bytes together: the last ones, which stand nearest to the work, get room first. What is
 * clipped says so, and what has no room at all is a line that says where it is.
 */
export function fitInstructions(
  found: readonly FoundInstruction[],
  maxBytes: number,
): readonly InstructionFile[] {
  let room = maxBytes;
  return found
    .toReversed()
    .map((file): InstructionFile => {
      const bytes = Buffer.byteLength(file.text);
      if (bytes <= room && file.bytes <= bytes) {
        room -= bytes;
        return { ...file, isClipped: false };
      }
      const text = clipped(file, room);
      room = Math.max(0, room - Buffer.byteLength(text));
      return { ...file, text, isClipped: true };
    })
    .toReversed();
}

function clipped({ name, text, bytes }: FoundInstruction, room: number): string {
  const notice = (shown: number): string =>
    `[Clipped: ${shown} of ${bytes} bytes are shown. Read ${name} for the rest.]`;
  const left = room - Buffer.byteLength(notice(bytes)) - 1;
  if (left < leastBytes) return notice(0);
  const piece = cutToBytes(text, left);
  return `${piece}\n${notice(Buffer.byteLength(piece))}`;
}

/** The beginning of a text in at most so many bytes of UTF-8; ends with a whole line where there is one. */
function cutToBytes(text: string, bytes: number): string {
  const cut = new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true });
  const line = cut.lastIndexOf("\n");
  return line > cut.length / 2 ? cut.slice(0, line) : cut;
}
