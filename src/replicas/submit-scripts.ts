import { noticedSeconds } from './beat-script.ts';
import { script } from './script.ts';

/**
 * Claims a key once. The answer is what stands there: fingerprint, attemptedAt, job, owner, whether its replica was
 * there within the last five seconds, and whether one that is not there may have used the key. A Redis that has just
 * forgotten everything answers nothing: first it has to be told.
 */
export const claimScript = script(`
if redis.call('GET', KEYS[3]) ~= ARGV[6] then return redis.error_reply('FORGOTTEN') end
local now = tonumber(redis.call('TIME')[1])
if redis.call('HSETNX', KEYS[1], 'fingerprint', ARGV[2]) == 1 then
  redis.call('HSET', KEYS[1], 'attemptedAt', ARGV[3], 'job', ARGV[4], 'owner', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
local kept = redis.call('HMGET', KEYS[1], 'fingerprint', 'attemptedAt', 'job', 'owner')
local replica = string.match(kept[4], '^%S+')
local seen = replica and redis.call('ZSCORE', KEYS[2], replica)
local alive = seen and tonumber(seen) > now - 5
kept[5] = alive and '1' or '0'
local isMissed = redis.call('ZCOUNT', KEYS[2], '-inf', now - ${noticedSeconds}) > 0
kept[6] = (isMissed or redis.call('EXISTS', KEYS[4]) == 1) and '1' or '0'
return kept
`);

/** Tells a Redis that may have forgotten it. Who knows the job knows more than who only meant to submit. */
export const restoreScript = script(`
local job = redis.call('HGET', KEYS[1], 'job')
if job and (job ~= '' or ARGV[4] == '') then return 0 end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[2], 'attemptedAt', ARGV[3], 'job', ARGV[4], 'owner', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
`);

/** The job of a key, which stays; or that nobody knows it, for as long as that is so. */
export const settleScript = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local job = redis.call('HGET', KEYS[1], 'job')
if job ~= '' then return 0 end
redis.call('HSET', KEYS[1], 'job', ARGV[1])
if ARGV[1] == '' then redis.call('HSET', KEYS[1], 'owner', '') end
return 1
`);

/** Only whoever holds a claim can give it back, and not one whose job is known. */
export const releaseScript = script(`
local owner, job = unpack(redis.call('HMGET', KEYS[1], 'owner', 'job'))
if owner == ARGV[1] and job == '' then return redis.call('DEL', KEYS[1]) end
return 0
`);

export const takeJobScript = script(`
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return redis.call('GET', KEYS[1])
`);

export const isTakenScript = script(`return redis.call('EXISTS', KEYS[1])`);

/** Submits of the same that wait for an answer at replicas that are there. */
export const beginScript = script(`
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[1] ~= '' then redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1]) end
if ARGV[2] ~= '' then redis.call('ZREM', KEYS[1], ARGV[2]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
local waiting = {}
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local seen = redis.call('ZSCORE', KEYS[2], string.match(name, '^%S+'))
  if seen and tonumber(seen) > now - 5 then waiting[#waiting + 1] = name end
end
return waiting
`);
