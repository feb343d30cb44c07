import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

const answers = async (url: URL): Promise<boolean> => {
  const socket = connect(Number(url.port || 6379), url.hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

const given = new URL(process.env['REDIS_URL'] || 'redis://127.0.0.1:6379');

/** The Redis of the tests; null on a machine without one, which CI may not be. */
export const redisUrl: URL | null = (await answers(given)) ? given : null;

if (redisUrl === null && process.env['CI']) throw new Error(`CI needs a Redis, and ${given.host} is none.`);

/** For `describe.skipIf`; the name of a suite says so when it was skipped. */
export const withoutRedis = redisUrl === null;
if (withoutRedis) process.stderr.write(`SKIPPED: no Redis at ${given.host}, and no REDIS_URL\n`);

/** Every test has keys of its own. */
export const ownPrefix = () => `test-${randomUUID().slice(0, 8)}:`;

/** Takes from a Redis all keys like this, at once. */
export const forget = async (url: URL, pattern: string): Promise<void> => {
  const redis = new Redis(url.href);
  await redis.eval(
    `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end`,
    0,
    pattern,
  );
  redis.disconnect();
};

export interface Wire {
  readonly url: URL;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Passes on nothing more, and breaks nothing. */
  stall(): void;
  /** As before. What was stalled is lost. */
  mend(): void;
}

/** A way to Redis that can be cut and stalled, for one replica or for all. */
export const openWire = async (to: URL): Promise<Wire> => {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: 'open' | 'cut' | 'stalled' = 'open';
  const drop = () => {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy();
    pairs.clear();
  };
  const server = createServer((near) => {
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(Number(to.port || 6379), to.hostname);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, into] of [pair, [far, near] as const]) {
      from.on('data', (chunk) => state === 'open' && into.write(chunk));
      from.on('error', () => undefined);
      from.on('close', () => {
        into.destroy();
        pairs.delete(pair);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    drop();
    server.close();
  });
  return {
    url: new URL(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`),
    cut() {
      state = 'cut';
      drop();
    },
    stall() {
      state = 'stalled';
    },
    mend() {
      drop();
      state = 'open';
    },
  };
};

export interface OwnRedis {
  readonly url: URL;
  kill(signal: NodeJS.Signals): void;
  /** Again on the same port, with nothing in it unless its arguments say otherwise. */
  restart(): Promise<void>;
}

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const keepsNothing = ['--save', '', '--appendonly', 'no'];

/** A Redis that may be killed; null where none is installed. */
export const startOwnRedis = async (settings: readonly string[] = keepsNothing): Promise<OwnRedis | null> => {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const start = async () => {
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, ...settings];
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ready = new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false));
      child.stdout.on('data', (chunk) => /Ready to accept/.test(String(chunk)) && resolve(true));
    });
    return (await ready) ? child : null;
  };
  let child = await start();
  onTestFinished(async () => {
    child?.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });
  if (child === null) return null;
  return {
    url: new URL(`redis://127.0.0.1:${port}`),
    kill: (signal) => void child?.kill(signal),
    async restart() {
      child = await start();
    },
  };
};
