// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// SIGTERM: who has a request under way gets the answer, nobody else is waited for, nothing is lost.
#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "ways.hpp"

namespace {

using namespace http_test;

EACH_WAY(shutdown_of_server);

[[nodiscard]] bool told(const server_process& server, const std::string& what) {
  return server.told().find(what) != std::string::npos;
}

TEST_P(shutdown_of_server, closes_idle_connections_and_ends_well) {
  for (const int signal : {SIGTERM, SIGINT}) {
    server_process server{GetParam()};
    client silent{server.port()};
    client idle{server.port()};
    idle.send(post("/echo", "1"));
    EXPECT_EQ(idle.read_answer().body, "1");
    server.send(signal);
    EXPECT_TRUE(idle.read_end());
    EXPECT_TRUE(silent.read_end());
    EXPECT_EQ(server.wait(), 0);
    EXPECT_TRUE(told(server, "1 requests answered, 0 connections cut off, 0 jobs lost")) << server.told();
  }
}

TEST_P(shutdown_of_server, answers_what_is_under_way) {
  const gate g;
  server_process server{GetParam(), {"--gate", g.path(), "--threads", "2", "--idle-timeout", "60000"}};
  client idle{server.port()};
  idle.send("GET /health HTTP/1.1\r\n\r\n");
  EXPECT_EQ(idle.read_answer().status, 200);
  constexpr std::size_t count = 8;
  std::vector<client> waiting;
  for (std::size_t i = 0; i != count; ++i) {
    waiting.emplace_back(server.port());
    waiting.back().send(post("/echo", std::to_string(i)));
  }
  client midway{server.port()};
  midway.send("POST /echo HTTP/1.1\r\nContent-Length: 6\r\n\r\nmid");
  server.await("working", count);
  server.await("connections", count + 3);  // the one that asks, too

  server.send(SIGTERM);
  EXPECT_TRUE(idle.read_end());
  server.await_refusal();
  g.let_through(count + 1);
  midway.send("way");
  for (std::size_t i = 0; i != count; ++i) {
    const answer a = waiting[i].read_answer();
    EXPECT_EQ(a.body, std::to_string(i));
    EXPECT_TRUE(a.has("Connection: close"));
    EXPECT_TRUE(waiting[i].read_end());
    waiting[i].half_close();
  }
  EXPECT_EQ(midway.read_answer().body, "midway");
  midway.half_close();
  EXPECT_EQ(server.wait(), 0);
  EXPECT_TRUE(told(server, "0 connections cut off, 0 jobs lost")) << server.told();
}

/// Asks until the server goes; counts the answers. A connection may end before an answer, never amid one.
void ask_on(std::uint16_t port, std::atomic<std::size_t>& answers) try {
  const std::string request = post("/gzip", std::string(2000, 'x'));
  client c{port};
  while (c.send(request)) {
    const answer a = c.read_answer();
    if (a.status == 0) break;
    ASSERT_EQ(a.status, 200) << a.head;
    ++answers;
    if (a.has("Connection: close")) break;
  }
} catch (const std::runtime_error&) {  // nobody listens any more
}

TEST_P(shutdown_of_server, under_load_answers_every_request_that_it_has_taken) {
  server_process server{GetParam(), {"--threads", "2"}};
  std::atomic<std::size_t> answers{0};
  {
    std::vector<std::jthread> load;
    for (int i = 0; i != 6; ++i) load.emplace_back([&] { ask_on(server.port(), answers); });
    while (answers.load() < 200) std::this_thread::yield();
    server.send(SIGTERM);
  }
  EXPECT_EQ(server.wait(), 0);
  const std::string expected =
      std::to_string(answers.load()) + " requests answered, 0 connections cut off, 0 jobs lost";
  EXPECT_TRUE(told(server, expected)) << expected << " expected, but: " << server.told();
}

TEST_P(shutdown_of_server, waits_for_work_that_nobody_waits_for) {
  const gate g;
  server_process server{GetParam(), {"--gate", g.path(), "--threads", "1", "--deadline", "50"}};
  client late{server.port()};
  late.send(post("/echo", "1"));
  EXPECT_EQ(late.read_answer().status, 504);
  server.send(SIGTERM);
  EXPECT_TRUE(late.read_end());
  g.let_through(1);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_TRUE(told(server, "0 jobs lost")) << server.told();
}

TEST_P(shutdown_of_server, cuts_off_who_takes_too_long_and_says_so) {
  server_process server{GetParam(), {"--grace", "100"}};
  // The server has begun to read the request, since it has answered one that came with its first bytes.
  client midway{server.port()};
  midway.send(post("/echo", "1") + "POST /echo HTTP/1.1\r\nContent-Length: 6\r\n\r\nmid");
  EXPECT_EQ(midway.read_answer().body, "1");
  server.send(SIGTERM);
  EXPECT_TRUE(midway.read_end());
  EXPECT_EQ(server.wait(), 1);
  EXPECT_TRUE(told(server, "1 connections cut off, 0 jobs lost")) << server.told();
}

TEST_P(shutdown_of_server, is_at_once_at_a_second_signal) {
  const gate g;
  server_process server{GetParam(), {"--gate", g.path(), "--threads", "1"}};
  client idle{server.port()};
  idle.send("GET /health HTTP/1.1\r\n\r\n");
  EXPECT_EQ(idle.read_answer().status, 200);
  client waiting{server.port()};
  waiting.send(post("/echo", "1"));
  server.await("working", 1);
  server.send(SIGTERM);
  EXPECT_TRUE(idle.read_end());
  server.send(SIGTERM);
  EXPECT_EQ(server.wait(), 128 + SIGTERM);
  EXPECT_EQ(waiting.read_answer().status, 0);
}

TEST_P(shutdown_of_server, does_not_come_into_question_where_it_cannot_start) {
  const server_process server{GetParam()};
  try {
    const server_process second{GetParam(), {"--port", std::to_string(server.port())}};
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("Address already in use"), std::string::npos) << error.what();
  }
}

}  // namespace
