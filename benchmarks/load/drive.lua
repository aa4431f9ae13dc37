-- What wrk sends, and what it says in the end: one line of JSON.
-- Arguments: method, path, octets of the body, file with one token a line, "keep-alive" or "close".

local requests, turn = {}, 0

function init(arguments)
  local method, path, size, tokens, connection = unpack(arguments)
  local body = tonumber(size) > 0 and string.rep("x", tonumber(size)) or nil
  for token in io.lines(tokens) do
    local headers = { ["Authorization"] = "Bearer " .. token, ["Host"] = wrk.headers["Host"] }
    if connection == "close" then headers["Connection"] = "close" end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
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
