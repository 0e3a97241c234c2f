// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the server answers: to what it offers, and to bytes that are wrong, too many, or ordered strangely.
#include <zlib.h>

#include "ways.hpp"

namespace {

using namespace http_test;

EACH_WAY(requests);

constexpr std::string_view hash_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";
constexpr std::string_view hash_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";

[[nodiscard]] std::string gunzip(const std::string& packed, std::size_t most) {
  std::string out(most, '\0');
  z_stream s = {};
  EXPECT_EQ(inflateInit2(&s, 15 + 16), Z_OK);
  s.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  s.avail_in = static_cast<uInt>(packed.size());
  s.next_out = reinterpret_cast<Bytef*>(out.data());
  s.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&s, Z_FINISH), Z_STREAM_END);
  out.resize(s.total_out);
  inflateEnd(&s);
  return out;
}

[[nodiscard]] std::string numbers(std::size_t bytes) {
  std::string text;
  for (unsigned i = 0; text.size() < bytes; ++i) text += std::to_string(i * i) + ' ';
  return text;
}

TEST_P(requests, are_answered_with_what_the_workers_made) {
  const server_process server{GetParam()};
  client c{server.port()};
  c.send(post("/sha256", "abc"));
  EXPECT_EQ(c.read_answer().body, hash_of_abc);
  c.send(post("/sha256", ""));
  EXPECT_EQ(c.read_answer().body, hash_of_nothing);
  const std::string text = numbers(300'000);
  for (int twice = 0; twice != 2; ++twice) {
    c.send(post("/gzip", text));
    const answer packed = c.read_answer();
    EXPECT_TRUE(packed.has("Content-Type: application/gzip"));
    EXPECT_LT(packed.body.size(), text.size());
    EXPECT_TRUE(gunzip(packed.body, text.size() + 1) == text);
  }
  c.send(post("/echo", text));
  EXPECT_TRUE(c.read_answer().body == text);
}

TEST_P(requests, may_be_chunked) {
  const server_process server{GetParam()};
  const answer a = ask(server.port(),
                       "POST /sha256 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "1\r\na\r\n2;an=extension\r\nbc\r\n0\r\n\r\n");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, hash_of_abc);
}

TEST_P(requests, may_ask_whether_to_go_on) {
  const server_process server{GetParam()};
  client c{server.port()};
  c.send("POST /sha256 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(c.read_answer().status, 100);
  c.send("abc");
  EXPECT_EQ(c.read_answer().body, hash_of_abc);
}

TEST_P(requests, for_what_is_not_offered_leave_the_connection_open) {
  const server_process server{GetParam()};
  client c{server.port()};
  c.send(post("/nothing", "abc"));
  EXPECT_EQ(c.read_answer().status, 404);
  c.send("GET /sha256 HTTP/1.1\r\n\r\n");
  const answer needs_post = c.read_answer();
  EXPECT_EQ(needs_post.status, 405);
  EXPECT_TRUE(needs_post.has("Allow: POST\r\n"));
  c.send("DELETE /health HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(c.read_answer().has("Allow: GET\r\n"));
  c.send("HEAD /health HTTP/1.1\r\n\r\n");
  EXPECT_EQ(c.read_answer(true).status, 200);
  c.send("HEAD /nothing HTTP/1.1\r\n\r\n");
  EXPECT_EQ(c.read_answer(true).status, 404);
  c.send("GET /health?deep HTTP/1.1\r\n\r\n");
  EXPECT_EQ(c.read_answer().body, "ok\n");
}

TEST_P(requests, of_old_clients_end_their_connection) {
  const server_process server{GetParam()};
  client c{server.port()};
  c.send("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_EQ(c.read_answer().status, 200);
  EXPECT_TRUE(c.read_end());
}

TEST_P(requests, that_are_malformed_are_refused_and_their_connection_closed) {
  const server_process server{GetParam()};
  for (const std::string_view bytes : {
           std::string_view{"nonsense\r\n\r\n"},
           std::string_view{"GET /health HTTP/9.9\r\n\r\n"},
           std::string_view{"POST /sha256 HTTP/1.1\r\nContent-Length: many\r\n\r\n"},
           std::string_view{"POST /sha256 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
           std::string_view{"POST /sha256 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n"},
           std::string_view{"GET /health HTTP/1.1\r\na field without its colon\r\n\r\n"},
           std::string_view{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\0\0\r\n\r\n", 17},
       }) {
    client c{server.port()};
    c.send(bytes);
    EXPECT_EQ(c.read_answer().status, 400) << bytes;
    EXPECT_TRUE(c.read_end()) << bytes;
  }
  EXPECT_EQ(ask(server.port(), post("/sha256", "abc")).body, hash_of_abc);
}

TEST_P(requests, that_are_too_large_are_refused_before_they_are_read) {
  const server_process server{GetParam(), {"--max-body", "1000"}};
  EXPECT_EQ(ask(server.port(), post("/sha256", std::string(1000, 'x'))).status, 200);

  client announced{server.port()};
  announced.send("POST /sha256 HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(announced.read_answer().status, 413);
  EXPECT_TRUE(announced.read_end());

  const std::string chunk = "190\r\n" + std::string(400, 'x') + "\r\n";
  client chunked{server.port()};
  chunked.send("POST /sha256 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk);
  EXPECT_EQ(chunked.read_answer().status, 413);
  EXPECT_TRUE(chunked.read_end());

  client chatty{server.port()};
  chatty.send("GET /health HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(chatty.read_answer().status, 431);
  EXPECT_TRUE(chatty.read_end());
}

TEST_P(requests, that_are_too_large_get_their_answer_although_the_client_sends_on) {
  const server_process server{GetParam(), {"--max-body", "1000"}};
  client c{server.port()};
  EXPECT_TRUE(c.send(post("/sha256", std::string(30'000'000, 'x')))) << "reset amid the body";
  EXPECT_EQ(c.read_answer().status, 413);
}

TEST_P(requests, that_are_pipelined_are_answered_in_order) {
  const server_process server{GetParam()};
  client c{server.port()};
  std::string all;
  for (int i = 0; i != 50; ++i) {
    all += post("/echo", std::to_string(i));
    if (i % 10 == 0) all += "GET /nothing HTTP/1.1\r\n\r\n";
  }
  c.send(all);
  for (int i = 0; i != 50; ++i) {
    EXPECT_EQ(c.read_answer().body, std::to_string(i));
    if (i % 10 == 0) {
      EXPECT_EQ(c.read_answer().status, 404);
    }
  }
}

TEST_P(requests, of_a_client_that_sends_no_more_are_answered) {
  const gate g;
  const server_process server{GetParam(), {"--gate", g.path()}};
  client c{server.port()};
  c.send(post("/sha256", "abc") + post("/sha256", ""));
  c.half_close();
  server.await("working", 1);
  g.let_through(2);
  EXPECT_EQ(c.read_answer().body, hash_of_abc);
  EXPECT_EQ(c.read_answer().body, hash_of_nothing);
  EXPECT_TRUE(c.read_end());
}

TEST_P(requests, of_which_only_a_part_comes_are_not_answered) {
  const server_process server{GetParam()};
  for (const std::string_view part : {"", "POST /sha", "POST /sha256 HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"}) {
    client c{server.port()};
    c.send(part);
    c.half_close();
    EXPECT_TRUE(c.read_end()) << part;
  }
  EXPECT_EQ(server.status("answered"), 0U);
}

}  // namespace
