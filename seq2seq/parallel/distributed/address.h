#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace seq2seq::parallel {

/// Connects to a port again and again until it answers, and returns the address of this machine that the connection
/// goes out from. Throws Error with host, port and the last fault when it does not within `timeout`.
std::string wait_for_port(const std::string& host, uint16_t port, std::chrono::milliseconds timeout);

std::string name_of_machine();

}  // namespace seq2seq::parallel
