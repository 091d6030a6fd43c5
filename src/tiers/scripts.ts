/*
 * The scripts that run in Redis and Valkey, each at once or not at all. What they keep is described in docs/design/tiers.md.
 */

/** What `fill`, `write` and `anchor` begin with. */
const COMMON = `-- KEYS: 1 state, 2 log, 3 key fences, 4 tag fences, 5… entries. ARGV: 1 nonce, 2 channel, 3 publish command.
local S, L, K, T = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local call, s = redis.call, {}
local function int(n) return string.format('%.0f', n) end
local function seq(id) return tonumber(string.match(id, '^%d+')) end
local function micros() local t = call('TIME') return t[1] * 1000000 + t[2] end
local function append(id, body, max)
  if max then call('XADD', L, 'MAXLEN', '~', max, id, 'p', s.i, 'b', body) else call('XADD', L, id, 'p', s.i, 'b', body) end
  if ARGV[3] ~= '' then call(ARGV[3], ARGV[2], s.e .. ' ' .. s.i .. ' ' .. id .. ' ' .. body) end
  s.i = id
end
-- Which server process this is: another one after a restart and on a replica.
local function run()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
end
-- Reads the state; makes a new one, under a new epoch, where there is none.
local function open()
  local v = call('HMGET', S, 'e', 'i', 'c', 'kf', 'tf', 'kn', 'tn')
  if v[1] then
    s.e, s.i, s.c, s.kf, s.tf = v[1], v[2], tonumber(v[3]), tonumber(v[4]), tonumber(v[5])
    s.kn, s.tn = call('ZCARD', K), call('ZCARD', T)
    -- Fences that were evicted by themselves: what they told is not known any more.
    if tonumber(v[6]) ~= s.kn then s.kf = seq(s.i) call('HSET', S, 'kf', int(s.kf), 'kn', s.kn) end
    if tonumber(v[7]) ~= s.tn then s.tf = seq(s.i) call('HSET', S, 'tf', int(s.tf), 'tn', s.tn) end
    return
  end
  local t = micros()
  call('DEL', L, K, T)
  s.e, s.i, s.c, s.kf, s.tf, s.kn, s.tn = ARGV[1], '0-0', t, t, t, 0, 0
  append(int(t) .. '-' .. ARGV[1], '')
  call('HSET', S, 'e', s.e, 'r', run(), 'b', int(t), 'i', s.i, 'c', int(t), 'kf', int(t), 'tf', int(t), 'kn', 0, 'tn', 0)
end
-- Whether a position lies in this history.
local function knows(id) return id == s.i or #call('XRANGE', L, id, id) == 1 end
-- Whether something of these tags was deleted after a position.
local function tagged(tags, at)
  if #tags == 0 then return false end
  if at < s.tf then return true end
  for _, tag in ipairs(tags) do
    local f = call('ZSCORE', T, tag)
    if f and tonumber(f) > at then return true end
  end
  return false
end
-- An entry: version 1, flags, serialiser, tags (a byte each), epoch (6), position (8), born (8), expires (8), tags, payload.
local HEAD = '>BBBBI6I8I8I8'
local function pack(at, born, expires, flags, ser, tags, payload)
  local out = { struct.pack(HEAD, 1, flags, ser, #tags, tonumber(s.e), at, born, expires) }
  for _, tag in ipairs(tags) do out[#out + 1] = struct.pack('>I2', #tag) .. tag end
  out[#out + 1] = payload
  return table.concat(out)
end
local function store(key, at, born, ms, ttl, stale, flags, ser, tags, payload)
  local expires = ttl > 0 and ms + ttl or 0
  local v = pack(at, born, expires, flags, ser, tags, payload)
  if ttl > 0 then call('SET', key, v, 'PX', int(ttl + stale)) else call('SET', key, v) end
end
local function rest(from) local t = {} for i = from, #ARGV do t[#t + 1] = ARGV[i] end return t end
open()
`

/** Entries, from a server that has what was seen. */
export const READ: string = `-- KEYS: 1 state, 2 log, 3 key fences, 4 tag fences, 5… entries. ARGV: 1 seen, 2 lease ms (0: none), 3 who asks.
-- Reply: 1, epoch, head, values…: bytes, nil, 1 where another process loads it, or when the lease ends that was given on what is missing;
-- 0, epoch, head where what was seen is not known. A lease stands under a missing key, as a 0 byte, whose it is, a space and when it ends;
-- in an entry that is over, as a time when it was born that is to come.
local call = redis.call
local s = call('HMGET', KEYS[1], 'e', 'i', 'c')
local epoch, head = s[1], s[2]
if not epoch then return { 0 } end
if ARGV[1] ~= head and ARGV[1] ~= '' and #call('XRANGE', KEYS[2], ARGV[1], ARGV[1]) == 0 then return { 0, epoch, head } end
local e, c, lease, ms = tonumber(epoch), tonumber(s[3]), tonumber(ARGV[2]), 0
if lease > 0 then
  local t = call('TIME')
  ms = t[1] * 1000 + math.floor(t[2] / 1000)
end
local fences
-- Whether none of an entry's tags was deleted after it.
local function untouched(v, n, at)
  if not fences then
    fences = call('HMGET', KEYS[1], 'tf', 'tn')
    fences.whole = tonumber(fences[2]) == call('ZCARD', KEYS[4])
  end
  if at < tonumber(fences[1]) or not fences.whole then return false end
  local p = 35
  for _ = 1, n do
    local length = struct.unpack('>I2', v, p)
    local fence = call('ZSCORE', KEYS[4], string.sub(v, p + 2, p + 1 + length))
    if fence and tonumber(fence) > at then return false end
    p = p + 2 + length
  end
  return true
end
local reply = { 1, epoch, head }
for k = 5, #KEYS do
  -- What is no string is none of ours.
  local v = redis.pcall('GET', KEYS[k])
  if type(v) ~= 'string' then v = false end
  local entry, born, expires = false, 0, 0
  if v and #v >= 34 then
    local version, _, _, n, of, at, b, x = struct.unpack('>BBBBI6I8I8I8', v)
    if version == 1 and of == e and at >= c and (n == 0 or untouched(v, n, at)) then entry, born, expires = v, b, x end
  end
  -- A lifetime has ended by itself, or by a call, which adds 2^52 to the time.
  if lease == 0 or entry and (expires == 0 or expires > ms and expires < 4503599627370496) then reply[k - 1] = entry
  elseif entry and born > ms or v and string.byte(v) == 0 and string.match(v, '^%z(%d+) ') ~= ARGV[3] then reply[k - 1] = 1
  else
    -- A full server refuses it, and nothing relies on it.
    local till = ms + lease
    if entry then
      redis.pcall('SETRANGE', KEYS[k], 18, struct.pack('>I8', till))
      reply[k - 1] = string.sub(entry, 1, 18) .. struct.pack('>I8', till) .. string.sub(entry, 27)
    else
      redis.pcall('SET', KEYS[k], '\\0' .. ARGV[3] .. ' ' .. string.format('%.0f', till), 'PX', ARGV[2])
      reply[k - 1] = till
    end
  end
end
return reply
`

/** A lease is given up. */
export const RELEASE: string = `-- KEYS: 1 entry. ARGV: 1 whose lease, 2 when it ends.
local v = redis.pcall('GETRANGE', KEYS[1], 0, 33)
if type(v) ~= 'string' then return 0 end
if v == '\\0' .. ARGV[1] .. ' ' .. ARGV[2] then return redis.call('DEL', KEYS[1]) end
if #v < 34 or string.byte(v) ~= 1 then return 0 end
local born, expires = struct.unpack('>I8I8', v, 19)
if expires == 0 or born ~= tonumber(ARGV[2]) then return 0 end
redis.call('SETRANGE', KEYS[1], 18, struct.pack('>I8', 0))
return 1
`

/** The entries of the log after a position. */
export const PULL: string = `-- KEYS: 1 state, 2 log. ARGV: 1 seen, 2 most entries. Reply: 1, epoch, head, ms, entries; 0 where what was seen is not known.
local call = redis.call
local s = call('HMGET', KEYS[1], 'e', 'i')
if not s[1] then return { 0 } end
local t = call('TIME')
local reply = { 1, s[1], s[2], t[1] * 1000 + math.floor(t[2] / 1000), {} }
if ARGV[1] == s[2] then return reply end
if #call('XRANGE', KEYS[2], ARGV[1], ARGV[1]) == 0 then return { 0, s[1], s[2] } end
reply[5] = call('XRANGE', KEYS[2], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
return reply
`

/** The result of a load is stored, unless it was overtaken. */
export const FILL: string =
  COMMON +
  `-- ARGV: 4 epoch, 5 token, 6 age ms, 7 ttl ms (0: never), 8 stale ms, 9 flags, 10 serialiser, 11 payload, 12… tags.
local token, key, tags = seq(ARGV[5]), KEYS[5], rest(12)
if ARGV[4] ~= s.e or not knows(ARGV[5]) then return 'unknown' end
if token < s.kf then return 'old' end
local fence = call('ZSCORE', K, key)
if fence and tonumber(fence) > token then return 'overtaken' end
local ms = math.floor(micros() / 1000)
local born = ms - tonumber(ARGV[6])
local there = redis.pcall('GETRANGE', key, 0, 33)
if type(there) == 'string' and #there == 34 then
  local version, _, _, _, e, at, b, x = struct.unpack(HEAD, there)
  if version == 1 and e == tonumber(s.e) and at >= s.c and b > born and (x == 0 or x > ms and x < 4503599627370496) then return 'newer' end
end
store(key, token, born, ms, tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tags, ARGV[11])
return 'stored'
`

/** An invalidation, perhaps with the value that was written. */
export const WRITE: string =
  COMMON +
  `-- ARGV: 4 seen, 5 body, 6 mode ('clear', 'expire' or ''), 7 log bound, 8 key fences bound, 9 tag fences bound, 10 number of tags deleted, tags…,
-- then, to store a value under the last key: token, age ms, ttl ms, stale ms, flags, serialiser, payload, its tags…
local ok = (ARGV[4] == '' or knows(ARGV[4])) and 1 or 0
local n = tonumber(ARGV[10])
local from = 11 + n
local kept = 0
local token, tags, key
if ARGV[from] then
  token, tags, key = ARGV[from], rest(from + 7), KEYS[#KEYS]
  local t = seq(token)
  local fence = call('ZSCORE', K, key)
  if knows(token) and t >= s.kf and s.c <= t and not (fence and tonumber(fence) > t) and not tagged(tags, t) then kept = 1 end
end
local before = s.i
local at = seq(before) + 1
append(int(at) .. '-' .. ARGV[1], ARGV[5], ARGV[7])
local changed = { 'i', s.i }
local function change(field, value) changed[#changed + 1] = field changed[#changed + 1] = value end
for k = 5, #KEYS do
  if ARGV[6] ~= 'expire' then call('UNLINK', KEYS[k])
  elseif call('TYPE', KEYS[k]).ok == 'string' and call('STRLEN', KEYS[k]) >= 34 then call('SETRANGE', KEYS[k], 26, struct.pack('>I8', math.floor(micros() / 1000) + 4503599627370496)) end
  s.kn = s.kn + call('ZADD', K, int(at), KEYS[k])
end
for i = 11, from - 1 do s.tn = s.tn + call('ZADD', T, int(at), ARGV[i]) end
if ARGV[6] == 'clear' then change('c', int(at)) end
-- The newest of the fences stay; the floor is where the last of the others stood.
local function trim(z, size, max, floor, field)
  local over = size - max
  if over <= 0 then return size end
  local last = call('ZRANGE', z, over - 1, over - 1, 'WITHSCORES')
  call('ZREMRANGEBYRANK', z, 0, over - 1)
  change(field, int(math.max(floor, tonumber(last[2]))))
  return max
end
if #KEYS > 4 then change('kn', trim(K, s.kn, tonumber(ARGV[8]), s.kf, 'kf')) end
if n > 0 then change('tn', trim(T, s.tn, tonumber(ARGV[9]), s.tf, 'tf')) end
call('HSET', S, unpack(changed))
if kept == 1 then
  local ms = math.floor(micros() / 1000)
  store(key, at, ms - tonumber(ARGV[from + 1]), ms, tonumber(ARGV[from + 2]), tonumber(ARGV[from + 3]),
    tonumber(ARGV[from + 4]), tonumber(ARGV[from + 5]), tags, ARGV[from + 6])
end
return { ok, s.e, s.i, before, kept }
`

/** Where the log is, and which positions the server lacks. */
export const ANCHOR: string =
  COMMON +
  `-- ARGV: 4… positions. Reply: epoch, whether the state was made by this very server process, its age in ms, head, oldest, ms, lost positions.
local first = call('XRANGE', L, '-', '+', 'COUNT', 1)
local lost = {}
for i = 4, #ARGV do if not knows(ARGV[i]) then lost[#lost + 1] = ARGV[i] end end
local made = call('HMGET', S, 'r', 'b')
local fresh = made[1] ~= '' and made[1] == run() and 1 or 0
local t = micros()
return { s.e, fresh, math.floor((t - tonumber(made[2])) / 1000), s.i, first[1] and first[1][1] or s.i, math.floor(t / 1000), lost }
`
