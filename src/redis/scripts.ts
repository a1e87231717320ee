/**
 * Makes a sink the owner of a unit, unless the owner has changed meanwhile. KEYS: the unit's hash. ARGV: the expected present owner
 * (empty: none), the new owner.
 */
export const CLAIM = `
if (redis.call('HGET', KEYS[1], 'owner:') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner:', ARGV[2])
return 1`

/** The last id that a stream generated, even if that entry has been trimmed; empty when there is no such stream. */
const LAST_ID = `
local function last_id(key)
  if redis.call('EXISTS', key) == 0 then return '' end
  local facts = redis.call('XINFO', 'STREAM', key)
  for i = 1, #facts, 2 do if facts[i] == 'last-generated-id' then return facts[i + 1] end end
  return ''
end`

/** KEYS: streams. Returns the last id of each. */
export const LAST_IDS = `${LAST_ID}
local ids = {}
for i = 1, #KEYS do ids[i] = last_id(KEYS[i]) end
return ids`

/**
 * Writes entries and records, all or nothing: a script has no rollback, so everything is checked before the first write.
 *
 * KEYS: the unit's hash, the set of streams, the streams. ARGV: the owner; the length to trim streams to (0: never); the number of records,
 * and key and value of each; the last id of each stream; for each entry the number of its stream, its id, the number of its fields' names and
 * values, and these.
 */
export const WRITE = `${LAST_ID}
local owner = redis.call('HGET', KEYS[1], 'owner:')
if owner ~= ARGV[1] then return {'owner', owner or ''} end
local longest = tonumber(ARGV[2])
local records = tonumber(ARGV[3])
local at = 4 + 2 * records
for i = 3, #KEYS do
  local id = last_id(KEYS[i])
  if id ~= ARGV[at] then return {'behind', KEYS[i], id} end
  at = at + 1
end
for i = 3, #KEYS do redis.call('SADD', KEYS[2], KEYS[i]) end
while at <= #ARGV do
  local key, id, count = KEYS[2 + ARGV[at]], ARGV[at + 1], ARGV[at + 2]
  if longest > 0 then redis.call('XADD', key, 'MAXLEN', '~', longest, id, unpack(ARGV, at + 3, at + 2 + count))
  else redis.call('XADD', key, id, unpack(ARGV, at + 3, at + 2 + count)) end
  at = at + 3 + count
end
for i = 1, records do redis.call('HSET', KEYS[1], ARGV[2 + 2 * i], ARGV[3 + 2 * i]) end
return {'ok'}`
