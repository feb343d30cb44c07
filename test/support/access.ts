import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';
import type { AccessSettings } from '../../src/config/access-settings.ts';
import { readTokenFile } from '../../src/config/token-file.ts';
import { type Reply, startScriptedUpstream } from './scripted-upstream.ts';

/** What lets a gateway act with rights of its own, as variables and as settings. */
export const ownRights = { WIX_AUTH: 'api-key', WIX_API_KEY: 'gateway-key', WIX_SITE_ID: 'site-1' };
export const ownKey = { mode: 'api-key', scheme: 'bare', apiKey: 'gateway-key', siteId: 'site-1' } as const;

export const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');

/** Tokens by their names, and what they may do. */
export const tokenOf = (name: string) => `CANARY-token-of-${name}`;
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const entry = (name: string, scopes: readonly string[] = ['jobs:read', 'jobs:write']) => ({
  name,
  sha256: sha256(tokenOf(name)),
  scopes,
});

export interface TokenFile {
  readonly path: string;
  readonly settings: () => AccessSettings;
  /** Puts another file in its place, as editors and Kubernetes do. */
  replace(content: unknown): Promise<void>;
  /** Writes into the file as it is. */
  write(content: unknown): Promise<void>;
}

const textOf = (content: unknown) => (typeof content === 'string' ? content : JSON.stringify(content));

export const createTokenFile = async (content: unknown): Promise<TokenFile> => {
  const folder = await mkdtemp(join(tmpdir(), 'tokens-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'tokens.json');
  const write = (next: unknown) => writeFile(path, textOf(next));
  await write(content);
  return {
    path,
    write,
    settings() {
      const { tokens, problems } = readTokenFile(path);
      if (!tokens) throw new Error(problems.join('\n'));
      return { mode: 'tokens', file: path, tokens };
    },
    async replace(next) {
      await writeFile(`${path}.new`, textOf(next));
      await rename(`${path}.new`, path);
    },
  };
};

export const issuerName = 'https://issuer.test/';
export const audience = 'jobs-gateway';

export interface Key {
  readonly kid: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

export const createKey = async (kid: string, algorithm = 'RS256'): Promise<Key> => {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
};

/** A token as it should be, unless told otherwise; undefined leaves a claim out. */
export const sign = (
  { kid, privateKey }: Key,
  now: number,
  claims: Readonly<Record<string, unknown>> = {},
  alg = 'RS256',
): Promise<string> => {
  const seconds = Math.floor(now / 1000);
  return new SignJWT({
    iss: issuerName,
    aud: audience,
    sub: 'dashboard',
    exp: seconds + 600,
    scope: 'openid jobs:read jobs:write',
    canary: 'CANARY-claim',
    ...claims,
  })
    .setProtectedHeader({ alg, kid })
    .sign(privateKey);
};

/** Serves a key set on loopback; `answer` is what it says at present. */
export const startIssuer = async (...keys: readonly Key[]) => {
  const setOf = (some: readonly Key[]): Reply => ({ json: { keys: some.map(({ jwk }) => jwk) } });
  const issuer = { answer: (): Reply | Promise<Reply> => setOf(keys) };
  const server = await startScriptedUpstream(() => issuer.answer());
  const url = new URL('/jwks', server.url);
  return {
    url,
    count: () => server.count(),
    /** From now on it has these keys and no other. */
    rotate: (...next: readonly Key[]) => {
      issuer.answer = () => setOf(next);
    },
    say: (reply: Reply | Promise<Reply>) => {
      issuer.answer = () => reply;
    },
    settings: { mode: 'jwt', keys: { url }, issuer: issuerName, audience } satisfies AccessSettings,
    env: {
      GATEWAY_AUTH: 'jwt',
      GATEWAY_JWKS_URL: url.href,
      GATEWAY_JWT_ISSUER: issuerName,
      GATEWAY_JWT_AUDIENCE: audience,
    },
  };
};
