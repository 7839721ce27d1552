import type { CapabilityFacts } from "../capabilities.ts";

/** A model that a provider offers, and what is known of it. */
export interface CatalogModel {
  /** As the provider takes it in a request. */
  readonly id: string;
  /** Other ids that the provider takes for it. */
  readonly aliases?: readonly string[];
  /** For people. */
  readonly name?: string;
  readonly facts: CapabilityFacts;
}

/** The models of one provider. Plain data: the configuration and a file can hold it as JSON. */
export interface ModelList {
  /** For example `anthropic`. */
  readonly provider: string;
  /** Where the facts come from, for people. */
  readonly source: string;
  readonly models: readonly CatalogModel[];
}
