import { script } from './script.ts';

/**
 * Spends one request of a caller, for all replicas at once, by the same rules as an account has for itself: counted
 * by the second, forgotten when a whole minute lies behind, with a share for each lane in use.
 * A field is a second, a lane and a replica, so what a replica declares takes the place of what it declared before.
 * Replicas that have vanished may be spending a part alone, but for what they were seen to spend of it. So many of them
 * as are missing are taken to be alive, those with most left: the whole for the first, and for all no more than `together`.
 * A Redis that has just forgotten everything spends nothing: first it has to be told.
 * The answer: how long to wait, what is kept so, and what others have spent by age.
 */
export const spendScript = script(`
local spent, rest = KEYS[1], KEYS[2]
if redis.call('GET', KEYS[3]) ~= ARGV[13] then return redis.error_reply('FORGOTTEN') end
local replica, lane, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local shares = { write = tonumber(ARGV[4]), query = tonumber(ARGV[5]), poll = tonumber(ARGV[6]) }
local recoveryRoom, recoveryAge, declares = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1'
local missing, together, declared = tonumber(ARGV[10]), tonumber(ARGV[11]), 14 + 2 * tonumber(ARGV[12])
local parts, seen = {}, {}
for i = 14, declared - 1, 2 do parts[ARGV[i]] = tonumber(ARGV[i + 1]) end
local time = redis.call('TIME')
local second = tonumber(time[1])
local now = second * 1000 + math.floor(tonumber(time[2]) / 1000)
local used, counts, total, recent = { write = 0, query = 0, poll = 0 }, {}, 0, 0
local others = {}

local function count(at, which, number, whose)
  used[which] = used[which] + number
  total = total + number
  if whose ~= replica then others[at] = (others[at] or 0) + number end
  if parts[whose] then
    parts[whose] = math.max(0, parts[whose] - number)
    seen[#seen + 1] = { at, number, whose }
  else counts[at] = (counts[at] or 0) + number end
  if at >= second - recoveryAge then recent = recent + number end
end

local fields = redis.call('HGETALL', spent)
for i = 1, #fields, 2 do
  local at, which, whose = string.match(fields[i], '^(%d+) (%a+) (.+)$')
  at = tonumber(at)
  if at <= second - 62 or (declares and whose == replica) then
    redis.call('HDEL', spent, fields[i])
  else
    count(at, which, tonumber(fields[i + 1]), whose)
  end
end
if declares then
  for i = declared, #ARGV, 3 do
    local at = second - tonumber(ARGV[i])
    redis.call('HSET', spent, at .. ' ' .. ARGV[i + 1] .. ' ' .. replica, ARGV[i + 2])
    count(at, ARGV[i + 1], tonumber(ARGV[i + 2]), replica)
  end
  redis.call('EXPIRE', spent, 70)
end

local ranking, kept, reserved = {}, {}, 0
for whose in pairs(parts) do ranking[#ranking + 1] = whose end
table.sort(ranking, function(one, other) return parts[one] > parts[other] end)
for i = 1, math.min(missing, #ranking) do
  kept[ranking[i]] = true
  reserved = reserved + parts[ranking[i]]
end
if #ranking > 0 then reserved = math.max(parts[ranking[1]], math.min(reserved, together)) end
reserved = math.min(reserved, limit - 1)
limit = limit - reserved
local function answer(wait_ms)
  local listed = {}
  for at, number in pairs(others) do
    listed[#listed + 1] = second - at
    listed[#listed + 1] = number
  end
  return { wait_ms, reserved, listed }
end
if lane == '' then return answer(0) end

local restMs = redis.call('PTTL', rest)
if restMs > 0 then return answer(restMs) end
local left = limit - total
if lane ~= 'write' then
  for other, share in pairs(shares) do
    if other ~= lane and used[other] > 0 then
      left = left - math.max(0, math.floor(share * limit) - used[other])
    end
  end
end
if recoveryRoom >= 0 and recoveryRoom <= recent then return answer(1000) end
if left > 0 then
  redis.call('HINCRBY', spent, second .. ' ' .. lane .. ' ' .. replica, 1)
  redis.call('EXPIRE', spent, 70)
  return answer(0)
end
for _, spending in ipairs(seen) do
  local at, number, whose = unpack(spending)
  -- what those who may be alive were seen to spend may be spent again once it is forgotten
  if not kept[whose] then counts[at] = (counts[at] or 0) + number end
end
local seconds, lacking = {}, 1 - left
for at in pairs(counts) do seconds[#seconds + 1] = at end
table.sort(seconds)
for _, at in ipairs(seconds) do
  lacking = lacking - counts[at]
  if lacking <= 0 then return answer(math.max(1, (at + 62) * 1000 - now)) end
end
return answer(62000)
`);

/** Leaves upstream alone for a caller, no shorter than was said before. */
export const restScript = script(`
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
`);
