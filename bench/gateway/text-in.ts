/** The text of what came in these chunks, which nearly always are one. */
export function textIn(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  const bytes = only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
  return bytes.toString("utf8");
}
