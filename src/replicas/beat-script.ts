import { z } from 'zod';
import { script } from './script.ts';

/** A replica that may be going on alone, within one of `parts`. */
export interface Missing {
  readonly replica: string;
  readonly parts: number;
}

/**
 * Says that a replica is there, and tells who is, and who may be going on alone: seen within three minutes, not within
 * four seconds, and gone without a goodbye.
 *
 * Whoever begins in the seat of another shows that the other is dead. When that was seen just before, it is forgotten;
 * else it may have sent something unseen until now, and counts for one minute more. So a replica that dies again and
 * again counts once at most. Where each one has a seat of its own, no more are counted than were ever here together.
 */
export const beatScript = script(`
local replicas, parts, fleet = KEYS[1], KEYS[2], KEYS[3]
local me, seat, mine, is_new = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local now = tonumber(redis.call('TIME')[1])
local kept, silent, minute = 180, 4, 62

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', replicas, '-inf', now - kept)) do
  redis.call('ZREM', replicas, gone)
  redis.call('HDEL', parts, gone)
end
local function seat_of(replica) return string.match(replica, '^[^/]+') end
local all = redis.call('ZREVRANGE', replicas, 0, -1, 'WITHSCORES')
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
local missing, count, counted = {}, 0, {}
for _, replica in ipairs(redis.call('ZREVRANGEBYSCORE', replicas, '(' .. now - silent, '-inf')) do
  local its_seat = seat_of(replica)
  if count < most and not counted[its_seat] then
    counted[its_seat] = true
    count = count + 1
    missing[#missing + 1] = replica
    missing[#missing + 1] = tonumber(redis.call('HGET', parts, replica) or '2')
  end
end
-- it may never hear of this; but who is new has gone nowhere yet
redis.call('HSET', parts, me, is_new and here + count or math.min(mine, here + count))
redis.call('EXPIRE', replicas, kept)
redis.call('EXPIRE', parts, kept)
return { here, here + count, missing }
`);

const reply = z.tuple([z.number(), z.number(), z.array(z.union([z.string(), z.number()]))]);

export const readBeat = (answer: unknown) => {
  const [here, parts, listed] = reply.parse(answer);
  const missing: Missing[] = [];
  for (let at = 0; at < listed.length; at += 2) {
    missing.push({ replica: String(listed[at]), parts: Number(listed[at + 1]) });
  }
  return { here, parts, missing };
};
