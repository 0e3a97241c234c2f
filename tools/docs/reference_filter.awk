#!/usr/bin/awk -f
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A public header as its users see it, for Doxygen: without namespaces that are only versions, without `detail`, attributes and
# macros of the library's own, and with the guest of Asio as a class, which its header gets from a template of text.
# Lines keep their numbers.

# The interface in asio_guest.ipp, with the names that the header chooses, on one line for the sake of the numbers.
function splice(path,    line, inside, text) {
  sub(/include\/chime\/.*/, "include/chime/detail/asio_guest.ipp", path)
  while ((getline line < path) > 0) {
    if (line ~ /^}  \/\/ namespace detail/) { inside = 1; continue }
    if (!inside || line ~ /^}  \/\/ namespace/) continue
    gsub(/CHIME_ASIO_NAMESPACE/, names["NAMESPACE"], line)
    gsub(/CHIME_ASIO_DETAIL/, names["DETAIL"], line)
    gsub(/CHIME_ASIO_GUEST/, names["GUEST"], line)
    gsub(/CHIME_ASIO_ERROR/, names["ERROR"], line)
    text = text line "\n"
  }
  close(path)
  return "namespace chime {\n" text "}"
}

/^#define CHIME_ASIO_/ { names[substr($2, 12)] = $3 }
/^#include <chime\/detail\/asio_guest.ipp>/ { print splice(FILENAME); next }
/^#define CHIME_/ && !/^#define CHIME_VERSION/ { print ""; next }
/^#pragma GCC/ { print ""; next }

/^namespace detail {/ { hidden = 1 }
hidden { if (/^}  \/\/ namespace detail/) hidden = 0; print ""; next }

# The standard's traits of the errors.
/^template <>$/ { print ""; next }
/^struct std::/ { print ""; next }

/^inline namespace CHIME_ABI {/ { print ""; next }
/^}  \/\/ namespace CHIME_ABI/ { print ""; next }
{
  sub(/^namespace chime::inline CHIME_ABI {/, "namespace chime {")
  gsub(/\[\[(gnu::[a-z_]+|nodiscard|noreturn|likely|unlikely)\]\] /, "")
  sub(/^static inline /, "inline ")
  # What is awaited has no name for users; the tokens are the standard's.
  gsub(/detail::(event_awaitable<detail::[a-z]+_awaiter>|operation_awaitable)/, "auto")
  gsub(/sync::stop_token/, "std::stop_token")
  print
}
