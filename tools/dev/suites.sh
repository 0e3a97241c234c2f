# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
# Test programs that run elsewhere than here, without CTest, and what their output says. It is told apart by lines
# "suite NAME begins" and "suite NAME ended with CODE after SECONDS s" around each program's, and by "all suites ended".

# Of what GoogleTest prints, what is worth reading.
without_ok() { grep --line-buffered -vE '^(\[ RUN      \]|\[       OK \]|\[-+\]|Running main|$)' || true; }

# report_suites LOG [NAME]: a line for each suite, with what it skipped and why. Fails unless all of them ran and passed, and
# if the suite NAME skipped anything.
report_suites() {
  awk -v whole="${2:-}" '
    function bad(what) { print "  FAILED: " what; failed = 1 }
    /^suite .* begins$/ { suite = $2; passed = skipped = broken = 0; delete reasons }
    /^\[       OK \]/ { ++passed }
    /^\[  FAILED  \].*\(/ { ++broken }
    /^\[  SKIPPED \].*\(/ { ++skipped; ++reasons[last] }
    suite ~ /^c_api/ && NF == 3 && $3 == "passed" { ++passed }
    suite ~ /^c_api/ && / cannot run here: / { last = $0 }
    /^suite .* ended with / {
      print "  " suite ": " passed " passed, " skipped " skipped, " broken " failed, " $7 " s"
      for (reason in reasons) print "    skipped " reasons[reason] ": " reason
      if ($5 == 77 && passed == 0) print "    skipped: " last
      else if ($5 != 0) bad(suite " ended with exit code " $5)
      else if (passed == 0) bad(suite " ran nothing")
      if (suite == whole && skipped != 0) bad(suite " must not skip anything")
    }
    /^all suites ended/ { complete = 1 }
    !/^\[|^$/ { last = $0 }
    END {
      if (!complete) bad("not all suites came to their end")
      exit failed
    }' "$1"
}
