import { capabilitiesOf, checkRequirements, noCompatibleCandidate } from "@tau/agent";

import { findModel } from "./find-model.ts";
import type { FoundModel } from "./find-model.ts";
import { openCatalog } from "./known-models.ts";
import type { Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** A model that nothing speaks against. */
export interface AbleModel extends FoundModel {
  /** What nobody knows of it, as sentences without their full stops. */
  readonly doubts: readonly string[];
}

/**
 * Finds the model for an agent that works with tools. What is not known of it is let pass and said, so that a
 * server of one's own works without being described first.
 *
 * @throws TauError `model.no_compatible_candidate` with every reason, and those of finding it
 */
export async function findAbleModel(settings: Settings, terminal: Terminal): Promise<AbleModel> {
  const catalog = await openCatalog(settings.home, settings.knownModels);
  const found = await findModel(settings.model, { terminal, catalog });
  const { model } = found;
  const needs = { tools: true };
  const { compatible, reasons } = checkRequirements(needs, capabilitiesOf(model), { unknown: "allow" });
  if (!compatible) throw noCompatibleCandidate([{ provider: model.provider, model: model.id, reasons }]);
  return { ...found, doubts: reasons.map(({ message }) => message) };
}
