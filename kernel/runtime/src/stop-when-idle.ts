import type { StopCondition } from "./agent-config.ts";

/** Ends a run whose model called the tool `idle`, once every call of that step has its result. */
export const stopWhenIdle: StopCondition = ({ effects }) => {
  const isIdle = effects.some(
    ({ call, finished }) => call.name === "idle" && finished?.outcome === "completed",
  );
  return isIdle && effects.every(({ finished }) => finished !== undefined) ? "idle" : undefined;
};
