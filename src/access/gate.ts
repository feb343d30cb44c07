import { LRUCache } from 'lru-cache';
import type { LimitSettings } from '../config/limit-settings.ts';
import type { Clock } from '../domain/clock.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import { createComplaint } from '../telemetry/complaint.ts';
import type { Log } from '../telemetry/log.ts';
import { type Metrics, noMetrics } from '../telemetry/metrics.ts';
import type { Access } from './access.ts';
import { digestOf } from './bearer.ts';
import { type ClientAddress, createClientAddress } from './client-address.ts';
import type { Principal } from './principal.ts';
import { createRate } from './rate.ts';
import { rateLimited } from './refusals.ts';
import { createSocketCount } from './socket-count.ts';

/** Where every client has to come through, whatever the transport. What it refuses fails with a GatewayError. */
export interface Gate {
  readonly addressOf: ClientAddress;
  /** Who asks. Where tokens can be guessed, too many wrong ones close the gate to others that come from there. */
  admit(authorization: string | null, address: string | null): Promise<Principal>;
  /** Counts one operation of all that come from there, before anything is done for it. */
  countFrom(address: string | null): void;
  /** Counts one operation of a principal. */
  count(principal: Principal): void;
  /** Counts one WebSocket that is about to be opened from there, whatever becomes of it. */
  countSocketFrom(address: string | null): void;
  /** Counts a WebSocket, or an event stream, until what is returned is called. */
  openSocketFrom(address: string | null): () => void;
  openSocket(principal: Principal): () => void;
  readonly whenOver: Access['whenOver'];
  close(): void;
}

export interface GateOptions {
  readonly access: Access;
  readonly limits: LimitSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: Pick<Metrics, 'rateLimited'>;
}

/** Nobody knows when a socket will be closed. */
const socketRetryMs = 10_000;
const maxKnown = 10_000;

const nothing = () => {};

/** None at all is no attempt to find one that is good. */
const isGuess = (authorization: string | null, error: unknown): boolean =>
  authorization !== null && error instanceof GatewayError && error.code === 'UNAUTHENTICATED';

export const createGate = ({ access, limits, clock, log, metrics = noMetrics }: GateOptions): Gate => {
  const { now } = clock;
  const failures = createRate(limits.failedAuthsPerMinute, now);
  const addresses = createRate(limits.addressOperationsPerMinute, now);
  const principals = createRate(limits.callerOperationsPerMinute, now);
  const openings = createRate(limits.addressSocketsPerMinute, now);
  const addressSockets = createSocketCount(limits.addressSockets);
  const principalSockets = createSocketCount(limits.callerSockets);
  /** What has been accepted from where: a neighbour who guesses must not shut these out. */
  const accepted = new LRUCache<string, true>({ max: maxKnown });

  const tooMany = (message: string, retryAfterMs: number) => {
    metrics.rateLimited('gate');
    return rateLimited(message, retryAfterMs);
  };

  const complain = createComplaint<string>(now, (address, refused) =>
    log.warn({ address, refused }, 'the gate is closed to who tries many tokens that are not accepted'),
  );

  const identify = async (authorization: string | null, address: string): Promise<Principal> => {
    const name = `${address} ${digestOf(authorization ?? '').toString('base64url')}`;
    const waitMs = failures.waitMs(address);
    if (waitMs > 0 && !accepted.has(name)) {
      complain(address);
      throw tooMany(
        'Too many tokens that are not accepted came from this address. Wait as long as retryAfterMs says, then ask again with a good one.',
        waitMs,
      );
    }
    try {
      const principal = await access.identify(authorization);
      accepted.set(name, true);
      return principal;
    } catch (error) {
      if (isGuess(authorization, error)) {
        accepted.delete(name);
        failures.take(address);
      }
      throw error;
    }
  };

  const open = (count: typeof addressSockets, key: string | null, whose: string): (() => void) => {
    if (key === null) return nothing;
    if (!count.isFull(key)) return count.open(key);
    throw tooMany(
      `There are too many WebSockets and event streams of this ${whose}. Close some of them; one WebSocket can carry many operations.`,
      socketRetryMs,
    );
  };

  const check = (waitMs: number, what: string) => {
    if (waitMs === 0) return;
    throw tooMany(
      `The ${what} in a minute are used up. Wait as long as retryAfterMs says, then ask again.`,
      waitMs,
    );
  };

  return {
    addressOf: createClientAddress(limits.trustedProxies),
    admit: async (authorization, address) =>
      address === null || !access.isGuessable
        ? access.identify(authorization)
        : identify(authorization, address),
    countFrom(address) {
      if (address !== null) check(addresses.take(address), 'operations that this address may send');
    },
    countSocketFrom(address) {
      if (address !== null) check(openings.take(address), 'WebSockets that this address may open');
    },
    count({ limitKey }) {
      if (limitKey !== null) check(principals.take(limitKey), 'operations that this caller may send');
    },
    openSocketFrom: (address) => open(addressSockets, address, 'address'),
    openSocket: ({ limitKey }) => open(principalSockets, limitKey, 'caller'),
    whenOver: access.whenOver,
    close: access.close,
  };
};
