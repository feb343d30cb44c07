import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { noLimits } from '../src/config/limit-settings.ts';
import { readConfig } from '../src/config.ts';
import { type Log, silentLog } from '../src/telemetry/log.ts';
import { bearer, createTokenFile, entry, ownKey, tokenOf } from './support/access.ts';
import { createFakeClock, within } from './support/fake-clock.ts';
import { askForEvents, openSocket, readEvents } from './support/live-client.ts';
import { openClockedServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { startMovingJobs } from './support/moving-jobs.ts';

const names = ['one', 'other', 'third'];
const alive = '{ __typename }';

const limitsOf = (env: Record<string, string>) => {
  const { config, problems } = readConfig({ FAILED_AUTHS_PER_MINUTE: '0', ...env });
  if (!config) throw new Error(problems.join('\n'));
  return config.limits;
};

/** A server with tokens and limits, and what it answers to whom: a status, or RATE_LIMITED and how long to wait. */
const openLimited = async (env: Record<string, string>, withTokens = true, log: Log = silentLog) => {
  const file = await createTokenFile(names.map((name) => entry(name)));
  const jobs = await startMovingJobs(0);
  const clock = createFakeClock();
  const server = await openClockedServer(jobs.url, clock, {
    ...(withTokens ? { credentials: ownKey, access: file.settings() } : {}),
    limits: limitsOf(env),
    log,
  });
  const send = async (authorization: string, forwardedFor?: string) => {
    const { status, errors } = await server.ask(alive, {
      authorization,
      ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
    });
    return errors ? [status, errors[0]?.extensions.code, errors[0]?.extensions.retryAfterMs] : [status];
  };
  const as = (name: string, forwardedFor?: string) => send(`Bearer ${tokenOf(name)}`, forwardedFor);
  return { ...server, clock, send, as };
};

const limited = (ms: number) => [429, 'RATE_LIMITED', ms];

describe('operations', () => {
  it('of a caller are so many in a minute, and then as many as the time that has passed gives', async () => {
    const { as, clock } = await openLimited({ CALLER_OPERATIONS_PER_MINUTE: '3' });
    for (let n = 0; n < 3; n += 1) expect(await as('one')).toEqual([200]);
    expect(await as('one')).toEqual(limited(20_000));
    expect(await as('other')).toEqual([200]);
    await clock.advance(19_999);
    expect(await as('one')).toEqual(limited(1));
    await clock.advance(1);
    expect([await as('one'), await as('one')]).toEqual([[200], limited(20_000)]);
    await clock.advance(600_000);
    for (let n = 0; n < 3; n += 1) expect(await as('one')).toEqual([200]);
    expect(await as('one')).toEqual(limited(20_000));
  });

  it('of an address are limited over all its callers, known or not, before anything is read', async () => {
    const { as, send, url } = await openLimited({ ADDRESS_OPERATIONS_PER_MINUTE: '3' });
    expect([await as('one'), await as('other')]).toEqual([[200], [200]]);
    expect((await send('Bearer wrong'))[0]).toBe(401);
    expect(await as('third')).toEqual(limited(20_000));
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '20']);
  });

  it('of those who bring their own credential are told apart by it', async () => {
    const { send } = await openLimited({ CALLER_OPERATIONS_PER_MINUTE: '1' }, false);
    expect([await send('a'), await send('a'), await send('b')]).toEqual([[200], limited(60_000), [200]]);
  });

  it('over a WebSocket count like any other', async () => {
    const { url, as } = await openLimited({ CALLER_OPERATIONS_PER_MINUTE: '2' });
    const { operate } = await openSocket(url, { params: bearer(tokenOf('one')) });
    expect((await operate(alive).next()).type).toBe('next');
    expect(await as('one')).toEqual([200]);
    expect(await operate(alive).next()).toMatchObject({
      type: 'error',
      errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterMs: 30_000 } }],
    });
  });

  it('are not limited where nobody said so', async () => {
    const { as } = await openLimited({});
    for (let n = 0; n < 50; n += 1) expect(await as('one')).toEqual([200]);
  });
});

describe('tokens that are not accepted', () => {
  const guess = 'Bearer guess';

  it('close the gate to their address for a while, even to one that would be right', async () => {
    const { send, as, clock } = await openLimited({ FAILED_AUTHS_PER_MINUTE: '3' });
    for (let n = 0; n < 3; n += 1) expect((await send(`${guess}-${n}`))[0]).toBe(401);
    expect(await send(guess)).toEqual(limited(20_000));
    expect(await as('one')).toEqual(limited(20_000));
    await clock.advance(20_000);
    expect(await as('one')).toEqual([200]);
  });

  it('are told to the operator once a minute, with the address that is shut out', async () => {
    const memory = memoryLog();
    const env = { FAILED_AUTHS_PER_MINUTE: '1', TRUSTED_PROXIES: '127.0.0.1' };
    const { send, clock } = await openLimited(env, true, memory.log);
    const complaints = () => memory.events(40).map(({ address, refused }) => [address, refused]);
    await send(guess, '1.1.1.1');
    expect(complaints()).toEqual([]);
    for (let n = 0; n < 3; n += 1) await send(`${guess}-${n}`, '1.1.1.1');
    expect(complaints()).toEqual([['1.1.1.1', 1]]);
    await clock.advance(60_000);
    for (const address of ['1.1.1.2', '1.1.1.2']) await send(guess, address);
    expect(complaints()).toEqual([
      ['1.1.1.1', 1],
      ['1.1.1.2', 3],
    ]);
    expect(memory.lines.join()).not.toContain('guess');
  });

  it('do not shut out a neighbour whose token was accepted there before', async () => {
    const { send, as } = await openLimited({ FAILED_AUTHS_PER_MINUTE: '1' });
    expect(await as('one')).toEqual([200]);
    await send(guess);
    expect([await as('one'), await as('other')]).toEqual([[200], limited(60_000)]);
  });

  it('are not those that are missing', async () => {
    const { url, as } = await openLimited({ FAILED_AUTHS_PER_MINUTE: '1' });
    for (let n = 0; n < 3; n += 1) expect((await fetch(`${url}?query={__typename}`)).status).toBe(401);
    expect(await as('one')).toEqual([200]);
  });

  it('count over WebSockets too, which are told to try again later', async () => {
    const { url } = await openLimited({ FAILED_AUTHS_PER_MINUTE: '1' });
    const greet = async (token: string) => {
      const { send, closed } = await openSocket(url, { greet: false });
      send({ type: 'connection_init', payload: bearer(token) });
      return closed;
    };
    expect((await greet('guess')).code).toBe(4401);
    expect(await greet('another')).toEqual({ code: 1013, reason: 'RATE_LIMITED retryAfterMs=60000' });
  });
});

describe('WebSockets', () => {
  /** The answer to an upgrade. */
  const upgrade = async (url: string) => {
    const asking = get(url, {
      agent: false,
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    const [response]: IncomingMessage[] = await once(asking, 'response');
    let text = '';
    for await (const chunk of response ?? []) text += chunk;
    return {
      status: response?.statusCode,
      retryAfter: response?.headers['retry-after'],
      ...JSON.parse(text),
    };
  };

  it('of an address are so many at a time', async () => {
    const { url, webSockets } = await openLimited({ ADDRESS_SOCKETS: '2' });
    const [first] = [await openSocket(url, { greet: false }), await openSocket(url, { greet: false })];
    expect(await upgrade(url)).toMatchObject({
      status: 429,
      retryAfter: '10',
      errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterMs: 10_000 } }],
    });
    expect(webSockets.count).toBe(2);
    first?.socket.close();
    await first?.closed;
    expect((await openSocket(url, { params: bearer(tokenOf('one')) })).socket.readyState).toBe(
      WebSocket.OPEN,
    );
  });

  it('of an address are opened so often in a minute, whatever became of those before', async () => {
    const { url, clock, webSockets } = await openLimited({ ADDRESS_SOCKETS_PER_MINUTE: '2' });
    for (let n = 0; n < 2; n += 1) {
      const { socket, closed } = await openSocket(url, { greet: false });
      socket.close();
      await closed;
    }
    const refusal = {
      status: 429,
      retryAfter: '30',
      errors: [
        {
          message: expect.stringContaining('WebSockets that this address may open'),
          extensions: { code: 'RATE_LIMITED', retryAfterMs: 30_000 },
        },
      ],
    };
    expect(await upgrade(url)).toMatchObject(refusal);
    expect(webSockets.count).toBe(0);
    await clock.advance(30_000);
    await openSocket(url, { greet: false });
    expect(await upgrade(url)).toMatchObject(refusal);
    expect(webSockets.count).toBe(1);
  });

  it('that an address opens are no operations, and operations open none', async () => {
    const { url, as } = await openLimited({
      ADDRESS_SOCKETS_PER_MINUTE: '1',
      ADDRESS_OPERATIONS_PER_MINUTE: '1',
    });
    expect(await as('one')).toEqual([200]);
    expect((await openSocket(url, { greet: false })).socket.readyState).toBe(WebSocket.OPEN);
  });

  it('of a caller are so many at a time', async () => {
    const { url } = await openLimited({ CALLER_SOCKETS: '1' });
    const first = await openSocket(url, { params: bearer(tokenOf('one')) });
    const second = await openSocket(url, { greet: false });
    second.send({ type: 'connection_init', payload: bearer(tokenOf('one')) });
    expect(await second.closed).toEqual({ code: 1013, reason: 'RATE_LIMITED retryAfterMs=10000' });
    const other = await openSocket(url, { params: bearer(tokenOf('other')) });
    await other.roundTrip();
    first.socket.close();
    await first.closed;
    const again = await openSocket(url, { params: bearer(tokenOf('one')) });
    expect(again.socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe('event streams', () => {
  const eventsOf = async (stream: IncomingMessage) => {
    const texts: string[] = [];
    for await (const { event, text } of readEvents(stream)) if (event === 'next') texts.push(text);
    return texts;
  };
  const watch = { query: 'subscription { jobsUpdated { kind } }' };
  it.each(['ADDRESS_SOCKETS', 'CALLER_SOCKETS'])('count as sockets do: %s', async (name) => {
    const { url, clock } = await openLimited({ [name]: '2' });
    const statusOf = async ({ response }: ReturnType<typeof askForEvents>) =>
      (await within(clock, response)).statusCode;
    const asOne = () => askForEvents(url, watch, bearer(tokenOf('one')));
    const first = asOne();
    expect(await statusOf(first)).toBe(200);
    const socket = await openSocket(url, { params: bearer(tokenOf('one')) });
    // a subscription within a socket is no stream of its own
    socket.operate(watch.query);
    await socket.roundTrip();

    const refused = await within(clock, asOne().response);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '10']);
    expect(JSON.parse((await eventsOf(refused))[0] ?? '')).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterMs: 10_000 } }],
    });
    const other = askForEvents(url, watch, bearer(tokenOf('other')));
    expect(await statusOf(other)).toBe(name === 'CALLER_SOCKETS' ? 200 : 429);

    first.leave();
    await vi.waitFor(async () => expect(await statusOf(asOne())).toBe(200));
  });

  it('that never began, or answered at once, are not counted', async () => {
    const { url } = await openLimited({ ADDRESS_SOCKETS: '1' });
    for (const query of ['subscription { jobUpdated(id: "none") { kind } }', alive]) {
      for (let n = 0; n < 3; n += 1) {
        const response = await askForEvents(url, { query }, bearer(tokenOf('one'))).response;
        expect(response.statusCode).toBe(200);
        await eventsOf(response);
      }
    }
  });
});

describe('the address of a client', () => {
  const one = { ADDRESS_OPERATIONS_PER_MINUTE: '1' };
  const trusting = { ...one, TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8' };

  it('is that of its socket, whatever it says itself', async () => {
    const { as } = await openLimited(one);
    expect([await as('one', '1.1.1.1'), await as('one', '2.2.2.2')]).toEqual([[200], limited(60_000)]);
  });

  it.each<[string, string, string, boolean]>([
    ['one address', '1.1.1.1', '1.1.1.1', true],
    ['two addresses', '1.1.1.1', '1.1.1.2', false],
    ['the last word that is not of a proxy', '6.6.6.6, 1.1.1.1', '7.7.7.7, 1.1.1.1', true],
    ['a chain of proxies', '1.1.1.1, 10.1.2.3, fd00::5', '1.1.1.1', true],
    ['with a port', '1.1.1.1:4711', '1.1.1.1', true],
    ['IPv4 in the clothes of IPv6', '::ffff:1.1.1.1', '1.1.1.1', true],
    ['a network of IPv6', '2001:db8:1:2::1', '[2001:db8:1:2:ffff::9]:80', true],
    ['two networks of IPv6', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['nonsense, so that of the proxy', 'unknown', '<script>', true],
    ['nothing, so that of the proxy', '', ' , ', true],
  ])('behind a proxy that is trusted is what that says: %s', async (_what, first, second, isSame) => {
    const { as } = await openLimited(trusting);
    expect(await as('one', first)).toEqual([200]);
    expect(await as('one', second)).toEqual(isSame ? limited(60_000) : [200]);
  });
});

describe('proxies that are trusted', () => {
  const problem = (value: string) =>
    `TRUSTED_PROXIES: ${JSON.stringify(value)} is not a list of addresses or ranges with commas between them, for example 10.0.0.0/8,fd00::/8.`;

  it.each([
    '10',
    '10/8',
    '127.1',
    '0x7f.0.0.1',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '::ffff:10.0.0.0/8',
    'fd00::/129',
  ])('are not %s', (value) => {
    expect(readConfig({ TRUSTED_PROXIES: value }).problems).toEqual([problem(value)]);
  });

  it.each(['127.0.0.1', '127.0.0.0/8', '::ffff:127.0.0.1', '::ffff:127.0.0.0/104', '::ffff:0:0/96'])(
    'may be written as %s',
    async (value) => {
      const { as } = await openLimited({ ADDRESS_OPERATIONS_PER_MINUTE: '1', TRUSTED_PROXIES: value });
      expect([await as('one', '1.1.1.1'), await as('one', '1.1.1.2')]).toEqual([[200], [200]]);
    },
  );
});

describe('limits', () => {
  it('are off by default where only this machine can ask, and on elsewhere and behind a proxy', () => {
    const usual = {
      callerOperationsPerMinute: 3000,
      addressOperationsPerMinute: 6000,
      callerSockets: 1000,
      addressSockets: 1000,
      addressSocketsPerMinute: 2000,
    };
    expect(readConfig({}).config?.limits).toEqual({ ...noLimits, failedAuthsPerMinute: 100 });
    expect(readConfig({ HOST: '0.0.0.0' }).config?.limits).toMatchObject(usual);
    expect(readConfig({ TRUSTED_PROXIES: '::1' }).config?.limits).toMatchObject(usual);
    expect(readConfig({ HOST: '0.0.0.0', CALLER_SOCKETS: '0' }).config?.limits).toMatchObject({
      ...usual,
      callerSockets: 0,
    });
  });

  it('that make no sense are told', () => {
    const { problems } = readConfig({
      CALLER_OPERATIONS_PER_MINUTE: '-1',
      ADDRESS_SOCKETS: 'many',
      TRUSTED_PROXIES: '10.0.0.0/8,example.com',
    });
    expect(problems).toEqual([
      'CALLER_OPERATIONS_PER_MINUTE: "-1" is not a whole number from 0 to 1000000000.',
      'ADDRESS_SOCKETS: "many" is not a whole number from 0 to 1000000000.',
      'TRUSTED_PROXIES: "10.0.0.0/8,example.com" is not a list of addresses or ranges with commas between them, for example 10.0.0.0/8,fd00::/8.',
    ]);
  });
});
