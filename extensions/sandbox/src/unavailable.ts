import { existsSync, readFileSync } from "node:fs";

import { TauError } from "@tau/core";

/** Makes `sandbox.unavailable`. `why` and `remedy` are sentences. */
export function unavailable(why: string, remedy: string, cause?: unknown): TauError {
  return new TauError("sandbox.unavailable", `The jail is not available: ${why} ${remedy}`, { cause });
}

/** What to install when bubblewrap is missing. */
export const installRemedy =
  "Install bubblewrap 0.8.0 or later: `apt-get install bubblewrap`, `dnf install bubblewrap`, `apk add bubblewrap` or `pacman -S bubblewrap`.";

/** Explains why bubblewrap could not make a jail, from what it wrote and from what the machine says of itself. */
export function explainFailure(stderr: string): TauError {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const cause = new Error(stderr.trim());
  const matching = diagnoses.find((diagnosis) => diagnosis.applies(stderr));
  if (matching !== undefined) return unavailable(matching.why, matching.remedy, cause);
  return unavailable(`bubblewrap failed with "${said}".`, "Run `tau doctor` for the details.", cause);
}

interface Diagnosis {
  readonly why: string;
  readonly remedy: string;
  applies(stderr: string): boolean;
}

const aboutNamespaces = /namespace|uid map|Operation not permitted|Permission denied|No space left/i;

const diagnoses: readonly Diagnosis[] = [
  {
    why: "this bubblewrap is too old.",
    remedy: installRemedy,
    applies: (stderr) => /unknown option/i.test(stderr),
  },
  {
    why: "this bubblewrap is installed setuid.",
    remedy: "Remove the bit with `chmod u-s $(command -v bwrap)`; user namespaces do not need it.",
    applies: (stderr) => /setuid/i.test(stderr),
  },
  {
    why: "AppArmor keeps programs from making user namespaces (Ubuntu 23.10 and later).",
    remedy:
      "Allow it for bubblewrap: write `abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }` to /etc/apparmor.d/bwrap and run `systemctl reload apparmor`.",
    applies: (stderr) =>
      aboutNamespaces.test(stderr) && setting("kernel/apparmor_restrict_unprivileged_userns") === "1",
  },
  {
    why: "the kernel does not let ordinary users make user namespaces.",
    remedy: "Allow it: `sysctl kernel.unprivileged_userns_clone=1`.",
    applies: (stderr) => aboutNamespaces.test(stderr) && setting("kernel/unprivileged_userns_clone") === "0",
  },
  {
    why: "the kernel allows no user namespaces.",
    remedy: "Allow them: `sysctl user.max_user_namespaces=15000`.",
    applies: (stderr) => aboutNamespaces.test(stderr) && setting("user/max_user_namespaces") === "0",
  },
  {
    why: "this container may not make namespaces or mount /proc.",
    remedy:
      "Start it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`, or give each run its own container and use the host environment inside.",
    applies: (stderr) => (aboutNamespaces.test(stderr) || /proc/.test(stderr)) && inContainer(),
  },
  {
    why: "the system does not let this process make namespaces.",
    remedy: "Check `sysctl user.max_user_namespaces` and the security modules that are active.",
    applies: (stderr) => aboutNamespaces.test(stderr),
  },
];

function setting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch {
    return undefined;
  }
}

function inContainer(): boolean {
  return ["/.dockerenv", "/run/.containerenv", "/run/secrets/kubernetes.io"].some((path) => existsSync(path));
}
