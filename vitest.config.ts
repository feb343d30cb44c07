import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

// graphql 16 ships an ESM and a CommonJS entry; loaded side by side they are two realms whose
// instanceof checks fail quietly. One entry file for everybody.
const graphqlEntry = createRequire(import.meta.url).resolve('graphql');

export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: graphqlEntry }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
