// Socket addresses as the ledger writes them: "192.0.2.1:443", "[2001:db8::1]:443".
#pragma once

#include <sys/socket.h>

#include <string>

namespace qcloud {

std::string peer_name(const sockaddr* address);
std::string local_name(int fd);

}  // namespace qcloud
