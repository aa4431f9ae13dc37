-- What wrk sends, and what it says in the end: one line of JSON.
-- Arguments: method, file with one path a line, octets of the body, file with one token a line, "keep-alive" or "close".
-- Paths and tokens take turns; what all of them amount to is written once, before the first request.

local requests, turn = {}, 0

local function lines(name)
  local all = {}
  for line in io.lines(name) do all[#all + 1] = line end
  return all
end

function init(arguments)
  local method, paths, size, tokens, connection = unpack(arguments)
  paths, tokens = lines(paths), lines(tokens)
  local body = tonumber(size) > 0 and string.rep("x", tonumber(size)) or nil
  for number = 0, math.max(#paths, #tokens) - 1 do
    local token = tokens[number % #tokens + 1]
    local headers = { ["Authorization"] = "Bearer " .. token, ["Host"] = wrk.headers["Host"] }
    if connection == "close" then headers["Connection"] = "close" end
    requests[#requests + 1] = wrk.format(method, paths[number % #paths + 1], headers, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  local line = '{"requests":%d,"microseconds":%d,"p50":%f,"p99":%f,"refused":%d,"broken":%d}\n'
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(line, summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status, broken))
end
