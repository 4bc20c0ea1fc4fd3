#pragma once

#include "tests/cloud/http.hpp"

namespace refcloud {

/// Takes the client's certificate and address from the headers that a trusted proxy set: Client-Cert (RFC
/// 9440), Forwarded (RFC 7239, the last element) or X-Forwarded-For (the last one). False if one of them is
/// malformed.
bool believe_front(Request&);

}  // namespace refcloud
