import { randomUUID } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import type { Log } from '../telemetry/log.ts';
import { type Metrics, noMetrics } from '../telemetry/metrics.ts';
import { beatScript, type Fleet, readBeat } from './beat-script.ts';
import { type Channels, createChannels } from './channels.ts';
import { type Script, script } from './script.ts';

export interface LinkOptions {
  /** redis:// or rediss://, with its password if it has one. */
  readonly url: URL;
  /** Of every key and channel. */
  readonly prefix: string;
  /** A place that one process at a time can have: whoever comes next takes the place of one that died. Its own by default. */
  readonly seat?: string;
  readonly log: Log;
  readonly metrics?: Pick<Metrics, 'redisAsked'>;
}

/** The way to the other replicas. Nothing waits for a Redis that is away: it fails at once. */
export interface Link extends Pick<Channels, 'listen'> {
  /** This replica, another one after each start. */
  readonly replica: string;
  readonly isUp: boolean;
  /** For how long Redis has been away; 0 while it is there. */
  readonly awayMs: number;
  /** False until Redis has been there for so long that all have told it what they did without it. */
  readonly isSettled: boolean;
  /** Going on alone, this replica keeps within one of so many parts. */
  readonly parts: number;
  readonly fleet: Fleet;
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  publish(channel: string, message: string | Buffer): void;
  /** Called with each change of `isUp`, and when Redis has forgotten everything. */
  onChange(listener: () => void): () => void;
  /** Called each time it is settled again. */
  onSettled(listener: () => void): void;
  close(): Promise<void>;
}

const beatKeys = ['replicas', 'parts', 'fleet', 'memory', 'doubts'];
const beatMs = 1000;
const answerMs = 1500;
const reconnectMs = 250;
/** More than this is never sent: a job has about a kilobyte. */
const maxMessageLength = 4 * 1024 * 1024;

const goodbyeScript = script(`
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
`);

/** Everybody finds Redis again within this, and says what was done without it. */
const settleMs = 2500;
/** Who was here before is waited for, but not for ever. */
const longestSettleMs = 10_000;

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

export const createLink = (options: LinkOptions): Link => {
  const { url, prefix, seat = randomUUID(), log, metrics = noMetrics } = options;
  const replica = `${seat}/${randomUUID()}`;
  const commands = new Redis(url.href, connectionOptions);
  const subscriber = new Redis(url.href, connectionOptions);
  const channels = createChannels(subscriber, prefix, log);
  const listeners = new Set<() => void>();
  const settledListeners = new Set<() => void>();
  let isUp = false;
  let isSettled = false;
  let turnedAt = performance.now();
  let wasTold = false;
  let reason = 'no connection';
  let closed = false;
  let beating = false;
  // how often one of the connections was lost, and how often when all channels were last subscribed
  let losses = 0;
  let subscribedAfter = -1;
  // whoever is given a Redis is hardly alone, and has not been told yet
  let parts = 2;
  let fleet: Fleet = { here: 1, missing: 0, vanished: [], keptShare: 0, parts, memory: '' };
  // how many were, when Redis went away
  let expected = 1;
  let isNew = true;

  /** All that was agreed with the others is to be agreed anew. */
  const startOver = () => {
    if (isUp) expected = fleet.here;
    isSettled = false;
    turnedAt = performance.now();
  };

  const tell = () => {
    for (const listener of [...listeners]) listener();
  };

  const turn = (up: boolean) => {
    if (closed || (up === isUp && wasTold)) return;
    startOver();
    isUp = up;
    wasTold = true;
    if (up) {
      log.info({ parts }, 'Redis is there: working together with the other replicas');
      // until there is a better one
      reason = 'the connection was closed';
    } else {
      log.warn(
        { parts, reason },
        'Redis is away: going on alone, within a share of the budget, until it is back',
      );
    }
    tell();
  };

  const run: Link['run'] = async ({ lua, sha }, keys, args) => {
    const all = [...keys.map((key) => prefix + key), ...args.map(String)];
    const askedAt = performance.now();
    try {
      return await commands.evalsha(sha, keys.length, ...all);
    } catch (error) {
      if (!isMissingScript(error)) throw error;
      return await commands.eval(lua, keys.length, ...all);
    } finally {
      metrics.redisAsked((performance.now() - askedAt) / 1000);
    }
  };

  const settle = () => {
    const ms = performance.now() - turnedAt;
    if (isSettled || !isUp || ms < settleMs || (fleet.here < expected && ms < longestSettleMs)) return;
    isSettled = true;
    for (const listener of [...settledListeners]) listener();
  };

  /** Both connections must answer: a half of them is worse than none. */
  const beat = async () => {
    if (beating || closed || commands.status !== 'ready' || subscriber.status !== 'ready') return;
    beating = true;
    const before = losses;
    try {
      const [reply] = await Promise.all([
        run(beatScript, beatKeys, [replica, seat, parts, Number(isNew)]),
        subscribedAfter === before ? subscriber.ping() : channels.resume(),
      ]);
      // it answered, and was lost since: the next connection is yet to be subscribed
      if (losses !== before) return;
      subscribedAfter = before;
      const seen = readBeat(reply);
      isNew = false;
      const isEmptied = fleet.memory !== '' && fleet.memory !== seen.memory;
      fleet = { ...fleet, memory: seen.memory };
      if (isEmptied) log.warn('Redis has forgotten everything: each replica tells it again what it knows');
      if (isEmptied && isUp) {
        startOver();
        tell();
      } else turn(true);
      const { here, missing } = seen;
      if (here !== fleet.here || missing !== fleet.missing) {
        log.info({ here, missing }, 'replicas have come or gone');
      }
      fleet = seen;
      // a Redis that forgot everything has not heard of the others yet
      parts = isSettled ? seen.parts : Math.max(parts, seen.parts);
      settle();
    } catch (error) {
      reason = reasonOf(error);
      turn(false);
      for (const connection of [commands, subscriber]) connection.disconnect(true);
    } finally {
      beating = false;
    }
  };

  const givenUp = new Set<Redis>();
  for (const connection of [commands, subscriber]) {
    connection.on('ready', () => void beat());
    connection.on('close', () => {
      givenUp.delete(connection);
      losses += 1;
      turn(false);
    });
    connection.on('error', (error: unknown) => {
      // what breaks because of that is no reason
      if (givenUp.has(connection)) return;
      reason = reasonOf(error);
      log.debug({ reason }, 'Redis cannot be reached');
      // a password that is not accepted, or a database that is none, closes nothing by itself
      if (connection.status !== 'connect') return;
      givenUp.add(connection);
      connection.disconnect(true);
    });
    connection.connect().catch(() => undefined);
  }
  const timer = setInterval(() => void beat(), beatMs);

  return {
    replica,
    get isUp() {
      return isUp;
    },
    get awayMs() {
      return isUp ? 0 : performance.now() - turnedAt;
    },
    get isSettled() {
      return isSettled;
    },
    get parts() {
      return parts;
    },
    get fleet() {
      return fleet;
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
    onSettled: (listener) => void settledListeners.add(listener),
    async close() {
      clearInterval(timer);
      listeners.clear();
      settledListeners.clear();
      if (isUp) await run(goodbyeScript, ['replicas', 'parts'], [replica]).catch(() => undefined);
      closed = true;
      isUp = false;
      for (const connection of [commands, subscriber]) connection.disconnect();
    },
  };
};
