import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Where `.ci/run` wants the results as JSON, beside what is shown. */
const report = process.env["TAU_TEST_REPORT"];

/** Start containers for real. `.ci/run` leaves them out, and says so, on a machine whose kernel or user may not. */
const needsContainers = [
  "extensions/container/src/environment/*container-environment.test.ts",
  "extensions/container/src/{leftovers,self-test,tools}/*.test.ts",
];
const leftOut = process.env["TAU_TEST_NO_CONTAINERS"] === undefined ? [] : needsContainers;

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ["@tau/source"] },
  ssr: { resolve: { conditions: ["@tau/source"] } },
  test: {
    include: ["{kernel,extensions,apps,sdk,proto,examples,bench,test}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", ...leftOut],
    execArgv: ["--conditions=@tau/source"],
    pool: "forks",
    // Only a bound on what hangs: a machine that does other things too must fail no test.
    testTimeout: 120_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});

export default config;
