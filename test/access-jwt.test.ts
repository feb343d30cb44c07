import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { noLimits } from '../src/config/limit-settings.ts';
import { parsePublicKey } from '../src/config/public-key.ts';
import {
  audience,
  bearer,
  createKey,
  issuerName,
  type Key,
  ownKey,
  sign,
  startIssuer,
} from './support/access.ts';
import { createFakeClock, within } from './support/fake-clock.ts';
import { openGateway, type TestOptions } from './support/gateway.ts';
import { openSocket, watchByEvents } from './support/live-client.ts';
import { openClockedServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid, jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const list = '{ jobs { nodes { id } } }';
const mutation = 'mutation { terminateJob(input: { id: "x" }) { userErrors { code } } }';
const watchOne = `subscription { jobUpdated(id: "${guid(0)}") { kind } }`;
const [key, other] = await Promise.all([createKey('first'), createKey('second')]);

const openWithJwt = async (keys: readonly Key[] = [key], options: TestOptions = {}) => {
  const issuer = await startIssuer(...keys);
  const upstream = await startScriptedUpstream(() => jobsPage([]));
  const clock = createFakeClock();
  const { log, lines } = memoryLog();
  const gateway = openGateway(upstream.url, {
    credentials: ownKey,
    access: issuer.settings,
    clock,
    log,
    ...options,
  });
  const ask = (token: string, query = list) => gateway.ask(query, bearer(token));
  const statusOf = async (token: string) => (await ask(token)).status;
  return { issuer, upstream, clock, lines, ask, statusOf };
};

describe('a JWT', () => {
  it('that is wrong shuts out no neighbour, not even one with a new token', async () => {
    const issuer = await startIssuer(key);
    const jobs = await startMovingJobs(0);
    const clock = createFakeClock();
    const limits = { ...noLimits, failedAuthsPerMinute: 1 };
    const server = await openClockedServer(jobs.url, clock, {
      credentials: ownKey,
      access: issuer.settings,
      limits,
    });
    const statusOf = async (token: string) => (await server.ask(list, bearer(token))).status;
    const wrong = await sign({ ...other, kid: key.kid }, clock.now());
    for (let n = 0; n < 3; n += 1) expect(await statusOf(wrong)).toBe(401);
    expect(await statusOf(await sign(key, clock.now(), { sub: 'neighbour' }))).toBe(200);
  });

  it.each(['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    'signed with %s is accepted',
    async (alg) => {
      const signer = await createKey('k', alg);
      const { clock, statusOf, upstream } = await openWithJwt([other, signer]);
      expect(await statusOf(await sign(signer, clock.now(), {}, alg))).toBe(200);
      expect(upstream.calls[0]?.headers.authorization).toBe('gateway-key');
    },
  );

  const hmacOfPublicKey = async (now: number) => {
    const pem = createPublicKey({ key: key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    return new SignJWT({
      iss: issuerName,
      aud: audience,
      exp: now / 1000 + 600,
      scope: 'jobs:read',
      canary: 'CANARY',
    })
      .setProtectedHeader({ alg: 'HS256', kid: key.kid })
      .sign(createSecretKey(Buffer.from(String(pem))));
  };
  const unsigned = async (now: number) =>
    new UnsecuredJWT({ iss: issuerName, aud: audience, exp: now / 1000 + 600, scope: 'jobs:read' }).encode();
  const withClaims = (claims: Readonly<Record<string, unknown>>) => (now: number) => sign(key, now, claims);
  const seconds = (now: number, more: number) => now / 1000 + more;
  const cut = (token: string, part: number, text: string) =>
    token
      .split('.')
      .map((each, at) => (at === part ? text : each))
      .join('.');

  it.each<[string, (now: number) => Promise<string>, RegExp]>([
    ['alg none', unsigned, /signed|JWT/],
    ['HS256 and the public key', hmacOfPublicKey, /not signed in a way/],
    ['a key of somebody else', (now) => sign({ ...other, kid: key.kid }, now), /not signed with a key/],
    ['a key that is not there', (now) => sign(other, now), /not signed with a key/],
    ['another issuer', withClaims({ iss: 'https://evil.test/' }), /issuer/],
    ['no issuer', withClaims({ iss: undefined }), /issuer/],
    ['another audience', withClaims({ aud: 'something else' }), /audience/],
    ['no audience', withClaims({ aud: undefined }), /audience/],
    ['an end that is past', (now) => sign(key, now, { exp: seconds(now, -6) }), /has expired/],
    ['no end', withClaims({ exp: undefined }), /without end/],
    ['an end that no date can say', withClaims({ exp: 1e300 }), /without end/],
    ['an end that is just beyond all dates', withClaims({ exp: 8.64e12 + 1 }), /without end/],
    ['an end that is no time', withClaims({ exp: 'CANARY' }), /claim|exp/],
    ['a beginning to come', (now) => sign(key, now, { nbf: seconds(now, 6) }), /not valid yet/],
    [
      'other claims than were signed',
      async (now) => cut(await sign(key, now), 1, btoa('{"sub":"CANARY"}')),
      /not signed with a key/,
    ],
    ['no signature', async (now) => cut(await sign(key, now), 2, ''), /not signed with a key/],
    ['two parts', async (now) => (await sign(key, now)).split('.').slice(0, 2).join('.'), /no JWT/],
    ['nonsense', async () => 'CANARY', /no JWT/],
  ])('with %s is refused in one sentence that says what to do', async (_what, make, message) => {
    const { clock, ask, upstream, lines } = await openWithJwt();
    const token = await make(clock.now());
    const answer = await ask(token);
    expect(answer).toEqual({
      status: 401,
      errors: [{ message: expect.stringMatching(message), extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(answer.errors?.[0]?.message).toMatch(/Get a |Ask again later/);
    expect(JSON.stringify(answer) + lines.join()).not.toContain('CANARY');
    for (const part of token.split('.').filter((each) => each.length > 5))
      expect(JSON.stringify(answer) + lines.join()).not.toContain(part);
    expect(upstream.count()).toBe(0);
  });

  it('may be seconds early or late, as clocks are', async () => {
    const { clock, statusOf } = await openWithJwt();
    expect(await statusOf(await sign(key, clock.now(), { exp: seconds(clock.now(), -4) }))).toBe(200);
    expect(await statusOf(await sign(key, clock.now(), { nbf: seconds(clock.now(), 4) }))).toBe(200);
  });

  it('may be for several audiences', async () => {
    const { clock, statusOf } = await openWithJwt();
    expect(await statusOf(await sign(key, clock.now(), { aud: ['a', audience] }))).toBe(200);
  });

  it.each<[string, Record<string, unknown>, number, number]>([
    ['scope', { scope: 'openid jobs:read' }, 200, 403],
    ['scp as words', { scope: undefined, scp: 'jobs:read jobs:write' }, 200, 200],
    ['scp as a list', { scope: undefined, scp: ['jobs:read'] }, 200, 403],
    ['both', { scope: 'jobs:read', scp: ['jobs:write'] }, 200, 200],
    ['neither', { scope: undefined }, 403, 403],
    ['longer words', { scope: 'jobs:read:all xjobs:write', scp: [['jobs:read']] }, 403, 403],
  ])('says its scopes in %s', async (_what, claims, reading, writing) => {
    const { clock, ask } = await openWithJwt();
    const token = await sign(key, clock.now(), claims);
    expect([(await ask(token)).status, (await ask(token, mutation)).status]).toEqual([reading, writing]);
  });

  it('may be checked with one key of the settings, PEM on one line or JWK', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const text of [
      pem,
      pem.replaceAll('\n', '\\n'),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
    ]) {
      const parsed = parsePublicKey(text);
      if (parsed === null) throw new Error('It is a public key.');
      const access = { mode: 'jwt', keys: { publicKey: parsed }, issuer: issuerName, audience } as const;
      const { clock, statusOf, issuer } = await openWithJwt([], { access });
      const token = await new SignJWT({
        iss: issuerName,
        aud: audience,
        exp: clock.now() / 1000 + 9,
        scope: 'jobs:read',
      })
        .setProtectedHeader({ alg: 'PS256' })
        .sign(privateKey);
      expect([await statusOf(token), await statusOf(await sign(key, clock.now()))]).toEqual([200, 401]);
      expect(issuer.count()).toBe(0);
    }
  });
});

describe('the keys of the issuer', () => {
  it('are fetched once for many who come at the same time, and when first needed', async () => {
    const { clock, ask, issuer } = await openWithJwt();
    expect(issuer.count()).toBe(0);
    const token = await sign(key, clock.now());
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(issuer.count()).toBe(1);
  });

  it('may be new: a token that names one is accepted at once, and one of a key that is gone is out', async () => {
    const { clock, statusOf, issuer } = await openWithJwt();
    const [old, fresh] = [await sign(key, clock.now()), await sign(other, clock.now())];
    expect(await statusOf(old)).toBe(200);
    issuer.rotate(other);
    expect(await statusOf(fresh)).toBe(200);
    expect(issuer.count()).toBe(2);
    await clock.advance(10_000);
    expect(await statusOf(old)).toBe(401);
  });

  it('that are gone are out within a minute, though no token asks for a new one', async () => {
    const { clock, statusOf, issuer } = await openWithJwt();
    const token = await sign(key, clock.now());
    expect(await statusOf(token)).toBe(200);
    issuer.rotate(other);
    await clock.advance(60_000);
    expect(await statusOf(token)).toBe(401);
  });

  it('are not asked for again and again for tokens that name keys at random', async () => {
    const { clock, statusOf, issuer } = await openWithJwt();
    const random = async (n: number) => statusOf(await sign({ ...other, kid: `random-${n}` }, clock.now()));
    expect(await random(0)).toBe(401);
    for (let n = 1; n < 20; n += 1) expect(await random(n)).toBe(503);
    expect(issuer.count()).toBe(2);
  });

  it('that are new meanwhile cannot be told, and are good a little later', async () => {
    const { clock, ask, statusOf, issuer } = await openWithJwt();
    expect(await statusOf(await sign({ ...other, kid: 'random' }, clock.now()))).toBe(401);
    issuer.rotate(other);
    await clock.advance(4000);
    const fresh = await sign(other, clock.now());
    expect((await ask(fresh)).errors?.[0]?.extensions).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      retryAfterMs: 6000,
    });
    await clock.advance(6000);
    expect(await statusOf(fresh)).toBe(200);
  });

  it('may be several for a token that names none', async () => {
    const { clock, statusOf } = await openWithJwt([key, other]);
    const tokenOf = ({ privateKey }: Key) =>
      new SignJWT({ iss: issuerName, aud: audience, exp: clock.now() / 1000 + 9, scope: 'jobs:read' })
        .setProtectedHeader({ alg: 'RS256' })
        .sign(privateKey);
    const stranger = await createKey('third');
    const statuses = [];
    for (const each of [key, other, stranger]) statuses.push(await statusOf(await tokenOf(each)));
    expect(statuses).toEqual([200, 200, 401]);
  });

  it.each([
    ['an error', { status: 500, text: 'CANARY' }],
    ['a page', { text: '<html>CANARY' }],
    ['no key set', { json: { keys: 'CANARY' } }],
    ['a redirect', { status: 302, text: '', headers: { location: 'http://127.0.0.1:9/' } }],
    ['far too much', { text: `{"keys":[],"x":"${'x'.repeat(200_000)}"}` }],
    ['nothing', 'reset'],
  ] as const)(
    'that cannot be had (%s) are not the fault of the token, and are asked for again',
    async (_what, reply) => {
      const { clock, ask, statusOf, issuer, lines } = await openWithJwt();
      issuer.say(reply);
      const token = await sign(key, clock.now());
      expect(await ask(token)).toEqual({
        status: 503,
        errors: [
          {
            message: expect.stringContaining('GATEWAY_JWKS_URL'),
            extensions: { code: 'UPSTREAM_UNAVAILABLE' },
          },
        ],
      });
      expect(await statusOf(token)).toBe(503);
      expect(issuer.count()).toBe(1);
      expect(lines.join()).not.toContain('CANARY');
      issuer.rotate(key);
      await clock.advance(1000);
      expect(await statusOf(token)).toBe(200);
    },
  );

  it('are good beside one that is none', async () => {
    const { clock, statusOf, issuer } = await openWithJwt();
    issuer.say({ json: { keys: [null, 'x', [], {}, { kty: 'RSA' }, key.jwk] } });
    expect(await statusOf(await sign(key, clock.now()))).toBe(200);
  });

  it('that do not come in 5 seconds are given up', async () => {
    const { clock, ask, issuer } = await openWithJwt();
    issuer.say('hang');
    const asking = ask(await sign(key, clock.now()));
    expect((await within(clock, asking)).status).toBe(503);
    expect(clock.now()).toBeGreaterThanOrEqual(createFakeClock().now() + 5000);
  });

  it('stay good while the issuer is away, and only unknown ones cannot be told', async () => {
    const { clock, statusOf, issuer } = await openWithJwt();
    expect(await statusOf(await sign(key, clock.now()))).toBe(200);
    issuer.say({ status: 500, text: '' });
    for (let minutes = 0; minutes < 10; minutes += 1) {
      await clock.advance(60_000);
      expect(await statusOf(await sign(key, clock.now()))).toBe(200);
    }
    expect(await statusOf(await sign(other, clock.now()))).toBe(503);
    issuer.rotate(other);
    await clock.advance(60_000);
    expect(await statusOf(await sign(other, clock.now()))).toBe(200);
  });
});

describe('a token that ends', () => {
  const openLive = async () => {
    const issuer = await startIssuer(key);
    const jobs = await startMovingJobs(1);
    const clock = createFakeClock();
    const server = await openClockedServer(jobs.url, clock, { credentials: ownKey, access: issuer.settings });
    const token = (life: number) => sign(key, clock.now(), { exp: Math.floor(clock.now() / 1000) + life });
    return { issuer, jobs, clock, ...server, token };
  };

  it('closes its WebSocket with 4403 at that moment, and nothing more is polled', async () => {
    const { jobs, clock, url, token } = await openLive();
    const ends = clock.now() + 60_000;
    const { operate, closed, socket } = await openSocket(url, { params: bearer(await token(60)) });
    const stays = await openSocket(url, { params: bearer(await token(6000)) });
    await within(clock, operate(watchOne).next());
    await clock.advance(ends - 1 - clock.now());
    await stays.roundTrip();
    expect(socket.readyState).toBe(socket.OPEN);
    await clock.advance(1);
    expect(await closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' });
    const asked = jobs.count();
    await clock.advance(60_000);
    expect(jobs.count()).toBe(asked);
    expect(stays.socket.readyState).toBe(stays.socket.OPEN);
  });

  it('is refused with 4403 when it has ended before, for the client may get another', async () => {
    const { url, token } = await openLive();
    const { send, closed } = await openSocket(url, { greet: false });
    send({ type: 'connection_init', payload: bearer(await token(-10)) });
    expect((await closed).code).toBe(4403);
  });

  it('in a hundred years keeps one timer beside that of the keys, which no clock is too short for', async () => {
    const { url, token, clock } = await openLive();
    const before = clock.pending;
    const { roundTrip } = await openSocket(url, { params: bearer(await token(3_000_000_000)) });
    expect(clock.pending).toBe(before + 2);
    await clock.advance(14_000);
    await roundTrip();
    expect(clock.pending).toBe(before + 2);
  });

  it('ends its event stream with an error', async () => {
    const { clock, url, token } = await openLive();
    const stream = watchByEvents(url, watchOne, { headers: bearer(await token(60)) });
    expect((await within(clock, stream.next())).type).toBe('next');
    await clock.advance(60_000);
    expect(await stream.next()).toMatchObject({
      type: 'error',
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });
});

describe('a token whose key is withdrawn', () => {
  const openBoth = async () => {
    const issuer = await startIssuer(key, other);
    const jobs = await startMovingJobs(1);
    const clock = createFakeClock();
    const server = await openClockedServer(jobs.url, clock, { credentials: ownKey, access: issuer.settings });
    const [stays, goes] = await Promise.all([key, other].map((each) => sign(each, clock.now())));
    return { issuer, clock, ...server, stays: bearer(stays ?? ''), goes: bearer(goes ?? '') };
  };

  it.each(['while others are asked with', 'while nobody asks'])(
    'ends its WebSockets and event streams within a minute %s, and no others',
    async (how) => {
      const { issuer, clock, url, ask, stays, goes } = await openBoth();
      const lasting = await openSocket(url, { params: stays });
      const { closed } = await openSocket(url, { params: goes });
      const stream = watchByEvents(url, watchOne, { headers: goes });
      expect((await within(clock, stream.next())).type).toBe('next');
      issuer.rotate(key);
      const withdrawnAt = clock.now();
      for (let n = 0; n < 2; n += 1) {
        await clock.advance(15_000);
        if (how.includes('others')) await ask(list, stays);
      }
      expect(await within(clock, closed)).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' });
      expect(await stream.next()).toMatchObject({
        type: 'error',
        errors: [{ message: expect.stringContaining('no longer accepted') }],
      });
      expect(clock.now() - withdrawnAt).toBeLessThan(60_000);
      await lasting.roundTrip();
      expect((await ask(list, stays)).status).toBe(200);
    },
  );

  it('stays while the issuer is away', async () => {
    const { issuer, clock, url, goes } = await openBoth();
    const { roundTrip, socket } = await openSocket(url, { params: goes });
    issuer.say({ status: 500, text: '' });
    for (let n = 0; n < 8; n += 1) {
      await clock.advance(15_000);
      await roundTrip();
    }
    // the gateway's own question to the issuer takes real time, and the next waits for its answer
    const asked = async () => {
      await clock.advance(1000);
      return issuer.count();
    };
    await expect.poll(asked, { timeout: 30_000 }).toBeGreaterThan(1);
    await roundTrip();
    expect(socket.readyState).toBe(socket.OPEN);
  });
});

describe('idempotency keys', () => {
  it('belong to whom a JWT names, whatever its words, and to itself where it names nobody', async () => {
    const { clock, ask } = await openWithJwt([key], {});
    // upstream's answer makes no sense as a job, so the fate of the submit is remembered as unknown
    const submit = `mutation { submitJob(input: { idempotencyKey: "k", source: { wixDataCollection: { collectionId: "a" } }, destination: { file: { format: CSV } } }) { userErrors { code } } }`;
    const other = submit.replace('"a"', '"b"');
    const asAgain = async (first: object, second: object) => {
      const token = async (claims: object) => sign(key, clock.now(), { ...claims });
      await within(clock, ask(await token(first), submit));
      const { data } = await within(clock, ask(await token(second), other));
      return data?.submitJob?.userErrors[0]?.code ?? null;
    };
    expect(await asAgain({ sub: 'a', jti: '1' }, { sub: 'a', jti: '2' })).toBe('CONFLICT');
    expect(await asAgain({ sub: 'b' }, { sub: 'c' })).toBeNull();
    expect(await asAgain({ sub: 'd' }, { sub: undefined, client_id: 'd' })).toBeNull();
    expect(await asAgain({ sub: undefined, jti: '1' }, { sub: undefined, jti: '2' })).toBeNull();
  });
});
