import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { parseJson } from '../domain/json.ts';

/** What a caller of the gateway may do. */
export const scopes = ['jobs:read', 'jobs:write'] as const;
export type Scope = (typeof scopes)[number];

/** One that may call the gateway. Of its token only the digest is known. */
export interface TokenEntry {
  readonly name: string;
  /** Of the token, as 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
}

export type TokenList =
  | { readonly tokens: readonly TokenEntry[]; readonly problems?: never }
  | { readonly tokens?: never; readonly problems: readonly string[] };

const maxBytes = 1024 * 1024;
// every one of them is compared with every token that is presented
const maxTokens = 1000;

const entry = z.strictObject(
  {
    name: z.string({ error: 'is not a text' }).regex(/^[^\p{Cc}]{1,100}$/u, {
      error: 'is not 1 to 100 characters without line breaks',
    }),
    sha256: z
      .string({ error: 'is not a text' })
      .regex(/^[0-9a-f]{64}$/i, { error: "is not 64 hexadecimal digits, the token's SHA-256" })
      .toLowerCase(),
    scopes: z.array(z.enum(scopes, { error: `is not one of ${scopes.join(', ')}` }), {
      error: 'is not a list',
    }),
  },
  {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? 'has more than name, sha256 and scopes'
        : 'is not { name, sha256, scopes }',
  },
);

const list = z
  .array(entry, { error: 'is not a list' })
  .max(maxTokens, { error: `has more than ${maxTokens} entries` });

/** By place only: what stands in the wrong one may be a token. */
const placeOf = (path: readonly PropertyKey[]): string => {
  // people count from 1
  const names = path.map((each) => (typeof each === 'number' ? each + 1 : String(each)));
  return names.length === 0 ? 'it' : `entry ${names.join('.')}`;
};

/** The entries of a token file, or a sentence on each thing that is wrong with it. */
export const parseTokenFile = (text: string): TokenList => {
  const json = parseJson(text);
  if (json === undefined) return { problems: ['it is not JSON.'] };
  const { data, error } = list.safeParse(json);
  if (error) {
    return { problems: error.issues.map(({ path, message }) => `${placeOf(path)} ${message}.`) };
  }
  const first = new Map<string, number>();
  const problems = data.flatMap(({ sha256 }, index) => {
    const other = first.get(sha256);
    if (other === undefined) first.set(sha256, index);
    return other === undefined
      ? []
      : [`${placeOf([index])} has the sha256 of entry ${other + 1}: a token belongs to one caller.`];
  });
  return problems.length > 0 ? { problems } : { tokens: data };
};

/** The same of the file itself. */
export const readTokenFile = (path: string): TokenList => {
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > maxBytes) return { problems: ['it is no file of at most 1 MiB.'] };
    return parseTokenFile(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return { problems: [`it cannot be read${code}.`] };
  }
};
