/** Operations on prefixes kept at providers that change a tenant's file. */
export type PrefixWrite =
  | { readonly op: "prefix_put"; readonly tenant: string; readonly id: string; readonly record: string }
  | { readonly op: "prefix_remove"; readonly tenant: string; readonly id: string };

/** What each of them answers. */
export interface PrefixAnswers {
  readonly prefix_put: null;
  readonly prefix_remove: null;
}
