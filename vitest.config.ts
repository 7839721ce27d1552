import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@tau/source"] },
  ssr: { resolve: { conditions: ["@tau/source"] } },
  test: {
    include: ["{kernel,extensions,apps,sdk,proto,examples,bench,test}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    execArgv: ["--conditions=@tau/source"],
    pool: "forks",
    testTimeout: 30_000,
  },
});
