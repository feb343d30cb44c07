import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Link } from './link.ts';
import { script } from './script.ts';

/** How long a poller that says nothing is waited for. */
export const leaseMs = 3000;

/**
 * Says that this member watches for a caller, and takes or keeps the lease when nobody else has it. A fence is an
 * instant of Redis: it needs no memory, and a later lease has a higher one.
 */
const takeLeaseScript = script(`
local lease, members = KEYS[1], KEYS[2]
local member, lease_ms = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', members, now + lease_ms, member)
redis.call('ZREMRANGEBYSCORE', members, '-inf', now)
redis.call('PEXPIRE', members, lease_ms)
local holder = redis.call('HGET', lease, 'holder')
if not holder then
  redis.call('HSET', lease, 'holder', member, 'fence', time[1] * 1000000 + time[2])
  holder = member
end
if holder == member then redis.call('PEXPIRE', lease, lease_ms) end
return { holder, redis.call('HGET', lease, 'fence'), redis.call('ZRANGE', members, 0, -1) }
`);

const giveLeaseUpScript = script(`
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HGET', KEYS[1], 'holder') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);

const reply = z.tuple([z.string(), z.coerce.number(), z.array(z.string())]);

const replicaOf = (member: string) => member.replace(/ .*/, '');

export interface Standing {
  /** Whether it is this member that has the lease. */
  readonly isHolder: boolean;
  readonly fence: number;
  /** All replicas that watch for the caller. */
  readonly replicas: readonly string[];
}

export interface Lease {
  beat(): Promise<Standing>;
  /** True when it was this member that held it. */
  leave(): Promise<boolean>;
}

/** The lease of a caller, as one member of those that watch for it sees it. */
export const createLease = (link: Link, callerKey: string): Lease => {
  const keys = [`lease:{${callerKey}}`, `members:{${callerKey}}`];
  // not the replica alone: a goodbye that is late must not end what it has begun since
  const me = `${link.replica} ${randomUUID()}`;
  return {
    async beat() {
      const [holder, fence, members] = reply.parse(await link.run(takeLeaseScript, keys, [me, leaseMs]));
      return { isHolder: holder === me, fence, replicas: members.map(replicaOf) };
    },
    leave: async () => (await link.run(giveLeaseUpScript, keys, [me])) === 1,
  };
};
