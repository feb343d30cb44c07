import { script } from './link.ts';

/**
 * Spends one request of a caller, for all replicas at once, by the same rules as an account has for itself: counted
 * by the second, forgotten when a whole minute lies behind, with a share for each lane in use.
 * A field is a second, a lane and a replica, so what a replica declares takes the place of what it declared before.
 */
export const spendScript = script(`
local spent, rest = KEYS[1], KEYS[2]
local replica, lane, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local shares = { write = tonumber(ARGV[4]), query = tonumber(ARGV[5]), poll = tonumber(ARGV[6]) }
local recoveryRoom, recoveryAge, declares = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1'
local time = redis.call('TIME')
local second = tonumber(time[1])
local now = second * 1000 + math.floor(tonumber(time[2]) / 1000)
local used, counts, total, recent = { write = 0, query = 0, poll = 0 }, {}, 0, 0

local function count(at, which, number)
  used[which] = used[which] + number
  counts[at] = (counts[at] or 0) + number
  total = total + number
  if at >= second - recoveryAge then recent = recent + number end
end

local fields = redis.call('HGETALL', spent)
for i = 1, #fields, 2 do
  local at, which, whose = string.match(fields[i], '^(%d+) (%a+) (.+)$')
  at = tonumber(at)
  if at <= second - 62 or (declares and whose == replica) then
    redis.call('HDEL', spent, fields[i])
  else
    count(at, which, tonumber(fields[i + 1]))
  end
end
if declares then
  for i = 10, #ARGV, 3 do
    local at = second - tonumber(ARGV[i])
    redis.call('HSET', spent, at .. ' ' .. ARGV[i + 1] .. ' ' .. replica, ARGV[i + 2])
    count(at, ARGV[i + 1], tonumber(ARGV[i + 2]))
  end
  redis.call('EXPIRE', spent, 70)
end
if lane == '' then return { 0, total, 0 } end

local restMs = redis.call('PTTL', rest)
if restMs > 0 then return { restMs, total, 0 } end
local left = limit - total
if lane ~= 'write' then
  for other, share in pairs(shares) do
    if other ~= lane and used[other] > 0 then
      left = left - math.max(0, math.floor(share * limit) - used[other])
    end
  end
end
if recoveryRoom >= 0 and recoveryRoom <= recent then return { 1000, total, 1 } end
if left > 0 then
  redis.call('HINCRBY', spent, second .. ' ' .. lane .. ' ' .. replica, 1)
  redis.call('EXPIRE', spent, 70)
  return { 0, total + 1, 0 }
end
local seconds, missing = {}, 1 - left
for at in pairs(counts) do seconds[#seconds + 1] = at end
table.sort(seconds)
for _, at in ipairs(seconds) do
  missing = missing - counts[at]
  if missing <= 0 then return { math.max(1, (at + 62) * 1000 - now), total, 0 } end
end
return { 62000, total, 0 }
`);

/** Leaves upstream alone for a caller, no shorter than was said before. */
export const restScript = script(`
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
`);
