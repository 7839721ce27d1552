/** Codes of the failures this package throws. */
export const containerErrorCodes = {
  "container.invalid_address":
    "The address of the container engine cannot be used. Give `unix:///path/to/socket`, or `tcp://127.0.0.1:port`: over other networks the engine would be open to everybody on the way.",
  "container.unreachable":
    "The container engine does not answer. Start Docker or `podman system service`, and let the user who runs Tau use its socket.",
  "container.engine_failed":
    "The container engine refused or failed; the message has its status, the log its words. Correct what it complains about, or try again.",
  "container.image_missing":
    "The image is not on this machine. Pull it, or allow Tau to pull it by its digest.",
  "container.image_not_pinned":
    "An image named by a tag may be another one tomorrow. Write `name@sha256:…`, or the id that the message gives.",
  "container.unavailable":
    "The container environment cannot be used on this machine. The message says why and what to change.",
  "container.escape":
    "The self-test got out of the container, so no command is run. The message names the probes; update the engine and the kernel, and report it.",
  "container.option_refused":
    "The container would get more of the machine than the agent has. The message names the option; leave it out, or have a person start that container.",
  "container.not_found":
    "There is no such container or image, or it is another tenant's. Name one that `docker_read` lists.",
  "container.not_yours":
    "Tau runs commands in this container, so tools do not change it. It is removed with its environment.",
} as const;
