# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# ./dev demo-http: the HTTP server under load, with chime and with asio::post for completion.

# demo_http_start KIND DIRECTORY: starts the server; its address goes to DIRECTORY/address, its number to demo_http_server.
demo_http_start() {
  local kind="$1" dir="$2"
  : >"$dir/listening" # what the last server said, else the first look might find it
  build/release/bin/http_offload --completion "$kind" --threads "$demo_http_threads" >"$dir/listening" 2>"$dir/end" &
  demo_http_server=$!
  for ((i = 0; i < 500; ++i)); do
    sed -n 's/.*listening on //p' "$dir/listening" >"$dir/address"
    if [[ -s "$dir/address" ]]; then return 0; fi
    sleep 0.02
  done
  cat "$dir/end" >&2
  fail "the server does not start"
}

# demo_http_stop DIRECTORY: ends it as an operator does.
demo_http_stop() {
  kill -TERM "$demo_http_server"
  wait "$demo_http_server" || fail "the server did not end well: $(cat "$1/end")"
  demo_http_server=
}

# demo_http_cpu: the processor time that the server has used, in microseconds.
demo_http_cpu() {
  local user system
  read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ <"/proc/$demo_http_server/stat"
  printf '%d' $(((user + system) * 1000000 / $(getconf CLK_TCK)))
}

# What wrk sends, and what it prints when it is done: one line, times in microseconds. Answers that are not 200 are errors.
demo_http_script() {
  cat <<'LUA'
local target, bytes
function init(args)
  target, bytes = args[1], tonumber(args[2])
  local body = string.rep("chime and asio; ", bytes / 16)
  request_text = wrk.format("POST", target, {["Content-Length"] = tostring(#body)}, body)
end
function request() return request_text end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %.0f %.0f %.0f %.0f %d\n", summary.requests,
    summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(90), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout + e.status))
end
LUA
}

# demo_http_round KIND TARGET BYTES SECONDS DIRECTORY: a server, a load, a line
# "KIND TARGET BYTES rate p50 p90 p99 errors cpu", the last being the server's processor time for each request, in us.
demo_http_round() {
  local kind="$1" target="$2" bytes="$3" seconds="$4" dir="$5" result requests cpu
  demo_http_start "$kind" "$dir"
  wrk -t 1 -c 64 -d "${seconds}s" -s "$dir/load.lua" "$(cat "$dir/address")" -- "$target" "$bytes" >"$dir/wrk" ||
    fail "wrk failed: $(cat "$dir/wrk")"
  cpu="$(demo_http_cpu)"
  demo_http_stop "$dir"
  read -r requests result < <(sed -n 's/^RESULT //p' "$dir/wrk") || fail "wrk has no result: $(cat "$dir/wrk")"
  cpu="$(awk "BEGIN { printf \"%.1f\", $cpu / $requests }")"
  printf '%s %s %s %s %s\n' "$kind" "$target" "$bytes" "$result" "$cpu" | tee -a "$dir/rounds"
}

# demo_http_table: from the lines of rounds: of each load and kind the median of its rounds, with the lowest and highest.
demo_http_table() {
  awk '
    function middle(values,   v, n) { n = split(values, v, " "); sort(v, n); low = v[1]; high = v[n]
      return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }
    function sort(v, n,   i, j, t) { for (i = 2; i <= n; ++i) for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; --j) {
      t = v[j]; v[j] = v[j - 1]; v[j - 1] = t } }
    function cell(values, form,   m) { m = middle(values); return sprintf(form " (" form " to " form ")", m, low, high) }
    { key = $2 " | " $3 " | " $1; if (!(key in rates)) order[++count] = key
      rates[key] = rates[key] " " $4; p50[key] = p50[key] " " $5; p90[key] = p90[key] " " $6; p99[key] = p99[key] " " $7
      errors[key] += $8; cpu[key] = cpu[key] " " $9 }
    END { print "| request | bytes | completion | requests per second | p50, us | p90, us | p99, us | errors | processor, us a request |"
      print "|---|---|---|---|---|---|---|---|---|"
      for (i = 1; i <= count; ++i) { k = order[i]
        print "| " k " | " cell(rates[k], "%d") " | " cell(p50[k], "%d") " | " cell(p90[k], "%d") " | " cell(p99[k], "%d") \
          " | " errors[k] " | " cell(cpu[k], "%.1f") " |" } }
  '
}

command_demo_http() {
  local rounds=5 seconds=2 load kinds kind round
  case "$*" in
    '') ;;
    --rounds\ [1-9]*) rounds="$2" ;;
    *) bad_usage "demo-http takes --rounds N or nothing, not \"$*\"" ;;
  esac
  need_packages build test demo
  build_preset release http_offload
  demo_http_threads="$(nproc)"
  demo_http_server=
  demo_http_dir="$(mktemp -d)"
  trap '[[ -z "$demo_http_server" ]] || kill -KILL "$demo_http_server"; rm -rf "$demo_http_dir"' EXIT
  demo_http_script >"$demo_http_dir/load.lua"

  say "wrk with 64 connections, $demo_http_threads workers, $rounds rounds of $seconds s: kind, request, bytes, requests per \
second, p50, p90, p99 in us, errors, processor time of the server for each request in us"
  for load in '/sha256 1024' '/sha256 65536' '/echo 16'; do
    # Alternately first, so that a machine that gets slower or faster meanwhile favours neither.
    kinds='chime post'
    for ((round = 0; round < rounds; ++round)); do
      for kind in $kinds; do
        # shellcheck disable=SC2086 # two words
        demo_http_round "$kind" $load "$seconds" "$demo_http_dir"
      done
      kinds="${kinds#* } ${kinds% *}"
    done
  done
  say "the median of the rounds of each, with the lowest and the highest"
  demo_http_table <"$demo_http_dir/rounds"
}
