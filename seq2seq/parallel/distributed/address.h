#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace seq2seq::parallel {

/// Connects to a port repeatedly until it answers, and returns the local address of the connection. Throws Error with
/// host, port and the last failure if this takes longer than `timeout`.
std::string wait_for_port(const std::string& host, uint16_t port, std::chrono::milliseconds timeout);

std::string name_of_machine();

}  // namespace seq2seq::parallel
