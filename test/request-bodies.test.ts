import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Bounds, drain, listen, usualBounds } from '../src/listen.ts';
import { openGateway } from './support/gateway.ts';
import { transports } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { openRaw, sendRaw } from './support/raw-http.ts';
import { jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const limit = 256 * 1024;
const json = { 'content-type': 'application/json' };
const head = '{"query":"{ __typename }","extensions":{"pad":"';
const tail = '"}}';
const bodyOf = (bytes: number) => `${head}${'x'.repeat(bytes - head.length - tail.length)}${tail}`;
const closes = /^connection: close\r$/im;

const open = async () => {
  const upstream = await startScriptedUpstream(() => jobsPage([]));
  const { log, events } = memoryLog();
  return { ...(await openServer(upstream.url, {}, log)), upstream, events };
};

const headOf = (url: string, ...lines: readonly string[]) =>
  [
    'POST /graphql HTTP/1.1',
    `Host: ${new URL(url).host}`,
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n');
const chunk = (bytes: string) => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;

describe('a body', () => {
  it.each([
    ['of a known length', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('%s may have 256 KiB and no byte more', async (_how, headers) => {
    const { url } = await open();
    const fits = await sendRaw(url, { headers: { ...json, ...headers }, body: bodyOf(limit) });
    expect([fits.status, fits.text]).toEqual([200, '{"data":{"__typename":"Query"}}']);
    const over = await sendRaw(url, { headers: { ...json, ...headers }, body: bodyOf(limit + 1) });
    expect([over.status, over.headers.connection]).toEqual([413, 'close']);
    expect(JSON.parse(over.text).errors).toMatchObject([
      { message: expect.stringContaining('262144 bytes'), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });

  it('that says it is too long is refused before a byte of it has come', async () => {
    const { url } = await open();
    for (const length of [limit + 1, 10_000_000_000]) {
      const { write, answer } = await openRaw(url);
      write(headOf(url, `Content-Length: ${length}`));
      const text = await answer;
      expect(text).toMatch(/^HTTP\/1.1 413 /);
      expect(text).toMatch(closes);
      expect(text).toContain('"errors"');
    }
  });

  it('that never ends is read up to the limit, and hung up on', async () => {
    const { url, events } = await open();
    const { write, answer } = await openRaw(url);
    write(headOf(url, 'Transfer-Encoding: chunked'));
    for (let sent = 0; sent <= limit; sent += 65_536) write(chunk('x'.repeat(65_536)));
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text).toMatch(closes);
    expect(events(40)).toEqual([]);
  });

  it('that nobody will read ends the connection too', async () => {
    const { url } = await open();
    for (const [start, status] of [
      [headOf(url, 'Content-Length: 1000', 'Origin: https://evil.example'), 403],
      [headOf(url, 'Content-Length: 1000').replace('application/json', 'text/plain'), 415],
      [headOf(url, 'Content-Length: 1000').replace('POST', 'GET'), 400],
    ] as const) {
      const { write, answer } = await openRaw(url);
      write(`${start}{`);
      expect(await answer).toContain(`HTTP/1.1 ${status} `);
    }
  });

  it('that breaks off is nothing to worry the operator with', async () => {
    const { url, events } = await open();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(`${headOf(url, 'Content-Length: 100')}{"query":`);
    socket.destroy();
    await once(socket, 'close');
    expect((await sendRaw(url, { headers: json, body: bodyOf(100) })).status).toBe(200);
    expect(events(40)).toEqual([]);
  });

  it('that is compressed is not inflated', async () => {
    const { url } = await open();
    const { origin } = new URL(url);
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...json, origin, 'content-encoding': 'gzip' },
      body: gzipSync(bodyOf(limit * 100)),
    });
    expect([response.status, response.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect((await response.json()).errors[0].message).toContain('not inflated');
    for (const encoding of ['br', 'gzip, identity', 'x-unknown']) {
      const { status } = await sendRaw(url, {
        headers: { ...json, 'content-encoding': encoding },
        body: bodyOf(100),
      });
      expect(status).toBe(415);
    }
    const plain = { ...json, 'content-encoding': 'identity' };
    expect((await sendRaw(url, { headers: plain, body: bodyOf(100) })).status).toBe(200);
  });

  it('is taken in chunks, and in no other transfer encoding', async () => {
    const { url } = await open();
    for (const [encoding, status] of [
      ['gzip, chunked', 501],
      ['CHUNKED', 200],
    ] as const) {
      const { write, answer } = await openRaw(url);
      const start = headOf(url, `Transfer-Encoding: ${encoding}`, 'Connection: close');
      write(`${start}${chunk('{"query":"{ __typename }"}')}0\r\n\r\n`);
      expect(await answer).toContain(`HTTP/1.1 ${status} `);
    }
  });

  it('may be split anywhere, also within a letter', async () => {
    const { url } = await open();
    const bytes = Buffer.from('{"query":"{ nö }"}').toString('latin1');
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    const at = bytes.indexOf('\xc3') + 1;
    socket.write(headOf(url, 'Transfer-Encoding: chunked', 'Connection: close'));
    socket.write(`${chunk(bytes.slice(0, at))}${chunk(bytes.slice(at))}0\r\n\r\n`, 'latin1');
    let text = '';
    for await (const part of socket.setEncoding('utf8')) text += part;
    expect(text).toContain('Unexpected character: U+00F6');
  });
});

describe('the body of a request to an embedded gateway', () => {
  const post = (body: BodyInit | null, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { ...json, ...headers }, body, duplex: 'half' };
    return new Request('http://gateway/graphql', init);
  };

  it('has the same limit, whatever its length is said to be', async () => {
    const { fetch } = openGateway('http://127.0.0.1:1');
    expect((await fetch(post(bodyOf(limit)))).status).toBe(200);
    for (const headers of [{}, { 'content-length': '5' }, { 'content-length': String(limit + 1) }]) {
      const response = await fetch(post(bodyOf(limit + 1), headers));
      expect(response.status).toBe(413);
      expect((await response.json()).errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
    }
    expect((await fetch(post(bodyOf(100), { 'content-length': '-1' }))).status).toBe(400);
  });

  it('is read no further than that', async () => {
    const { fetch } = openGateway('http://127.0.0.1:1');
    let given = 0;
    const cancelled = Promise.withResolvers<void>();
    const endless = new ReadableStream({
      pull(controller) {
        given += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel: () => cancelled.resolve(),
    });
    expect((await fetch(post(endless))).status).toBe(413);
    await cancelled.promise;
    expect(given).toBeLessThanOrEqual(limit + 3 * 65_536);
  });

  it('may be missing', async () => {
    const { fetch } = openGateway('http://127.0.0.1:1');
    expect((await fetch(post(null))).status).toBe(400);
  });
});

describe('a server', () => {
  const serve = async (bounds: Bounds) => {
    const { url, server } = await listen(
      (_request, response) => response.end('served'),
      0,
      '127.0.0.1',
      bounds,
    );
    onTestFinished(() => drain(server, 0));
    return { url, server };
  };
  const quick = { ...usualBounds, checkEveryMs: 5 };

  it('ends a request whose head is slow', async () => {
    const { url } = await serve({ ...quick, headersTimeoutMs: 20 });
    const { write, answer } = await openRaw(url);
    write('POST / HTTP/1.1\r\nHost: gateway\r\nX-Slow: ');
    expect(await answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it('ends a request whose body is slow, at the gateway too', async () => {
    const gateway = openGateway('http://127.0.0.1:1');
    const bounds = { ...quick, headersTimeoutMs: 20, requestTimeoutMs: 20 };
    const { url, server } = await listen(gateway.listener, 0, '127.0.0.1', bounds);
    onTestFinished(() => drain(server, 0));
    const { write, answer } = await openRaw(url);
    write(`${headOf(url, 'Content-Length: 100')}{"query":`);
    expect(await answer).toMatch(/^HTTP\/1.1 408 /);
  });

  /** Asks, and reads nothing of the answer. Settles once the server has hung up. */
  const askAndLeave = async (server: Server, url: string) => {
    const accepted = once(server, 'connection');
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname)
      .pause()
      .on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n');
    const [connection] = await accepted;
    return { socket, isOver: once(connection, 'close') };
  };
  const large = Buffer.alloc(32 * 1024 * 1024);

  it.each(['at once', 'as events'])('hangs up on who takes nothing of what is told %s', async (how) => {
    const { url, server } = await listen(
      (_request, response) => {
        response.writeHead(200, how === 'as events' ? { 'content-type': 'text/event-stream' } : {});
        if (how === 'as events') response.write(large);
        else response.end(large);
      },
      0,
      '127.0.0.1',
      { ...quick, unreadMs: 20 },
    );
    onTestFinished(() => drain(server, 0));
    await (await askAndLeave(server, url)).isOver;
  });

  it('makes no answer before the one that was asked for earlier has been taken', async () => {
    const begun: string[] = [];
    const { url, server } = await listen(
      async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        begun.push(`${request.url} ${body}`);
        response.end(request.url === '/1' ? large : 'last');
      },
      0,
      '127.0.0.1',
    );
    onTestFinished(() => drain(server, 0));
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname).pause();
    onTestFinished(() => void socket.destroy());
    const came = Promise.withResolvers<void>();
    let count = 0;
    server.on('request', () => {
      count += 1;
      if (count === 3) came.resolve();
    });
    const ask = (n: number) => `POST /${n} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1\r\n`;
    socket.write(`${ask(1)}\r\na${ask(2)}\r\nb${ask(3)}Connection: close\r\n\r\nc`);
    await came.promise;
    // the bodies are there too, and nothing is left that would have to come
    for (let n = 0; n < 10; n += 1) await new Promise(setImmediate);
    expect(begun).toEqual(['/1 a']);
    let length = 0;
    for await (const chunk of socket) length += chunk.length;
    expect(begun).toEqual(['/1 a', '/2 b', '/3 c']);
    expect(length).toBeGreaterThan(large.length);
  });

  it('ends those with most to read where all together are too much', async () => {
    const { url, server } = await listen(
      (request, response) => response.end(request.url === '/' ? large : 'served'),
      0,
      '127.0.0.1',
      { ...quick, maxUnreadBytes: 8 * 1024 * 1024 },
    );
    onTestFinished(() => drain(server, 0));
    const other = await openRaw(url);
    other.write('GET /small HTTP/1.1\r\nHost: gateway\r\n\r\n');
    await (await askAndLeave(server, url)).isOver;
    other.write('GET /small HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n');
    expect((await other.answer).match(/served/g)).toHaveLength(2);
  });

  describe('that answers before a body has come', () => {
    const tooLarge = 8 * 1024 * 1024;
    const post = (length: number, ...lines: readonly string[]) =>
      ['POST / HTTP/1.1', 'Host: gateway', `Content-Length: ${length}`, ...lines, '', ''].join('\r\n');
    const refuse = async (bounds: Partial<Bounds> = {}, closes = true) => {
      const asked: unknown[] = [];
      const { url, server } = await listen(
        (request, response) => {
          asked.push(request.url);
          if (closes) response.setHeader('connection', 'close');
          response.end('refused');
        },
        0,
        '127.0.0.1',
        { ...usualBounds, ...bounds },
      );
      onTestFinished(() => drain(server, 0));
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname).setEncoding('utf8');
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      return { asked, server, socket };
    };
    const readAll = async (socket: Socket) => {
      let text = '';
      for await (const part of socket) text += part;
      return text;
    };

    it('does not reset the connection of who reads the answer only when all is sent', async () => {
      const { socket } = await refuse();
      socket.pause().write(post(tooLarge));
      await new Promise((resolve) => socket.write('x'.repeat(tooLarge), resolve));
      expect(await readAll(socket)).toContain('refused');
    });

    it('keeps the connection where the answer did not end it', async () => {
      const { socket, asked } = await refuse({}, false);
      socket.write(post(3));
      await once(socket, 'data');
      socket.end(`abc${post(0, 'Connection: close')}`);
      expect(await readAll(socket)).toContain('refused');
      expect(asked).toHaveLength(2);
    });

    it.each([true, false])(
      'hangs up on who does not come to an end (connection: close %s)',
      async (closes) => {
        const { socket } = await refuse({ lingerMs: 20 }, closes);
        socket.on('error', () => undefined).write(post(tooLarge));
        await once(socket.resume(), 'close');
      },
    );

    it('holds up no stop once the rest has come', async () => {
      const { socket, server } = await refuse({ lingerMs: 600_000 }, false);
      socket.write(post(3));
      await once(socket, 'data');
      const stopped = drain(server, 600_000);
      socket.write('abc');
      await stopped;
    });

    it('answers nothing that comes behind the end', async () => {
      const { socket, asked } = await refuse();
      socket.write(post(3));
      expect(await once(socket, 'data')).toEqual([expect.stringContaining('refused')]);
      socket.end(`abc${post(0)}`);
      await readAll(socket);
      expect(asked).toHaveLength(1);
    });
  });

  it('keeps no more connections than it bears', async () => {
    const { url } = await serve({ ...quick, maxConnections: 1 });
    const first = await openRaw(url);
    const second = await openRaw(url);
    expect(await second.answer).toBe('');
    first.write('GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n');
    expect(await first.answer).toContain('served');
  });

  it('has these bounds by default', async () => {
    const { server, url } = await listen((_request, response) => response.end(), 0, '127.0.0.1');
    onTestFinished(() => drain(server, 0));
    expect(url).toContain('127.0.0.1');
    expect(server).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      maxConnections: 20_000,
    });
  });
});

describe('what is nested 10,000 deep', () => {
  const list = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const or = (levels: number) => `${'{"or":['.repeat(levels)}{}${']}'.repeat(levels)}`;
  const byVariable = 'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }';
  const refused = { code: 'QUERY_TOO_COMPLEX', nesting: 65, limit: 64 };

  it('is a mistake of the client by GET', async () => {
    const { url, upstream, events } = await open();
    for (const search of [
      `query={jobs(filter:${list(7000)}){nodes{id}}}`,
      `query=${'{a'.repeat(6000)}`,
      `query=${encodeURIComponent(byVariable)}&variables={"f":${list(7000)}}`,
    ]) {
      const response = await fetch(`${url}?${search}`);
      expect([response.status, (await response.json()).errors[0].extensions]).toEqual([400, refused]);
    }
    expect([upstream.count(), events(40)]).toEqual([0, []]);
  });

  it.each(Object.entries(transports))('is a mistake of the client over %s', async (_name, watchOver) => {
    const { url, upstream, events } = await open();
    const told = [
      await watchOver(url, `{ jobs(filter: ${list(10_000)}) { nodes { id } } }`),
      await watchOver(url, `${'{a'.repeat(10_000)}${'}'.repeat(10_000)}`),
      await watchOver(url, `# ${'}'.repeat(10_000)}\n{ a(b: "${'}'.repeat(10_000)}" c: ${list(10_000)}) }`),
      await watchOver(url, `{ a(b: """ " ${']'.repeat(10_000)} \\""" """, c: ${list(10_000)}) }`),
      await watchOver(url, byVariable, { variables: { f: JSON.parse(or(2_000)) } }),
      await watchOver(url, 'subscription ($f: JobFilter) { jobsUpdated(filter: $f) { kind } }', {
        variables: { f: JSON.parse(or(2_000)) },
      }),
    ];
    for (const watch of told) {
      const { type, errors } = await watch.next();
      expect([type, errors[0].extensions]).toEqual(['error', refused]);
      expect(errors[0].message).toContain('brackets 65 deep');
    }
    expect([upstream.count(), events(40)]).toEqual([0, []]);
  });

  it('is not looked for at length in documents made for that', async () => {
    const { ask } = await open();
    for (const trap of ['\\"', '"', '"""', '\\"""', '"\\', '"\n', '#']) {
      const padding = trap.repeat(Math.floor(100_000 / trap.length));
      expect((await ask(`"${padding}${'{'.repeat(101)}`)).errors).toHaveLength(1);
    }
  });

  it('is not what only looks like it', async () => {
    const { ask } = await open();
    for (const query of [
      `{ __typename } # ${'{'.repeat(500)}`,
      `query ($s: String = "${'['.repeat(500)}") { __typename @skip(if: false) a: __typename @include(if: true) job(id: $s) { id } }`.replace(
        '$s: String',
        '$s: ID!',
      ),
      `query ($s: ID! = """ ${'('.repeat(500)} """) { job(id: $s) { id } }`,
      `{ ${'jobs { nodes { id } } '.repeat(90)} }`,
    ]) {
      expect(await ask(query)).toMatchObject({ status: 200, data: expect.anything() });
    }
  });
});
