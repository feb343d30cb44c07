import { z } from 'zod';
import { environment } from './environment.ts';

const describe = (shape: Readonly<Record<string, z.ZodType>>): string[] =>
  Object.entries(shape).map(([name, schema]) => {
    const fallback = schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : 'unset';
    return `  ${name.padEnd(36)}${schema.description} [${fallback}]`;
  });

/** What --help prints; `sandbox` are the variables of the embedded sandbox. */
export const usage = (sandbox: Readonly<Record<string, z.ZodType>>): string => {
  return [
    'A GraphQL gateway over the Wix Data Movement Jobs API.',
    '',
    'Usage: npm start            serve the gateway, set up by the environment',
    '       npm start -- --help  print this',
    '',
    'Environment variables, with defaults:',
    ...describe(environment.shape),
    '',
    'Of the sandbox, while WIX_API_URL is unset:',
    ...describe(sandbox),
    '',
  ].join('\n');
};
