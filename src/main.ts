#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// what was compiled at the last start is not compiled again, which is half of a start. Beside the packages: where
// others can write, as in the usual folder for temporary files, anybody could put code in its place
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
// in any other mode graphql-js checks how it is used at every step
process.env['NODE_ENV'] ??= 'production';
await import('./cli.ts');
