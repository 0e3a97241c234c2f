// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Every error of the list that can come, injected with strace into the calls that the scenario makes: the first error of a
/// row into the first, a middle and the last call of each part of it, the others into the first, and all of them several
/// times in a row. Nothing may be lost or left over; what the
/// list calls retried must not be told, and what it calls reported must, by its name.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "matrix.hpp"
#include "trace.hpp"

namespace faults {
namespace {

struct target {
  std::string backend;
  call what;
};

std::ostream& operator<<(std::ostream& out, const target& t) { return out << t.what.name << " on " << t.backend; }

/// Those calls and backends for which there is something to inject.
std::vector<target> targets() {
  std::vector<target> all;
  for (const call& c : read_matrix(CHIME_FAULT_MATRIX)) {
    for (const char* backend : {"io_uring", "epoll", "poll", "auto"}) {
      const bool any = std::ranges::any_of(c.rows, [&](const row& r) { return r.times() != 0 && r.holds_on(backend); });
      if (any) all.push_back({backend, c});
    }
  }
  return all;
}

std::string name_of_target(const testing::TestParamInfo<target>& info) {
  return info.param.what.name + "__" + info.param.backend;
}

bool is_meant(const row& r, const traced_call& c) {
  if (!r.holds_in(c.site)) return false;
  if (r.which == "*") return true;
  if (r.which[0] != '#') return c.text.find(r.which) != std::string::npos;
  const std::string numbered = "," + r.which + ",";
  return numbered.find(",#" + std::to_string(c.in_site) + ",") != std::string::npos;
}

class injection : public testing::TestWithParam<target> {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_strace(); !why.empty()) GTEST_SKIP() << why;
    if (const std::string why = why_not_on(GetParam().backend); !why.empty()) GTEST_SKIP() << why;
  }

  [[nodiscard]] driven baseline() const {
    driven d = drive_traced(on_backend(GetParam().backend), GetParam().what.name);
    EXPECT_EQ(d.exit_code, 0) << "without any fault: " << d.said << d.errors;
    return d;
  }

  /// The first call of each site that the row means, and if wanted a middle one and the last.
  [[nodiscard]] static std::vector<traced_call> picks(const row& r, const driven& base, bool more) {
    std::vector<traced_call> meant;
    std::ranges::copy_if(base.calls, std::back_inserter(meant), [&](const traced_call& c) { return is_meant(r, c); });
    std::vector<traced_call> picked;
    for (std::size_t begin = 0; begin < meant.size();) {
      std::size_t end = begin;
      while (end < meant.size() && meant[end].site == meant[begin].site) ++end;
      std::set<std::size_t> which = {begin};
      if (more) which.insert({begin + (end - begin) / 2, end - 1});
      for (const std::size_t i : which) picked.push_back(meant[i]);
      begin = end;
    }
    return picked;
  }

  void inject(const row& r, const std::string& error, const traced_call& at, unsigned times) {
    const std::string when = std::to_string(at.number) + ".." + std::to_string(at.number + times - 1);
    const driven d =
        drive_traced(on_backend(GetParam().backend), GetParam().what.name, "error=" + error + ":when=" + when);
    SCOPED_TRACE("matrix.txt:" + std::to_string(r.line) + ": " + error + " in " + at.site + ", when=" + when);
    const auto injected = std::ranges::count_if(d.calls, &traced_call::injected);
    if (injected == 0) return;  // this run made fewer calls; that none is hit in any run is a failure
    hits_ += static_cast<std::size_t>(injected);
    EXPECT_EQ(d.exit_code, 0) << d.said << d.errors;
    ASSERT_TRUE(d.said.is_object()) << d.errors;
    EXPECT_EQ(d.said["breaches"].size(), 0U) << d.said;
    // A call that is made to fail is not made: the descriptor or mapping that it would have given back stays.
    EXPECT_EQ(d.said["descriptors_left"], GetParam().what.name == "close" ? injected : 0) << d.said;
    if (GetParam().what.name != "munmap") {
      EXPECT_EQ(d.said["bytes_left"], 0) << d.said;
    }
    expect_told(r, error, d.said["reported"]);
  }

  static void expect_told(const row& r, const std::string& error, const nlohmann::json& told) {
    if (r.kind == "retried") {
      EXPECT_EQ(told.size(), 0U) << "it should not be told: " << told;
      return;
    }
    EXPECT_GE(told.size(), 1U) << "nobody was told";
    const std::string name = r.reported_as == "-" ? error : r.reported_as;
    for (const auto& one : told) {
      EXPECT_TRUE(one.get<std::string>().ends_with(":" + name)) << "told as " << one << " instead of " << name;
    }
  }

  std::size_t hits_ = 0;
};

TEST_P(injection, loses_nothing_and_tells_what_the_list_says) {
  const driven base = baseline();
  for (const row& r : GetParam().what.rows) {
    if (r.times() == 0 || !r.holds_on(GetParam().backend)) continue;
    for (const std::string& error : r.errors) {
      hits_ = 0;
      const auto picked = picks(r, base, &error == &r.errors.front());
      ASSERT_FALSE(picked.empty()) << "matrix.txt:" << r.line << ": the scenario makes no such call on this backend";
      // Once is enough where once and always differ; where it is the row that matters, only that will do.
      const bool each_alone = r.injected_by == "once" || r.injected_by == "strace";
      for (std::size_t i = 0; each_alone && i < picked.size(); ++i) inject(r, error, picked[i], 1);
      if (r.times() > 1) inject(r, error, picked.front(), r.times());
      EXPECT_GT(hits_, 0U) << "matrix.txt:" << r.line << ": " << error << " was never injected";
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(into, injection, testing::ValuesIn(targets()), name_of_target);

}  // namespace
}  // namespace faults
