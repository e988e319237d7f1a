/**
 * A range: keys in order, then their values, in one step.
 * KEYS order, rows. ARGV lower bound, upper bound (as ZRANGE BYLEX takes them), limit, 1 for reverse. Answers key, value, key, value, …
 */
export const RANGE_SCRIPT = `
local keys
if ARGV[4] == '1' then
  keys = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[1], 'BYLEX', 'REV', 'LIMIT', 0, ARGV[3])
else
  keys = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[3])
end
local found = {}
for from = 1, #keys, 1000 do
  local to = math.min(from + 999, #keys)
  local values = redis.call('HMGET', KEYS[2], unpack(keys, from, to))
  for i = from, to do
    found[2 * i - 1] = keys[i]
    found[2 * i] = values[i - from + 1]
  end
end
return found
`;

/**
 * One step of a relay: says how far the last batch has come (nothing at first), and takes the next one. Whoever holds the lease relays
 * alone, since two of them would mix up the order. It is given back in the step that finds nothing left, so a message
 * committed while one relay works is seen by it, and one committed later by the committer's own.
 *
 * A holder that was stopped for longer than its lease may still bring its batch to the log when it goes on, behind newer messages of the
 * same keys. Therefore whoever takes over an expired lease keeps what it relays for a while; when the late holder reports, the relay goes
 * back to where that one had stood and sends everything once more, in order: the last message of every key is the right one again.
 *
 * KEYS relay, outbox. ARGV token, lease ms, most messages, most bytes, id of the last message relayed or '', ms to keep after a takeover, most
 * messages to keep. Answers {'entries', {…}}, {'empty'}, {'busy', ms} or {'overtaken', 1 when everything is sent again | 0}.
 */
export const RELAY_SCRIPT = `
local relay, outbox = KEYS[1], KEYS[2]
local token, lease, most, bytes, done = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local grace, longest = tonumber(ARGV[6]), tonumber(ARGV[7])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local state = redis.call('HMGET', relay, 'token', 'until', 'position', 'keep', 'rewind')
local holder, till, position = state[1], tonumber(state[2] or '0'), state[3] or '-'
local keep, rewind = tonumber(state[4] or '0'), state[5]

local function parts(id)
  local revision, index = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(revision or '0'), tonumber(index or '0')
end
local function earlier(a, b)
  local ra, ia = parts(a)
  local rb, ib = parts(b)
  return ra < rb or (ra == rb and ia < ib)
end

if not holder and not state[3] then
  -- Redis has forgotten everything meanwhile: there is nobody who overtook.
  done = ''
end
if done ~= '' and holder ~= token then
  local stood = redis.call('HGET', relay, 'late:' .. token)
  if not stood then
    return { 'overtaken', 0 }
  end
  redis.call('HDEL', relay, 'late:' .. token)
  if not rewind or earlier(stood, rewind) then
    redis.call('HSET', relay, 'rewind', stood)
  end
  return { 'overtaken', 1 }
end
if holder and holder ~= token then
  if till > now then
    return { 'busy', till - now }
  end
  keep = now + grace
  redis.call('HSET', relay, 'late:' .. holder, position, 'keep', keep)
end
if done ~= '' then
  position = done
end
if rewind then
  position = rewind
  redis.call('HDEL', relay, 'rewind')
end
if keep <= now or redis.call('XLEN', outbox) > longest then
  if keep > 0 then
    local fields = redis.call('HKEYS', relay)
    for i = 1, #fields do
      if fields[i] == 'keep' or string.sub(fields[i], 1, 5) == 'late:' then
        redis.call('HDEL', relay, fields[i])
      end
    end
  end
  if position ~= '-' then
    local revision, index = string.match(position, '^(%d+)-(%d+)$')
    redis.call('XTRIM', outbox, 'MINID', revision .. '-' .. string.format('%.0f', index + 1))
  end
end

local entries, size, from = {}, 0, position == '-' and '-' or '(' .. position
while #entries < most and size < bytes do
  local page = redis.call('XRANGE', outbox, from, '+', 'COUNT', math.min(100, most - #entries))
  for i = 1, #page do
    entries[#entries + 1] = page[i]
    for j = 2, #page[i][2], 2 do
      size = size + #page[i][2][j]
    end
    from = '(' .. page[i][1]
  end
  if #page == 0 then
    break
  end
end
redis.call('HSET', relay, 'position', position)
if #entries == 0 then
  redis.call('HDEL', relay, 'token', 'until')
  return { 'empty' }
end
redis.call('HSET', relay, 'token', token, 'until', now + lease)
return { 'entries', entries }
`;

/** KEYS relay. ARGV token, lease ms (0 gives it back). Answers 1 while the lease is the caller's. */
export const LEASE_SCRIPT = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], 'token', 'until')
else
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'until', clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[2]))
end
return 1
`;
