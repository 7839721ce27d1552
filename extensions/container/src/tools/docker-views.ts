import type { Json, JsonObject } from "@tau/core";

import type { Fields } from "../engine/fields.ts";
import { fieldsOf, listOf, textOf, textsOf } from "../engine/fields.ts";

const hidden = "[hidden]";
/** Variables whose values are no secrets by custom. */
const plain = /^(?:PATH|HOME|LANG|LANGUAGE|LC_\w+|TZ|TERM|HOSTNAME|USER|SHELL|container|\w+_VERSION)$/u;
const secretive = /pass|secret|token|key|credential|auth|private|dsn|connection/iu;

/** What is shown of a container: the values of variables, which are where secrets go, never. */
export function containerView(fields: Fields): JsonObject {
  const config = fieldsOf(fields["Config"]);
  const host = fieldsOf(fields["HostConfig"]);
  const state = fieldsOf(fields["State"]);
  const network = fieldsOf(fields["NetworkSettings"]);
  return {
    id: textOf(fields["Id"]).slice(0, 12),
    name: textOf(fields["Name"]).replace(/^\//u, ""),
    created: textOf(fields["Created"]),
    image: textOf(config["Image"]),
    imageId: textOf(fields["Image"]),
    command: withoutSecrets([textOf(fields["Path"]), ...textsOf(fields["Args"])]),
    state: {
      status: textOf(state["Status"]),
      exitCode: toJson(state["ExitCode"]),
      startedAt: textOf(state["StartedAt"]),
      finishedAt: textOf(state["FinishedAt"]),
      oomKilled: toJson(state["OOMKilled"]),
      health: textOf(fieldsOf(state["Health"])["Status"]),
    },
    user: textOf(config["User"]),
    workingFolder: textOf(config["WorkingDir"]),
    variables: withoutValues(textsOf(config["Env"])),
    labels: labelsView(config["Labels"]),
    network: textOf(host["NetworkMode"]),
    ports: toJson(network["Ports"]),
    mounts: listOf(fields["Mounts"]).map(({ Type, Source, Destination, RW }) => ({
      type: textOf(Type),
      source: textOf(Source),
      target: textOf(Destination),
      writable: RW === true,
    })),
    limits: {
      memoryBytes: toJson(host["Memory"]),
      processes: toJson(host["PidsLimit"]),
      privileged: toJson(host["Privileged"]),
      readOnly: toJson(host["ReadonlyRootfs"]),
    },
  };
}

/** What is shown of an image. */
export function imageView(fields: Fields): JsonObject {
  const config = fieldsOf(fields["Config"]);
  return {
    id: textOf(fields["Id"]),
    names: [...textsOf(fields["RepoTags"])],
    digests: [...textsOf(fields["RepoDigests"])],
    created: textOf(fields["Created"]),
    bytes: toJson(fields["Size"]),
    platform: `${textOf(fields["Os"])}/${textOf(fields["Architecture"])}`,
    entrypoint: withoutSecrets(textsOf(config["Entrypoint"])),
    command: withoutSecrets(textsOf(config["Cmd"])),
    user: textOf(config["User"]),
    variables: withoutValues(textsOf(config["Env"])),
    labels: labelsView(config["Labels"]),
  };
}

/** Variables by name; the value only of those that hold none of anybody's. */
function withoutValues(variables: readonly string[]): readonly string[] {
  return variables.map((line) => {
    const [name = ""] = line.split("=");
    return plain.test(name) ? line : `${name}=${hidden}`;
  });
}

/** Words of a command line, without the values that follow a secretive name, and without passwords in addresses. */
export function withoutSecrets(words: readonly string[]): readonly string[] {
  return words.map((word, index) => {
    const before = words[index - 1] ?? "";
    if (before.startsWith("-") && !before.includes("=") && secretive.test(before) && !word.startsWith("-"))
      return hidden;
    const named = /^([^=\s]{1,100})=/u.exec(word)?.[1];
    if (named !== undefined && secretive.test(named)) return `${named}=${hidden}`;
    return word.replaceAll(/(\w:\/\/[^/\s:@]*):[^/\s@]+@/gu, `$1:${hidden}@`);
  });
}

function labelsView(labels: unknown): JsonObject {
  const entries = Object.entries(fieldsOf(labels)).slice(0, 50);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, secretive.test(name) ? hidden : textOf(value).slice(0, 300)]),
  );
}

/** A value of another program's JSON. */
function toJson(value: unknown): Json {
  const text: unknown = JSON.stringify(value);
  if (typeof text !== "string") return null;
  const parsed: Json = JSON.parse(text);
  return parsed;
}
