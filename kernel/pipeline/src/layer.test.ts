import type { Layer } from "./layer.ts";
import { describeLayer } from "./testing/describe-layer.ts";
import { watchStream } from "./watch-stream.ts";

describeLayer("a pipeline without layers", () => ({ layers: [], held: () => 0 }));

describeLayer("a layer made with watchStream()", () => {
  let held = 0;
  const layer: Layer = {
    name: "budget",
    wrap: (next) => (call) =>
      watchStream({
        async open() {
          held++;
          await Promise.resolve();
          return next(call);
        },
        ended() {
          held--;
        },
      }),
  };
  return { layers: [layer], held: () => held };
});
