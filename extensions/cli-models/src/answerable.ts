import type { ModelCapabilities, ModelRequest } from "@tau/agent";
import { modelError } from "@tau/agent/adapter";
import type { ModelIdentity } from "@tau/agent/adapter";

/**
 * Refuses what no command can do: better than an answer that looks as if it could.
 *
 * @throws TauError `model.unsupported_content`
 */
export function assertAnswerable(
  request: ModelRequest,
  { tools: takesTools }: Pick<ModelCapabilities, "tools">,
  identity: ModelIdentity,
): void {
  const reason = toolReason(request, takesTools === "yes") ?? reasonAgainst(request);
  if (reason === undefined) return;
  throw modelError("model.unsupported_content", identity, { sentence: reason });
}

function toolReason({ tools, toolChoice = "auto" }: ModelRequest, takesTools: boolean): string | undefined {
  if (tools.length === 0 || toolChoice === "none") return undefined;
  if (!takesTools) {
    return "cannot be given tools: its command runs without any. Ask without tools, or choose another model";
  }
  return toolChoice === "auto" ? undefined : "cannot be made to call a tool";
}

function reasonAgainst(request: ModelRequest): string | undefined {
  const { providerTools = [], stopSequences = [] } = request;
  if (providerTools.length > 0) return "cannot be given tools of another provider";
  if (stopSequences.length > 0) return "knows no stop sequences";
  const kinds = new Set(request.messages.flatMap(({ parts }) => parts.map(({ type }) => type)));
  if (kinds.has("audio")) return "cannot be sent sound";
  if (kinds.has("file")) return "cannot be sent files";
  return undefined;
}
