# The lanes of `./dev test`. Each adds its counts; summary prints them and decides the exit code.

ALL_LANES=(unit sim arch e2e interop panel)
PASSED=0
FAILED=0
REPORT=()

# note LANE PASSED FAILED SECONDS
note() {
  PASSED=$((PASSED + $2)); FAILED=$((FAILED + $3))
  REPORT+=("$1: $2 passed, $3 failed ($4 s)")
}

none_yet() { REPORT+=("$1: none yet"); say "$1: none yet"; }

# counted LANE COMMAND...: a program of ours, whose last line is "N passed, N failed".
counted() {
  local lane=$1 start=$SECONDS log=build/log/lane-$1.log status=0 last; shift
  "$@" 2>&1 | tee "$log" || status=$?
  last=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1 || true)
  if [ -z "$last" ]; then
    note "$lane" 0 1 $((SECONDS - start)); say "$lane: ended without a verdict (exit $status)"; return
  fi
  local passed failed
  read -r passed _ failed _ <<<"${last//,/}"
  [ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
  note "$lane" "$passed" "$failed" $((SECONDS - start))
}

# ctest_lane LANE TREE: the test programs that CMake labels LANE.
ctest_lane() {
  local lane=$1 tree=$2 start=$SECONDS log=build/log/lane-$1.log total failed
  total=$(ctest --test-dir "$tree" -N -L "^$lane\$" 2>/dev/null | sed -n 's/^Total Tests: //p')
  if [ "${total:-0}" = 0 ]; then return 1; fi
  say "$lane: $total test programs"
  ctest --test-dir "$tree" -L "^$lane\$" -j "$(nproc)" --output-on-failure 2>&1 | tee "$log" || true
  failed=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of.*/\1/p' "$log")
  failed=${failed:-$total}
  note "$lane" $((total - failed)) "$failed" $((SECONDS - start))
}

run_lane() {
  local lane=$1 any=0
  mkdir -p build/log
  case $lane in
    arch) counted arch tests/arch/run; any=1 ;;
    unit|sim)
      ctest_lane "$lane" build/dev && any=1
      if [ -x "tests/$lane/run" ]; then counted "$lane" "tests/$lane/run"; any=1; fi ;;
    *)
      if [ -x "tests/$lane/run" ]; then say "$lane"; counted "$lane" "tests/$lane/run"; any=1; fi ;;
  esac
  [ $any = 1 ] || none_yet "$lane"
}

summary() {
  say "summary"
  printf '%s\n' "${REPORT[@]}"
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" = 0 ]
}
