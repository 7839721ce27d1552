import type { HttpRequest } from "../http/http-transport.ts";
import { redacted } from "../redaction/redacted.ts";

/** Headers whose value is kept; every other one may be a secret, and only its name is. */
const openHeaders = new Set([
  "accept",
  "anthropic-beta",
  "anthropic-version",
  "content-type",
  "openai-beta",
  "user-agent",
]);

/** Query parameters whose value is kept. */
const openParameters = new Set(["alt", "api-version", "beta"]);

/** Headers and parameters whose value is a secret wherever it turns up; others are only left out. */
const credential = /auth|cookie|credential|key|password|secret|signature|token/;

/** Answer headers that say who asked, or let others ask as them. */
const privateAnswerHeader =
  /cookie|authorization|authenticat|secret|api-?key|organization|project|account|workspace|user-id/;

/** The shortest value that is looked for elsewhere: a shorter one would be found in plain words. */
const leastLength = 8;

/** The secrets that a request shows by where they stand: headers, query, user and password of the address. */
export function secretsOf({ url, headers }: Pick<HttpRequest, "url" | "headers">): readonly string[] {
  const named = [...Object.entries(headers), ...url.searchParams]
    .filter(([name]) => credential.test(name.toLowerCase()) && !isOpen(name))
    .flatMap(([, value]) => partsOf(value));
  return [...named, url.password].filter(({ length }) => length >= leastLength);
}

/** The address without what may be secret in it. */
export function openUrl(url: URL): string {
  const open = new URL(url);
  open.username = "";
  open.password = "";
  for (const name of new Set(url.searchParams.keys())) {
    if (!openParameters.has(name)) open.searchParams.set(name, redacted);
  }
  return open.href;
}

/** The headers of a request without what may be secret in them. */
export function openRequestHeaders(headers: HttpRequest["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      openHeaders.has(name.toLowerCase()) ? value : redacted,
    ]),
  );
}

/** Tells whether an answer's header may be kept. */
export function isOpenAnswerHeader(name: string): boolean {
  return !privateAnswerHeader.test(name.toLowerCase());
}

function isOpen(name: string): boolean {
  return openHeaders.has(name.toLowerCase()) || openParameters.has(name.toLowerCase());
}

/** `Bearer x` hides x; `Basic x` hides what x encodes, too; cookies hide each value, signatures their key's name. */
function partsOf(value: string): readonly string[] {
  const [scheme = "", rest = ""] = value.split(/\s+/, 2);
  if (/^basic$/i.test(scheme)) {
    const decoded = Buffer.from(rest, "base64").toString("utf8");
    return [rest, decoded, decoded.slice(decoded.indexOf(":") + 1)];
  }
  const words = value
    .split(/[\s;,=]+|(?<=Credential=[^/]*)\//)
    .filter((word) => word.length >= leastLength * 2);
  return [value, rest, ...words];
}
