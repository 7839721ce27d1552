import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";

import type { Json, JsonObject } from "@tau/core";
import { isJsonObject, isTauError, TauError } from "@tau/core";
import { readTextFile } from "@tau/core/files";

import { readYaml } from "../read-yaml.ts";
import { execToken } from "./exec-credential.ts";
import type { KubeConnection } from "./kube-connection.ts";
import { fieldOf, objectsOf, textOf } from "./kube-fields.ts";

/** Options of {@link loadKubeconfig}. */
export interface KubeconfigOptions {
  /** Default: the files of `KUBECONFIG`, or `~/.kube/config`. */
  readonly path?: string;
  /** Default: the current context. */
  readonly context?: string;
  /** Default: the context's, or `default`. */
  readonly namespace?: string;
  /** Lets the file name a program that is run for a token. Default false: then such a context is refused. */
  readonly allowPlugins?: boolean;
}

/** Certificates of many clusters, and more than anybody has, in bytes. */
const maxBytes = 1_048_576;

interface Entry {
  readonly value: JsonObject;
  /** Relative paths of an entry are meant from the folder of its file. */
  readonly folder: string;
}

interface Merged {
  readonly current: string;
  find(kind: "clusters" | "users" | "contexts", name: string): Entry | undefined;
  names(kind: "contexts"): readonly string[];
}

/** Reads one context of a kubeconfig. Throws `kubernetes.config`, which names what is wrong and never a secret. */
export async function loadKubeconfig(options: KubeconfigOptions = {}): Promise<KubeConnection> {
  const merged = await readFiles(options.path);
  const name = options.context ?? merged.current;
  const context = merged.find("contexts", name);
  if (context === undefined) {
    const known = merged.names("contexts").join(", ") || "none";
    throw invalid(`The kubeconfig has no context "${name}". It has: ${known}.`);
  }
  const clusterName = textOf(context.value, "context", "cluster");
  const cluster = merged.find("clusters", clusterName);
  if (cluster === undefined)
    throw invalid(`Context "${name}" names the cluster "${clusterName}", which is not there.`);
  const userName = textOf(context.value, "context", "user");
  const user = userName === "" ? undefined : merged.find("users", userName);
  if (userName !== "" && user === undefined) {
    throw invalid(`Context "${name}" names the user "${userName}", who is not there.`);
  }
  const namespace = options.namespace ?? textOf(context.value, "context", "namespace");
  return {
    namespace: namespace === "" ? "default" : namespace,
    ...(await serverOf(cluster, clusterName)),
    ...(user === undefined
      ? {}
      : await credentialsOf(user, { name, allowPlugins: options.allowPlugins === true })),
  };
}

async function readFiles(path: string | undefined): Promise<Merged> {
  const listed = path === undefined ? process.env["KUBECONFIG"]?.split(delimiter).filter(Boolean) : [path];
  const paths = listed === undefined || listed.length === 0 ? [join(homedir(), ".kube/config")] : listed;
  const files = await Promise.all(paths.map(readOne));
  const entries = (kind: string): readonly Entry[] =>
    files.flatMap(({ value, folder }) => objectsOf(value, kind).map((one) => ({ value: one, folder })));
  return {
    current: files.map(({ value }) => textOf(value, "current-context")).find((text) => text !== "") ?? "",
    find: (kind, name) => entries(kind).find(({ value }) => value["name"] === name), // the first file wins
    names: (kind) => entries(kind).map(({ value }) => textOf(value, "name")),
  };
}

async function readOne(path: string): Promise<Entry> {
  let value: unknown;
  try {
    // Without the reason: it may quote the file, which has secrets.
    value = readYaml(await readTextFile(path, maxBytes), () => new SyntaxError("It is not YAML."));
  } catch (cause) {
    throw unread("The kubeconfig cannot be read, or is not YAML. Check KUBECONFIG or the path.", cause);
  }
  if (!isJsonObject(value)) throw invalid("The kubeconfig is empty or no mapping.");
  return { value, folder: dirname(resolve(path)) };
}

async function serverOf(
  { value, folder }: Entry,
  name: string,
): Promise<Pick<KubeConnection, "server" | "authority" | "serverName">> {
  const cluster = fieldOf(value, "cluster");
  const server = textOf(cluster, "server").replace(/\/+$/u, "");
  if (!URL.canParse(server) || !server.startsWith("https://")) {
    throw invalid(`The server of cluster "${name}" is no https address.`);
  }
  if (fieldOf(cluster, "insecure-skip-tls-verify") === true) {
    throw invalid(
      `Cluster "${name}" skips the check of the server's certificate, so anybody could read the token. Give its certificate-authority-data instead.`,
    );
  }
  if (textOf(cluster, "proxy-url") !== "")
    throw invalid(`Cluster "${name}" needs a proxy-url, which is not supported.`);
  const authority = await pemOf(cluster, "certificate-authority", folder);
  const serverName = textOf(cluster, "tls-server-name");
  return {
    server,
    ...(authority === undefined ? {} : { authority }),
    ...(serverName === "" ? {} : { serverName }),
  };
}

async function credentialsOf(
  { value, folder }: Entry,
  { name, allowPlugins }: { readonly name: string; readonly allowPlugins: boolean },
): Promise<Pick<KubeConnection, "certificate" | "key" | "token">> {
  const user = fieldOf(value, "user");
  const certificate = await pemOf(user, "client-certificate", folder);
  const key = await pemOf(user, "client-key", folder);
  const identity = certificate === undefined || key === undefined ? {} : { certificate, key };
  const exec = fieldOf(user, "exec");
  const tokenFile = textOf(user, "tokenFile");
  const token = textOf(user, "token");
  if (tokenFile !== "")
    return { ...identity, token: async () => await readToken(resolve(folder, tokenFile)) };
  if (token !== "") return { ...identity, token: async () => token };
  if (isJsonObject(exec)) {
    if (!allowPlugins) {
      throw invalid(
        `Context "${name}" gets its credentials from a program. Whoever writes the kubeconfig would run code here, so allow plugins explicitly, or use a token or a certificate.`,
      );
    }
    return { ...identity, token: execToken(exec, name) };
  }
  if (certificate === undefined || key === undefined) {
    throw invalid(`Context "${name}" has neither a token nor a client certificate with its key.`);
  }
  return identity;
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readTextFile(path)).trim();
  } catch (cause) {
    throw unread("The tokenFile of the context cannot be read.", cause);
  }
}

/** The PEM text of `field`: inline as base64 in `field-data`, or in the file that `field` names. */
async function pemOf(value: Json | undefined, field: string, folder: string): Promise<string | undefined> {
  const inline = textOf(value, `${field}-data`);
  if (inline !== "") return Buffer.from(inline, "base64").toString();
  const path = textOf(value, field);
  if (path === "") return undefined;
  try {
    return await readTextFile(resolve(folder, path), maxBytes);
  } catch (cause) {
    throw unread(`The file that ${field} names cannot be read.`, cause);
  }
}

/** With the reason of a file that is not what it should be, such as too large: the system's own are not in Tau's words. */
function unread(message: string, cause: unknown): TauError {
  return invalid(isTauError(cause) ? `${message} ${cause.message}` : message, cause);
}

function invalid(message: string, cause?: unknown): TauError {
  return new TauError("kubernetes.config", message, { cause });
}
