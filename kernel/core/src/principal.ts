/** Who acts. */
export interface Principal {
  readonly id: string;
  readonly kind: "person" | "service" | "delegate";
  readonly scopes: readonly string[];
}
