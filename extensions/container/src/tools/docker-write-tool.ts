import { TauError, unreachable } from "@tau/core";
import type { Tool, ToolContext, ToolOutput } from "@tau/tools";
import { defineTool, textOutput } from "@tau/tools";

import { fieldsOf, textOf } from "../engine/fields.ts";
import { isRootless } from "../engine/is-rootless.ts";
import { pullImage } from "../environment/pinned-image.ts";
import { removeContainer } from "../leftovers/remove-leftovers.ts";
import { assertVerbFields, dockerLabel, withEngineWords } from "./docker-answer.ts";
import { imageName, knownContainer, knownImage } from "./docker-names.ts";
import type { DockerAccess } from "./docker-options.ts";
import { logsOf } from "./docker-read-tool.ts";
import { assertHarmless } from "./refused-options.ts";
import type { RunInput } from "./run-spec.ts";
import { runSpec } from "./run-spec.ts";

interface WriteInput extends RunInput {
  readonly verb: "run" | "start" | "stop" | "rm" | "pull";
  readonly container?: string;
  readonly detach?: boolean;
}

const runFields = ["image", "command", "name", "variables", "folder", "network", "ports", "mounts", "detach"];
const fields: Readonly<Record<WriteInput["verb"], readonly string[]>> = {
  run: runFields,
  start: ["container"],
  stop: ["container"],
  rm: ["container"],
  pull: ["image"],
};

const timeoutMs = 600_000;
const cleanUpLimitMs = 60_000;

/** Makes the tool that starts, stops and removes containers, and pulls images: outside of the sandbox, and for good. */
export function createDockerWriteTool(access: DockerAccess): Tool<WriteInput> {
  return defineTool<WriteInput>({
    name: "docker_write",
    description:
      "Changes containers and images of Docker or Podman; cannot be taken back. verb: run (image that is there, command, name, variables, folder, network none or bridge, ports such as 8080:80 on 127.0.0.1, mounts of workspace folders, read-only unless write; waits and removes it, or detach); start, stop, rm (container); pull (image by name@sha256:…). Containers get no privileges, devices or folders of the machine.",
    input: {
      type: "object",
      properties: {
        verb: { type: "string", enum: Object.keys(fields) },
        container: { type: "string", description: "Name or id." },
        image: { type: "string" },
        command: { type: "array", items: { type: "string" }, maxItems: 200 },
        name: { type: "string", pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$" },
        variables: { type: "object", additionalProperties: { type: "string" } },
        folder: { type: "string", pattern: "^/" },
        network: { type: "string" },
        ports: { type: "array", items: { type: "string" }, maxItems: 20 },
        mounts: {
          type: "array",
          maxItems: 20,
          items: {
            type: "object",
            properties: { path: { type: "string" }, target: { type: "string" }, write: { type: "boolean" } },
            required: ["path", "target"],
            additionalProperties: false,
          },
        },
        detach: { type: "boolean" },
      },
      required: ["verb"],
      // What is dangerous is refused by name, with its reason, in place of "unknown field".
      additionalProperties: true,
    },
    sideEffect: "irreversible",
    timeoutMs,
    label: dockerLabel,
    access: (input, workspace) => [
      { kind: "command", source: commandOf(input), cwd: workspace },
      { kind: "other" },
    ],
    execute: async (input, context) => {
      assertHarmless(input);
      assertVerbFields(input, input.verb, fields[input.verb]);
      return await withEngineWords(() => write(access, input, context));
    },
  });
}

/** What rules about commands compare: the command as a person would write it. */
function commandOf({ verb, container, image, command = [] }: WriteInput): string {
  const words = ["docker", verb, ...[container, image].flatMap((word) => word ?? []), ...command];
  return words
    .map((word) => (/^[\w./:@-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

async function write(access: DockerAccess, input: WriteInput, context: ToolContext): Promise<ToolOutput> {
  const { signal, call } = context;
  switch (input.verb) {
    case "run":
      return await run(access, input, context);
    case "pull":
      return await pull(access, input, signal);
    case "start":
    case "stop":
    case "rm":
      break;
    default:
      return unreachable(input.verb);
  }
  const { id, fields: found } = await knownContainer(access, input.container, {
    tenant: call.tenant,
    signal,
    change: true,
  });
  const name = textOf(found["Name"]).replace(/^\//u, "");
  if (input.verb === "rm") await removeContainer(access.engine(), id, signal);
  else await access.engine().ask({ method: "POST", path: `/containers/${id}/${input.verb}` }, signal);
  const done = { start: "Started", stop: "Stopped", rm: "Removed" }[input.verb];
  return textOutput(`${done} ${name}.`);
}

async function pull(
  { engine }: DockerAccess,
  { image }: WriteInput,
  signal: AbortSignal,
): Promise<ToolOutput> {
  const name = imageName(image);
  if (!/@sha256:[0-9a-f]{64}$/u.test(name)) {
    throw new TauError(
      "container.image_not_pinned",
      "Only an image named by its digest is pulled: write name@sha256:…, so that it is the one that was decided on.",
    );
  }
  await pullImage(engine(), name, signal);
  return textOutput(`Pulled ${(await knownImage(engine(), name, signal)).id}.`);
}

async function run(access: DockerAccess, input: WriteInput, context: ToolContext): Promise<ToolOutput> {
  const { signal } = context;
  const engine = access.engine();
  const image = await knownImage(engine, imageName(input.image), signal);
  const place = { imageId: image.id, rootless: await isRootless(engine, signal) };
  const body = await runSpec(input, place, context);
  const query = input.name === undefined ? {} : { name: input.name };
  const made = await engine.ask({ method: "POST", path: "/containers/create", query, body }, signal);
  const id = textOf(fieldsOf(made)["Id"]);
  try {
    await engine.ask({ method: "POST", path: `/containers/${id}/start` }, signal);
    if (input.detach === true)
      return textOutput(`Started ${input.name ?? id.slice(0, 12)}. Remove it with rm.`);
    const end = { method: "POST", path: `/containers/${id}/wait`, timeoutMs } as const;
    const exitCode = Number(fieldsOf(await engine.ask(end, signal))["StatusCode"]);
    const said = await logsOf(access, { id, tty: false, tail: 2000 }, signal);
    await remove(access, id);
    return textOutput(`exit ${exitCode}\n${said}`, { details: { exitCode }, isError: exitCode !== 0 });
  } catch (error) {
    await remove(access, id).catch(() => undefined);
    throw error;
  }
}

/** Also when the call was cancelled. */
async function remove({ engine }: DockerAccess, id: string): Promise<void> {
  await removeContainer(engine(), id, AbortSignal.timeout(cleanUpLimitMs));
}
