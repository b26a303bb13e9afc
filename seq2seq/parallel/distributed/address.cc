#include "seq2seq/parallel/distributed/address.h"

#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/socket.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::parallel {
namespace {

using Clock = std::chrono::steady_clock;

struct Socket {
  int descriptor = -1;
  ~Socket() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

std::string text_of(int fault) { return std::generic_category().message(fault); }

/// Returns the local address of a connection; throws the error message as a text.
std::string try_once(const addrinfo& to, std::chrono::milliseconds timeout) {
  const Socket socket{::socket(to.ai_family, to.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to.ai_protocol)};
  if (socket.descriptor < 0) throw std::runtime_error(text_of(errno));
  if (::connect(socket.descriptor, to.ai_addr, to.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) throw std::runtime_error(text_of(errno));
    pollfd ready{.fd = socket.descriptor, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(timeout.count())) <= 0) throw std::runtime_error("no answer");
    int fault = 0;
    socklen_t size = sizeof(fault);
    ::getsockopt(socket.descriptor, SOL_SOCKET, SO_ERROR, &fault, &size);
    if (fault != 0) throw std::runtime_error(text_of(fault));
  }
  sockaddr_storage here{};
  socklen_t size = sizeof(here);
  std::array<char, NI_MAXHOST> name{};
  if (::getsockname(socket.descriptor, reinterpret_cast<sockaddr*>(&here), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&here), size, name.data(), name.size(), nullptr, 0, NI_NUMERICHOST) !=
          0)
    throw std::runtime_error("cannot determine the address of this machine");
  return name.data();
}

/// Tries each address of the host once.
std::string try_all(const std::string& host, uint16_t port, std::chrono::milliseconds timeout) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int fault = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (fault != 0) throw std::runtime_error(::gai_strerror(fault));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  std::string last = "no address";
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    try {
      return try_once(*address, timeout);
    } catch (const std::runtime_error& problem) {
      last = problem.what();
    }
  }
  throw std::runtime_error(last);
}

}  // namespace

std::string wait_for_port(const std::string& host, uint16_t port, std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds pause{50}, longest{2000};
  const auto end = Clock::now() + timeout;
  for (;;) {
    try {
      return try_all(host, port, std::min(timeout, longest));
    } catch (const std::runtime_error& problem) {
      if (interrupted()) throw Interrupted("interrupted while waiting for the other ranks");
      if (Clock::now() >= end) {
        throw Error(fmt::format("the ranks' store at {}:{} could not be reached within {}: {}", host, port,
                                format_duration(std::chrono::duration<double>(timeout).count()), problem.what()),
                    "Check that rank 0 is running, that MASTER_ADDR is its machine, and that MASTER_PORT is a free "
                    "port not blocked by a firewall");
      }
      std::this_thread::sleep_for(pause);
    }
  }
}

std::string name_of_machine() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace seq2seq::parallel
