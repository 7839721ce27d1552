import { joinLabels, userLabel, workspaceLabel } from "@tau/core";
import type { Label, Recorded, ShownContext } from "@tau/core";
import { History } from "@tau/session";

import { confidentialities, integrities } from "./flow-checks.ts";
import { usageError } from "./usage-error.ts";

/** What a model would be shown next in a session with these events. */
export function shownIn(events: readonly Recorded[]): ShownContext {
  const history = new History();
  const before: Label[] = [];
  for (const recorded of events) {
    history.apply(recorded);
    const { event } = recorded;
    if (event.type !== "session_created" || event.bootstrap.length === 0) continue;
    before.push(userLabel, ...event.bootstrap.flatMap((entry) => entry.label ?? []));
  }
  const { label, acted } = history.shown;
  return { label: joinLabels(label, ...before), acted };
}

/** What a person says that a model was shown: `untrusted`, `secret`, `acted`. @throws TauError `cli.usage` */
export function shownBy(words: string): ShownContext {
  let label: Label = { ...workspaceLabel, origins: [] };
  let acted = false;
  for (const word of words.split(/[\s,]+/u).filter((one) => one !== "")) {
    const integrity = integrities.find((one) => one === word);
    const confidentiality = confidentialities.find((one) => one === word);
    if (word === "acted") acted = true;
    else if (integrity !== undefined) label = { ...label, integrity };
    else if (confidentiality !== undefined) label = { ...label, confidentiality };
    else
      throw usageError(
        `--label takes ${[...new Set([...integrities, ...confidentialities])].join(", ")} and acted, with commas in between, not ${JSON.stringify(word)}.`,
      );
  }
  return { label, acted };
}
