import { writeFile } from 'node:fs/promises';
import { printSchema } from 'graphql';
import { createGraph } from '../src/graph.ts';

/** What schema.graphql must hold. */
export const schemaText = (): string => `# The public schema. Made from the code by \`npm run schema\`.

${printSchema(createGraph())}
`;

if (import.meta.main) await writeFile(new URL('../schema.graphql', import.meta.url), schemaText());
