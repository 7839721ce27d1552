/** Where a page may say how it is encoded: within its first bytes (HTML standard, "prescan a byte stream"). */
const prescanBytes = 1_024;

/** Turns bytes into text: by their byte order mark, what the server says, what the page says, else UTF-8. */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const start = Buffer.from(bytes.subarray(0, prescanBytes)).toString("latin1");
  const said = charsetIn(contentType) ?? charsetIn(start);
  return decoderOf(markOf(start) ?? said).decode(bytes);
}

function markOf(start: string): string | undefined {
  if (start.startsWith("\xef\xbb\xbf")) return "utf-8";
  if (start.startsWith("\xff\xfe")) return "utf-16le";
  return start.startsWith("\xfe\xff") ? "utf-16be" : undefined;
}

function charsetIn(text: string): string | undefined {
  return /charset\s*=\s*["']?(?<name>[\w.:-]{1,40})/iu.exec(text)?.groups?.["name"];
}

function decoderOf(label: string | undefined): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label ?? "utf-8");
  } catch {
    return new TextDecoder("utf-8"); // nobody knows the name
  }
}
