import { TauError } from "@tau/core";
import { readTextFile } from "@tau/core/files";

const shortestToken = 16;

/**
 * Fetches a token from where a reference says: `env:NAME` or `file:PATH`.
 *
 * @throws TauError `server.token_invalid`
 */
export async function resolveTokenReference(reference: string): Promise<string> {
  const token = (await valueOf(reference)).trim();
  if (token.length >= shortestToken) return token;
  throw invalid(
    token === ""
      ? "token names a place where nothing is; put the token there"
      : `token is shorter than ${shortestToken} characters; make a longer one, for example with "openssl rand -hex 32"`,
  );
}

async function valueOf(reference: string): Promise<string> {
  const colon = reference.indexOf(":");
  const place = reference.slice(colon + 1);
  switch (reference.slice(0, colon)) {
    case "env":
      return process.env[place] ?? "";
    case "file":
      try {
        return await readTextFile(place);
      } catch (cause) {
        throw invalid("token names a file that cannot be read; check its path and permissions", cause);
      }
    default:
      // The value itself stays out of the message: it may be a token given by mistake.
      throw invalid('token is not a reference; write "env:NAME" or "file:PATH", never the token itself');
  }
}

function invalid(message: string, cause?: unknown): TauError {
  return new TauError("server.token_invalid", `${message}.`, cause === undefined ? {} : { cause });
}
