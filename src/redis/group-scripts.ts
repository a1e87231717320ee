/** Runs on a full server as well: what is written is small, and only with it can a group finish what it has read. */
const EVEN_FULL = '#!lua flags=allow-oom'

/**
 * Scripts for groups of processors. Each takes effect as a whole, and only the server's clock says when a lease has expired.
 *
 * The hash of watermarks has `<epoch> <next>` for each stream, and ` new` behind it until the group has moved on; that of leases `<owner> <fence> <until>`: the fence grows with each owner.
 */
const BEGIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
local function lease_of(key, stream)
  local owner, fence, untl = string.match(redis.call('HGET', key, stream) or '', '^(%S+) (%d+) (%d+)$')
  return owner or '-', fence or '0', tonumber(untl or '0')
end
local function ring(bell) redis.call('XADD', bell, 'MAXLEN', '1', '*', 'rung', '1') end`

/** The row of a stream's log, as the sink keeps it; only with it is known which log it is. */
const ROW = `
local function row_of(stream, entries, state)
  if string.sub(stream, 1, #entries) ~= entries then return nil end
  local rest = string.sub(stream, #entries + 1)
  local unit, log = string.match(rest, '^(%x+):(.+)$')
  return redis.call('HGET', state .. (unit or 'alone'), 'log:' .. (log or rest)) or nil
end`

/**
 * Joins a group, adds watermarks of new streams, and renews leases.
 *
 * KEYS: streams, watermarks, leases, members, groups. ARGV: the group, the processor, the lease (ms), `now` or `beginning`, what names of
 * streams and of hashes of positions begin with; then stream and fence of each claim. Returns how many logs and how many processors there
 * are, then the streams that are still this processor's.
 */
export const RENEW = `${EVEN_FULL}${BEGIN}${ROW}
local function begin_of(stream, is_behind)
  local facts = redis.call('XINFO', 'STREAM', stream)
  local first, last
  for i = 1, #facts, 2 do
    if facts[i] == 'first-entry' and facts[i + 1] then first = string.match(facts[i + 1][1], '^%d+') end
    if facts[i] == 'last-generated-id' then last = string.match(facts[i + 1], '^%d+') end
  end
  if first and not is_behind then return first end
  return text(tonumber(last) + 1)
end
local is_new = redis.call('SADD', KEYS[5], ARGV[1]) == 1
redis.call('ZADD', KEYS[4], text(now + ARGV[3]), ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', text(now - 1))
local logs = 0
for _, stream in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if row_of(stream, ARGV[5], ARGV[6]) then
    if redis.call('HEXISTS', KEYS[2], stream) == 1 then logs = logs + 1
    elseif redis.call('EXISTS', stream) == 1 then
      redis.call('HSET', KEYS[2], stream, '0 ' .. begin_of(stream, is_new and ARGV[4] == 'now') .. ' new')
      logs = logs + 1
    end
  end
end
local result = {logs, redis.call('ZCARD', KEYS[4])}
for i = 7, #ARGV, 2 do
  local owner, fence = lease_of(KEYS[3], ARGV[i])
  if owner == ARGV[2] and fence == ARGV[i + 1] then
    redis.call('HSET', KEYS[3], ARGV[i], owner .. ' ' .. fence .. ' ' .. text(now + ARGV[3]))
    result[#result + 1] = ARGV[i]
  end
end
return result`

/**
 * Claims streams that nobody has.
 *
 * KEYS: streams, watermarks, leases, the bell. ARGV: the processor, the lease (ms), as of {@link RENEW} the two beginnings, how many at
 * most. Returns of each its name, fence, watermark and the row of its log.
 */
export const CLAIM_STREAMS = `${EVEN_FULL}${BEGIN}${ROW}
local taken = {}
for _, stream in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if #taken / 4 >= tonumber(ARGV[5]) then break end
  local mark = redis.call('HGET', KEYS[2], stream)
  local row = mark and row_of(stream, ARGV[3], ARGV[4])
  local owner, fence, untl = lease_of(KEYS[3], stream)
  if row and (owner == '-' or untl < now) then
    local next_fence = text(tonumber(fence) + 1)
    redis.call('HSET', KEYS[3], stream, ARGV[1] .. ' ' .. next_fence .. ' ' .. text(now + ARGV[2]))
    for _, each in ipairs({stream, next_fence, mark, row}) do taken[#taken + 1] = each end
  end
end
if #taken > 0 then ring(KEYS[4]) end
return taken`

/**
 * Moves watermarks forward, never back, where the lease still holds.
 *
 * KEYS: watermarks, leases. ARGV: the processor; stream, fence, epoch and next of each. Returns the streams that are still its own.
 */
export const STORE_MARKS = `${EVEN_FULL}${BEGIN}
local kept = {}
for i = 2, #ARGV, 4 do
  local owner, fence = lease_of(KEYS[2], ARGV[i])
  if owner == ARGV[1] and fence == ARGV[i + 1] then
    local epoch, from = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^(%d+) (%d+)')
    if not epoch or tonumber(ARGV[i + 2]) > tonumber(epoch) then epoch = ARGV[i + 2] end
    if not from or tonumber(ARGV[i + 3]) > tonumber(from) then from = ARGV[i + 3] end
    redis.call('HSET', KEYS[1], ARGV[i], epoch .. ' ' .. from)
    kept[#kept + 1] = ARGV[i]
  end
end
return kept`

/** Releases leases, and with a third key the place among the members. KEYS: leases, the bell, members. ARGV: the processor; stream and fence of each. */
export const RELEASE = `${EVEN_FULL}${BEGIN}
for i = 2, #ARGV, 2 do
  local owner, fence = lease_of(KEYS[1], ARGV[i])
  if owner == ARGV[1] and fence == ARGV[i + 1] then redis.call('HSET', KEYS[1], ARGV[i], '- ' .. fence .. ' 0') end
end
if KEYS[3] then redis.call('ZREM', KEYS[3], ARGV[1]) end
ring(KEYS[2])
return 1`

/**
 * Records entries that are missing. More may be, with the same beginning, where a processor was killed before it stored its watermark.
 *
 * KEYS: missed. ARGV: key, end, facts (JSON, with `end`).
 */
export const ADD_GAP = `${EVEN_FULL}
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old and cjson.decode(old)['end'] >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`

/**
 * Sets an entry aside, unless the server is full; what is set aside already counts another failure only when its replay failed.
 *
 * KEYS: parked, bodies, replays. ARGV: key, facts (JSON), body, `1` for a replay that failed.
 */
export const PARK = `${BEGIN}
local old = redis.call('HGET', KEYS[1], ARGV[1])
local failures = tonumber(string.match(old or '', '^(%d+) ') or '0')
if failures == 0 or ARGV[4] == '1' then failures = failures + 1 end
redis.call('HSET', KEYS[1], ARGV[1], text(failures) .. ' ' .. text(now) .. ' ' .. ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1`

/** Reserves the next entry to replay. KEYS: parked, bodies, replays. ARGV: for how long (ms). Returns key, facts and body. */
export const TAKE_REPLAY = `${EVEN_FULL}${BEGIN}
for _, key in ipairs(redis.call('ZRANGE', KEYS[3], '-inf', text(now), 'BYSCORE', 'LIMIT', '0', '100')) do
  local facts = redis.call('HGET', KEYS[1], key)
  if facts then
    redis.call('ZADD', KEYS[3], text(now + ARGV[1]), key)
    return {key, facts, redis.call('HGET', KEYS[2], key) or ''}
  end
  redis.call('ZREM', KEYS[3], key)
end
return {}`

/** Asks for replays. KEYS: parked, replays, the bell. ARGV: keys. Returns how many there are. */
export const MARK_REPLAYS = `${EVEN_FULL}${BEGIN}
local count = 0
for _, key in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1], key) == 1 then
    redis.call('ZADD', KEYS[2], '0', key)
    count = count + 1
  end
end
if count > 0 then ring(KEYS[3]) end
return count`

/** Forgets entries. KEYS: parked, bodies, replays. ARGV: keys. Returns how many there were. */
export const FORGET = `${EVEN_FULL}${BEGIN}
local count = 0
for _, key in ipairs(ARGV) do
  count = count + redis.call('HDEL', KEYS[1], key)
  redis.call('HDEL', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
end
return count`
