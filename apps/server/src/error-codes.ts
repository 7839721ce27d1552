/** Codes of the failures this package throws or names. */
export const serverErrorCodes = {
  "request.invalid":
    "A field of the request is missing, malformed or too large. The details name each field, the reason and the fix.",
  "server.token_required":
    "The server would listen beyond this machine without a token. Give a token reference (`env:NAME` or `file:PATH`), or listen on 127.0.0.1.",
  "server.token_invalid":
    "A token reference cannot be used: its form is wrong, nothing is there, or the token has less than 16 characters.",
  "server.unauthenticated":
    "The call carries no token, or one that the server does not know. Send `authorization: Bearer <token>`.",
  "server.host_refused":
    "The call names a host that is not this machine, as a web page under attack would. Use 127.0.0.1 or localhost, or allow the host.",
  "server.origin_refused":
    "The call comes from a web page of another origin. Allow that origin when the page is yours.",
  "server.not_ready": "The server is still taking up interrupted runs. Call again in a moment.",
  "server.shutting_down":
    "The server is going away. Runs go on elsewhere or after its restart; attach again from the cursor in the details.",
  "server.too_many_streams":
    "As many streams are open as the server allows. End some, call again later, or raise `maxStreams`.",
  "call.cancelled": "The caller gave up before the answer. Nothing to do.",
  "call.deadline_exceeded":
    "The caller's deadline passed before the answer. Give more time, or run detached and attach.",
  "server.not_offered":
    "The call names a folder, a mode, a plan or requirements, and the server was made without them. Leave them out, or call one made by `tau serve`.",
  "server.listen_failed": "The address cannot be listened on: in use, not of this machine, or not permitted.",
} as const;
