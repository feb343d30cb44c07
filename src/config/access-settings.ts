import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { isLoopback } from '../domain/origin.ts';
import { createModes, type Given } from './modes.ts';
import { parsePublicKey } from './public-key.ts';
import { readTokenFile, type TokenEntry, type TokenList } from './token-file.ts';

export interface TokenAccess {
  readonly mode: 'tokens';
  /** Read again whenever it changes. */
  readonly file: string;
  /** What it held at the start. */
  readonly tokens: readonly TokenEntry[];
}

export interface JwtAccess {
  readonly mode: 'jwt';
  readonly keys: { readonly url: URL } | { readonly publicKey: KeyObject };
  readonly issuer: string;
  readonly audience: string;
}

/** How callers of the gateway say who they are. */
export type AccessSettings = { readonly mode: 'none' } | TokenAccess | JwtAccess;

type Mode = AccessSettings['mode'];

const modes = createModes<Mode>('GATEWAY_AUTH', 'none', {
  none: [],
  tokens: ['GATEWAY_TOKENS_FILE'],
  jwt: ['GATEWAY_JWKS_URL', 'GATEWAY_JWT_PUBLIC_KEY', 'GATEWAY_JWT_ISSUER', 'GATEWAY_JWT_AUDIENCE'],
});

const publicKey = z
  .string()
  .transform(parsePublicKey)
  .refine((key): key is KeyObject => key !== null, {
    error: 'a public key as PEM or JWK: RSA of at least 2048 bits, EC on P-256, P-384 or P-521, or Ed25519',
  });

/** Who can change keys on their way here can make tokens. */
const isSafe = ({ protocol, hostname, username }: URL): boolean =>
  username === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)));

const keysUrl = z
  .string()
  .transform((text) => URL.parse(text))
  .refine((url): url is URL => url !== null && isSafe(url), {
    error: 'an https address without user or password (http on this machine only)',
  });

/** The variables of who may call: how each is parsed, its default, and what --help says of it. */
export const accessVariables = {
  GATEWAY_AUTH: z
    .enum(modes.names, { error: `one of ${modes.names.join(', ')}` })
    .prefault('none')
    .describe('How callers of the gateway say who they are: none, tokens or jwt.'),
  GATEWAY_TOKENS_FILE: z
    .string()
    .optional()
    .describe('For GATEWAY_AUTH=tokens: a JSON file of names, SHA-256 digests and scopes.'),
  GATEWAY_JWKS_URL: keysUrl.optional().describe('For GATEWAY_AUTH=jwt: where the keys of the issuer are.'),
  GATEWAY_JWT_PUBLIC_KEY: publicKey
    .optional()
    .describe('For GATEWAY_AUTH=jwt: in place of GATEWAY_JWKS_URL one public key, PEM or JWK.'),
  GATEWAY_JWT_ISSUER: z.string().optional().describe('For GATEWAY_AUTH=jwt: what iss has to be.'),
  GATEWAY_JWT_AUDIENCE: z.string().optional().describe('For GATEWAY_AUTH=jwt: what aud has to be or hold.'),
};

/** Null where GATEWAY_AUTH is none of them, which is told elsewhere. */
export const accessModeOf = modes.modeOf;

/** What the file of tokens holds; null where none is used. */
export const givenTokens = (given: Given): TokenList | null => {
  const file = given['GATEWAY_TOKENS_FILE'];
  return modes.modeOf(given) === 'tokens' && file !== undefined ? readTokenFile(file) : null;
};

const problemsWith = (mode: Exclude<Mode, 'none'>, given: Given): string[] => {
  if (mode === 'tokens') return modes.missing(given, mode, ['GATEWAY_TOKENS_FILE']);
  const keys = ['GATEWAY_JWKS_URL', 'GATEWAY_JWT_PUBLIC_KEY'].filter((name) => given[name] !== undefined);
  return [
    ...(keys.length === 1
      ? []
      : ['GATEWAY_JWKS_URL: GATEWAY_AUTH=jwt needs either this or GATEWAY_JWT_PUBLIC_KEY, and not both.']),
    ...modes.missing(given, mode, ['GATEWAY_JWT_ISSUER', 'GATEWAY_JWT_AUDIENCE']),
  ];
};

/** A sentence on whatever is missing, of no use, wrong inside the token file, or not to be had together. */
export const accessProblems = (given: Given, tokenList: TokenList | null): string[] => {
  const mode = modes.modeOf(given);
  if (mode === null) return [];
  const unused = modes.unused(given, mode);
  if (mode === 'none') return unused;
  const inFile = tokenList?.problems ?? [];
  const isTogether = (given['WIX_AUTH'] ?? 'passthrough') === 'passthrough';
  return [
    ...problemsWith(mode, given),
    ...unused,
    ...inFile.map((problem) => `GATEWAY_TOKENS_FILE: ${problem}`),
    ...(isTogether
      ? [
          `GATEWAY_AUTH: ${mode} needs WIX_AUTH=api-key or app. With WIX_AUTH=passthrough the Authorization of a caller is a credential of Wix, so it cannot be one of the gateway too, and Wix decides.`,
        ]
      : []),
  ];
};

type Parsed = z.infer<z.ZodObject<typeof accessVariables>>;

/** Null where something is missing. */
export const accessSettings = (parsed: Parsed, tokenList: TokenList | null): AccessSettings | null => {
  const { GATEWAY_AUTH: mode } = parsed;
  if (mode === 'none') return { mode };
  if (mode === 'tokens') {
    const { GATEWAY_TOKENS_FILE: file } = parsed;
    const tokens = tokenList?.tokens;
    return file && tokens ? { mode, file, tokens } : null;
  }
  const {
    GATEWAY_JWKS_URL: url,
    GATEWAY_JWT_PUBLIC_KEY: key,
    GATEWAY_JWT_ISSUER: issuer,
    GATEWAY_JWT_AUDIENCE: audience,
  } = parsed;
  const keys = url ? { url } : key ? { publicKey: key } : null;
  return keys && issuer && audience ? { mode, keys, issuer, audience } : null;
};

/** For the log, without secrets. */
export const describeAccess = (settings: AccessSettings): string => {
  switch (settings.mode) {
    case 'none':
      return 'anyone who reaches this address';
    case 'tokens':
      return `holders of ${settings.tokens.length} tokens`;
    case 'jwt':
      return `holders of a JWT of ${settings.issuer}`;
  }
};
