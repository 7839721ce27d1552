export type { LayerFixture } from "./describe-layer.ts";
export { describeLayer } from "./describe-layer.ts";
