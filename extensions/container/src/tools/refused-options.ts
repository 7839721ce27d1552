import { TauError } from "@tau/core";

/** Options of other tools that give a container more of the machine than the agent has, and why each is refused. */
const reasons: Readonly<Record<string, string>> = {
  privileged: "a privileged container owns the machine",
  capadd: "capabilities are keys to the machine",
  capabilities: "capabilities are keys to the machine",
  devices: "devices of the machine are not the agent's",
  device: "devices of the machine are not the agent's",
  gpus: "devices of the machine are not the agent's",
  pid: "the machine's processes are not the agent's",
  pidmode: "the machine's processes are not the agent's",
  ipc: "the machine's shared memory is not the agent's",
  ipcmode: "the machine's shared memory is not the agent's",
  uts: "the machine's name is not the agent's",
  userns: "users of the container must not be the machine's",
  usernsmode: "users of the container must not be the machine's",
  cgroupns: "the machine's control groups are not the agent's",
  cgroupparent: "the machine's control groups are not the agent's",
  securityopt: "the engine's filters stay",
  sysctls: "settings of the kernel are the machine's",
  runtime: "the person chooses the runtime",
  volumesfrom: "volumes of other containers are theirs",
  volumes: "name folders of the workspace under mounts",
  binds: "name folders of the workspace under mounts",
  restart: "what starts again by itself outlives the person's decision",
  restartpolicy: "what starts again by itself outlives the person's decision",
};

/** Throws `container.option_refused` for an option that is known and dangerous, under any of its spellings. */
export function assertHarmless(input: object): void {
  for (const name of Object.keys(input)) {
    const reason = reasons[name.replaceAll(/[-_]/gu, "").toLowerCase()];
    if (reason !== undefined) throw refused(`${name}: ${reason}`);
  }
}

/** Makes `container.option_refused`. `why` names the option and the reason. */
export function refused(why: string): TauError {
  return new TauError("container.option_refused", `The container is not started: ${why}.`);
}
