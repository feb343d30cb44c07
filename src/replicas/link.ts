import { createHash, randomUUID } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { z } from 'zod';
import type { Log } from '../telemetry/log.ts';
import { type Channels, createChannels } from './channels.ts';

export interface LinkOptions {
  /** redis:// or rediss://, with its password if it has one. */
  readonly url: URL;
  /** Of every key and channel. */
  readonly prefix: string;
  readonly log: Log;
}

/** Runs within Redis, where nothing comes between its lines. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

/** The way to the other replicas. Nothing waits for a Redis that is away: it fails at once. */
export interface Link extends Pick<Channels, 'listen'> {
  /** This replica, another one after each start. */
  readonly replica: string;
  readonly isUp: boolean;
  /** How many replicas were seen lately, this one among them. */
  readonly replicas: number;
  /** How many of them have not been seen for a moment, and said no goodbye: they may be going on alone. */
  readonly missing: number;
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  publish(channel: string, message: string | Buffer): void;
  /** Called with each change of `isUp`. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

const beatMs = 1000;
const answerMs = 1500;
const reconnectMs = 250;
/** More than this is never sent: a job has about a kilobyte. */
const maxMessageLength = 4 * 1024 * 1024;

/** Says that this replica is there; counts those of the last three minutes, and those of them that are here now. */
const beatScript = script(`
local now = redis.call('TIME')[1]
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 180)
redis.call('EXPIRE', KEYS[1], 180)
return { redis.call('ZCARD', KEYS[1]), redis.call('ZCOUNT', KEYS[1], now - 4, '+inf') }
`);

const counts = z.tuple([z.number(), z.number()]);

const leaveScript = script(`return redis.call('ZREM', KEYS[1], ARGV[1])`);

const connectionOptions = {
  commandTimeout: answerMs,
  connectTimeout: answerMs,
  // what was not done in time must not be done later
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  retryStrategy: () => reconnectMs,
  lazyConnect: true,
} satisfies RedisOptions;

const isMissingScript = (error: unknown) => error instanceof Error && error.message.startsWith('NOSCRIPT');

/** The error itself may hold the password. */
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

export const createLink = ({ url, prefix, log }: LinkOptions): Link => {
  const replica = randomUUID();
  const commands = new Redis(url.href, connectionOptions);
  const subscriber = new Redis(url.href, connectionOptions);
  const channels = createChannels(subscriber, prefix, log);
  const listeners = new Set<() => void>();
  let isUp = false;
  let wasTold = false;
  let reason = 'no connection';
  let closed = false;
  let beating = false;
  // how often one of the connections was lost, and how often when all channels were last subscribed
  let losses = 0;
  let subscribedAfter = -1;
  // whoever is given a Redis is hardly alone, and has not been told yet
  let replicas = 2;
  let missing = 0;

  const turn = (up: boolean) => {
    if (closed || (up === isUp && wasTold)) return;
    isUp = up;
    wasTold = true;
    if (up) {
      log.info({ replicas }, 'Redis is there: working together with the other replicas');
      // until there is a better one
      reason = 'the connection was closed';
    } else {
      log.warn(
        { replicas, reason },
        'Redis is away: going on alone, within a share of the budget, until it is back',
      );
    }
    for (const listener of [...listeners]) listener();
  };

  const run: Link['run'] = async ({ lua, sha }, keys, args) => {
    const all = [...keys.map((key) => prefix + key), ...args.map(String)];
    try {
      return await commands.evalsha(sha, keys.length, ...all);
    } catch (error) {
      if (!isMissingScript(error)) throw error;
      return commands.eval(lua, keys.length, ...all);
    }
  };

  /** Both connections must answer: a half of them is worse than none. */
  const beat = async () => {
    if (beating || closed || commands.status !== 'ready' || subscriber.status !== 'ready') return;
    beating = true;
    const before = losses;
    try {
      const [reply] = await Promise.all([
        run(beatScript, ['replicas'], [replica]),
        subscribedAfter === before ? subscriber.ping() : channels.resume(),
      ]);
      // it answered, and was lost since: the next connection is yet to be subscribed
      if (losses !== before) return;
      subscribedAfter = before;
      const [known, here] = counts.parse(reply);
      replicas = known;
      missing = known - here;
      turn(true);
    } catch (error) {
      reason = reasonOf(error);
      turn(false);
      for (const connection of [commands, subscriber]) connection.disconnect(true);
    } finally {
      beating = false;
    }
  };

  for (const connection of [commands, subscriber]) {
    connection.on('ready', () => void beat());
    connection.on('close', () => {
      losses += 1;
      turn(false);
    });
    connection.on('error', (error: unknown) => {
      reason = reasonOf(error);
      log.debug({ reason }, 'Redis cannot be reached');
      // a password that is not accepted closes nothing by itself
      if (connection.status === 'connect') connection.disconnect(true);
    });
    connection.connect().catch(() => undefined);
  }
  const timer = setInterval(() => void beat(), beatMs);

  return {
    replica,
    get isUp() {
      return isUp;
    },
    get replicas() {
      return replicas;
    },
    get missing() {
      return missing;
    },
    run,
    publish(channel, message) {
      if (!isUp) return;
      if (message.length > maxMessageLength) log.warn({ channel }, 'too long to be told to other replicas');
      else commands.publish(prefix + channel, message).catch(() => undefined);
    },
    listen: channels.listen,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      clearInterval(timer);
      listeners.clear();
      if (isUp) await run(leaveScript, ['replicas'], [replica]).catch(() => undefined);
      closed = true;
      isUp = false;
      for (const connection of [commands, subscriber]) connection.disconnect();
    },
  };
};
