// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Too much at once, and clients that are slow, silent or gone: nobody else is harmed.
#include "ways.hpp"

namespace {

using namespace http_test;

EACH_WAY(limits);

TEST_P(limits, of_concurrent_work_refuse_one_more_until_there_is_room) {
  const gate g;
  const server_process server{GetParam(), {"--gate", g.path(), "--max-work", "2", "--threads", "1"}};
  client first{server.port()};
  client second{server.port()};
  client third{server.port()};
  first.send(post("/echo", "1"));
  second.send(post("/echo", "2"));
  server.await("working", 2);
  third.send(post("/echo", "3"));
  const answer refused = third.read_answer();
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.has("Retry-After: "));
  EXPECT_EQ(ask(server.port(), "GET /health HTTP/1.1\r\n\r\n").status, 200);

  g.let_through(3);
  EXPECT_EQ(first.read_answer().body, "1");
  EXPECT_EQ(second.read_answer().body, "2");
  third.send(post("/echo", "3"));
  EXPECT_EQ(third.read_answer().body, "3");
}

TEST_P(limits, of_connections_refuse_one_more_until_there_is_room) {
  const server_process server{GetParam(), {"--max-connections", "2"}};
  client kept{server.port()};
  kept.send(post("/echo", "1"));
  EXPECT_EQ(kept.read_answer().body, "1");
  {
    client leaving{server.port()};
    leaving.send(post("/echo", "2"));
    EXPECT_EQ(leaving.read_answer().body, "2");
    client refused{server.port()};
    EXPECT_EQ(refused.read_answer().status, 503);
    EXPECT_TRUE(refused.read_end());
    leaving.half_close();
    EXPECT_TRUE(leaving.read_end());
  }
  EXPECT_EQ(ask(server.port(), post("/echo", "3")).body, "3");
}

TEST_P(limits, of_time_for_work_answer_in_time_and_keep_its_place) {
  const gate g;
  const server_process server{GetParam(),
                              {"--gate", g.path(), "--max-work", "2", "--threads", "1", "--deadline", "100"}};
  client begun{server.port()};
  begun.send(post("/echo", "1"));
  server.await("working", 1);
  client queued{server.port()};
  queued.send(post("/echo", "2"));
  EXPECT_EQ(begun.read_answer().status, 504);
  EXPECT_EQ(queued.read_answer().status, 504);
  EXPECT_EQ(server.status("working"), 2U);
  EXPECT_EQ(ask(server.port(), post("/echo", "3")).status, 503);

  g.let_through(1);  // for the one that had begun; the other is passed over
  server.await("working", 0);
  g.let_through(1);
  begun.send(post("/echo", "4"));
  EXPECT_EQ(begun.read_answer().body, "4");
}

TEST_P(limits, hold_for_work_whose_client_has_gone) {
  const gate g;
  const server_process server{GetParam(), {"--gate", g.path(), "--max-work", "2", "--threads", "2"}};
  {
    client closing{server.port()};
    closing.send(post("/echo", "1"));
    client dying{server.port()};
    dying.send(post("/echo", "2"));
    server.await("working", 2);
    dying.reset();
  }
  EXPECT_EQ(ask(server.port(), post("/echo", "3")).status, 503);
  g.let_through(2);
  server.await("working", 0);
  server.await("connections", 1);  // the one that asks
  g.let_through(1);
  EXPECT_EQ(ask(server.port(), post("/echo", "4")).body, "4");
}

TEST_P(limits, of_memory_are_not_reached_by_clients_that_go_away_amid_a_request) {
  const server_process server{GetParam()};
  for (int i = 0; i != 20; ++i) {
    client leaving{server.port()};
    leaving.send("POST /sha256 HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc");
    if (i % 2 == 0) leaving.reset();
  }
  server.await("connections", 1);
}

TEST_P(limits, of_time_for_a_request_end_a_slow_client_while_others_are_served) {
  const server_process server{GetParam(), {"--read-timeout", "200", "--idle-timeout", "60000"}};
  client slow{server.port()};
  client quick{server.port()};
  slow.send("POST /sha256 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
  int bytes = 0;
  while (slow.send("x")) {
    quick.send(post("/echo", "quick"));
    ASSERT_EQ(quick.read_answer().body, "quick");
    ASSERT_LT(++bytes, 1'000'000) << "it has all the time in the world";
  }
  EXPECT_GT(bytes, 0);
  quick.send(post("/echo", "still"));
  EXPECT_EQ(quick.read_answer().body, "still");
}

TEST_P(limits, of_time_end_clients_that_say_nothing) {
  const server_process server{GetParam(), {"--read-timeout", "100", "--idle-timeout", "200"}};
  client silent{server.port()};
  client idle{server.port()};
  idle.send(post("/echo", "1"));
  EXPECT_EQ(idle.read_answer().body, "1");
  EXPECT_TRUE(silent.read_end());
  EXPECT_TRUE(idle.read_end());
}

TEST_P(limits, of_time_for_an_answer_end_a_client_that_does_not_read) {
  const server_process server{GetParam(), {"--write-timeout", "200", "--max-body", "4000000"}};
  client deaf{server.port(), 4096};
  const std::string large = post("/echo", std::string(4'000'000, 'x'));
  int requests = 0;
  while (deaf.send(large)) ASSERT_LT(++requests, 1000) << "its answers pile up somewhere";
  server.await("connections", 1);
}

}  // namespace
