// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <chime/chime.hpp>
#include <cstdio>
#include <cstring>
using namespace std::chrono_literals;
// A descriptor travels beside one byte of data.
struct parcel {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{nullptr, 0, &part, 1, control, sizeof control, 0};
};
static void send_handle(int socket, int handle) {
  parcel p;
  cmsghdr* header = CMSG_FIRSTHDR(&p.message);
  *header = {CMSG_LEN(sizeof handle), SOL_SOCKET, SCM_RIGHTS};
  std::memcpy(CMSG_DATA(header), &handle, sizeof handle);
  (void)!::sendmsg(socket, &p.message, MSG_NOSIGNAL);
}
static int receive_handle(int socket) {
  parcel p;
  int handle = -1;
  if (::recvmsg(socket, &p.message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&p.message) != nullptr)
    std::memcpy(&handle, CMSG_DATA(CMSG_FIRSTHDR(&p.message)), sizeof handle);
  return handle;
}
// The other process: signals the event whose handle it is sent, and sends a handle of its own, signalled three times.
static void other_process(int socket) {
  int event = receive_handle(socket);
  int own = ::eventfd(3, EFD_CLOEXEC);
  send_handle(socket, own);
  (void)!::eventfd_write(event, 1);
}
int main() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 1;
  if (::fork() == 0) {
    ::close(ends[0]);
    other_process(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  chime::proactor loop;
  loop.open().value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 1, .native = true, .kind = chime::primitive::eventfd}).value();
  chime::event sent = pool.acquire().value();
  send_handle(ends[0], static_cast<int>(sent.native_signal().value()));
  int received = receive_handle(ends[0]);

  // The kernel does not tell that the other process died: hence the deadlines.
  int open = 2;
  chime::operation op;
  auto signalled = [&](chime::completion&& c) {
    std::printf("the event that was sent: %s\n", c.error.message().c_str());
    if (--open == 0) loop.stop();
  };
  auto drained = [&](chime::completion&& c) {
    std::printf("the handle that was received: %s, counter %d\n", c.error.message().c_str(),
                static_cast<int>(op.drained()));
    if (--open == 0) loop.stop();
  };
  std::move(sent).submit(signalled, chime::clock::now() + 5s);
  loop.submit(op, drained, received, chime::drain::eventfd, chime::clock::now() + 5s);
  loop.run().value();
  ::close(received);
  ::close(ends[0]);
  ::wait(nullptr);
}
