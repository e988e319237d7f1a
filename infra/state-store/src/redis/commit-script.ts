/**
 * The one script of a commit: every check first, then every change. Redis runs it alone and logs its effects as one transaction, so it
 * is there whole or not at all, in the append-only file and on replicas too. Nothing can fail after the first change: all keys
 * have been read (a key of another type is an error there), and Redis refuses for want of memory or disk before a script's first change
 * only.
 *
 * A value is kept behind its revision: 16 digits, one blank, the value. Revisions are microseconds of the server's clock, raised where
 * needed so that each is higher than the last: a Redis that has lost its latest seconds, or everything, gives none of them out
 * again, and whoever still holds an old one meets a conflict.
 *
 * KEYS meta, calls, offsets, outbox, then for each table rows and order.
 * ARGV call, mark, highest revision that the caller has ever seen, most messages in the outbox, then sections, each led by the number of its items:
 * calls to forget; offsets (field, from, to); messages (topic, key, 1 | 0, value, traceparent); tables, and for each its name, expectations
 * (index, key, revision), puts (key, value) and removals (key).
 *
 * Answers {'ok', revision, last}, {'differs', last, {index, revision, …}, {index, stored, …}}, {'crowded', messages} or {'damaged', table};
 * `last` is the highest revision that stood before.
 */
export const COMMIT_SCRIPT = `
local CHUNK = 1000
local argv, ask, sub = ARGV, redis.call, string.sub
local cursor = 0
local function take()
  cursor = cursor + 1
  return argv[cursor]
end
local function section(width)
  local n = tonumber(take())
  local at = cursor
  cursor = cursor + n * width
  return { n = n, at = at, width = width }
end
local function item(part, index, field)
  return argv[part.at + (index - 1) * part.width + field]
end
local function text(number)
  return string.format('%.0f', number)
end

local meta, calls, offsets, outbox = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local call, mark = take(), take()
local highest, room = tonumber(take()), tonumber(take())
local forget = section(1)
local moves = section(3)
local messages = section(5)
local tables = {}
for t = 1, tonumber(take()) do
  tables[t] = { name = take(), rows = KEYS[3 + 2 * t], order = KEYS[4 + 2 * t] }
  tables[t].expect = section(3)
  tables[t].put = section(2)
  tables[t].remove = section(1)
end

local clock = ask('TIME')
local now = clock[1] * 1000000 + clock[2]
local last = tonumber(ask('HGET', meta, 'last') or '0')
local before = text(last)
local carriedOut = ask('ZSCORE', calls, call)
if carriedOut then
  return { 'ok', carriedOut, carriedOut }
end

local differing, repeated = {}, mark ~= ''
for i = 1, moves.n do
  local field, from, to = item(moves, i, 1), item(moves, i, 2), item(moves, i, 3)
  local stored = ask('HGET', offsets, field)
  local offset, by = '', ''
  if stored then
    offset, by = string.match(stored, '^(%S+) (%S*)$')
  end
  if offset ~= from then
    differing[#differing + 1] = i
    differing[#differing + 1] = offset
  end
  if from ~= to and by ~= mark then
    repeated = false
  end
end

local conflicts, changes = {}, moves.n + messages.n
for t = 1, #tables do
  local one = tables[t]
  one.entries = ask('HLEN', one.rows)
  local counted = tonumber(ask('HGET', meta, 'n:' .. one.name) or '0')
  if one.entries ~= counted or ask('ZCARD', one.order) ~= counted then
    return { 'damaged', one.name }
  end
  changes = changes + one.put.n + one.remove.n
  local from = one.expect.at
  for first = 0, one.expect.n - 1, CHUNK do
    local keys = {}
    for j = 1, math.min(CHUNK, one.expect.n - first) do
      keys[j] = argv[from + 3 * (first + j) - 1]
    end
    local values = ask('HMGET', one.rows, unpack(keys))
    for j = 1, #keys do
      local at = from + 3 * (first + j)
      local stands = values[j] and sub(values[j], 1, 16) or ''
      if stands ~= argv[at] then
        conflicts[#conflicts + 1] = argv[at - 2]
        conflicts[#conflicts + 1] = stands
      end
    end
  end
end
local waiting = messages.n > 0 and ask('XLEN', outbox) or 0

if #conflicts > 0 or #differing > 0 then
  if repeated then
    return { 'ok', before, before }
  end
  return { 'differs', before, conflicts, differing }
end
if waiting > 0 and waiting + messages.n > room then
  return { 'crowded', waiting }
end
if changes == 0 then
  return { 'ok', before, before }
end

local revision = text(math.max(last + 1, highest + 1, now))
local prefix = revision .. ' '
ask('HSET', meta, 'last', revision)
for t = 1, #tables do
  local one = tables[t]
  local from = one.put.at
  for first = 0, one.put.n - 1, CHUNK do
    local pairs, members = {}, {}
    for j = 1, math.min(CHUNK, one.put.n - first) do
      local at = from + 2 * (first + j)
      local key = argv[at - 1]
      pairs[2 * j - 1] = key
      pairs[2 * j] = prefix .. argv[at]
      members[2 * j - 1] = '0'
      members[2 * j] = key
    end
    if ask('HSET', one.rows, unpack(pairs)) > 0 then
      ask('ZADD', one.order, unpack(members))
    end
  end
  for first = one.remove.at + 1, one.remove.at + one.remove.n, CHUNK do
    local last = math.min(first + CHUNK - 1, one.remove.at + one.remove.n)
    if ask('HDEL', one.rows, unpack(argv, first, last)) > 0 then
      ask('ZREM', one.order, unpack(argv, first, last))
    end
  end
  local entries = ask('HLEN', one.rows)
  if entries == 0 then
    ask('HDEL', meta, 'n:' .. one.name)
  elseif entries ~= one.entries then
    ask('HSET', meta, 'n:' .. one.name, entries)
  end
end
for i = 1, moves.n do
  ask('HSET', offsets, item(moves, i, 1), item(moves, i, 3) .. ' ' .. mark)
end
for i = 1, messages.n do
  local message = { 't', item(messages, i, 1), 'k', item(messages, i, 2) }
  if item(messages, i, 3) == '1' then
    message[#message + 1] = 'v'
    message[#message + 1] = item(messages, i, 4)
  end
  if item(messages, i, 5) ~= '' then
    message[#message + 1] = 'h'
    message[#message + 1] = item(messages, i, 5)
  end
  ask('XADD', outbox, revision .. '-' .. i, unpack(message))
end
for i = 1, forget.n do
  ask('ZREM', calls, item(forget, i, 1))
end
ask('ZREMRANGEBYSCORE', calls, '-inf', text(now - 3600000000))
ask('ZADD', calls, revision, call)
return { 'ok', revision, before }
`;
