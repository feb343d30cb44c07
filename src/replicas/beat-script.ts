import { z } from 'zod';
import { lookBackMs } from '../writes/shared-submits.ts';
import { script } from './script.ts';

/** A replica that has vanished, and may be going on alone within one of `parts`. */
export interface Vanished {
  readonly replica: string;
  readonly parts: number;
}

/** All replicas, as one of them has seen them lately. */
export interface Fleet {
  readonly here: number;
  /** So many of those who have vanished may be going on alone; nobody knows which. */
  readonly missing: number;
  readonly vanished: readonly Vanished[];
  /** What share of an allowance is kept for the missing, 0 to 1. */
  readonly keptShare: number;
  /** Whoever is here and goes on alone keeps within one of so many parts. */
  readonly parts: number;
  /** What Redis has in mind: another one once it has forgotten everything. */
  readonly memory: string;
}

/** Whoever is alone does nothing that others should know of before they can see that it is missed. */
export const noticedSeconds = 3;

/**
 * Says that a replica is there, and tells who is, and who has vanished: seen within three minutes, not within four
 * seconds, and gone without a goodbye.
 *
 * Whoever begins in the seat of another shows that the other is dead. When that was seen just before, it is forgotten;
 * else it may have sent something unseen until now, and counts for one minute more. Where each one has a seat of its
 * own, a replica that dies again and again leaves many behind it. Of those no more are taken to be alive than the
 * largest fleet of late lacks, one at least: for one alone its part is kept whole, for several together no more than
 * if all shared evenly. What is left is parted among those who are here, so that all parts together are the whole.
 *
 * Where somebody may have been alone, or Redis has forgotten something, a key that is not there may have been used all
 * the same: for as long as a look finds what came of it, and for an hour after somebody was silent, who may live on.
 */
export const beatScript = script(`
local replicas, parts, fleet, memory, doubts = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local me, seat, mine, is_new = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local time = redis.call('TIME')
local now = tonumber(time[1])
local kept, silent, minute, day = 180, 4, 62, 86400

local function doubt(seconds)
  if redis.call('TTL', doubts) < seconds then redis.call('SET', doubts, '1', 'EX', seconds) end
end
if redis.call('SET', memory, time[1] .. '.' .. time[2], 'NX') then doubt(${lookBackMs / 1000}) end
redis.call('EXPIRE', memory, day)

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', replicas, '-inf', now - kept)) do
  redis.call('ZREM', replicas, gone)
  redis.call('HDEL', parts, gone)
end
local function seat_of(replica) return string.match(replica, '^[^/]+') end
local all = redis.call('ZREVRANGE', replicas, 0, -1, 'WITHSCORES')
for i = 1, #all, 2 do
  -- what it did itself while it was away it tells by itself
  if all[i] ~= me and tonumber(all[i + 1]) <= now - ${noticedSeconds} then doubt(3600) end
end
if is_new then
  for i = 1, #all, 2 do
    local seen = tonumber(all[i + 1])
    if all[i] ~= me and seat_of(all[i]) == seat then
      if seen >= now - silent then
        redis.call('ZREM', replicas, all[i])
        redis.call('HDEL', parts, all[i])
      elseif seen > now - kept + minute then
        redis.call('ZADD', replicas, now - kept + minute, all[i])
      end
    end
  end
end
redis.call('ZADD', replicas, now, me)

local here = redis.call('ZCOUNT', replicas, now - silent, '+inf')
local most = tonumber(redis.call('GET', fleet) or '0')
if here >= most then
  most = here
  redis.call('SET', fleet, here, 'EX', kept)
end
local vanished, shares, counted = {}, {}, {}
for _, replica in ipairs(redis.call('ZREVRANGEBYSCORE', replicas, '(' .. now - silent, '-inf')) do
  local its_seat = seat_of(replica)
  if not counted[its_seat] then
    counted[its_seat] = true
    local its_parts = tonumber(redis.call('HGET', parts, replica) or '2')
    vanished[#vanished + 1] = replica
    vanished[#vanished + 1] = its_parts
    shares[#shares + 1] = 1 / its_parts
  end
end
table.sort(shares, function(one, other) return one > other end)
local missing, share = math.min(#shares, math.max(1, most - here)), 0
for i = 1, missing do share = share + shares[i] end
if missing > 0 then share = math.max(shares[1], math.min(share, missing / (here + missing))) end
-- a whole number, which rounding must not make one more
local each = math.max(here, math.ceil(here / math.max(0.01, 1 - share) - 0.0001))
-- it may never hear of this; but who is new has gone nowhere yet
redis.call('HSET', parts, me, is_new and each or math.min(mine, each))
redis.call('EXPIRE', replicas, kept)
redis.call('EXPIRE', parts, kept)
return { here, missing, each, string.format('%.4f', share), vanished, redis.call('GET', memory) }
`);

const reply = z.tuple([
  z.number(),
  z.number(),
  z.number(),
  z.coerce.number(),
  z.array(z.union([z.string(), z.number()])),
  z.string(),
]);

export const readBeat = (answer: unknown): Fleet => {
  const [here, missing, parts, keptShare, listed, memory] = reply.parse(answer);
  const vanished: Vanished[] = [];
  for (let at = 0; at < listed.length; at += 2) {
    vanished.push({ replica: String(listed[at]), parts: Number(listed[at + 1]) });
  }
  return { here, missing, vanished, keptShare, parts, memory };
};
