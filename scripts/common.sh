# Words and long work for ./dev.

say() { printf '\033[1m==\033[0m %s\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

# logged LABEL LOG COMMAND...: runs COMMAND with its output in LOG. Says every ten seconds how far it
# is (the last line of LOG), so that a person or a CI log sees that it lives; shows the end on failure.
logged() {
  local label=$1 log=$2; shift 2
  local start=$SECONDS pid status=0 tick=0
  mkdir -p "$(dirname "$log")"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  trap 'kill "$pid" 2>/dev/null || true' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    tick=$((tick + 1))
    if [ $((tick % 50)) = 0 ]; then
      printf '   %s, %d s: %.100s\n' "$label" $((SECONDS - start)) "$(tail -n 1 "$log" | tr -d '\r')"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  if [ $status != 0 ]; then
    grep -nE '(error|FAILED|^E):? ' "$log" | head -n 20 || true
    tail -n 40 "$log"
    die "$label failed (exit $status); all of its output: $log"
  fi
}

# Our own C++ sources, one a line.
sources() { find agent platform tests -name '*.cpp' -o -name '*.hpp' | sort; }
