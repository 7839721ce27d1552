import { basename, join } from "node:path";

import type { ToolContext } from "@tau/tools";
import {
  createSecretFinder,
  defaultProtectedPaths,
  defaultSecretPaths,
  isSecretFileName,
  isWithin,
  planProtection,
} from "@tau/tools";
import { homedir } from "node:os";

import type { BindMount } from "../environment/container-mounts.ts";
import { containerMounts } from "../environment/container-mounts.ts";
import { containerUser } from "../environment/container-settings.ts";
import { toList } from "../environment/container-spec.ts";
import { containerLabels } from "../leftovers/owner-labels.ts";
import { refused } from "./refused-options.ts";

/** What a container is started with. */
export interface RunInput {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly name?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly network?: string;
  readonly ports?: readonly string[];
  readonly mounts?: readonly RunMount[];
}

/** A folder or file of the workspace in a container. */
export interface RunMount {
  readonly path: string;
  readonly target: string;
  readonly write?: boolean;
}

const memoryBytes = 2 * 2 ** 30;
const processes = 1024;

/** What is known of the engine: the image's id, and whether its root is an ordinary user. */
export interface RunPlace {
  readonly imageId: string;
  readonly rootless: boolean;
}

/**
 * Makes what is asked of the engine for `run`: never more of the machine than the agent's own commands have. Throws
 * `container.option_refused` for what would be.
 */
export async function runSpec(
  input: RunInput,
  { imageId, rootless }: RunPlace,
  context: ToolContext,
): Promise<unknown> {
  const { command, folder, variables } = input;
  const mounts = await Promise.all((input.mounts ?? []).map((mount) => mountsOf(mount, context)));
  const network = networkOf(input, context);
  const writable = input.mounts?.some(({ write }) => write === true) === true;
  return {
    Image: imageId,
    ...(command === undefined ? {} : { Cmd: command }),
    ...(folder === undefined ? {} : { WorkingDir: folder }),
    // What it leaves in the workspace is its owner's, and lends nobody root's rights.
    ...(writable ? { User: containerUser(context.environment.info.profile.workspace, rootless) } : {}),
    Env: toList(variables ?? {}),
    Labels: { [containerLabels.tenant]: context.call.tenant },
    ExposedPorts: Object.fromEntries(portsOf(input, network).map(({ inside }) => [`${inside}/tcp`, {}])),
    HostConfig: {
      SecurityOpt: ["no-new-privileges"],
      CapDrop: writable ? ["ALL"] : ["MKNOD", "SETFCAP", "NET_RAW"],
      PidsLimit: processes,
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NetworkMode: network,
      PortBindings: Object.fromEntries(
        portsOf(input, network).map(({ inside, outside }) => [
          `${inside}/tcp`,
          [{ HostIp: "127.0.0.1", HostPort: String(outside) }],
        ]),
      ),
      Tmpfs: Object.fromEntries(
        mounts.flatMap(({ hidden }) => hidden.map((path) => [path, "ro,mode=0,size=4k"])),
      ),
      Mounts: mounts.flatMap(({ binds }) => binds).map(toMount),
    },
  };
}

function toMount({ source, target, readOnly }: BindMount): unknown {
  return {
    Type: "bind",
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    BindOptions: { Propagation: "rprivate" },
  };
}

/** A container's network is outside of every gate: only an agent that has all of it may give it away. */
function networkOf({ network = "none" }: RunInput, { environment }: ToolContext): string {
  if (network === "none") return network;
  if (network !== "bridge")
    throw refused(`network: "${network.slice(0, 40)}" is not the agent's; none and bridge are`);
  if (environment.info.profile.network === true) return network;
  throw refused("network: the agent itself has no network, or only named hosts of it");
}

interface Port {
  readonly outside: number;
  readonly inside: number;
}

function portsOf({ ports = [] }: RunInput, network: string): readonly Port[] {
  if (ports.length > 0 && network === "none") throw refused("ports: without a network there are none");
  return ports.map((text) => {
    const [, outside, inside] = /^(\d{4,5}):(\d{1,5})$/u.exec(text) ?? [];
    const port = { outside: Number(outside), inside: Number(inside) };
    if (port.outside >= 1024 && port.outside < 65_536 && port.inside > 0 && port.inside < 65_536) return port;
    throw refused(`ports: "${text.slice(0, 40)}" is not like 8080:80, of which the first is 1024 or more`);
  });
}

async function mountsOf(mount: RunMount, context: ToolContext): Promise<ReturnType<typeof containerMounts>> {
  const { environment, signal } = context;
  const { workspace, access } = environment.info.profile;
  const { path, target, write = false } = mount;
  const real = await environment.realPath(path.startsWith("/") ? path : join(workspace, path), signal);
  const shown = JSON.stringify(path.slice(0, 100));
  if (!isWithin(real, workspace)) throw refused(`mounts: ${shown} is outside of the workspace`);
  if (isSecretFileName(basename(real))) throw refused(`mounts: ${shown} holds secrets`);
  if ((await environment.stat(real, signal)).kind === "other")
    throw refused(`mounts: ${shown} is no file or folder`);
  if (
    !/^\/[^:\0]{0,200}$/u.test(target) ||
    /^\/(?:proc|sys|dev)(?:\/|$)/u.test(target) ||
    /\/\.\.(?:\/|$)/u.test(target)
  )
    throw refused(`mounts: the target ${JSON.stringify(target.slice(0, 100))} is no place in a container`);
  const protectedPaths = defaultProtectedPaths.map((item) => join(workspace, item));
  if (write && access === "read-only") throw refused(`mounts: ${shown} is read-only for the agent`);
  if (write && protectedPaths.some((item) => isWithin(real, item)))
    throw refused(`mounts: ${shown} is protected`);
  return containerMounts({
    folder: real,
    target,
    writable: write,
    protection: planProtection(workspace, protectedPaths),
    secrets: [...defaultSecretPaths(homedir()), ...(await createSecretFinder(workspace, isSecretFileName)())],
  });
}
