import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { readTokenFile } from '../src/config/token-file.ts';
import { readConfig } from '../src/config.ts';
import { createTokenFile, entry, ownRights } from './support/access.ts';

vi.mock('../src/config/token-file.ts', { spy: true });

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const jwt = {
  ...ownRights,
  GATEWAY_AUTH: 'jwt',
  GATEWAY_JWT_ISSUER: 'https://issuer.test',
  GATEWAY_JWT_AUDIENCE: 'jobs',
};
const jwks = { ...jwt, GATEWAY_JWKS_URL: 'https://issuer.test/jwks' };
const withTokens = (path: string) => ({ ...ownRights, GATEWAY_AUTH: 'tokens', GATEWAY_TOKENS_FILE: path });
const problemsOf = (env: Record<string, string>) => readConfig(env).problems ?? [];

describe('GATEWAY_AUTH', () => {
  it('is none unless said otherwise', () => {
    expect(readConfig({}).config?.access).toEqual({ mode: 'none' });
  });

  it('is what the environment says', async () => {
    const { path } = await createTokenFile([entry('dashboard', ['jobs:read'])]);
    expect(readConfig(withTokens(path)).config?.access).toEqual({
      mode: 'tokens',
      file: path,
      tokens: [entry('dashboard', ['jobs:read'])],
    });
    expect(readConfig(jwks).config?.access).toEqual({
      mode: 'jwt',
      keys: { url: new URL('https://issuer.test/jwks') },
      issuer: 'https://issuer.test',
      audience: 'jobs',
    });
    expect(readConfig({ ...jwt, GATEWAY_JWT_PUBLIC_KEY: pem }).config?.access).toMatchObject({
      mode: 'jwt',
      audience: 'jobs',
    });
  });

  it('reads the file of tokens once: it may be replaced just then', async () => {
    const { path } = await createTokenFile([entry('dashboard')]);
    vi.mocked(readTokenFile).mockClear();
    expect(readConfig(withTokens(path)).config?.access.mode).toBe('tokens');
    expect(readTokenFile).toHaveBeenCalledTimes(1);
  });

  it('needs rights of the gateway: with passthrough the Authorization is for Wix', async () => {
    const { path } = await createTokenFile([entry('dashboard')]);
    for (const [mode, env] of [
      ['tokens', withTokens(path)],
      ['jwt', jwks],
    ] as const) {
      const { WIX_AUTH: _auth, WIX_API_KEY: _key, WIX_SITE_ID: _site, ...rest } = env;
      expect(problemsOf(rest)).toEqual([
        expect.stringMatching(`^GATEWAY_AUTH: ${mode} needs WIX_AUTH=api-key or app\\.`),
      ]);
    }
  });

  it('lets the gateway listen to other machines', () => {
    expect(problemsOf({ ...ownRights, HOST: '0.0.0.0' })[0]).toMatch(/^HOST: .*GATEWAY_AUTH=tokens or jwt/);
    expect(readConfig({ ...jwks, HOST: '0.0.0.0' }).config?.host).toBe('0.0.0.0');
  });

  it('says all that is missing, and all that is of no use', () => {
    expect(problemsOf({ ...ownRights, GATEWAY_AUTH: 'tokens' })).toEqual([
      'GATEWAY_TOKENS_FILE: is missing, and GATEWAY_AUTH=tokens needs it.',
    ]);
    expect(problemsOf({ ...ownRights, GATEWAY_AUTH: 'jwt' }).map((problem) => problem.split(':')[0])).toEqual(
      ['GATEWAY_JWKS_URL', 'GATEWAY_JWT_ISSUER', 'GATEWAY_JWT_AUDIENCE'],
    );
    expect(problemsOf({ ...jwks, GATEWAY_JWT_PUBLIC_KEY: pem })).toEqual([
      'GATEWAY_JWKS_URL: GATEWAY_AUTH=jwt needs either this or GATEWAY_JWT_PUBLIC_KEY, and not both.',
    ]);
    expect(problemsOf({ GATEWAY_JWT_ISSUER: 'x' })).toEqual([
      'GATEWAY_JWT_ISSUER: is set, but only GATEWAY_AUTH=jwt uses it and GATEWAY_AUTH is none. Set GATEWAY_AUTH=jwt, or leave it out.',
    ]);
    expect(problemsOf({ GATEWAY_AUTH: 'CANARY' })).toEqual([
      'GATEWAY_AUTH: what it holds is not one of none, tokens, jwt.',
    ]);
  });
});

describe('the token file', () => {
  it.each<[string, unknown, string[]]>([
    ['no JSON', 'CANARY', ['it is not JSON.']],
    ['no list', { name: 'CANARY' }, ['it is not a list.']],
    ['an entry that is none', ['CANARY'], ['entry 1 is not { name, sha256, scopes }.']],
    [
      'everything wrong at once',
      [
        entry('fine'),
        { name: 'CANARY\n', sha256: 'CANARY', scopes: ['CANARY', 'jobs:read'] },
        { ...entry('x'), scopes: 'CANARY', token: 'CANARY' },
        {},
      ],
      [
        'entry 2.name is not 1 to 100 characters without line breaks.',
        "entry 2.sha256 is not 64 hexadecimal digits, the token's SHA-256.",
        'entry 2.scopes.1 is not one of jobs:read, jobs:write.',
        'entry 3.scopes is not a list.',
        'entry 3 has more than name, sha256 and scopes.',
        'entry 4.name is not a text.',
        'entry 4.sha256 is not a text.',
        'entry 4.scopes is not a list.',
      ],
    ],
    [
      'a token twice',
      [entry('a'), { ...entry('a'), name: 'b', sha256: entry('a').sha256.toUpperCase() }],
      ['entry 2 has the sha256 of entry 1: a token belongs to one caller.'],
    ],
    ['too many', Array.from({ length: 1001 }, (_, n) => entry(`${n}`)), ['it has more than 1000 entries.']],
    ['too much', ' '.repeat(2_000_000), ['it is no file of at most 1 MiB.']],
  ])('with %s is told at the start, by place and not by content', async (_what, content, problems) => {
    const { path } = await createTokenFile(content);
    const told = problemsOf(withTokens(path));
    expect(told).toEqual(problems.map((problem) => `GATEWAY_TOKENS_FILE: ${problem}`));
    expect(told.join()).not.toContain('CANARY');
  });

  it('that is not there, or is no file, is told', () => {
    expect(problemsOf(withTokens('/nowhere/tokens.json'))).toEqual([
      'GATEWAY_TOKENS_FILE: it cannot be read (ENOENT).',
    ]);
    expect(problemsOf(withTokens('/dev/zero'))).toEqual([
      'GATEWAY_TOKENS_FILE: it is no file of at most 1 MiB.',
    ]);
  });
});

describe('keys', () => {
  it.each([
    ['a private key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a private JWK', JSON.stringify(privateKey.export({ format: 'jwk' }))],
    ['a shared secret', '{"kty":"oct","k":"Q0FOQVJZ"}'],
    [
      'a short key',
      generateKeyPairSync('rsa', { modulusLength: 1024 })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
    ],
    [
      'an unusual curve',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
    ],
    ['nonsense', 'CANARY'],
  ])('of %s are refused without repeating them', (_what, text) => {
    const problems = problemsOf({ ...jwt, GATEWAY_JWT_PUBLIC_KEY: text });
    expect(problems).toEqual([
      expect.stringMatching(/^GATEWAY_JWT_PUBLIC_KEY: what it holds is not a public key/),
    ]);
  });

  it.each(['http://issuer.test/jwks', 'https://me:CANARY@issuer.test/', 'file:///etc/passwd', 'issuer.test'])(
    'are not fetched from %s',
    (url) => {
      const problems = problemsOf({ ...jwt, GATEWAY_JWKS_URL: url });
      expect(problems).toEqual([
        expect.stringMatching(/^GATEWAY_JWKS_URL: what it holds is not an https address/),
      ]);
    },
  );

  it.each(['http://127.0.0.1:9/jwks', 'http://localhost/jwks', 'http://[::1]/jwks'])(
    'may come from this machine without encryption: %s',
    (url) => {
      expect(problemsOf({ ...jwt, GATEWAY_JWKS_URL: url })).toEqual([]);
    },
  );
});
