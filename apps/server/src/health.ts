import type { NodeHandler } from "./node-adapter.ts";

/** Answers `/livez` (the process serves) and `/readyz` (calls are taken), and 404 to everything else. */
export function createHealthHandler(isReady: () => boolean): NodeHandler {
  return (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0];
    const isProbe = request.method === "GET" || request.method === "HEAD";
    const [status, text] =
      isProbe && path === "/livez"
        ? [200, "ok\n"]
        : isProbe && path === "/readyz"
          ? isReady()
            ? [200, "ok\n"]
            : [503, "not ready\n"]
          : [404, "not found; calls go to /tau.runtime.v1.RuntimeService/<method>\n"];
    response.statusCode = status;
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.setHeader("cache-control", "no-store");
    response.end(text);
  };
}
