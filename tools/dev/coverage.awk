# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Reads what need not be covered and why, then lcov's lines; prints how much is covered and what is not, and fails if that
# is too little or has no reason. Branches are counted as outcomes: each condition has two.

function percent(part, all) { return all == 0 ? 100 : 100 * part / all }
function trimmed(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }

# The folder that a file counts for.
function folder_of(file, parts) {
  split(file, parts, "/")
  return parts[1] == "include" ? "include" : parts[1] "/" parts[2]
}

function read_source(file, text, number) {
  delete source
  number = 0
  while ((getline text < (root file)) > 0) source[++number] = trimmed(text)
  close(root file)
}

# The number of the reason for this line; 0: none.
function reason_for(file, text, i) {
  for (i = 1; i <= entries; ++i) {
    if (entry_file[i] == file && index(text, entry_text[i]) != 0) {
      used[i] = 1
      return entry_reason[i]
    }
  }
  return 0
}

function note_uncovered(number, what, text, why) {
  text = source[number]
  if (text ~ /^[})]*;?$/ || text ~ /^\/\//) return # what closes a block says nothing that its first line does not
  why = reason_for(file, text)
  if (why == 0) ++unexplained
  listed[why] = listed[why] sprintf("  %s:%d: %s: %s\n", file, number, what, text)
}

# --- What need not be covered: "= reason", then "file  part of the line".
FNR == NR {
  if (/^= /) reason[++reasons] = substr($0, 3)
  else if (/^[a-z]/) {
    entry_file[++entries] = $1
    entry_text[entries] = trimmed(substr($0, length($1) + 1))
    entry_reason[entries] = reasons
  }
  next
}

# --- lcov
/^SF:/ {
  file = substr($0, 4)
  if (index(file, root) == 1) file = substr(file, length(root) + 1)
  folder = folder_of(file)
  folders[folder] = 1
  read_source(file)
}
/^DA:/ {
  split(substr($0, 4), field, ",")
  ++lines[folder]
  if (field[2] > 0) ++lines_hit[folder]
  else {
    line_missed[field[1]] = 1
    note_uncovered(field[1], "never run")
  }
}
/^BRDA:/ {
  split(substr($0, 6), field, ",")
  ++branches[folder]
  if (field[4] != "-" && field[4] > 0) ++branches_hit[folder]
  else branch_missed[field[1]] = branch_missed[field[1]] (field[3] % 2 == 0 ? " true" : " false")
}
/^end_of_record/ {
  for (number in branch_missed) {
    if (!(number in line_missed)) note_uncovered(number, "never" branch_missed[number])
  }
  delete branch_missed
  delete line_missed
}

END {
  for (i = 0; i <= reasons; ++i) {
    if (listed[i] == "") continue
    printf "\n%s\n%s", i == 0 ? "NO REASON is given for these:" : reason[i], listed[i]
  }
  for (i = 1; i <= entries; ++i) {
    if (!used[i]) printf "\ncovered by now, or gone: %s  %s\n", entry_file[i], entry_text[i]
  }
  printf "\n%-16s %8s %8s\n", "folder", "lines", "branches"
  for (folder in folders) {
    all += lines[folder]
    hit += lines_hit[folder]
    printf "%-16s %7.1f%% %7.1f%%\n", folder, percent(lines_hit[folder], lines[folder]),
      percent(branches_hit[folder], branches[folder]) | "sort"
  }
  close("sort")
  printf "%-16s %7.1f%%\n", "the library", percent(hit, all)
  status = 0
  if (percent(hit, all) < 95) { print "too little: 95 % of the lines must be covered"; status = 1 }
  split("src/event src/pool src/proactor", strict, " ")
  for (i in strict) {
    if (percent(branches_hit[strict[i]], branches[strict[i]]) < 90) {
      print "too little: 90 % of the branches of " strict[i] " must be covered"
      status = 1
    }
  }
  if (unexplained) printf "%d lines or branches are not covered and have no reason in tests/coverage/uncovered.txt\n", unexplained
  exit status
}
