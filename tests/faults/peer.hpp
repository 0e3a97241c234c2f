// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Another process at the other end of a UNIX socket, to which descriptors are sent (SCM_RIGHTS). It does what it is told, one
/// letter at a time, and answers each with what came of it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

namespace faults {

/// One letter, and with it a descriptor if it is not negative.
inline bool send_letter(int socket, char letter, int descriptor = -1) {
  iovec part{&letter, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

/// The next letter; 0: the other side is gone. `descriptor` gets what came with it, if anything did.
inline char receive_letter(int socket, int& descriptor) {
  char letter = 0;
  iovec part{&letter, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return 0;
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS)
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return letter;
}

/// What the peer is told, and what it answers.
struct words {
  static constexpr char take = 't';    ///< keep this descriptor; answer: done
  static constexpr char write8 = 'w';  ///< write an 8-byte 1 to it; answer: done, broken (EPIPE) or failed
  static constexpr char write1 = 'b';  ///< write a byte to it; answer: as above
  static constexpr char give = 'g';    ///< make an eventfd, keep it, send it; answer: done, with it
  static constexpr char give_pipe =
      'p';  ///< make a pipe, keep its end to write to, send the other; answer: done, with it
  static constexpr char done = 'd';
  static constexpr char broken = 'x';
  static constexpr char failed = 'f';
};

/// The peer's side, in a process that has nothing else. Ends when the socket does.
[[noreturn]] inline void serve_peer(int socket, bool dies_by_sigpipe) {
  ::alarm(60);
  (void)::signal(SIGPIPE, dies_by_sigpipe ? SIG_DFL : SIG_IGN);
  int kept = -1;
  for (;;) {
    const char word = receive_letter(socket, kept);
    const std::uint64_t one = 1;
    char answer = words::done;
    int sent = -1;
    if (word == 0) ::_exit(0);
    if (word == words::write8 || word == words::write1) {
      const std::size_t size = word == words::write8 ? sizeof one : 1;
      const bool written = ::write(kept, &one, size) == static_cast<ssize_t>(size);
      if (!written) answer = errno == EPIPE ? words::broken : words::failed;
    } else if (word == words::give) {
      sent = kept = ::eventfd(0, EFD_CLOEXEC);
    } else if (word == words::give_pipe) {
      int ends[2] = {-1, -1};
      if (::pipe2(ends, O_CLOEXEC) != 0) answer = words::failed;
      sent = ends[0];
      kept = ends[1];
    }
    if (!send_letter(socket, answer, sent)) ::_exit(1);
    if (word == words::give_pipe) ::close(sent);
  }
}

/// The tester's side. A forked child that inherits no descriptor but its socket, so that what it knows came through that.
class peer {
 public:
  explicit peer(bool dies_by_sigpipe = false) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    id_ = ::fork();
    if (id_ == 0) {
      (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
      (void)::dup2(ends[1], 3);
      (void)::close_range(4, ~0U, 0);
      serve_peer(3, dies_by_sigpipe);
    }
    ::close(ends[1]);
    socket_ = ends[0];
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer() {
    if (socket_ >= 0) ::close(socket_);
    if (id_ > 0) (void)::waitpid(id_, nullptr, 0);
  }

  /// Tells it, and returns its answer; 0: it is gone.
  char tell(char word, int descriptor = -1) {
    return send_letter(socket_, word, descriptor) ? receive_letter(socket_, received_) : '\0';
  }
  [[nodiscard]] pid_t id() const noexcept { return id_; }
  /// The descriptor that came with an answer: the caller's from then on.
  [[nodiscard]] int received() noexcept { return std::exchange(received_, -1); }

  /// Kills it and returns when it is dead.
  void kill() {
    (void)::kill(id_, SIGKILL);
    (void)ended();
  }
  /// Waits until it has ended, and returns how.
  int ended() {
    int status = -1;
    if (id_ > 0) (void)::waitpid(std::exchange(id_, -1), &status, 0);
    return status;
  }

 private:
  pid_t id_ = -1;
  int socket_ = -1;
  int received_ = -1;
};

}  // namespace faults
